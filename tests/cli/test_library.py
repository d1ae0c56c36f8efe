"""``taggram library``, ``search``, ``similar`` and ``path`` as a collector uses them."""

from __future__ import annotations

import contextlib
import csv
import json
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
from command_line import PROGRAM
from typer.testing import CliRunner, Result

from taggram.cli import app


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Path:
    folder = tmp_path_factory.mktemp("collection")
    shutil.copytree(project / "examples", folder / "music")
    result = run(folder, "library", "scan", folder / "music", "--workers", 1)
    assert (result.exit_code, result.stdout) == (0, "0 known, 3 new\n")
    return folder


def run(folder: Path, *arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments), "--library", str(folder / "library.sqlite")])


def test_a_second_scan_finds_everything_known(scanned: Path) -> None:
    assert run(scanned, "library", "scan", scanned / "music").stdout == "3 known, 0 new\n"
    status = run(scanned, "library", "status").stdout.splitlines()
    assert status[1:] == ["3 files, 0.0 h of music", "tagged by default: 3"]
    assert run(scanned, "library", "verify").stdout == "nothing is wrong\n"
    assert run(scanned, "library", "duplicates").stdout == "0 groups\n"


@pytest.mark.parametrize(
    "arguments", [["library", "status"], ["search", "jazz"], ["similar", "1"], ["write", "."], ["undo"]]
)
def test_a_library_that_does_not_exist_is_not_made(arguments: list[str], tmp_path: Path) -> None:
    result = run(tmp_path, *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    file = tmp_path / "library.sqlite"
    assert str(result.exception) == f"{file} does not exist: make it with taggram library scan FOLDER"
    assert not file.exists()


def test_a_scan_with_failures_ends_with_1(scanned: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.mp3").write_bytes(b"no music")
    result = CliRunner().invoke(app, ["library", "scan", str(tmp_path), "--library", str(tmp_path / "l.sqlite")])
    assert (result.exit_code, result.stdout) == (1, "0 known, 0 new, 1 failed\n")
    assert result.stderr.startswith(f"error: {tmp_path}/bad.mp3 ")
    status = CliRunner().invoke(app, ["library", "status", "--library", str(tmp_path / "l.sqlite")]).stdout
    assert f"failed: {tmp_path}/bad.mp3 " in status


@pytest.mark.slow
def test_a_scan_on_ray_gives_the_same_library(project: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    shutil.copytree(project / "examples", tmp_path / "music")
    shutil.copy(tmp_path / "music" / "vibe-ace.opus", tmp_path / "music" / "copy.opus")
    (tmp_path / "music" / "bad.mp3").write_bytes(b"no music")
    dumps = []
    for engine in ("processes", "ray"):
        file = tmp_path / f"{engine}.sqlite"
        command = [
            PROGRAM,
            "library",
            "scan",
            tmp_path / "music",
            "--workers",
            "2",
            "--engine",
            engine,
            "--library",
            file,
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert (done.returncode, done.stdout) == (1, "0 known, 4 new, 1 failed\n")
        assert done.stderr.startswith(f"error: {tmp_path}/music/bad.mp3 ")
        assert len(done.stderr.splitlines()) == 1
        with contextlib.closing(sqlite3.connect(file)) as connection:
            dumps.append([line for line in connection.iterdump() if 'INTO "models"' not in line])  # has the time
    assert dumps[0] == dumps[1]


def test_an_address_needs_ray(scanned: Path) -> None:
    result = run(scanned, "library", "scan", scanned, "--address", "auto")
    assert result.exit_code == 2
    assert "add --engine ray" in result.stderr


def test_words_find_music(scanned: Path) -> None:
    result = run(scanned, "search", "jazz", "-violin", "-n", 1, "--m3u", scanned / "jazz.m3u")
    first, path, total = result.stdout.splitlines()
    assert "Kevin MacLeod - Vibe Ace (excerpt)  jazz 0." in first
    assert path.strip() == str(scanned / "music" / "vibe-ace.opus")
    assert total == "1 of 3 tracks"
    assert (scanned / "jazz.m3u").read_text().splitlines() == [
        "#EXTM3U",
        "#EXTINF:30,Kevin MacLeod - Vibe Ace (excerpt)",
        str(scanned / "music" / "vibe-ace.opus"),
    ]


def test_unwanted_words_are_no_options(scanned: Path) -> None:
    without = run(scanned, "search", "guitar", "-vocals", "-number", "--json", "-n", "3")
    assert "nothing is known by the name number" in without.stderr
    rows = [json.loads(line) for line in without.stdout.splitlines()]
    assert [set(row["probabilities"]) for row in rows] == [{"guitar", "vocals"}] * 3
    assert rows[0]["artist"] == "Kevin MacLeod"


@pytest.mark.parametrize(
    ("words", "probabilities", "tracks"),
    [
        (["guitar", "-80s"], {"guitar", "80s"}, 3),
        (["guitar", "-female voice"], {"guitar", "female voice"}, 3),
        (["guitar", "-artist:macleod"], {"guitar"}, 2),
        (["guitar", "-n1"], {"guitar"}, 1),
    ],
)
def test_what_follows_a_minus(words: list[str], probabilities: set[str], tracks: int, scanned: Path) -> None:
    rows = [json.loads(line) for line in run(scanned, "search", *words, "--json").stdout.splitlines()]
    assert [set(row["probabilities"]) for row in rows] == [probabilities] * tracks


def test_what_is_not_understood_is_said(scanned: Path) -> None:
    result = run(scanned, "search", "jazz", "paino", "calm")
    assert result.stderr.splitlines()[0].startswith("warning: nothing is known by the name paino; did you mean piano")
    assert result.stderr.splitlines()[1].startswith("calm: relaxing, ")
    assert str(run(scanned, "search", "paino").exception).startswith("no tag is meant by paino; did you mean piano")
    assert "no level is named 'certain'" in str(run(scanned, "search", "jazz", "--min", "certain").exception)


def test_similar_music_and_a_playlist(scanned: Path, project: Path) -> None:
    music = scanned / "music"
    similar = run(scanned, "similar", music / "vibe-ace.opus", "--json")
    assert {Path(json.loads(line)["path"]).name for line in similar.stdout.splitlines()} == {
        "hungarian-dance.opus",
        "lets-go-fishin.opus",
    }
    outside = run(scanned, "similar", project / "examples" / "vibe-ace.opus", "-n", 1, "--json")
    assert json.loads(outside.stdout)["similarity"] == pytest.approx(1, abs=1e-3)
    path = run(scanned, "path", music / "vibe-ace.opus", 1, "--json")
    assert [json.loads(line)["id"] for line in path.stdout.splitlines()] == [3, 2, 1]


@pytest.mark.parametrize("suffix", ["csv", "json", "parquet"])
def test_exports_agree(suffix: str, scanned: Path) -> None:
    file = scanned / f"library.{suffix}"
    if suffix == "parquet":
        pq = pytest.importorskip("pyarrow.parquet")
    assert run(scanned, "library", "export", file).stdout == f"3 tracks in {file}\n"
    if suffix == "csv":
        with file.open(encoding="utf-8", newline="") as text:
            rows = list(csv.DictReader(text))
        values = [float(row["jazz"]) for row in rows]
    elif suffix == "json":
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        values = [{entry["tag"]: entry["probability"] for entry in row["tags"]}["jazz"] for row in rows]
    else:
        rows = pq.read_table(file).to_pylist()
        values = [row["jazz"] for row in rows]
    assert [row["title"] for row in rows] == [
        "Hungarian Dance No. 5 (excerpt)",
        "Let's Go Fishin' (excerpt)",
        "Vibe Ace (excerpt)",
    ]
    assert values[2] == max(values) > 0.8
    assert "no format" in str(run(scanned, "library", "export", scanned / "library.xls").exception)


def test_tags_are_shown_then_written_then_undone(scanned: Path, tmp_path: Path) -> None:
    mutagen = pytest.importorskip("mutagen")
    shutil.copytree(scanned / "music", tmp_path / "music")
    song = tmp_path / "music" / "lets-go-fishin.opus"
    assert run(tmp_path, "library", "scan", tmp_path / "music", "--workers", 1).exit_code == 0
    shown = run(tmp_path, "write", song).stdout.splitlines()
    assert shown[0] == str(song)
    assert shown[1] == "  GENRE  (none) -> Pop"
    assert shown[2].startswith("  MOOD   (none) -> Mellow, Beautiful")
    assert shown[-1] == "1 file would be written; --apply does so"
    written = run(tmp_path, "write", song, "--apply", "--fields", "genre")
    assert written.stdout.splitlines()[-1] == "1 file written in run 1, which can be undone"
    assert mutagen.File(song)["genre"] == ["Pop"]
    assert mutagen.File(song)["title"] == ["Let's Go Fishin' (excerpt)"]
    assert run(tmp_path, "write", song, "--apply", "--fields", "genre").stdout == "nothing to write\n"
    assert run(tmp_path, "library", "scan", tmp_path / "music").stdout == "3 known, 0 new\n"
    listed = run(tmp_path, "undo", "--list").stdout
    assert listed.startswith("1  ") and listed.endswith("  1 file\n")
    assert run(tmp_path, "undo").stdout.splitlines()[-1] == "1 file restored"
    assert "genre" not in mutagen.File(song)
    assert "there is nothing to undo" in str(run(tmp_path, "undo").exception)
    assert run(tmp_path, "write", song, "--merge", "--replace").exit_code == 2
    assert "no field is named bpm" in str(run(tmp_path, "write", song, "--fields", "bpm").exception)
