"""``taggram data audit`` as a person meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import run as taggram
from command_line import run_process

from taggram.datasets import dataset


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return taggram("data", "audit", *arguments, **environment)


@pytest.fixture(scope="module")
def mer4q(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, of which two clips are the same file and one is not there."""
    folder = tmp_path_factory.mktemp("mer4q")
    dataset("mer4q").write_sample(folder)
    audio = sorted((folder / "audio").iterdir())
    audio[5].write_bytes(audio[0].read_bytes())
    audio[4].unlink()
    return folder


def test_second_audit_uses_cached_embeddings(mer4q: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = run("mer4q", mer4q, "--html", page, "--workers", 1, TAGGRAM_HOME=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("mer4q: 6 clips, 3 tags, split ")
    assert "audio: 5 of 6 (83.3 %) clips decoded" in lines
    assert "equal files: MT0000000000 (train), MT0000000005 (test)" in lines
    assert "near duplicates: too few clips" in lines
    assert "MT0000000005" in page.read_text() and str(mer4q) not in page.read_text()
    # The second run reads the cache: it succeeds although tagging would raise an error.
    broken = "from taggram import Tagger; Tagger.tag = None; from taggram.cli import main; main()"
    command = "data", "audit", "mer4q", mer4q
    again = run_process(*command, program=(sys.executable, "-c", broken), TAGGRAM_HOME=str(tmp_path))
    assert (again.returncode, again.stdout) == (0, done.stdout)


def test_overlap_with_another_data_set(mer4q: Path) -> None:
    done = run("mer4q", mer4q, "--protocol", "moods", "--against", "mer4q:genres", mer4q, "--no-audio", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert said["protocol"] == "moods" and said["duplicates"] is None
    (songs,) = (
        found
        for found in said["across"]
        if (found["kind"], found["other"]) == ("songs", "mer4q:genres train") and found["part"] == "all"
    )
    assert (songs["shared_clips"], songs["clips"]) == (4, 6)


def test_undecodable_file_is_reported(tmp_path: Path) -> None:
    dataset("mer4q").write_sample(tmp_path)
    (tmp_path / "audio" / "MT0000000003.opus").write_text("no music")
    done = run("mer4q", tmp_path, "--workers", 2)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and "MT0000000003.opus" in done.stderr
    assert "audio: 5 of 6 (83.3 %) clips decoded; 1 cannot be decoded" in done.stdout.splitlines()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("none", "{mer4q}"), 1, "error: no data set is named 'none'"),
        (("mer4q", "{mer4q}/audio"), 1, "error: {mer4q}/audio has no labels.tsv"),
        (("mer4q", "{mer4q}", "--protocol", "none"), 1, "error: mer4q has no protocol 'none'"),
        (("mer4q", "{mer4q}", "--no-audio", "--html", "{mer4q}"), 1, "error: {mer4q} cannot be written"),
        (("mer4q", "{mer4q}", "--against", "mer4q"), 2, "each --against takes a name and a folder"),
    ],
)
def test_errors_are_one_line(arguments: tuple[str, ...], code: int, said: str, mer4q: Path) -> None:
    done = run(*(argument.format(mer4q=mer4q) for argument in arguments))
    assert done.returncode == code and done.stdout == ""
    assert said.format(mer4q=mer4q) in done.stderr
    assert code == 2 or len(done.stderr.splitlines()) == 1


def test_the_index_is_enough(shared: Path) -> None:
    """The labels of train are not there, and no audio."""
    done = run("mtat", shared / "metadata" / "mtat", "--protocol", "full")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert "split train: 18,706 of 25,860 (72.3 %) clips; labels are missing" in lines
    (artists,) = (line for line in lines if line.startswith("artists of test also in train"))
    assert artists.endswith("in equal spelling 45 of 75 (60.0 %), with 3,284 of 5,329 (61.6 %)")
    assert "audio: not available" in lines


def test_recordings_of_emotify_in_magnatagatune(shared: Path) -> None:
    against = "--against", "mtat:full", shared / "metadata" / "mtat"
    lines = run("emotify", shared / "data" / "emotify", *against, "--no-audio").stdout.splitlines()
    assert "songs also in mtat:full train: 168 of 323 (52.0 %), with 169 of 325 (52.0 %) clips" in lines
    assert "songs of test also in mtat:full train: 38 of 69 (55.1 %), with 38 of 70 (54.3 %) clips" in lines
