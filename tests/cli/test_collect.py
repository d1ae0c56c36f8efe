"""What the arguments of ``taggram tag`` name is found, and what is no audio is said in one line."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from command_line import run, run_process


@pytest.fixture
def music(pieces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with three files in two sub-folders."""
    for name in ("rock/song.opus", "jazz/song.opus", "jazz/Track 1.opus"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(pieces / "synth-groove.opus", tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tagged(*arguments: str, stdin: str = "") -> tuple[dict[str, str], int]:
    """The error of each path, empty for those that were tagged, and the exit code."""
    done = run("tag", *arguments, "--json", "--duration", "0:03", stdin=stdin)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["path"]: line.get("error", "") for line in lines}, done.returncode


def test_a_list_is_never_a_pattern(music: Path) -> None:
    found, code = tagged("-", stdin="jazz/Track [1].opus\nrock/song.opus\n")
    assert found == {
        "jazz/Track [1].opus": "jazz/Track [1].opus does not exist: check the path",
        "rock/song.opus": "",
    }
    assert code == 1
    assert tagged("jazz/Track [1].opus") == ({"jazz/Track 1.opus": ""}, 0)


def test_a_name_with_a_line_break_is_one_line_of_errors(music: Path) -> None:
    Path("no\nmusic").mkdir()
    Path("no\nlist.m3u").write_bytes(b"\0")
    done = run("tag", "no\nmusic", "no\nlist.m3u", "no\n*.mp3", "memory://a\n.mp3")
    assert [line.partition(" ")[0] for line in done.stderr.splitlines()] == ["error:"] * 4 + ["4"]


def test_names_that_end_with_zero_bytes(music: Path) -> None:
    found, code = tagged("-", "-0", stdin="jazz/song.opus\0rock/song.opus\0")
    assert (found, code) == ({"jazz/song.opus": "", "rock/song.opus": ""}, 0)


def test_uris_are_files_and_with_a_slash_folders(music: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    system = fsspec.filesystem("memory")
    for file in music.glob("*/*.opus"):
        system.pipe(f"/music/{file.parent.name}/{file.name}", file.read_bytes())
    try:
        found, code = tagged("memory://music/rock/song.opus", "memory://music/jazz/", "memory://music/none.mp3")
        missing = "memory://music/none.mp3 does not exist: check the URI; that of a folder ends with /"
        assert found.pop("memory://music/none.mp3") == missing
        assert set(found) == {
            "memory://music/rock/song.opus",
            *(f"memory://music/jazz/{name}" for name in ("song.opus", "Track 1.opus")),
        }
        assert (set(found.values()), code) == ({""}, 1)
        scores = [
            json.loads(run("tag", "--json", path).stdout)["tags"] for path in ("rock/song.opus", next(iter(found)))
        ]
        assert scores[0] == scores[1]
    finally:
        system.rm("/music", recursive=True)


def test_a_playlist_names_its_files(music: Path) -> None:
    Path("rock/list.m3u8").write_text("#EXTM3U\nsong.opus\n../jazz/none.opus\nhttps://example.org/a.mp3\n")
    found, code = tagged("rock/list.m3u8")
    assert found == {
        "rock/song.opus": "",
        "rock/../jazz/none.opus": "rock/../jazz/none.opus does not exist: check the path",
        "https://example.org/a.mp3": (
            "https://example.org/a.mp3 is a URI in a playlist, which is not followed: give it as an argument"
        ),
    }
    assert code == 1
    Path("empty.pls").write_text("[playlist]\n")
    assert tagged("empty.pls") == ({"empty.pls": "empty.pls names no files"}, 1)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("**/song.opus", ["jazz/song.opus", "rock/song.opus"]),
        ("jazz/**", ["jazz/Track 1.opus", "jazz/song.opus"]),
        ("**/jazz/*.opus", ["jazz/Track 1.opus", "jazz/song.opus"]),
        ("j*/**/song.*", ["jazz/song.opus"]),
        ("**/r*/**/*.opus", ["rock/song.opus"]),
        ("**/*.flac", ["**/*.flac"]),
    ],
)
def test_folders_in_a_pattern_are_searched_once(music: Path, pattern: str, found: list[str]) -> None:
    Path("jazz/up").symlink_to(".")
    Path("again").symlink_to(".")
    result, code = tagged(pattern)
    assert list(result) == found
    assert code == (found == [pattern])


def test_a_pattern_tells_of_folders_that_cannot_be_read(music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = os.scandir

    def refuse(path: str) -> Any:
        if path.endswith("jazz"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found, code = tagged("**/*.opus")
    assert found == {
        "./jazz": "the folder ./jazz cannot be read (permission denied): check its permissions",
        "rock/song.opus": "",
    }
    assert code == 1


def test_a_picture_that_cannot_be_written_ends_nothing(music: Path) -> None:
    Path("pictures/jazz/song.png").mkdir(parents=True)
    Path("out.png").write_bytes(b"older")
    done = run("tag", ".", "--duration", "3", "--plot", "pictures")
    assert done.returncode == 1
    error = "error: the picture pictures/jazz/song.png cannot be written (is a directory): choose another place"
    assert done.stderr.splitlines()[-2:][0] == error
    assert done.stderr.splitlines()[-1].startswith("3 files, 1 failed")
    assert Path("pictures/rock/song.png").is_file()
    failed = run("tag", "rock/song.opus", "--duration", "3", "--plot", "none/out.png")
    assert "none/out.png cannot be written (no such file or directory)" in failed.stderr


def test_a_picture_replaces_an_older_one_only_when_it_is_whole(music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("out.svg").write_bytes(b"older")

    def full(path: Path, data: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    done = run("tag", "rock/song.opus", "--duration", "3", "--plot", "out.svg", "-q")
    assert (
        done.stderr == "error: the picture out.svg cannot be written (no space left on device): choose another place\n"
    )
    assert (done.returncode, Path("out.svg").read_bytes()) == (1, b"older")


def test_pictures_of_names_in_any_script(music: Path) -> None:
    Path("jazz/song.opus").rename("jazz/夜\t曲.opus")
    Path("rock/song.opus").rename(f"rock/{'x' * 250}.opus")
    done = run_process("tag", ".", "--duration", "3", "--plot", "pictures")
    assert done.returncode == 0, done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_playlists_and_folders_in_a_playlist(music: Path) -> None:
    Path("outer.m3u").write_text("rock/inner.m3u\njazz\n")
    Path("rock/inner.m3u").write_text("song.opus\n../outer.m3u\n")
    found, code = tagged("outer.m3u")
    assert found == {
        "rock/song.opus": "",
        "rock/../outer.m3u": "rock/../outer.m3u names itself: it was tagged once",
        "jazz/Track 1.opus": "",
        "jazz/song.opus": "",
    }
    assert code == 1


def test_pictures_of_equal_names_do_not_collide(music: Path) -> None:
    done = run("tag", ".", "--duration", "3", "--plot", "pictures")
    assert done.returncode == 0, done.stderr
    drawn = sorted(str(file.relative_to("pictures")) for file in Path("pictures").rglob("*.png"))
    assert drawn == ["jazz/Track 1.png", "jazz/song.png", "rock/song.png"]


@pytest.mark.parametrize(("text", "seconds"), [("0:05", 5.0), ("5", 5.0), ("0:00:04.5", 4.5)])
def test_times(music: Path, text: str, seconds: float) -> None:
    done = run("tag", "rock/song.opus", "--json", "--over-time", "--start", text, "--duration", "3")
    assert json.loads(done.stdout)["segments"][0]["start"] == seconds
