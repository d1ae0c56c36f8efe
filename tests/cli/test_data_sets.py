"""``taggram data`` list, info, validate and download as a person meets them."""

from __future__ import annotations

import functools
import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from command_line import run as taggram
from command_line import run_process

from taggram.datasets import dataset, list_datasets
from taggram.datasets.synthetic import write_noise

LABELS = "path,labels\n1.wav,valence=0.7;a=b\n"
# A data set of one's own, whose published file comes from a server of the test.
WITH_SET = """
import sys
from pathlib import Path
from taggram.datasets import Dataset, DatasetProtocol, PublishedFile, list_table, register_dataset
from taggram.vocabularies import Vocabulary

@register_dataset
class Mine(Dataset):
    name, title, about, citation, licence = "mine", "Mine", "A test.", "Nobody.", "None."
    homepage, how_to_get = "http://example.org", "Record the audio."
    files = (PublishedFile("labels.csv", {sha256!r}, {url!r} + "/labels.csv", {size}), PublishedFile("more.csv"))
    protocols = (DatasetProtocol("all", "All."),)

    def vocabulary(self, folder, protocol=None):
        return Vocabulary(name="mine", source="", tags={{"valence": "mood", "a=b": "other"}})

    def index(self, folder, protocol=None):
        return list_table(folder / "labels.csv")

    def write_sample(self, folder): ...

from taggram.cli import main
main()
"""


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return taggram("data", *arguments)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    dataset("mer4q").write_sample(tmp_path / "mer4q")
    return tmp_path / "mer4q"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server that has ``labels.csv``."""
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "labels.csv").write_text(LABELS)
    handler = functools.partial(Quiet, directory=str(tmp_path / "published"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,)).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


def mine(url: str, sha256: str = "", size: int = len(LABELS)) -> tuple[object, ...]:
    return sys.executable, "-c", WITH_SET.format(url=url, sha256=sha256, size=size)


def test_list() -> None:
    shown = run("list")
    assert shown.returncode == 0
    assert all(f"\n{name}" in shown.stdout for name in list_datasets())
    rows = {row["name"]: row for row in map(json.loads, run("list", "--json").stdout.splitlines())}
    assert list(rows) == list_datasets()
    assert rows["mer4q"]["clips"] == 809
    assert rows["mer4q"]["protocols"] == ["genres", "moods", "quadrant"]


@pytest.mark.parametrize("name", list_datasets())
def test_every_data_set_can_be_described(name: str) -> None:
    shown = run("info", name)
    assert shown.returncode == 0, shown.stderr
    words = " ".join(shown.stdout.split())
    known = dataset(name)
    assert words.startswith(f"{name}: {known.title}")
    for text in (known.homepage, *(protocol.name for protocol in known.protocols)):
        assert text in words
    made = json.loads(run("info", name, "--json").stdout)
    assert made["citation"] == known.citation
    assert made["copy"] is None
    assert [protocol["name"] for protocol in made["protocols"]] == [protocol.name for protocol in known.protocols]


def test_describe_a_copy(copy: Path) -> None:
    shown = run("info", "mer4q", "--protocol", "quadrant", "--path", copy).stdout
    assert "76.4" in shown or "0.764" in shown
    assert "Q1 (happy) to Q4 (calm)" in shown
    assert "The 21 genres" not in shown
    assert [line.split() for line in shown.splitlines()[-5:]] == [
        ["tag", "category", "train", "valid", "test"],
        ["Q1", "mood", "1", "1", "0"],
        ["Q2", "mood", "1", "0", "1"],
        ["Q3", "mood", "1", "0", "0"],
        ["Q4", "mood", "1", "0", "0"],
    ]
    copied = json.loads(run("info", "mer4q", "--protocol", "quadrant", "--path", copy, "--json").stdout)["copy"]
    assert copied["splits"] == {"train": 4, "valid": 1, "test": 1}
    assert f"split hash {copied['split_hash']};" in " ".join(shown.split())
    assert copied["tags"][0] == {"tag": "Q1", "category": "mood", "clips": {"train": 1, "valid": 1, "test": 0}}
    assert copied["size_mismatch"].startswith("published are 620 in train (here 4)")


def test_validate(copy: Path, tmp_path: Path) -> None:
    files = sorted((copy / "audio").iterdir())
    files[0].unlink()
    write_noise(files[1], 2.0, seed=0)
    record = tmp_path / "record.jsonl"
    done = run("validate", "mer4q", copy, "--workers", 1, "--record", record)
    assert done.returncode == 1
    assert done.stdout.splitlines()[1:] == [
        f"missing: {files[0]} does not exist",
        f"short: {files[1]} lasts 2.00 s instead of at least 5 s",
    ]
    assert done.stdout.startswith(f"split: {copy} is not all of mer4q, protocol genres: published are 620 in train")
    assert done.stderr == "6 files (0 validated before), 0.01 h: 1 split, 1 missing, 1 short\n"
    again = run("validate", "mer4q", copy, "--record", record, "--json")
    issues = [json.loads(line) for line in again.stdout.splitlines()]
    assert [issue["kind"] for issue in issues] == ["split", "missing", "short"]
    assert issues[1]["path"] == f"audio/{files[0].name}"
    assert again.stderr.startswith("6 files (5 validated before)")


def test_validate_finds_nothing(shared: Path, tmp_path: Path) -> None:
    """The real index and split; of the audio, only that it is known from before."""
    source = shared / "data" / "mer4q"
    record = tmp_path / "record.jsonl"
    clips = dataset("mer4q").index(source).clips
    states = {clip.path: (source / clip.path).stat() for clip in clips}
    lines = [
        {"path": path, "size": state.st_size, "mtime_ns": state.st_mtime_ns, "seconds": 30.0, "warning": ""}
        for path, state in states.items()
    ]
    record.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = run("validate", "mer4q", source, "--record", record)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "809 files (809 validated before), 6.74 h: no issues\n"


def test_download_lists_files_and_downloads_after_confirmation(server: str, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    dry = run_process("data", "download", "mine", folder, "--dry-run", program=mine(server))
    assert (dry.returncode, dry.stdout) == (0, f"{server}/labels.csv (0.0 MB, checksum unknown)\n")
    assert dry.stderr == "Manual steps: Record the audio. Homepage: http://example.org\n"
    unasked = run_process("data", "download", "mine", folder, program=mine(server))
    assert unasked.returncode == 1
    assert unasked.stderr.endswith("error: nothing was downloaded: without a terminal, add --yes\n")
    assert not folder.exists()
    done = run_process("data", "download", "mine", folder, "--yes", program=mine(server))
    assert (done.returncode, done.stdout) == (1, f"{folder / 'labels.csv'}\n")
    assert (folder / "labels.csv").read_text() == LABELS
    assert done.stderr.endswith(f"error: {folder} still lacks more.csv: see above\n")
    (folder / "more.csv").touch()
    again = run_process("data", "download", "mine", folder, program=mine(server))
    assert (again.returncode, again.stdout) == (0, ""), "all is there, so nothing is asked"
    described = json.loads(run_process("data", "info", "mine", "--path", folder, "--json", program=mine(server)).stdout)
    assert [(tag["tag"], tag["clips"]) for tag in described["copy"]["tags"]] == [("valence", {"": 1}), ("a=b", {"": 1})]


@pytest.mark.parametrize(("answer", "fetched"), [(b"y\n", True), (b"n\n", False)])
def test_download_asks_on_a_terminal(server: str, tmp_path: Path, answer: bytes, fetched: bool) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, answer)
    command = [*map(str, mine(server)), "data", "download", "mine", str(tmp_path / "mine")]
    done = subprocess.run(command, stdin=theirs, capture_output=True, text=True, timeout=120)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 1
    assert f"Download 1 file into {tmp_path / 'mine'}? [y/N]" in done.stderr
    assert (tmp_path / "mine" / "labels.csv").exists() == fetched


def test_download_deletes_a_file_with_a_wrong_checksum(server: str, tmp_path: Path) -> None:
    done = run_process("data", "download", "mine", tmp_path / "mine", "--yes", program=mine(server, sha256="0" * 64))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"error: {server}/labels.csv is not the published file")
    assert list((tmp_path / "mine").iterdir()) == []


@pytest.mark.parametrize("verb", ["info", "validate", "download"])
def test_an_unknown_name(verb: str, tmp_path: Path) -> None:
    done = run(verb, "none", *([] if verb == "info" else [tmp_path]))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: no data set is named 'none'; available are: ")
