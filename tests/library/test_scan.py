"""Scans: every file is tagged once, wherever it moves, and nothing is lost when a scan ends early."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from taggram.errors import LibraryError
from taggram.library import Library, ScanSummary
from taggram.models.directories import find_model
from taggram.tagging import Tagger

RATE = 16000


def write(file: Path, seed: int, seconds: float = 4.0) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(seed).uniform(-0.5, 0.5, round(RATE * seconds))
    soundfile.write(file, samples.astype(np.float32), RATE)
    return file


@pytest.fixture
def music(tmp_path: Path) -> Path:
    for seed in range(3):
        write(tmp_path / "music" / f"{seed}.wav", seed)
    return tmp_path / "music"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "library.sqlite") as opened:
        yield opened


def test_an_installed_model_has_its_name_beside_a_folder_of_that_name(
    music: Path, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAGGRAM_HOME", str(tmp_path / "home"))
    for folder in (tmp_path / "home" / "models" / "crates", tmp_path / "mine"):
        shutil.copytree(find_model("default"), folder)
    (tmp_path / "crates").mkdir()  # such as the clips that the model was learned from
    library.scan([music], model="crates")
    assert library.collection().model.name == "crates"
    library.similar(write(tmp_path / "other.wav", 9))  # tags the file with the model of that name
    library.scan([music], model="mine")
    assert library.collection().model.name == str(tmp_path / "mine")


@pytest.fixture
def tagged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are really tagged."""
    paths: list[str] = []
    tag = Tagger.tag
    monkeypatch.setattr(Tagger, "tag", lambda self, path, **options: paths.append(path) or tag(self, path, **options))  # type: ignore[func-returns-value]
    return paths


def counts(summary: ScanSummary) -> dict[str, int]:
    names = ("known", "new", "changed", "again", "moved", "gone")
    found = {name: getattr(summary, name) for name in names} | {"failed": len(summary.failed)}
    return {name: count for name, count in found.items() if count}


def test_a_file_is_tagged_once(music: Path, library: Library, tagged: list[str]) -> None:
    assert counts(library.scan([music])) == {"new": 3}
    assert counts(library.scan([music, music / ".." / "music"])) == {"known": 3}
    assert len(tagged) == 3
    write(music / "0.wav", 7)
    (music / "1.wav").rename(music / "moved.wav")
    shutil.copy2(music / "2.wav", music / "copy.wav")
    os.utime(music / "2.wav", (0, 0))
    write(music / "new.wav", 8)
    assert counts(library.scan([music])) == {"known": 1, "new": 1, "changed": 1, "moved": 2, "gone": 1}
    assert sorted(map(os.path.basename, tagged[3:])) == ["0.wav", "new.wav"]
    assert counts(library.scan([music])) == {"known": 5}
    (music / "moved.wav").rename(music / "1.wav")
    assert counts(library.scan([music])) == {"known": 5, "gone": 1}
    status = library.status()
    assert (status.files, status.gone, status.tracks) == (5, 1, {"default": 5})
    assert library.forget(gone=True) == 1
    assert library.status().gone == 0


def test_scores_are_those_of_the_tagger(music: Path, library: Library) -> None:
    library.scan([music])
    rows = list(library.rows())
    prediction = Tagger().tag(music / "1.wav")
    row = next(row for row in rows if row["path"].endswith("1.wav"))
    for entry in row["tags"]:
        assert entry["probability"] == pytest.approx(prediction.probability(entry["tag"]), abs=1e-4)
    assert [row["id"] for row in rows] == [1, 2, 3]


def test_failures_are_tried_again_and_said(music: Path, library: Library, tagged: list[str]) -> None:
    (music / "bad.mp3").write_bytes(b"no music")
    errors = []
    summary = library.scan([music], on_error=lambda path, error: errors.append((path, str(error))))
    assert counts(summary) == {"new": 3, "failed": 1}
    assert [path for path, _ in errors] == [str(music / "bad.mp3")]
    assert list(library.status().failed) == [str(music / "bad.mp3")]
    write(music / "bad.wav", 9)
    (music / "bad.wav").rename(music / "bad.mp3")
    assert counts(library.scan([music])) == {"known": 3, "new": 1}
    assert library.status().failed == {}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_does_not_block(music: Path, library: Library) -> None:
    os.mkfifo(music / "pipe.wav")
    failed = library.scan([music]).failed
    assert [str(error) for error in failed.values()] == [f"{music}/pipe.wav cannot be read (not a regular file)"]


def test_a_failure_costs_no_tags_that_are_known(
    music: Path, library: Library, tagged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    library.scan([music], fast=True)

    def away(file: Path) -> str:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as drive:
        drive.setattr("taggram.library.scan.sha256", away)
        assert counts(library.scan([music])) == {"failed": 3}
    tagged.clear()
    assert counts(library.scan([music], fast=True)) == {"known": 3}
    assert tagged == []


def test_an_empty_folder_is_a_drive_that_is_not_mounted(music: Path, library: Library) -> None:
    library.scan([music])
    for file in music.iterdir():
        file.unlink()
    summary = library.scan([music])
    assert counts(summary) == {}
    assert len(summary.warnings) == 1
    assert "3 files of it are known: is its drive mounted?" in summary.warnings[0]
    assert library.status().files == 3
    shutil.rmtree(music)
    with pytest.raises(LibraryError, match="is no folder: check the path, or mount its drive"):
        library.scan([music])


def test_what_a_scan_passes_over_is_not_gone(music: Path, library: Library) -> None:
    write(music / ".hidden" / "a.wav", 7)
    assert counts(library.scan([music / ".hidden"])) == {"new": 1}
    assert counts(library.scan([music])) == {"new": 3}
    (music / ".hidden" / "a.wav").unlink()
    assert counts(library.scan([music])) == {"known": 3, "gone": 1}


def test_a_fast_scan_is_replaced_by_a_full_one(tmp_path: Path, library: Library, tagged: list[str]) -> None:
    write(tmp_path / "music" / "long.wav", 1, seconds=60)
    assert counts(library.scan([tmp_path / "music"], fast=True)) == {"new": 1}
    assert counts(library.scan([tmp_path / "music"], fast=True)) == {"known": 1}
    assert len(tagged) == 1
    assert counts(library.scan([tmp_path / "music"])) == {"again": 1}
    assert len(tagged) == 2
    assert counts(library.scan([tmp_path / "music"], fast=True)) == {"known": 1}
    assert len(tagged) == 2


def test_odd_names_and_tags(tmp_path: Path, library: Library) -> None:
    folder = os.fsencode(tmp_path / "music")
    file = write(tmp_path / "music" / "a.wav", 1)
    os.rename(file, os.path.join(folder, b"caf\xe9 \n.wav"))
    assert counts(library.scan([tmp_path / "music"])) == {"new": 1}
    assert counts(library.scan([tmp_path / "music"])) == {"known": 1}
    assert next(iter(library.rows()))["path"].endswith("caf\\udce9 \n.wav")
    assert library.verify() == []


def test_verification(music: Path, library: Library) -> None:
    library.scan([music])
    write(music / "0.wav", 7)
    (music / "1.wav").unlink()
    problems = library.verify()
    assert len(problems) == 2
    assert problems[0].endswith("0.wav has changed since it was scanned")
    assert problems[1].endswith("1.wav cannot be found (no such file or directory)")


def test_forgetting(music: Path, library: Library) -> None:
    library.scan([music])
    with pytest.raises(LibraryError, match="is not in the library"):
        library.forget([music / "0.wav", music / "x.wav"])
    assert library.forget([music / "0.wav"]) == 1
    assert library.forget([music]) == 2
    with sqlite3.connect(library.file) as connection:
        for table in ("files", "predictions", "recordings"):
            assert connection.execute(f"SELECT * FROM {table}").fetchall() == []  # noqa: S608
    connection.close()


def test_databases_of_others_stay_untouched(tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    before = other.read_bytes()
    with pytest.raises(LibraryError, match="is a database of another program"):
        Library(other)
    assert other.read_bytes() == before
    (tmp_path / "text").write_text("no database " * 100)
    with pytest.raises(LibraryError, match="is not a usable library"):
        Library(tmp_path / "text")


@pytest.mark.parametrize(
    ("workers", "files", "kills"),
    [(1, 40, 10), (2, 40, 10), pytest.param(2, 2000, 20, marks=pytest.mark.slow),
     pytest.param(2, 10000, 20, marks=pytest.mark.slow)],
)  # fmt: skip
def test_a_killed_scan_goes_on(workers: int, files: int, kills: int, tmp_path: Path) -> None:
    """Some of the files are equal, some cannot be read; the killed scans leave what an undisturbed one does."""
    folder = tmp_path / "music"
    for seed in range(files):
        file = write(folder / f"{seed % 7}" / f"{seed:05}.wav", seed - seed % 10 // 9, seconds=3.0)
        if seed % 20 == 13:
            file.write_bytes(file.read_bytes()[:30])
    script = tmp_path / "scan.py"
    script.write_text(
        "import sys\n"
        "from taggram.library import Library\n"
        "import taggram.library.scan as module\n"
        "if __name__ == '__main__':\n"
        "    module.WRITE_EVERY = 0.05\n"
        f"    Library(sys.argv[1]).scan([sys.argv[2]], workers={workers})\n"
    )
    file = tmp_path / "library.sqlite"
    command = [sys.executable, str(script), str(file), str(folder)]
    killed = 0
    longest = files / kills * 0.02  # seconds
    for delay in np.random.default_rng(workers).uniform(0.05, longest + 0.4, kills):
        with subprocess.Popen(command, start_new_session=True) as process:
            deadline = time.monotonic() + 20
            while not file.exists() and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(delay)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                killed += 1
        if process.returncode == 0:
            break
    assert killed
    with Library(file) as resumed, Library(tmp_path / "whole.sqlite") as whole:
        resumed.scan([folder], workers=workers)
        whole.scan([folder], workers=workers)
        assert resumed.verify() == []
        assert resumed.status().failed == whole.status().failed
        assert len(whole.status().failed) == len(range(13, files, 20))
        found, expected = (
            sorted((row | {"id": 0} for row in each.rows()), key=lambda row: row["path"]) for each in (resumed, whole)
        )
        assert found == expected
