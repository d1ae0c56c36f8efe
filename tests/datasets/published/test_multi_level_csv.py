"""CSV files with names on several levels: what pandas makes of them, what long and broken ones do."""

from __future__ import annotations

from pathlib import Path

import pytest

from taggram.datasets.published._multi_level_csv import read_levels, write_levels
from taggram.errors import DatasetError

COLUMNS = [("a", "x"), ("a", "y"), ("b", "x")]
ROWS = [["1", "one, two", "", "line\nline"], ["2", '"', "3.0", "ä"]]


def test_columns_are_found_by_all_their_names(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    write_levels(file, COLUMNS, "id", ROWS)
    assert file.read_text(encoding="utf-8").splitlines()[:3] == [",a,a,b", ",x,y,x", "id,,,"]
    assert list(read_levels(file, COLUMNS, "id")) == ROWS
    assert list(read_levels(file, [("b", "x"), ("a", "x")], "id")) == [[row[0], row[3], row[1]] for row in ROWS]


def test_one_level(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    write_levels(file, [("x",), ("y",)], "id", [["1", "2", "3"]])
    assert file.read_text() == "id,x,y\n1,2,3\n"
    assert list(read_levels(file, [("y",)], "id")) == [["1", "3"]]


def test_pandas_reads_and_writes_the_same(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    file = tmp_path / "t.csv"
    write_levels(file, COLUMNS, "id", ROWS)
    frame = pandas.read_csv(file, index_col=0, header=[0, 1], keep_default_na=False, dtype=str)
    assert list(frame.columns) == COLUMNS and frame.index.name == "id"
    frame.to_csv(tmp_path / "again.csv")
    assert list(read_levels(tmp_path / "again.csv", COLUMNS, "id")) == ROWS


def test_a_long_field(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    write_levels(file, COLUMNS, "id", [["1", "x" * 300_000, "", ""]])
    assert len(next(read_levels(file, [("a", "x")], "id"))[1]) == 300_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no column a.x"),
        (",a\n,y\nid,\n1,2\n", "has no column a.x"),
        (",a,a\n,x\nid,,\n", "is malformed"),
        (",a\n,x\nid,\n1,2,3\n", "line 4 has 3 values, not 2"),
        (b",a\n,x\nid,\n1,\xff\n", "is malformed"),
        (',a\n,x\nid,\n1,"2" 3\n', "is malformed"),
    ],
)
def test_broken_files(text: str | bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DatasetError) as caught:
        list(read_levels(file, [("a", "x")], "id"))
    assert said in str(caught.value) and str(file) in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"none\.csv cannot be read"):
        list(read_levels(tmp_path / "none.csv", [("a", "x")], "id"))
