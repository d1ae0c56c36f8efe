"""Tagging, packing and the audit without what other systems lack: Windows above all, but also macOS.

Each command runs in a process of its own, in which modules and functions are hidden before anything else is loaded. Its
worker processes hide them, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from taggram.datasets import PackedStore, dataset, list_table, pack
from taggram.tagging import Tagger

SITE = '''
import ctypes, errno, os, signal, sys

for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
for name in """
    chown fchmod fchown fork forkpty getuid geteuid killpg lockf mkfifo posix_fadvise posix_fallocate pread preadv
    process_cpu_count pwrite pwritev readv sched_getaffinity sched_setaffinity setsid sysconf writev
""".split():
    if hasattr(os, name):
        delattr(os, name)
for name in "SIGALRM SIGCHLD SIGHUP SIGKILL SIGUSR1 pthread_sigmask setitimer alarm".split():
    delattr(signal, name)
os.supports_dir_fd, os.supports_fd = set(), set()


class CDLL(ctypes.CDLL):
    def __init__(self, name, *arguments, **options):
        if name is None:
            raise TypeError("a library has a name")
        super().__init__(name, *arguments, **options)


ctypes.CDLL = CDLL
open_file, sync, rename = os.open, os.fsync, os.rename


def open_no_folder(path, *arguments, **options):
    if os.path.isdir(path):
        raise PermissionError(errno.EACCES, "a folder", path)
    return open_file(path, *arguments, **options)


def sync_what_is_written(descriptor):
    with open(f"/proc/self/fdinfo/{descriptor}", encoding="utf-8") as info:
        flags = int(next(line for line in info if line.startswith("flags")).split()[1], 8)
    if not flags & (os.O_WRONLY | os.O_RDWR):
        raise OSError(errno.EBADF, "open for reading only")
    sync(descriptor)


def rename_to_new_name(source, target, **options):
    if os.path.exists(target):
        raise FileExistsError(errno.EEXIST, "exists", target)
    rename(source, target, **options)


os.open, os.fsync, os.rename = open_no_folder, sync_what_is_written, rename_to_new_name
'''

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="hides what Linux has")


@pytest.fixture
def run(tmp_path: Path):
    """A function that runs taggram on such a system, and returns what it prints."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(SITE, encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")])),
        "LC_ALL": "C",  # as the usual encoding of Windows: a file with other letters cannot be read by it
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONIOENCODING": "cp1252",
    }

    def taggram(*arguments: object) -> str:
        command = [sys.executable, "-c", "from taggram.cli import main; main()", *map(str, arguments)]
        completed = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, timeout=120)
        assert completed.returncode == 0, completed.stderr
        return completed.stdout

    return taggram


def test_tagging(run, pieces: Path) -> None:
    files = sorted(pieces.glob("*.opus"))
    arguments = ["tag", *files, "--duration", 6]
    one, two = (run(*arguments, "--json", "--workers", workers) for workers in (1, 2))
    assert one == two
    tagger = Tagger()
    for file, line in zip(files, one.splitlines(), strict=True):
        expected = json.loads(tagger.tag(file, duration=6).to_json([]))
        assert {**json.loads(line), "tags": []} == expected
    assert "####" in run(*arguments)  # cp1252 has no blocks


@pytest.mark.train
def test_packing(run, pieces: Path, tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    rows = ["id\tpath\tlabels"]
    for file in sorted(pieces.glob("*.opus")):
        (music / file.name).write_bytes(file.read_bytes())
        rows.append(f"{file.stem}\t{file.name}\tça va;{file.stem}")
    table = music / "clips.tsv"
    table.write_text("\n".join(rows), encoding="utf-8")
    run("data", "pack", "table", table, tmp_path / "store", "--workers", 2)
    run("data", "pack", "table", table, tmp_path / "store")  # brings it up to date, with as many workers as cores
    pack(list_table(table), tmp_path / "expected")
    for name in ("shard-00000.pcm", "journal.jsonl"):
        assert (tmp_path / "store" / name).read_bytes() == (tmp_path / "expected" / name).read_bytes()
    assert PackedStore(tmp_path / "store").clips.labels[0] == ("ça va", "piano-prelude")


def test_audit(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGGRAM_HOME", str(tmp_path / "home"))
    folder = tmp_path / "gtzan"
    dataset("gtzan").write_sample(folder)
    page = tmp_path / "audit.html"
    audit = json.loads(run("data", "audit", "gtzan", folder, "--workers", 2, "--json", "--html", page))
    assert audit["protocol"] == dataset("gtzan").protocol(None).name
    assert "</html>" in page.read_text(encoding="utf-8")
