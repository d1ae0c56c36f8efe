"""What the arguments of ``taggram tag`` name is found, and what is no audio is said in one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from command_line import run


@pytest.fixture
def music(examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with three files in two sub-folders."""
    for name in ("rock/song.opus", "jazz/song.opus", "jazz/Track 1.opus"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(examples / "synth-groove.opus", tmp_path / name)
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
    done = run("tag", "no\nmusic", "no\nlist.m3u", "no\n*.mp3", "http://a\n.mp3")
    assert [line.partition(" ")[0] for line in done.stderr.splitlines()] == ["error:"] * 4 + ["4"]


def test_names_that_end_with_zero_bytes(music: Path) -> None:
    found, code = tagged("-", "-0", stdin="jazz/song.opus\0rock/song.opus\0")
    assert (found, code) == ({"jazz/song.opus": "", "rock/song.opus": ""}, 0)


def test_a_playlist_names_its_files(music: Path) -> None:
    Path("rock/list.m3u8").write_text("#EXTM3U\nsong.opus\n../jazz/none.opus\nhttps://example.org/a.mp3\n")
    found, code = tagged("rock/list.m3u8")
    assert found == {
        "rock/song.opus": "",
        "rock/../jazz/none.opus": "rock/../jazz/none.opus does not exist: check the path",
        "https://example.org/a.mp3": "https://example.org/a.mp3 is a URL: download it first",
    }
    assert code == 1
    Path("empty.pls").write_text("[playlist]\n")
    assert tagged("empty.pls") == ({"empty.pls": "empty.pls names no files"}, 1)


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
