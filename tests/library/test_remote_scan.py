"""Scans of folders that are named by URIs."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from taggram.audio.discovery import remote
from taggram.errors import AudioError, LibraryError
from taggram.library import Library, ScanSummary

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "library.sqlite") as opened:
        yield opened


@pytest.fixture
def memory(project: Path) -> Iterator[str]:
    """The examples in memory."""
    system = fsspec.filesystem("memory")
    for file in sorted((project / "examples").glob("*.opus")):
        system.pipe(f"/music/{file.name}", file.read_bytes())
    yield "memory://music"
    system.rm("/music", recursive=True)


def counts(summary: ScanSummary) -> dict[str, int]:
    names = ("known", "new", "changed", "again", "moved", "gone")
    found = {name: getattr(summary, name) for name in names} | {"failed": len(summary.failed)}
    return {name: count for name, count in found.items() if count}


def test_a_remote_folder_is_scanned_as_one_on_a_disk(memory: str, library: Library, project: Path) -> None:
    system = fsspec.filesystem("memory")
    assert counts(library.scan([memory])) == {"new": 3}
    assert counts(library.scan([f"{memory}/"])) == {"known": 3}
    paths = [row["path"] for row in library.rows()]
    assert paths == [f"{memory}/{name}.opus" for name in ("hungarian-dance", "lets-go-fishin", "vibe-ace")]
    (first,) = library.search("jazz -vocals", n=1).hits
    assert (first.track.path, first.track.artist) == (f"{memory}/vibe-ace.opus", "Kevin MacLeod")
    assert library.similar(f"{memory}/vibe-ace.opus", n=1)[0].track.path != first.track.path
    assert library.verify() == []

    system.mv("/music/vibe-ace.opus", "/music/moved.opus")
    system.pipe("/music/lets-go-fishin.opus", system.cat("/music/hungarian-dance.opus"))
    assert counts(library.scan([memory])) == {"known": 1, "changed": 1, "moved": 1, "gone": 1}
    assert counts(library.scan([project / "examples"])) == {"new": 1, "moved": 2}  # known by their contents
    assert library.forget([memory]) == 4


def test_a_store_that_cannot_be_reached_loses_nothing(
    memory: str, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.scan([memory])

    def fail(*_: object, **__: object) -> None:
        raise OSError("the network is down")

    system = fsspec.filesystem("memory")
    for method in ("ls", "info"):
        with monkeypatch.context() as broken:
            broken.setattr(type(system), method, fail)
            with pytest.raises(AudioError, match=r"cannot be read \(the network is down\): check the URI, the network"):
                library.scan([memory])
    assert counts(library.scan([memory])) == {"known": 3}

    (name, *_), cat_file = sorted(system.store), type(system).cat_file
    for path in [*system.store]:
        system.pipe(path, system.cat(path))  # as new versions
    monkeypatch.setattr(remote, "MAX_BYTES", len(system.cat(name)) - 1)
    summary = library.scan([memory])
    assert f"memory:/{name}" in summary.failed
    assert library.status().gone == 0
    assert cat_file is type(system).cat_file


def test_tags_are_not_written_into_remote_files(memory: str, library: Library) -> None:
    pytest.importorskip("mutagen")
    library.scan([memory])
    with pytest.raises(LibraryError, match=f"^{memory} is a URI, and tags are written into files on a disk only"):
        library.write([memory], apply=True)


def test_workers_read_from_a_web_server(library: Library, project: Path, tmp_path: Path) -> None:
    pytest.importorskip("aiohttp")
    shutil.copytree(project / "examples", tmp_path / "served" / "music")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path / "served")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{web.server_address[1]}/music"
        assert counts(library.scan([address], workers=2)) == {"new": 3}
        assert counts(library.scan([address], workers=2)) == {"known": 3}
        web.shutdown()
    with pytest.raises(AudioError, match="music/ cannot be read"):
        library.scan([address])
    assert library.status().files == 3
