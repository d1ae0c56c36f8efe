"""Files and folders are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from taggram._files import atomic_dir, atomic_file, sha256


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


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
