"""Playlists and lists of names give the files that they name, whatever program wrote them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from taggram.audio.discovery.playlists import is_url, parse_names, playlist_files
from taggram.errors import AudioError

HERE = os.path.join("lists", "")


def written(folder: Path, name: str, content: bytes) -> list[str]:
    (folder / "lists").mkdir()
    (folder / "lists" / name).write_bytes(content)
    os.chdir(folder)
    return list(playlist_files(os.path.join("lists", name)))


@pytest.fixture(autouse=True)
def stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(".")


@pytest.mark.parametrize(
    ("name", "content", "files"),
    [
        ("a.m3u", b"#EXTM3U\r\n#EXTINF:1,x\r\nsong.mp3\r\n\r\n", ["lists/song.mp3"]),
        ("a.m3u8", b"\xef\xbb\xbf#EXTM3U\n\xc3\xa9.mp3\n", ["lists/\xe9.mp3"]),
        ("A.M3U", b"caf\xe9.mp3\n", ["lists/" + os.fsdecode(b"caf\xe9.mp3")]),
        ("a.m3u", b"/music/song [1].mp3\n../b.mp3\n", ["/music/song [1].mp3", "lists/../b.mp3"]),
        ("a.m3u", b"rock\\song.mp3\n", ["lists/rock/song.mp3"]),
        (
            "a.m3u",
            b"https://example.org/stream\nfile:///music/a%20b.mp3\n",
            ["https://example.org/stream", "/music/a b.mp3"],
        ),
        (
            "a.pls",
            b"[playlist]\nFile1=one.mp3\nTitle1=One\nfile2 = two.mp3\nNumberOfEntries=2\n",
            ["lists/one.mp3", "lists/two.mp3"],
        ),
        (
            "a.cue",
            b'TITLE "x"\nFILE "disc one.flac" WAVE\n  TRACK 01 AUDIO\nFILE two.wav WAVE\n',
            ["lists/disc one.flac", "lists/two.wav"],
        ),
        ("a.cue", b'FILE "d.flac" WAVE\nFILE "d.flac" WAVE\n', ["lists/d.flac"]),
        ("a.m3u", b"#EXTM3U\n", []),
        ("a.m3u", b"one.mp3\rtwo.mp3\r", ["lists/one.mp3", "lists/two.mp3"]),
        ("a.m3u", "#EXTM3U\r\n\xe9.mp3\r\n".encode("utf-16"), ["lists/\xe9.mp3"]),
        ("a.m3u8", b"\xfe\xff" + "b.mp3\n".encode("utf-16-be"), ["lists/b.mp3"]),
    ],
)
@pytest.mark.skipif(os.sep != "/", reason="the expected paths are those of POSIX")
def test_playlist(tmp_path: Path, name: str, content: bytes, files: list[str]) -> None:
    assert written(tmp_path, name, content) == files


@pytest.mark.skipif(os.sep != "/", reason="the expected paths are those of POSIX")
def test_an_entry_in_the_usual_encoding_of_windows(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "\xe4.mp3").touch()
    (tmp_path / "lists" / "a.m3u").write_bytes(b"\xe4.mp3\n")
    assert list(playlist_files(tmp_path / "lists" / "a.m3u")) == [str(tmp_path / "lists" / "\xe4.mp3")]


def test_what_is_no_playlist_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.m3u").write_bytes(b"OggS\0\0a\n")
    with pytest.raises(AudioError, match=r"a\.m3u is no playlist: it contains zero bytes"):
        list(playlist_files(tmp_path / "a.m3u"))


def test_an_unreadable_playlist_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"none\.m3u cannot be read \(no such file or directory\): check the path"):
        list(playlist_files(tmp_path / "none.m3u"))


@pytest.mark.parametrize(
    ("data", "null", "names"),
    [
        (b"a.mp3\nb [1].mp3\r\n\n", False, ["a.mp3", "b [1].mp3"]),
        (b"\xef\xbb\xbfa.mp3\n", False, ["a.mp3"]),
        (b"# not a comment.mp3\na.mp3", False, ["# not a comment.mp3", "a.mp3"]),
        (b"#EXTM3U\n#EXTINF:3,x\na.mp3\n", False, ["a.mp3"]),
        (b"caf\xe9.mp3\n", False, [os.fsdecode(b"caf\xe9.mp3")]),
        (b" a.mp3 \n", False, [" a.mp3 "]),
        (b"two\nlines\0#b\0\0", True, ["two\nlines", "#b"]),
        (b"", False, []),
    ],
)
def test_names_on_standard_input(data: bytes, null: bool, names: list[str]) -> None:
    assert parse_names(data, null=null) == names


@pytest.mark.parametrize("data", [b"OggS\0\0a\n", "a.mp3\n".encode("utf-16-le"), "a.mp3\n".encode("utf-32")])
def test_what_has_zero_bytes_is_no_list(data: bytes) -> None:
    with pytest.raises(AudioError, match="not a list of file names"):
        parse_names(data)


@pytest.mark.skipif(os.name != "posix", reason="links to a device")
def test_a_device_is_no_playlist(tmp_path: Path) -> None:
    (tmp_path / "a.m3u").symlink_to(os.devnull)
    with pytest.raises(AudioError, match=r"a\.m3u is a pipe, device or socket"):
        list(playlist_files(tmp_path / "a.m3u"))


def test_urls() -> None:
    assert is_url("HTTPS://example.org/a.mp3") and is_url("file:///a.mp3")
    assert not any(map(is_url, ("C:\\a.mp3", "C:/a.mp3", "a:b.mp3", "http:a.mp3", "//server/a.mp3")))
