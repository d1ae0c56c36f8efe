"""Many clients at once, some of which break off or send broken files: each good one gets its answer."""

from __future__ import annotations

import json
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
import httpx
from web_server import RunningServer, noise, serve, wait_until

from taggram.tagging import Tagger
from taggram.web import Settings

CASES = "a.opus b.opus c.opus ok.opus anti_phase.mp3 chain_quality.ogg chain_rate.ogg long_picture_track.m4a".split()
BROKEN = {"text.mp3": b"text " * 1000, "empty.wav": b"RIFF", "half.opus": b"OggS" + bytes(100)}


def send(server: RunningServer, name: str, content: bytes) -> httpx.Response:
    """Tag a file; try again as long as the server is busy."""
    with httpx.Client(base_url=server.client.base_url, timeout=300) as client:
        while True:
            answer = client.post("/v1/tag", files={"file": (name, content)})
            if answer.status_code != 429:
                return answer
            time.sleep(int(answer.headers["Retry-After"]) * random.random())  # noqa: S311


def break_off(server: RunningServer, content: bytes) -> None:
    with server.connect() as connection:
        head = f"POST /v1/tag HTTP/1.1\r\nHost: localhost\r\nContent-Type: audio/wav\r\nContent-Length: {len(content)}"
        connection.sendall(f"{head}\r\n\r\n".encode() + content[: len(content) // 2])


@pytest.mark.slow
def test_sixty_four_clients(taggram_home: Path, pieces: Path, shared: Path) -> None:
    files = {file.name: file for file in [*pieces.glob("*.opus"), *(shared / "cases" / name for name in CASES)]}
    tagger = Tagger()
    expected = {}
    for name, file in files.items():
        prediction = replace(tagger.tag(file), path=name)
        expected[name] = json.loads(prediction.to_json(prediction.tags()))
    with serve(Settings(workers=2, queue=16)) as server, ThreadPoolExecutor(64) as threads:
        descriptors = len(os.listdir("/proc/self/fd"))
        good, bad, gone = [], [], []
        for i in range(192):
            name = list(files)[i % len(files)]
            if i % 4 == 2:
                gone.append(threads.submit(break_off, server, noise(20, seed=i)))
            elif i % 4 == 3:
                wrong = list(BROKEN)[i % len(BROKEN)]
                bad.append(threads.submit(send, server, wrong, BROKEN[wrong]))
            else:
                good.append((name, threads.submit(send, server, name, files[name].read_bytes())))
        for name, answer in good:
            assert answer.result().json() == [expected[name]]
        for answer in bad:
            assert answer.result().status_code == 415, answer.result().text
        for answer in gone:
            answer.result()
        wait_until(lambda: server.services.places.taken == 0)
        wait_until(lambda: [file.name for file in server.services.store.root.iterdir()] == ["lock"])
        wait_until(lambda: len(os.listdir("/proc/self/fd")) <= descriptors + 4)


@pytest.mark.slow
def test_forty_tracks_at_once(taggram_home: Path) -> None:
    with serve(Settings(workers=2)) as server, ThreadPoolExecutor(40) as threads:
        files = [("file", (f"{i}.wav", noise(20, seed=i))) for i in range(40)]
        answers = [threads.submit(server.client.post, "/v1/tracks", files=[file]) for file in files]
        assert {answer.result().status_code for answer in answers} == {201}
        assert sorted(track["name"] for track in server.client.get("/v1/tracks").json()) == sorted(
            name for _, (name, _) in files
        )


@pytest.mark.slow
def test_three_hours(taggram_home: Path) -> None:
    """In bounded memory and time, with progress."""
    with serve(Settings(workers=1)) as server:
        content = noise(3 * 3600, sample_rate=8000)
        track = server.client.post("/v1/tracks", content=content, headers={"Content-Type": "audio/wav"}, timeout=300)
        assert track.json()["seconds"] == 3 * 3600
        tags = server.client.get(f"/v1/tracks/{track.json()['id']}/tags?hop=4.5", timeout=900).json()
        assert len(tags["times"]) == 2400
        url = f"/v1/tracks/{track.json()['id']}/spectrogram.png?width=3000"
        assert server.client.get(url).headers["Content-Type"] == "image/png"
