"""Every verb in an environment without a usable home, cache, locale, stdin or current folder: an answer or one line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from command_line import PROGRAM

BARE = {
    "PATH": os.environ["PATH"],
    "LANG": "C",
    "LC_ALL": "POSIX",
    "HOME": "/dev/null/home",
    "COLUMNS": "80",
    "XDG_CACHE_HOME": "/dev/null/cache",
    "XDG_DATA_HOME": "/dev/null/data",
    "MPLCONFIGDIR": "/dev/null/matplotlib",
}
VERBS = [
    (0, "song.opus --top 1"),
    (0, "tag song.opus --json"),
    (1, "tag song.opus --plot /dev/null/pictures"),
    (0, "models list small*"),
    (0, "models show default"),
    (0, "models path default"),
    (1, "models import fcn.mtat-won2020"),
    (0, "data list"),
    (0, "data info mtat"),
    (1, "data show nowhere"),
    (1, "data pack mtat . store"),
    (1, "data pack mtat . /dev/null/store"),
    (1, "data validate mtat ."),
    (1, "data audit mtat ."),
    (1, "data download gtzan copy"),
    (0, "deform song.opus --gain -6 -o copy.wav"),
    (1, "deform song.opus --gain -6 -o /dev/null/copy.wav"),
    (1, "train nothing.yaml"),
    (1, "calibrate default"),
]


def shell(command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", command], cwd=cwd, env=BARE, capture_output=True, text=True, timeout=120, encoding="utf-8"
    )


@pytest.mark.skipif(os.name != "posix", reason="a home that is no folder is named as on POSIX")
@pytest.mark.train
@pytest.mark.parametrize(("code", "verb"), VERBS, ids=[verb for _, verb in VERBS])
def test_a_bare_environment(code: int, verb: str, pieces: Path, tmp_path: Path) -> None:
    (tmp_path / "song.opus").symlink_to(pieces / "synth-groove.opus")
    done = shell(f"{PROGRAM} {verb} <&-", tmp_path)
    assert done.returncode == code, done
    assert "Traceback" not in done.stderr
    assert bool(done.stdout) == (code == 0) or "validate" in verb
    errors = [line for line in done.stderr.splitlines() if line.startswith("error")]
    assert len(errors) == code or "validate" in verb, done.stderr


@pytest.mark.skipif(os.name != "posix", reason="a current folder can vanish on POSIX")
def test_a_current_folder_that_is_gone(pieces: Path, tmp_path: Path) -> None:
    gone = f"mkdir gone; cd gone; rmdir ../gone; {PROGRAM}"
    tagged = shell(f"{gone} {pieces / 'synth-groove.opus'} --top 1", tmp_path)
    assert tagged.returncode == 0, tagged.stderr
    missing = shell(f"{gone} song.opus --top 1", tmp_path)
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.startswith("error: song.opus does not exist: check the path\n")


def test_nothing_is_written_at_home(pieces: Path, tmp_path: Path) -> None:
    """ONNX Runtime would keep a number of this machine there, for its reports."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    command = [PROGRAM, "tag", pieces / "synth-groove.opus"]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)
    assert not list(tmp_path.iterdir())
