"""Each issue of a copy of a data set is found once, and intact files are not decoded twice."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from taggram.datasets import CheckProgress, Dataset, Issue, dataset, validate
from taggram.datasets.synthetic import write_noise
from taggram.datasets.validate import validation_record
from taggram.errors import DatasetError

VALIDATE = sys.modules["taggram.datasets.validate"]  # the function of that name hides the module


@pytest.fixture
def mer4q() -> Dataset:
    return dataset("mer4q")


@pytest.fixture
def copy(mer4q: Dataset, tmp_path: Path) -> Path:
    """The sample version, with the split sizes of which it is not all."""
    mer4q.write_sample(tmp_path / "copy")
    return tmp_path / "copy"


def kinds(issues: list[Issue]) -> dict[str, list[str]]:
    """The kinds of issue of each audio file."""
    found: dict[str, list[str]] = {}
    for issue in issues:
        if issue.path:
            found.setdefault(issue.path, []).append(issue.kind)
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_each_issue_is_found(mer4q: Dataset, copy: Path, tmp_path: Path, workers: int) -> None:
    files = sorted((copy / "audio").iterdir())
    files[0].unlink()
    files[1].write_text("no music")
    write_noise(files[2], 2.0, seed=0)
    write_noise(files[3], 33.0, seed=0)
    write_noise(tmp_path / "whole.wav", 20.0, seed=0)  # whose header has the duration, unlike Opus in Ogg
    whole = (tmp_path / "whole.wav").read_bytes()
    files[4].write_bytes(whole[: len(whole) // 2])
    steps: list[tuple[int, int]] = []
    issues = list(
        validate(mer4q, copy, record=tmp_path / "r", workers=workers, report=lambda t: steps.append((t.done, t.total)))
    )
    assert issues[0].kind == "split"
    assert "published are 620 in train (here 4)" in issues[0].message
    found = kinds(issues)
    assert [found.get(f"audio/{file.name}") for file in files[:4]] == [["missing"], ["corrupt"], ["short"], ["long"]]
    assert found[f"audio/{files[4].name}"] == ["damaged"]
    assert f"audio/{files[5].name}" not in found
    assert all(str(copy / issue.path) in issue.message and "\n" not in issue.message for issue in issues)
    assert steps == [(done, 6) for done in range(7)]


def test_intact_files_are_decoded_once(
    mer4q: Dataset, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[str] = []
    decode = VALIDATE._decode
    monkeypatch.setattr(VALIDATE, "_decode", lambda file: decoded.append(file.name) or decode(file))
    files = sorted((copy / "audio").iterdir())
    files[5].write_text("no music")

    def run() -> tuple[list[Issue], CheckProgress]:
        decoded.clear()
        counts: list[CheckProgress] = []
        return list(validate(mer4q, copy, "moods", record=tmp_path / "r", report=counts.append)), counts[-1]

    first, progress = run()
    assert (len(decoded), progress.cached, progress.done) == (6, 0, 6)
    assert progress.seconds == pytest.approx(5 * 6.0, abs=0.2)
    again, progress = run()
    assert again == first
    assert (decoded, progress.cached) == ([files[5].name], 5), "a corrupt file is tried again"
    assert progress.seconds == pytest.approx(5 * 6.0, abs=0.2)
    os.utime(files[0])
    write_noise(files[1], 1.0, seed=1)
    issues, progress = run()
    assert (decoded, progress.cached) == ([file.name for file in (files[0], files[1], files[5])], 3)
    assert kinds(issues)[f"audio/{files[1].name}"] == ["short"]


def test_an_interrupted_validation_resumes(mer4q: Dataset, copy: Path, tmp_path: Path) -> None:
    record = tmp_path / "deep" / "record.jsonl"
    counts: list[CheckProgress] = []

    class Killed(BaseException): ...

    def kill(progress: CheckProgress) -> None:
        if progress.done == 3:
            raise Killed

    with pytest.raises(Killed):
        list(validate(mer4q, copy, record=record, report=kill))
    lines = record.read_text().splitlines()
    assert len(lines) == 3
    record.write_text("\n".join([*lines[:2], lines[2][:40]]))  # as a kill may leave it
    list(validate(mer4q, copy, record=record, report=counts.append))
    assert counts[-1].cached == 2
    list(validate(mer4q, copy, record=record, report=counts.append))
    assert counts[-1].cached == 6
    assert {json.loads(line)["path"] for line in record.read_text().splitlines() if line != lines[2][:40]} == {
        f"audio/{file.name}" for file in (copy / "audio").iterdir()
    }


def test_an_index_that_is_not_there(mer4q: Dataset, copy: Path, tmp_path: Path) -> None:
    (copy / "labels.tsv").unlink()
    (issue,) = validate(mer4q, copy, record=tmp_path / "r")
    assert issue == Issue("index", "", f"{copy / 'labels.tsv'} is missing: see taggram data info mer4q")


def test_an_index_that_cannot_be_read(mer4q: Dataset, copy: Path, tmp_path: Path) -> None:
    (copy / "labels.tsv").write_text("track_id\tpath\n1\n")
    (issue,) = validate(mer4q, copy, record=tmp_path / "r")
    assert issue.kind == "index"
    assert "labels.tsv is malformed: line 2" in issue.message


def test_what_cannot_be_run_validation(mer4q: Dataset, copy: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere does not exist: check the path"):
        list(validate(mer4q, tmp_path / "nowhere"))
    with pytest.raises(DatasetError, match="no protocol 'genre'"):
        list(validate(mer4q, copy, "genre"))
    with pytest.raises(DatasetError, match="cannot be written .* name another file"):
        list(validate(mer4q, copy, record=copy))


@pytest.mark.parametrize("content", [b"path\tlabels\na.mp3\trock\n", b"OggS\xd5\n", b"\n"])
def test_another_file_is_no_record_and_is_left_alone(
    mer4q: Dataset, copy: Path, content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "labels.tsv").write_bytes(content)
    with pytest.raises(DatasetError, match=r"labels\.tsv is no record of a validation: name another file"):
        list(validate(mer4q, copy, record=tmp_path / "labels.tsv"))
    assert (tmp_path / "labels.tsv").read_bytes() == content


def test_where_checks_are_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGGRAM_HOME", str(tmp_path / "home"))
    place = validation_record("mer4q", tmp_path)
    assert place.parent == tmp_path / "home" / "checks"
    assert place == validation_record("mer4q", tmp_path / "x" / "..")
    assert len({place, validation_record("mer4q", tmp_path / "x"), validation_record("emotify", tmp_path)}) == 3
    monkeypatch.delenv("TAGGRAM_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert validation_record("mer4q", tmp_path).parent == tmp_path / "cache" / "taggram" / "checks"


@pytest.mark.slow
def test_a_real_copy_is_sound(mer4q: Dataset, shared: Path, tmp_path: Path) -> None:
    assert run_validation(mer4q, shared / "data" / "mer4q", tmp_path) == ([], 809, 402)


def test_real_music_is_sound(mer4q: Dataset, shared: Path, tmp_path: Path) -> None:
    """The test clips of a real copy: the only issues are the missing other clips."""
    real, part = shared / "data" / "mer4q", tmp_path / "copy"
    part.mkdir()
    (part / "audio").symlink_to(real / "audio")
    header, *rows = (real / "labels.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    (part / "labels.tsv").write_text("".join([header, *(row for row in rows if row.endswith("\ttest\n"))]), "utf-8")
    issues, clips, minutes = run_validation(mer4q, part, tmp_path)
    assert ({issue.kind for issue in issues}, clips, minutes) == ({"split"}, 79, 39)


def run_validation(dataset: Dataset, copy: Path, folder: Path) -> tuple[list[Issue], int, int]:
    """Validate a copy: its issues, how many clips were checked, and how many minutes they last."""
    counts: list[CheckProgress] = []
    issues = list(validate(dataset, copy, record=folder / "record", workers=2, report=counts.append))
    return issues, counts[-1].done, round(counts[-1].seconds / 60)
