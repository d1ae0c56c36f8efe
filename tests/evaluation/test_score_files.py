"""Files of other programs: every format has the same numbers, and what cannot be compared is refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from taggram.errors import EvaluationError
from taggram.evaluation.score_files import read_embeddings, read_scores

CLIPS, TAGS = ["1", "2", "ü"], ["rock", "café"]
VALUES = np.array([[0.25, -2.5], [0.5, 3.0], [1.0, 0.125]])


def arrow(columns: dict[str, list[object]], file: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.parquet").write_table(pa.table(columns), file)


def wide_csv(folder: Path) -> Path:
    rows = [f"{clip};{row[0]};{row[1]}" for clip, row in zip(CLIPS, VALUES, strict=True)]
    (folder / "s.csv").write_text("\n".join(["clip;rock;cafe\u0301", *rows]), encoding="utf-8-sig")
    return folder / "s.csv"


def long_csv(folder: Path) -> Path:
    rows = [f"{c}\t{t}\t{VALUES[i, j]}" for j, t in enumerate(TAGS) for i, c in enumerate(CLIPS)]
    (folder / "s.tsv").write_text("\n".join(["clip\ttag\tscore", *rows]), encoding="utf-8")
    return folder / "s.tsv"


def wide_parquet(folder: Path) -> Path:
    arrow({"clip": CLIPS, **dict(zip(TAGS, VALUES.T.tolist(), strict=True))}, folder / "s.parquet")
    return folder / "s.parquet"


def npz(folder: Path) -> Path:
    np.savez(folder / "s.npz", clips=CLIPS, tags=TAGS, scores=VALUES)
    return folder / "s.npz"


@pytest.mark.parametrize("write", [wide_csv, long_csv, wide_parquet, npz])
def test_scores_are_the_same_in_every_format(write: Callable[[Path], Path], tmp_path: Path) -> None:
    table = read_scores(write(tmp_path))
    assert (table.clips, table.columns) == (tuple(CLIPS), tuple(TAGS))
    np.testing.assert_array_equal(table.values, VALUES)


def csv_embeddings(folder: Path) -> Path:
    rows = [f"{clip},{row[0]},{row[1]}" for clip, row in zip(CLIPS, VALUES, strict=True)]
    (folder / "e.csv").write_text("\n".join(["clip,0,1", *rows]), encoding="utf-8")
    return folder / "e.csv"


def list_embeddings(folder: Path) -> Path:
    arrow({"clip": CLIPS, "embedding": VALUES.tolist()}, folder / "e.parquet")
    return folder / "e.parquet"


def npz_embeddings(folder: Path) -> Path:
    np.savez(folder / "e.npz", clips=CLIPS, embeddings=VALUES.astype(np.float32))
    return folder / "e.npz"


@pytest.mark.parametrize("write", [csv_embeddings, list_embeddings, npz_embeddings])
def test_embeddings_are_the_same_in_every_format(write: Callable[[Path], Path], tmp_path: Path) -> None:
    table = read_embeddings(write(tmp_path))
    assert table.clips == tuple(CLIPS)
    np.testing.assert_array_equal(table.values, VALUES)


def test_ids_that_are_numbers_are_text(tmp_path: Path) -> None:
    arrow({"clip": [1, 2], "rock": [0.1, 0.2]}, tmp_path / "s.parquet")
    assert read_scores(tmp_path / "s.parquet").clips == ("1", "2")


def test_a_tag_without_any_value_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("clip,rock,jazz\n1,0.5,\n2,0.25,\n")
    assert read_scores(tmp_path / "s.csv").columns == ("rock",)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("clip,rock\n1,0.5\n1,0.5\n", "has the clip '1' 2 times"),
        ("clip,rock,rock\n1,0.5,0.5\n", "2 columns 'rock'"),
        ("clip,rock\n1,0.5\n2,\n", "1 values are missing or not finite, such as that of the clip '2'"),
        ("clip,rock\n1,0.5\n2,nan\n", "missing or not finite"),
        ("clip,rock\n1,0.5\n2,inf\n", "missing or not finite"),
        ("clip,rock\n1,loud\n", "has 'loud', which is no number"),
        ("path,rock\n1,0.5\n", "no column 'clip'"),
        ("clip,rock\n", "no rows"),
        ("clip\n1\n", "no values"),
        ("clip,tag,score\n1,rock,0.5\n1,rock,0.5\n", "2 scores of the tag 'rock' for the clip '1'"),
        ("clip,tag,score\n1,rock,0.5\n2,jazz,0.5\n", "missing or not finite"),
    ],
)
def test_faulty_tables_are_refused(content: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(content)
    with pytest.raises(EvaluationError, match=reason) as error:
        read_scores(tmp_path / "s.csv")
    assert str(error.value).startswith(str(tmp_path)) and len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("missing.csv", None, "No such file"),
        ("s.txt", b"clip", "use one of .csv"),
        ("s.npz", b"nothing", "malformed"),
        ("s.npz", None, "No such file"),
        ("s.parquet", b"nothing", "malformed"),
    ],
)
def test_unreadable_files_are_errors(name: str, content: bytes | None, reason: str, tmp_path: Path) -> None:
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(EvaluationError, match=reason):
        read_scores(tmp_path / name)


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"clips": CLIPS, "scores": VALUES}, "lacks an array"),
        ({"clips": CLIPS[:2], "tags": TAGS, "scores": VALUES}, r"must have the shape \(clips, tags\) and not \(3, 2\)"),
        ({"clips": CLIPS, "tags": TAGS, "scores": VALUES[..., None]}, "must have the shape"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arrays: dict[str, object], reason: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "s.npz", **arrays)
    with pytest.raises(EvaluationError, match=reason):
        read_scores(tmp_path / "s.npz")


def test_embeddings_of_several_lengths_are_refused(tmp_path: Path) -> None:
    arrow({"clip": CLIPS, "embedding": [[1.0, 2.0], [1.0], [1.0, 2.0]]}, tmp_path / "e.parquet")
    with pytest.raises(EvaluationError, match="differ in length"):
        read_embeddings(tmp_path / "e.parquet")
