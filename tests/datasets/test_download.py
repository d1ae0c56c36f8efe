"""Files come whole and right, or not at all, from a server with every bad habit."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from taggram.datasets import PublishedFile
from taggram.datasets.download import check_disk_space, download, download_file, files_to_download
from taggram.errors import DatasetError

BODY = np.random.default_rng(0).bytes(3_000_000)
SHA256 = hashlib.sha256(BODY).hexdigest()
CHANGED = 1_500_000_000  # seconds since 1970


class Server(ThreadingHTTPServer):
    """Gives `body` under every path but ``/none``; what was asked for is in `asked`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body, self.changed = BODY, CHANGED
        self.ranges = True
        self.breaks_after: int | None = None  # bytes of each answer
        self.asked: list[str] = []

    def handle_error(self, *_: object) -> None:
        """Say nothing where a client has gone away."""

    def file(self, name: str = "index.csv", sha256: str = SHA256, size: int = 0) -> PublishedFile:
        return PublishedFile(name, sha256, f"http://127.0.0.1:{self.server_port}/{name}", size)


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server, wish = self.server, self.headers.get("Range", "")
        server.asked.append(wish)
        if self.path == "/none":
            self.send_error(404)
            return
        date = formatdate(server.changed, usegmt=True)
        begin = int(wish.removeprefix("bytes=").removesuffix("-") or 0) if server.ranges else 0
        if self.headers.get("If-Range", date) != date:
            begin = 0
        if begin >= len(server.body):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(server.body)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        rest = server.body[begin:]
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.send_header("Last-Modified", date)
        self.end_headers()
        self.wfile.write(rest[: server.breaks_after])

    def log_message(self, *_: object) -> None: ...


class Steps:
    """A progress hook that collects the bytes so far and those of the whole file."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int | None]] = []

    def __call__(self, items, total, title, *, size=None, done=0) -> Iterator[bytes]:
        del title
        self.seen.append((done, total))
        for item in items:
            yield item
            done += size(item)
            self.seen.append((done, total))


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, args=(0.01,)).start()
        yield running
        running.shutdown()


def test_a_file_comes_whole(server: Server, tmp_path: Path) -> None:
    steps = Steps()
    file = download_file(server.file("deep/index.csv"), tmp_path / "set", steps)
    assert file == tmp_path / "set" / "deep" / "index.csv"
    assert file.read_bytes() == BODY
    assert [path.name for path in file.parent.iterdir()] == ["index.csv"], "no part is left"
    assert steps.seen[0] == (0, len(BODY))
    assert steps.seen[-1] == (len(BODY), len(BODY))
    assert len(steps.seen) > 3 and steps.seen == sorted(steps.seen)


def test_connections_that_break_off(server: Server, tmp_path: Path) -> None:
    server.breaks_after = 1_000_000
    assert download_file(server.file(), tmp_path).read_bytes() == BODY
    assert server.asked == ["", "bytes=1000000-", "bytes=2000000-"]


def test_a_server_that_breaks_off_and_knows_no_ranges(server: Server, tmp_path: Path) -> None:
    server.breaks_after, server.ranges = 1_000_000, False
    with pytest.raises(DatasetError, match="it ended after 1000000 of 3000000 bytes.*run again to resume") as error:
        download_file(server.file(), tmp_path)
    assert str(tmp_path / "index.csv") in str(error.value)
    assert len(server.asked) == 2
    assert not (tmp_path / "index.csv").exists()
    server.breaks_after = None
    assert download_file(server.file(), tmp_path).read_bytes() == BODY


@pytest.mark.parametrize("sha256", [SHA256, ""])
def test_a_part_from_before_is_gone_on_with(server: Server, tmp_path: Path, sha256: str) -> None:
    part = tmp_path / "index.csv.part"
    part.write_bytes(BODY[:2_500_000])
    os.utime(part, (CHANGED, CHANGED))
    steps = Steps()
    assert download_file(server.file(sha256=sha256), tmp_path, steps).read_bytes() == BODY
    assert server.asked == ["bytes=2500000-"]
    assert steps.seen[0] == (2_500_000, len(BODY))


def test_a_part_of_another_version_is_not(server: Server, tmp_path: Path) -> None:
    """Without a checksum it is the date that tells."""
    server.breaks_after = 1_000_000
    server.ranges = False
    with pytest.raises(DatasetError, match="could not be downloaded"):
        download_file(server.file(sha256=""), tmp_path)
    assert (tmp_path / "index.csv.part").stat().st_mtime == CHANGED
    server.breaks_after, server.ranges = None, True
    server.body, server.changed = BODY[::-1], CHANGED + 1000
    assert download_file(server.file(sha256=""), tmp_path).read_bytes() == BODY[::-1]


@pytest.mark.parametrize("here", [BODY, BODY + b"more"])
def test_a_part_that_is_whole_or_too_long(server: Server, tmp_path: Path, here: bytes) -> None:
    (tmp_path / "index.csv.part").write_bytes(here)
    assert download_file(server.file(), tmp_path).read_bytes() == BODY


def test_another_file_than_the_published_one(server: Server, tmp_path: Path) -> None:
    for wrong, said in (
        (server.file(sha256="0" * 64), "SHA-256 differs"),
        (server.file(size=5), "3000000 bytes, not 5"),
    ):
        with pytest.raises(DatasetError, match=f"is not the published file .*{said}.*it was deleted again"):
            download_file(wrong, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_there(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="/none could not be downloaded .the server answers 404 Not Found"):
        download_file(server.file("none"), tmp_path)
    assert len(server.asked) == 1
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(DatasetError, match="refused"):
        download_file(PublishedFile("x", url=f"http://127.0.0.1:{port}/x"), tmp_path)


def test_a_folder_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    (tmp_path / "set").write_text("a file")
    with pytest.raises(DatasetError, match="cannot be written"):
        download_file(server.file(), tmp_path / "set")


def test_a_disk_that_is_too_small(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    asked: list[Path] = []

    def small(path: Path) -> object:
        asked.append(path)
        return usage._replace(free=2_000_000)

    monkeypatch.setattr(shutil, "disk_usage", small)
    files = [server.file("a", size=1_500_000), server.file("b", size=1_500_000)]
    with pytest.raises(DatasetError, match=r"needs 3.0 MB more, and its disk has 2.0 MB: free space"):
        check_disk_space(files, tmp_path / "not" / "yet")
    assert asked == [tmp_path]
    (tmp_path / "a.part").write_bytes(bytes(1_000_000))
    check_disk_space(files, tmp_path)
    with pytest.raises(DatasetError, match=r"needs 3.0 MB more"):
        download_file(server.file(), tmp_path)  # whose size nobody knew before


def test_a_data_set_is_downloaded(server: Server, tmp_path: Path) -> None:
    class Some:
        files = (
            server.file("a"),
            server.file("deep/b"),
            PublishedFile("request"),
            PublishedFile("c", required=False),
        )

    asked: list[list[str]] = []

    def answer(yes: bool):
        return lambda files: asked.append([file.name for file in files]) or yes

    refused = download(Some, tmp_path / "set", confirm=answer(False))  # type: ignore[arg-type]
    assert (refused.files, refused.missing) == ((), ("a", "deep/b", "request"))
    assert not (tmp_path / "set").exists() and asked == [["a", "deep/b"]]
    complete: list[Path] = []
    done = download(Some, tmp_path / "set", confirm=answer(True), report=complete.append)  # type: ignore[arg-type]
    assert done.files == tuple(complete) == (tmp_path / "set" / "a", tmp_path / "set" / "deep" / "b")
    assert done.missing == ("request",)
    again = download(Some, tmp_path / "set", confirm=answer(True))  # type: ignore[arg-type]
    assert again.files == () and len(asked) == 2, "nothing is missing, so nothing is asked"


def test_files_to_download(server: Server, tmp_path: Path) -> None:
    class Some:
        files = (server.file("here"), server.file("away"), PublishedFile("asked for"), PublishedFile("there", SHA256))

    (tmp_path / "here").write_bytes(BODY)
    assert [published.name for published in files_to_download(Some, tmp_path)] == ["away"]  # type: ignore[arg-type]
    (tmp_path / "here").write_bytes(BODY[1:])
    with pytest.raises(DatasetError, match="here is not the published file .its SHA-256 differs.: move it away"):
        files_to_download(Some, tmp_path)  # type: ignore[arg-type]
