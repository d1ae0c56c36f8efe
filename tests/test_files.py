"""Files and folders are written whole or not at all, and found in any Unicode form."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import Any

import pytest

from taggram._files import atomic_dir, atomic_file, find_normalized, sha256


def test_a_file_is_replaced_when_the_block_ends(tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    file.write_text("old")
    with atomic_file(file) as scratch:
        scratch.write_text("new")
        assert file.read_text() == "old"
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    file.write_text("old")
    with pytest.raises(RuntimeError), atomic_file(file) as scratch:
        scratch.write_text("half")
        raise RuntimeError
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_is_replaced_when_the_block_ends(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "mine"
    with atomic_dir(folder) as scratch:
        (scratch / "a").write_text("1")
    with atomic_dir(folder) as scratch:
        (scratch / "b").write_text("2")
        assert (folder / "a").exists()
    assert [file.name for file in folder.iterdir()] == ["b"]
    assert list(folder.parent.iterdir()) == [folder]


def test_a_failure_leaves_the_old_folder(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    with atomic_dir(folder) as scratch:
        (scratch / "a").write_text("1")
    with pytest.raises(RuntimeError), atomic_dir(folder) as scratch:
        (scratch / "b").write_text("2")
        raise RuntimeError
    assert [file.name for file in folder.iterdir()] == ["a"]
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("write", [atomic_file, atomic_dir])
def test_an_error_of_a_full_disk_names_the_target(write: Any, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left") as caught, write(tmp_path / "mine"):
        raise OSError(errno.ENOSPC, "No space left on device")  # as writing to an open file does, which names none
    assert caught.value.filename == str(tmp_path / "mine")


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


NFC, NFD = "Caf\N{LATIN SMALL LETTER E WITH ACUTE}", "Cafe\N{COMBINING ACUTE ACCENT}"
NAMES = [f"{one}/{two} {three}.wav" for one in (NFC, NFD) for two in (NFC, NFD) for three in (NFC, NFD)]


@pytest.mark.parametrize("on_disk", NAMES)
def test_a_file_is_found_in_any_unicode_form(on_disk: str, tmp_path: Path) -> None:
    (tmp_path / on_disk).parent.mkdir()
    (tmp_path / on_disk).touch()
    with contextlib.chdir(tmp_path):
        for name in NAMES:
            assert find_normalized(Path(name)).exists() and find_normalized(tmp_path / name).exists()
    folder = (tmp_path / on_disk).parent
    missing = folder / f"{NFC} new.wav"
    assert find_normalized(missing) == missing
    (folder / f"{NFD} new.wav").touch()
    os.utime(folder, ns=(1, 1))  # in any case another time than that of the last look
    assert find_normalized(missing).exists()


@pytest.mark.skipif(os.name != "posix", reason="makes a pipe")
def test_what_is_no_regular_file_is_never_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="Not a regular file"), atomic_file(tmp_path / "pipe") as scratch:
        scratch.write_text("new")
    assert (tmp_path / "pipe").is_fifo()


def test_a_link_still_leads_to_the_file_that_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with atomic_file(tmp_path / "link") as scratch:
        scratch.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    assert sorted(os.listdir(tmp_path)) == ["link", "real"]
