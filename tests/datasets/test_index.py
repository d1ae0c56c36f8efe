"""Indexes of folders and tables."""

from __future__ import annotations

import errno
import json
import os
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


NFC, NFD = "Caf\N{LATIN SMALL LETTER E WITH ACUTE}", "Cafe\N{COMBINING ACUTE ACCENT}"
POSIX = pytest.mark.skipif(os.name == "nt", reason="file names and links of POSIX")


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_the_artist_is_the_second_folder_wherever_it_stands(tmp_path: Path) -> None:
    touch(tmp_path, "jazz/Miles/1.wav", "rock/Miles/album/2.wav", "rock/Nico/3.wav", "rock/4.wav", "5.wav")
    clips = list_folder(tmp_path, folders_are_tags=True).clips
    assert [(clip.id, clip.labels, clip.group, clip.artist) for clip in clips] == [
        ("5.wav", (), "", ""),
        ("jazz/Miles/1.wav", ("jazz",), "Miles", "Miles"),
        ("rock/4.wav", ("rock",), "", ""),
        ("rock/Miles/album/2.wav", ("rock",), "Miles", "Miles"),
        ("rock/Nico/3.wav", ("rock",), "Nico", "Nico"),
    ]


@POSIX
def test_a_file_in_several_folders_is_one_clip_with_their_tags(tmp_path: Path) -> None:
    touch(tmp_path, "jazz/Miles/1.wav", "rock/2.wav")
    (tmp_path / "cool" / "Davis").mkdir(parents=True)
    (tmp_path / "cool" / "Davis" / "one.wav").symlink_to("../../jazz/Miles/1.wav")
    (tmp_path / "loud").symlink_to("rock")
    os.link(tmp_path / "rock" / "2.wav", tmp_path / "rock" / "again.wav")
    clips = list_folder(tmp_path, folders_are_tags=True).clips
    assert [(clip.id, clip.labels, clip.group) for clip in clips] == [
        ("jazz/Miles/1.wav", ("jazz", "cool"), "Miles"),
        ("rock/2.wav", ("rock", "loud"), ""),
    ]
    assert [clip.id for clip in list_folder(tmp_path).clips] == ["jazz/Miles/1.wav", "rock/2.wav"]


@POSIX
def test_names_of_any_bytes_in_a_folder(tmp_path: Path) -> None:
    touch(tmp_path, os.fsdecode(b"caf\xe9/\xff/1.wav"))
    index = list_folder(tmp_path, folders_are_tags=True)
    (clip,) = index.clips
    assert (clip.id, clip.labels, clip.group) == (r"caf\udce9/\udcff/1.wav", (r"caf\udce9",), r"\udcff")
    assert index.file(clip).exists()


def test_names_in_two_unicode_forms(tmp_path: Path) -> None:
    touch(tmp_path, f"jazz/{NFD}/1.wav", f"rock/{NFC}/2.wav", f"{NFD}/3.wav", f"{NFC}/4.wav")
    index = list_folder(tmp_path, folders_are_tags=True)
    assert sorted(clip.id for clip in index.clips) == [
        f"{NFC}/3.wav",
        f"{NFC}/4.wav",
        f"jazz/{NFC}/1.wav",
        f"rock/{NFC}/2.wav",
    ]
    assert {clip.labels for clip in index.clips} == {("jazz",), ("rock",), (NFC,)}
    assert {clip.group for clip in index.clips} == {NFC, ""}
    assert all(index.file(clip).exists() for clip in index.clips)


@POSIX
def test_files_whose_names_differ_only_in_their_form(tmp_path: Path) -> None:
    index = list_folder(touch(tmp_path, f"{NFD}.wav", f"{NFC}.wav"))
    if len(index.clips) == 2:  # else the file system takes them for one name
        assert {clip.id for clip in index.clips} == {f"{NFD}.wav", f"{NFC}.wav"}
        assert all(index.file(clip).name == clip.id for clip in index.clips)


def test_an_unreadable_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "a/1.wav", "b/2.wav")
    scan = os.scandir

    def denied(path: str) -> object:
        if os.path.basename(path) == "b":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(DatasetError, match=r"the folder .*b cannot be read \(permission denied\): check its perm"):
        list_folder(tmp_path)


def test_sources_are_joined_under_their_names(tmp_path: Path) -> None:
    tables = [ClipIndex(tmp_path / name, CLIPS) for name in ("one", "two")]
    joined = join({"a": tables[0], "b": tables[1].with_split("valid")})
    assert joined.folder == tmp_path
    assert [clip.id for clip in joined.clips] == ["a/a", "a/b", "b/a", "b/b"]
    assert joined.clips[0].labels == ("a/rock", "a/pop") and joined.clips[0].group == "A, B"
    assert (joined.clips[2].artist, joined.clips[2].album, joined.clips[2].title) == ("A, B", "Songs", "One")
    assert [clip.split for clip in joined.clips] == ["train", "test", "valid", "valid"]
    assert joined.file(joined.clips[2]) == tmp_path / "two" / "x/1.wav"
