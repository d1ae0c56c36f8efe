"""Walks through folders: links, loops, folders of systems, and folders that cannot be read."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from taggram.audio import audio_files
from taggram.errors import AudioError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links and permissions of POSIX")
NOBODY = 65534


def write(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def walk(folder: Path) -> list[str]:
    return [os.path.relpath(file, folder) for file in audio_files(folder)]


@pytest.mark.parametrize(
    ("files", "links", "expected"),
    [
        (["b.wav", "a.wav", "c/1.WAV", "c.d/2.wav", "c/e/3.wav"], {}, "a.wav b.wav c/1.WAV c/e/3.wav c.d/2.wav"),
        (["music/1.wav"], {"music/again": "."}, "music/1.wav"),  # a loop
        (["music/1.wav"], {"music/in/up": "../.."}, "music/1.wav"),
        (["a/1.wav", "b/2.wav"], {"a/b": "../b", "b/a": "../a"}, "a/1.wav b/2.wav"),
        (["z/1.wav"], {"a": "z", "b": "z"}, "z/1.wav"),  # the real path is found, not the first one
        (["z/1.wav"], {"a.wav": "z/1.wav"}, "z/1.wav"),
        ([".hidden/1.wav", "2.wav"], {"a": ".hidden"}, "2.wav a/1.wav"),
        (["x/1.wav"], {"self": "self", "gone": "nowhere"}, "x/1.wav"),
        (["x/1.wav"], {"gone.wav": "nowhere", "self.wav": "self.wav"}, "x/1.wav gone.wav self.wav"),  # errors later
        (["album.wav/1.wav", "notes.txt", "wav"], {}, "album.wav/1.wav"),
    ],
)
def test_every_file_is_found_once(files: list[str], links: dict[str, str], expected: str, tmp_path: Path) -> None:
    write(tmp_path, *files)
    for name, target in links.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).symlink_to(target)
    assert walk(tmp_path) == expected.split()


def test_a_link_may_lead_out_of_the_folder_and_be_the_folder(tmp_path: Path) -> None:
    write(tmp_path, "disk/1.wav", "music/2.wav")
    (tmp_path / "music" / "more").symlink_to(tmp_path / "disk")
    (tmp_path / "link").symlink_to("music")
    assert walk(tmp_path / "link") == ["2.wav", "more/1.wav"]


def test_a_hard_link_is_the_same_file(tmp_path: Path) -> None:
    os.link(write(tmp_path, "b/1.wav") / "b" / "1.wav", tmp_path / "other.wav")
    assert walk(tmp_path) == ["other.wav"]


def test_many_folders_that_link_to_each_other(tmp_path: Path) -> None:
    """Every order of 14 folders is a path without a loop: they are searched once each."""
    for i in range(14):
        write(tmp_path, f"{i:02}/{i:02}.wav")
        for j in range(14):
            (tmp_path / f"{i:02}" / f"to {j}").symlink_to(f"../{j:02}")
    assert len(walk(tmp_path)) == 14


def test_a_deep_tree(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        for _ in range(1200):
            os.mkdir("d")
            os.chdir("d")
        Path("1.wav").touch()
    (file,) = audio_files(tmp_path)
    os.remove(file)
    os.removedirs(os.path.dirname(file))  # other functions that remove trees fail on deep ones


@pytest.mark.parametrize(
    "folder",
    ".Trash-1000|.Trashes|.hidden|@eaDir|#recycle|#Recycle|$RECYCLE.BIN|$Recycle.Bin|RECYCLER|lost+found|"
    "System Volume Information|@Recycle|@Recently-Snapshot|#snapshot|__MACOSX".split("|"),
)
def test_folders_that_are_skipped(folder: str, tmp_path: Path) -> None:
    write(tmp_path, f"{folder}/1.wav", f"x/{folder}/y/1.wav", "x/2.wav", "._2.wav")
    assert walk(tmp_path) == ["x/2.wav"]
    assert walk(tmp_path / folder) == ["1.wav"]  # one that is asked for is searched


def test_names_of_any_bytes(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    write(folder, os.fsdecode(b"\xff.wav"))
    assert [os.fsencode(name) for name in walk(tmp_path)] == [b"caf\xe9/\xff.wav"]


@contextlib.contextmanager
def without_privileges() -> Iterator[Path]:
    """A folder in a process whose permissions count: root may read everything."""
    folder = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    if root:
        os.chown(folder, NOBODY, -1)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        for path, names, _ in os.walk(folder):
            for name in names:
                os.chmod(os.path.join(path, name), 0o700)
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("mode", "found", "unreadable"),
    [
        (0o000, "a/1.wav c/3.wav", "b d"),
        (0o300, "a/1.wav c/3.wav d/2.wav", "b"),  # what is in it cannot be listed, but opened
        (0o444, "a/1.wav c/3.wav", "b/x d"),  # the reverse
    ],
)
def test_a_folder_without_permission(mode: int, found: str, unreadable: str) -> None:
    with without_privileges() as folder:
        write(folder, "a/1.wav", "b/x/2.wav", "c/3.wav")
        (folder / "d").symlink_to("b/x")
        (folder / "b").chmod(mode)
        errors: dict[str, str] = {}
        files = list(audio_files(folder, on_error=lambda path, error: errors.update({path: str(error)})))
        assert files == [str(folder / name) for name in found.split()]
        assert errors == {
            path: f"the folder {path} cannot be read (permission denied): check its permissions"
            for path in (str(folder / name) for name in unreadable.split())
        }
        with pytest.raises(AudioError, match="cannot be read"):
            list(audio_files(folder))
