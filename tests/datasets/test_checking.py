"""What is wrong with a copy of a data set is found, each fault once, and what is sound is not decoded twice."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from taggram.datasets import Dataset, Fault, Tally, check, checking, dataset
from taggram.datasets.checking import default_record
from taggram.datasets.samples import write_noise
from taggram.errors import DatasetError


@pytest.fixture
def mer4q() -> Dataset:
    return dataset("mer4q")


@pytest.fixture
def copy(mer4q: Dataset, tmp_path: Path) -> Path:
    """The sample version, with the split sizes of which it is not all."""
    mer4q.write_sample(tmp_path / "copy")
    return tmp_path / "copy"


def sounds(faults: list[Fault]) -> dict[str, list[str]]:
    """The kinds of fault of each sound file."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        if fault.path:
            found.setdefault(fault.path, []).append(fault.kind)
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_each_fault_is_found(mer4q: Dataset, copy: Path, tmp_path: Path, workers: int) -> None:
    files = sorted((copy / "audio").iterdir())
    files[0].unlink()
    files[1].write_text("no music")
    write_noise(files[2], 2.0, seed=0)
    write_noise(files[3], 33.0, seed=0)
    write_noise(tmp_path / "whole.wav", 20.0, seed=0)  # which says how long it is, unlike Opus in Ogg
    whole = (tmp_path / "whole.wav").read_bytes()
    files[4].write_bytes(whole[: len(whole) // 2])
    steps: list[tuple[int, int]] = []
    faults = list(
        check(mer4q, copy, record=tmp_path / "r", workers=workers, report=lambda t: steps.append((t.done, t.total)))
    )
    assert faults[0].kind == "split"
    assert "published are 620 in train (here 4)" in faults[0].message
    found = sounds(faults)
    assert [found.get(f"audio/{file.name}") for file in files[:4]] == [["missing"], ["corrupt"], ["short"], ["long"]]
    assert found[f"audio/{files[4].name}"] == ["damaged"]
    assert f"audio/{files[5].name}" not in found
    assert all(str(copy / fault.path) in fault.message and "\n" not in fault.message for fault in faults)
    assert steps == [(done, 6) for done in range(7)]


def test_sound_files_are_decoded_once(
    mer4q: Dataset, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[str] = []
    decode = checking._decode
    monkeypatch.setattr(checking, "_decode", lambda file: decoded.append(file.name) or decode(file))
    files = sorted((copy / "audio").iterdir())
    files[5].write_text("no music")

    def run() -> tuple[list[Fault], Tally]:
        decoded.clear()
        tallies: list[Tally] = []
        return list(check(mer4q, copy, "moods", record=tmp_path / "r", report=tallies.append)), tallies[-1]

    first, tally = run()
    assert (len(decoded), tally.kept, tally.done) == (6, 0, 6)
    assert tally.seconds == pytest.approx(5 * 6.0, abs=0.2)
    again, tally = run()
    assert again == first
    assert (decoded, tally.kept) == ([files[5].name], 5), "a corrupt file is tried again"
    assert tally.seconds == pytest.approx(5 * 6.0, abs=0.2)
    os.utime(files[0])
    write_noise(files[1], 1.0, seed=1)
    faults, tally = run()
    assert (decoded, tally.kept) == ([file.name for file in (files[0], files[1], files[5])], 3)
    assert sounds(faults)[f"audio/{files[1].name}"] == ["short"]


def test_a_check_that_was_killed_goes_on(mer4q: Dataset, copy: Path, tmp_path: Path) -> None:
    record = tmp_path / "deep" / "record.jsonl"
    tallies: list[Tally] = []

    class Killed(BaseException): ...

    def kill(tally: Tally) -> None:
        if tally.done == 3:
            raise Killed

    with pytest.raises(Killed):
        list(check(mer4q, copy, record=record, report=kill))
    lines = record.read_text().splitlines()
    assert len(lines) == 3
    record.write_text("\n".join([*lines[:2], lines[2][:40]]))  # as a kill may leave it
    list(check(mer4q, copy, record=record, report=tallies.append))
    assert tallies[-1].kept == 2
    list(check(mer4q, copy, record=record, report=tallies.append))
    assert tallies[-1].kept == 6
    assert {json.loads(line)["path"] for line in record.read_text().splitlines() if line != lines[2][:40]} == {
        f"audio/{file.name}" for file in (copy / "audio").iterdir()
    }


def test_an_index_that_is_not_there(mer4q: Dataset, copy: Path, tmp_path: Path) -> None:
    (copy / "labels.tsv").unlink()
    (fault,) = check(mer4q, copy, record=tmp_path / "r")
    assert fault == Fault("index", "", f"{copy / 'labels.tsv'} is missing: see taggram data describe mer4q")


def test_an_index_that_cannot_be_read(mer4q: Dataset, copy: Path, tmp_path: Path) -> None:
    (copy / "labels.tsv").write_text("track_id\tpath\n1\n")
    (fault,) = check(mer4q, copy, record=tmp_path / "r")
    assert fault.kind == "index"
    assert "labels.tsv is malformed: line 2" in fault.message


def test_what_cannot_be_checked(mer4q: Dataset, copy: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere does not exist: check the path"):
        list(check(mer4q, tmp_path / "nowhere"))
    with pytest.raises(DatasetError, match="no protocol 'genre'"):
        list(check(mer4q, copy, "genre"))
    with pytest.raises(DatasetError, match="cannot be written .* name another file"):
        list(check(mer4q, copy, record=copy))


def test_where_checks_are_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGGRAM_HOME", str(tmp_path / "home"))
    place = default_record("mer4q", tmp_path)
    assert place.parent == tmp_path / "home" / "checks"
    assert place == default_record("mer4q", tmp_path / "x" / "..")
    assert len({place, default_record("mer4q", tmp_path / "x"), default_record("emotify", tmp_path)}) == 3
    monkeypatch.delenv("TAGGRAM_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert default_record("mer4q", tmp_path).parent == tmp_path / "cache" / "taggram" / "checks"


@pytest.mark.slow
def test_a_real_copy_is_sound(mer4q: Dataset, shared: Path, tmp_path: Path) -> None:
    assert checked(mer4q, shared / "data" / "mer4q", tmp_path) == ([], 809, 402)


def test_real_music_is_sound(mer4q: Dataset, shared: Path, tmp_path: Path) -> None:
    """The test clips of a real copy; that the others are missing is all that is found."""
    real, part = shared / "data" / "mer4q", tmp_path / "copy"
    part.mkdir()
    (part / "audio").symlink_to(real / "audio")
    header, *rows = (real / "labels.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    (part / "labels.tsv").write_text("".join([header, *(row for row in rows if row.endswith("\ttest\n"))]), "utf-8")
    faults, clips, minutes = checked(mer4q, part, tmp_path)
    assert ({fault.kind for fault in faults}, clips, minutes) == ({"split"}, 79, 39)


def checked(dataset: Dataset, copy: Path, folder: Path) -> tuple[list[Fault], int, int]:
    """Check a copy: what is wrong, how many clips were decoded, and how many minutes they last."""
    tallies: list[Tally] = []
    faults = list(check(dataset, copy, record=folder / "record", workers=2, report=tallies.append))
    return faults, tallies[-1].done, round(tallies[-1].seconds / 60)
