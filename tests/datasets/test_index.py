"""Indexes of folders and tables."""

from __future__ import annotations

import dataclasses
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


NFC, NFD = "Caf\N{LATIN SMALL LETTER E WITH ACUTE}", "Cafe\N{COMBINING ACUTE ACCENT}"
POSIX = pytest.mark.skipif(os.name == "nt", reason="file names and links of POSIX")


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


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
        ("t.csv", "file; labels\n1.wav;rock\n", "its first line has no column 'path': 'file; labels'"),
        ("t.csv", "sep=;\npath;labels\n1.wav;rock\n", "its first line has no column 'path': 'sep=;'"),
        ("t.csv", "path|labels\n1.wav|rock\n", "its first line has no column 'path': 'path|labels'"),
        ("t.csv", "", "its first line has no column 'path': ''"),
        ("t.csv", "path\n\n", "has no rows"),
        ("t.csv", "path,labels,labels\n1.wav,a,b\n", "it has 2 columns 'labels': rename one"),
        ("t.csv", 'path,x\n1.wav,"a"\n2.wav,"b\n', "line 3: "),
        ("t.csv", "path,labels\n1.wav,caf\xe9\n".encode("latin-1"), "it is not in UTF-8: save it as UTF-8"),
        ("t.csv", "path\tlabels\n1.wav\trock\n".encode("utf-16"), "it is not in UTF-8: save it as UTF-8"),
        ("t.csv", "path,labels\nnan,rock\n", "clip 1 has no path"),
        ("t.jsonl", '{"file": "1.wav"}\n', "has no column 'path' with the audio files; it has file"),
        ("t.jsonl", '{"path": "1.wav"}\n{"path": }\n', "line 2: Expecting value"),
        ("t.jsonl", '{"path": null}\n', "clip 1 has no path"),
        ("t.jsonl", '{"path": "1.wav", "labels": {"rock": 1}}\n', "clip 1: a label must be text, not {'rock': 1}"),
        ("t.jsonl", '{"path": "1.wav", "labels": [["rock"]]}\n', "clip 1: a label must be text, not ['rock']"),
        ("t.jsonl", '{"path": "1.wav", "artist": ["A", "B"]}\n', "clip 1: artist must be text, not ['A', 'B']"),
        ("t.jsonl", '{"path": ["1.wav"]}\n', "clip 1: path must be text, not ['1.wav']"),
        ("t.jsonl", b'{"path": "caf\xe9.wav"}\n', "it is not in UTF-8: save it as UTF-8"),
        ("t.jsonl", "[" * 100_000, "line 1: maximum recursion depth exceeded"),
        ("t.csv", "path,x\n1.wav\n", "line 2 has more or fewer values than columns"),
        ("t.csv", "path,x\n1.wav,a,b\n", "line 2 has more or fewer values than columns"),
        ("t.tsv", 'path\tx\n1.wav\t"a" b\n', "is malformed"),
        ("t.csv", "path,x\n ,1\n", "clip 1 has no path"),
        ("t.csv", "path\n1.wav\n1.wav\n", "t.csv: 2 clips have the id '1.wav'"),
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


ROCK_POP = ClipInfo("1.wav", "1.wav", labels=("rock", "pop"), group="X", artist="X")


@pytest.mark.parametrize(
    "lines",
    [
        ["path|labels|artist", '1.wav|"rock;pop"|X'],
        ["path| labels| artist", '1.wav| "rock;pop"| X'],
        [" path |labels |artist ", '1.wav |"rock ; pop"|X '],
        ['"path"|"labels"|"artist"', '"1.wav"|"rock;pop"|"X"'],
        ["|path|labels|artist", '0|1.wav|"rock;pop"|X'],  # with an index, as pandas writes it
        ["path|labels|artist|", '1.wav|"rock;;pop"|X|', "|||", "  | | |"],  # with an empty column and rows
        ["", "path|labels|artist", "", '1.wav|"rock;pop;nan"|X', ""],
        ["artist|path|labels", 'X|1.wav|"rock;pop;rock"'],
        ["title|path|labels|artist", '"None"|1.wav|"rock;pop"|X'],
    ],
)
@pytest.mark.parametrize(
    ("suffix", "delimiter", "bom", "end"),
    [
        (".csv", ",", "", "\n"),
        (".csv", ";", "", "\r\n"),
        (".csv", "\t", "", "\n"),
        (".tsv", "\t", "\ufeff", "\r\n"),
        (".tsv", ";", "\ufeff", "\n"),
        (".CSV", ",", "\ufeff", "\r"),
    ],
)
def test_delimited_text(lines: list[str], suffix: str, delimiter: str, bom: str, end: str, tmp_path: Path) -> None:
    table = tmp_path / f"t{suffix}"
    table.write_bytes((bom + end.join(lines).replace("|", delimiter)).encode())
    index = list_table(table)
    assert index.clips == (ROCK_POP,) and index.warnings == ()


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
@pytest.mark.parametrize("title", ["one\u2028two", "x\u0085y", "a\u2029b", "a\x7fb", "a\u000bb", "a\nb"])
def test_json_lines_end_at_line_feeds_only(title: str, end: str, bom: str, tmp_path: Path) -> None:
    table = tmp_path / "t.jsonl"
    rows = [{"path": "1.wav", "labels": ["rock", "pop"], "artist": "X", "title": title}, {"path": "2.wav"}]
    table.write_bytes((bom + end.join(json.dumps(row, ensure_ascii=False) for row in rows)).encode())
    assert list_table(table).clips == (dataclasses.replace(ROCK_POP, title=title), ClipInfo("2.wav", "2.wav"))


@pytest.mark.parametrize(
    "empty",
    ["null", "NaN", '"#N/A"', '"n/a"', '""', '"nan"', '"NaN"', '"None"', '"null"', '"NULL"', '"<NA>"', '" nan "'],
)
def test_values_that_are_none_in_json_lines(empty: str, tmp_path: Path) -> None:
    table = tmp_path / "t.jsonl"
    names = ", ".join(f'"{name}": {empty}' for name in ("id", "labels", "split", "artist", "album", "title"))
    table.write_text(f'{{"path": "1.wav", {names}}}\n{{"path": "2.wav", "labels": ["rock", {empty}]}}\n')
    assert list_table(table).clips == (ClipInfo("1.wav", "1.wav"), ClipInfo("2.wav", "2.wav", labels=("rock",)))


def test_half_a_character_in_json_lines(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text(r'{"path": "1.wav", "labels": ["\ud83d"], "title": "\udc00"}')
    assert list_table(tmp_path / "t.jsonl").clips == (ClipInfo("1.wav", "1.wav", labels=(r"\ud83d",), title=r"\udc00"),)


@pytest.mark.train
def test_values_that_are_none_in_parquet(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    nan = float("nan")
    columns = {
        "path": pa.array(["1.wav", "2.wav"]),
        "labels": pa.array([["rock", None], None]),
        "artist": pa.array([nan, nan]),  # how pandas writes a column without values
        "title": pa.array(["None", "nan"]),
    }
    parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    clips = list_table(tmp_path / "t.parquet").clips
    assert clips == (ClipInfo("1.wav", "1.wav", labels=("rock",)), ClipInfo("2.wav", "2.wav"))


@pytest.mark.parametrize(
    ("name", "text", "column", "said"),
    [
        ("t.csv", "path,labels\n1.wav,17\n2.wav,3;4\n", None, "in the column 'labels' are only numbers (17): give a"),
        ("t.csv", "path,year\n1.wav,1990\n2.wav,\n", "year", "(1990): give a column of names; a year or"),
        ("t.csv", "path,rock\n1.wav,1\n2.wav,0\n", "rock", "(0): write the names of the columns with 1 into one"),
        ("t.csv", "path,rock\n1.wav,1.0\n2.wav,0.0\n", "rock", "(0.0): write the names of the columns with 1"),
        ("t.csv", "path,rock\n1.wav,True\n2.wav,False\n", "rock", "(False): write the names"),
        ("t.csv", "path,rock\n1.wav,nan\n2.wav,-0.5e3\n", "rock", "(-0.5e3): give a column of names"),
        ("t.csv", 'path,rock\n1.wav,"0,7"\n', "rock", "(0,7): give a column of names"),
        ("t.jsonl", '{"path": "1.wav", "labels": [1, 0, 1]}\n', None, "(0): write the names of the columns"),
        ("t.jsonl", '{"path": "1.wav", "labels": [12]}\n', None, "(12): give a column of names"),
        ("t.jsonl", '{"path": "1.wav", "labels": true}\n', None, "(True): write the names"),
    ],
)
def test_numbers_are_no_labels(name: str, text: str, column: str | None, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DatasetError) as caught:
        list_table(tmp_path / name, labels=None if column is None else [column])
    assert said in str(caught.value)


def test_a_tag_may_be_a_number_among_others(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("path,labels\n1.wav,rock;1984\n2.wav,808\n")
    assert [clip.labels for clip in list_table(tmp_path / "t.csv").clips] == [("rock", "1984"), ("808",)]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["path,labels", "1.wav,\"['rock', 'pop']\""], "['rock', 'pop'] in the column 'labels' is read as one label"),
        (["path,labels", "1.wav,['rock']"], "['rock'] in the column"),
        (["path,labels", '1.wav,"[""rock"", ""pop""]"'], '["rock", "pop"] in the column'),
        (["path,labels", "1.wav,\"('rock',)\""], "('rock',) in the column"),
        (["path,labels", "1.wav,\"{'rock', 'pop'}\""], "{'rock', 'pop'} in the column"),
        (["path,labels", "1.wav,['rock' 'pop']"], "['rock' 'pop'] in the column"),  # NumPy
        (["path,labels", "1.wav,[]", "2.wav,rock"], "[] in the column"),
        (["path,labels", '1.wav,"rock, pop"', "2.wav,rock"], "rock, pop in the column"),
        (["path,labels", "1.wav,rock|pop"], "rock|pop in the column"),
        (["path,labels", '1.wav,"Folk, World;rock"', "2.wav,rock"], None),  # ; separates labels here
        (["path,rock,pop", "1.wav,1,0", "2.wav,0,1"], "columns of 0 and 1 (rock, pop) are not read; write the names"),
        (["path,rock,pop", "1.wav,1,", "2.wav,,1"], "columns of 0 and 1 (rock, pop) are not read"),
        (["path,rock", "1.wav,yes", "2.wav,no"], "columns of 0 and 1 (rock) are not read"),
        (["path,rock", "1.wav,1.0", "2.wav,0.0"], "columns of 0 and 1 (rock) are not read"),
        (["path,rock,year", "1.wav,True,1", "2.wav,False,9"], "columns of 0 and 1 (rock) are not read"),
        (["path,Labels,artist", "1.wav,rock,X"], "has no column 'labels', so no clip has a label: choose columns of"),
        (["path,genre,mood", "1.wav,rock,calm"], "choose columns of labels among genre, mood"),
        (["path,labels", "1.wav,[loud]", "2.wav,(live)"], None),
        (["path,id,split,artist,album,title", "1.wav,0,train,1,0,1"], None),
    ],
)
def test_doubts_about_labels(lines: list[str], said: str | None, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("\n".join(lines))
    index = list_table(tmp_path / "t.csv")
    assert len(index.warnings) == (said is not None)
    assert said is None or said in index.warnings[0]
    assert join({"a": index, "b": index.with_split("test")}).warnings == index.warnings * 2


def test_a_table_in_another_unicode_form_than_the_disk(tmp_path: Path) -> None:
    touch(tmp_path, f"{NFD}/1.wav")
    rows = [f"path,labels,artist,{NFD}", f"{NFC}/1.wav,{NFC};{NFD},{NFD},{NFD}", f"{NFD}/2.wav,,{NFC},x"]
    (tmp_path / "t.csv").write_text("\n".join(rows), encoding="utf-8")
    index = list_table(tmp_path / "t.csv")
    assert [(clip.id, clip.labels, clip.group) for clip in index.clips] == [
        (f"{NFC}/1.wav", (NFC,), NFC),
        (f"{NFC}/2.wav", (), NFC),
    ]
    assert index.file(index.clips[0]).exists()
    for name in (NFC, NFD):
        assert list_table(tmp_path / "t.csv", labels=[name]).clips[0].labels == (NFC,)


@POSIX
@pytest.mark.parametrize(("name", "row"), [("t.csv", r"caf\udce9.wav"), ("t.jsonl", r'{"path": "caf\udce9.wav"}')])
def test_paths_of_any_bytes_in_tables(name: str, row: str, tmp_path: Path) -> None:
    touch(tmp_path, os.fsdecode(b"caf\xe9.wav"))
    (tmp_path / name).write_text(f"path\n{row}\n" if name == "t.csv" else row)
    index = list_table(tmp_path / name)
    assert index.clips[0].id == r"caf\udce9.wav" and index.file(index.clips[0]).exists()


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
