"""Indexes of folders and tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from taggram.datasets import ClipIndex, ClipInfo, join, list_folder, list_table
from taggram.errors import DatasetError

COLUMNS = ("track", "path", "genre", "mood", "split", "artist", "album", "title")
ROWS = [
    dict(zip(COLUMNS, ("a", "x/1.wav", "rock;pop", "", "train", "A, B", "Songs", "One"), strict=True)),
    dict(zip(COLUMNS, ("b", "2.wav", " jazz ;", 'the "calm";jazz', "test", "", "", " Two"), strict=True)),
]
CLIPS = (
    ClipInfo("a", "x/1.wav", "train", ("rock", "pop"), "A, B", "A, B", "Songs", "One"),
    ClipInfo("b", "2.wav", "test", ("jazz", 'the "calm"'), title="Two"),
)


def write(folder: Path, suffix: str) -> Path:
    import csv

    table = folder / f"table{suffix}"
    if suffix == ".parquet":
        import pyarrow as pa
        from pyarrow import parquet

        parquet.write_table(pa.Table.from_pylist(ROWS), table)
    elif suffix == ".jsonl":
        table.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    else:
        with table.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(ROWS[0]), delimiter="\t" if suffix == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(ROWS)
    return table


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", pytest.param(".parquet", marks=pytest.mark.train)])
def test_tables(suffix: str, tmp_path: Path) -> None:
    index = list_table(write(tmp_path, suffix), id="track", labels=["genre", "mood"])
    assert index.clips == CLIPS
    assert index.file(CLIPS[0]) == tmp_path / "x" / "1.wav"
    chosen = list_table(write(tmp_path, suffix), split="mood", group="track", labels=["genre"])
    assert chosen.clips[1] == ClipInfo("2.wav", "2.wav", 'the "calm";jazz', ("jazz",), "b", title="Two")
    assert list_table(write(tmp_path, suffix)).clips[0].labels == ()


def test_lists_of_labels_are_taken_as_they_are(tmp_path: Path) -> None:
    table = tmp_path / "t.jsonl"
    table.write_text('{"path": "1.wav", "labels": ["a;b", "c", "c"], "id": 5}\n\n{"path": "2.wav", "labels": null}\n')
    assert list_table(table).clips == (ClipInfo("5", "1.wav", labels=("a;b", "c")), ClipInfo("2.wav", "2.wav"))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("t.csv", "file\n1.wav\n", "has no column 'path' with the audio files"),
        ("t.csv", "", "has no rows"),
        ("t.csv", "path,x\n1.wav\n", "line 2 has more or fewer values than columns"),
        ("t.csv", "path,x\n1.wav,a,b\n", "line 2 has more or fewer values than columns"),
        ("t.tsv", 'path\tx\n1.wav\t"a" b\n', "is malformed"),
        ("t.csv", "path,x\n ,1\n", "clip 1 has no path"),
        ("t.csv", "path\n1.wav\n1.wav\n", "2 clips have the id '1.wav'"),
        ("t.jsonl", '{"path": \n', "is malformed"),
        ("t.jsonl", "[1]\n", "line 1 is not a JSON object"),
        ("t.csv", b"path\n\xff\xfe.wav\n", "is malformed"),
        pytest.param("t.parquet", "path\n", "is malformed", marks=pytest.mark.train),
        ("t.txt", "path\n", "use one of .csv, .tsv, .jsonl, .parquet"),
    ],
)
def test_bad_tables(name: str, text: str | bytes, said: str, tmp_path: Path) -> None:
    table = tmp_path / name
    table.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DatasetError) as caught:
        list_table(table)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_tables_and_columns(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"none\.csv cannot be read \(No such file or directory\)"):
        list_table(tmp_path / "none.csv")
    with pytest.raises(DatasetError, match="has no column 'genres'; it has track, path, genre"):
        list_table(write(tmp_path, ".tsv"), labels=["genres"])


def test_folders(mixed: Path) -> None:
    names = ["wrong.mp3", "piano/good.opus", "synth/cut.wav", "synth/loud.wav"]
    assert [clip.path for clip in list_folder(mixed).clips] == names
    assert [clip.labels for clip in list_folder(mixed, folders_are_tags=True).clips] == [
        (),
        ("piano",),
        ("synth",),
        ("synth",),
    ]
    assert all(clip.labels == () for clip in list_folder(mixed).clips)
    (mixed / "empty").mkdir()
    with pytest.raises(DatasetError, match="contains no audio files"):
        list_folder(mixed / "empty")
    with pytest.raises(DatasetError, match="is no folder"):
        list_folder(mixed / "notes.txt")


def test_sources_are_joined_under_their_names(tmp_path: Path) -> None:
    tables = [ClipIndex(tmp_path / name, CLIPS) for name in ("one", "two")]
    joined = join({"a": tables[0], "b": tables[1].with_split("valid")})
    assert joined.folder == tmp_path
    assert [clip.id for clip in joined.clips] == ["a/a", "a/b", "b/a", "b/b"]
    assert joined.clips[0].labels == ("a/rock", "a/pop") and joined.clips[0].group == "A, B"
    assert (joined.clips[2].artist, joined.clips[2].album, joined.clips[2].title) == ("A, B", "Songs", "One")
    assert [clip.split for clip in joined.clips] == ["train", "test", "valid", "valid"]
    assert joined.file(joined.clips[2]) == tmp_path / "two" / "x/1.wav"
