"""Files by their URIs: in fsspec's memory and on a web server of this machine."""

from __future__ import annotations

import functools
import http.server
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from taggram.audio import audio_files
from taggram.audio.discovery import remote as remote_module
from taggram.audio.discovery.remote import absolute, read_remote, remote_state
from taggram.errors import AudioError, MissingExtraError

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def memory() -> Iterator[str]:
    """A folder in memory with a file, a deeper one, and what is no audio or hidden."""
    system = fsspec.filesystem("memory")
    for name in ("b.mp3", "a/c.flac", "a/cover.jpg", ".trash/d.mp3", "@eaDir/e.mp3", "empty.wav"):
        system.pipe(f"/music/{name}", b"" if name == "empty.wav" else name.encode())
    yield "memory://music"
    system.rm("/music", recursive=True)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address and the folder of a web server."""
    pytest.importorskip("aiohttp")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        handler.func.log_message = lambda *_: None  # type: ignore[attr-defined]
        threading.Thread(target=web.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{web.server_address[1]}", tmp_path
        web.shutdown()


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_folder_is_searched_as_one_on_a_disk(memory: str, slash: str) -> None:
    assert list(audio_files(memory + slash)) == [f"{memory}/b.mp3", f"{memory}/empty.wav", f"{memory}/a/c.flac"]


def test_a_file_has_its_content_name_and_state(memory: str) -> None:
    file = read_remote(f"{memory}/b.mp3")
    assert (file.name, file.read()) == (f"{memory}/b.mp3", b"b.mp3")
    before = remote_state(f"{memory}/b.mp3")
    assert before[0] == 5
    assert before == remote_state(f"{memory}/b.mp3")
    fsspec.filesystem("memory").pipe("/music/b.mp3", b"other")
    assert remote_state(f"{memory}/b.mp3") != before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.mp3", r"none\.mp3 does not exist: check the URI; that of a folder ends with /"),
        ("empty.wav", r"empty\.wav is empty \(0 bytes\): upload it again"),
        ("b.mp3", r"b\.mp3 has 0\.0 GiB, more than the 1 GiB that is read: copy it to a disk"),
    ],
)
def test_each_problem_is_one_line(memory: str, name: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_module, "MAX_BYTES", 4)
    with pytest.raises(AudioError, match=f"^memory://music/{message}$"):
        read_remote(f"{memory}/{name}")


def test_a_folder_that_does_not_exist_is_an_error(memory: str) -> None:
    with pytest.raises(AudioError, match="memory://nowhere does not exist"):
        list(audio_files("memory://nowhere"))
    errors: dict[str, AudioError] = {}
    assert list(audio_files("memory://nowhere", on_error=errors.__setitem__)) == []
    assert [*errors] == ["memory://nowhere"]


def test_unknown_protocols_and_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AudioError, match=r"^nonsense://a\.mp3 cannot be read \(Protocol not known: nonsense"):
        read_remote("nonsense://a.mp3")
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingExtraError, match=r"^s3://bucket/a\.mp3 needs the \[remote\] extra"):
        read_remote("s3://bucket/a.mp3")


def test_a_web_server(server: tuple[str, Path]) -> None:
    address, folder = server
    (folder / "music" / "in spring").mkdir(parents=True)
    (folder / "music" / "a.mp3").write_bytes(b"first")
    (folder / "music" / "in spring" / "b.mp3").write_bytes(b"second")
    found = list(audio_files(f"{address}/music"))
    assert found == [f"{address}/music/a.mp3", f"{address}/music/in%20spring/b.mp3"]
    assert read_remote(found[1]).read() == b"second"
    before = remote_state(found[0])
    assert before[0] == 5
    os.utime(folder / "music" / "a.mp3", (1, 1))
    assert remote_state(found[0]) != before
    with pytest.raises(AudioError, match=r"c\.mp3 does not exist"):
        read_remote(f"{address}/music/c.mp3")


def test_a_server_that_is_not_there_is_an_error() -> None:
    pytest.importorskip("aiohttp")
    with pytest.raises(
        AudioError, match=r"^http://127\.0\.0\.1:9/a\.mp3 cannot be read \(.*\): check the URI, the network"
    ):
        read_remote("http://127.0.0.1:9/a.mp3")
    with pytest.raises(AudioError):  # and not that the file is gone
        remote_state("http://127.0.0.1:9/a.mp3")


def test_a_uri_is_absolute() -> None:
    assert absolute("s3://bucket/a/../b.mp3") == "s3://bucket/a/../b.mp3"
    assert absolute("a") == str(Path("a").resolve())
