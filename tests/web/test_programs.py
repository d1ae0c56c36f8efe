"""Endpoints for programs: the same as the command line gives."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
import httpx
import numpy as np
from web_server import RunningServer, noise, wav

from taggram.audio import Sliding
from taggram.deform import Chain, deform_file
from taggram.tagging import Tagger

OPUS = {"Content-Type": "audio/ogg", "X-Filename": "piano.opus"}


@pytest.fixture
def content(pieces: Path) -> bytes:
    return (pieces / "piano-prelude.opus").read_bytes()


@pytest.fixture(scope="module")
def prediction(pieces: Path):
    return replace(Tagger().tag(pieces / "piano-prelude.opus"), path="piano.opus")


def test_tags_are_those_of_the_command_line(client: httpx.Client, content: bytes, prediction) -> None:
    (data,) = client.post("/v1/tag", files={"file": ("piano.opus", content)}).json()
    assert data == json.loads(prediction.to_json(prediction.tags()))
    assert client.post("/v1/tag", content=content, headers=OPUS).json() == [data]
    assert client.post("/v1/tag", content=content, headers={"Content-Type": "application/octet-stream"}).json() == [
        {**data, "path": "untitled"}
    ]


@pytest.mark.parametrize(
    ("query", "select"),
    [
        ("top=3", lambda prediction: prediction.top(3)),
        ("level=likely", lambda prediction: prediction.tags(level="likely")),
    ],
)
def test_selection(client: httpx.Client, content: bytes, prediction, query: str, select) -> None:
    (data,) = client.post(f"/v1/tag?{query}", content=content, headers=OPUS).json()
    assert data == json.loads(prediction.to_json(select(prediction)))


def test_options(client: httpx.Client, content: bytes, pieces: Path) -> None:
    query = "model=default&model=default&top=2&hop=2&over_time=true&vocabulary=mtat"
    one, two = client.post(f"/v1/tag?{query}", content=content, headers=OPUS).json()
    assert one == two
    prediction = Tagger(segmentation=Sliding(32000)).tag(pieces / "piano-prelude.opus").in_vocabulary("mtat")
    expected = json.loads(replace(prediction, path="piano.opus").to_json(prediction.top(2), over_time=True))
    assert one == expected
    assert len(one["segments"]) == 14


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("level=likely&top=3", 422, "level and top exclude each other"),
        ("level=certain", 422, "level: Input should be 'sure', 'likely' or 'maybe'"),
        ("top=0", 422, "top: "),
        ("model=/etc", 404, "no model is named '/etc'"),
        ("model=default&model=nothing", 404, "no model is named 'nothing'"),
        ("vocabulary=custom", 422, "no vocabulary is named 'custom'"),
        ("&".join(["model=default"] * 9), 422, "at most 8 items"),
    ],
)
def test_wrong_parameters(client: httpx.Client, content: bytes, query: str, status: int, said: str) -> None:
    answer = client.post(f"/v1/tag?{query}", content=content, headers=OPUS)
    assert (answer.status_code, said in answer.json()["error"]) == (status, True)


def test_deform_keeps_the_order_of_the_query(
    client: httpx.Client, content: bytes, pieces: Path, tmp_path: Path
) -> None:
    for query, chain in [
        ("gain=-6&noise=20&seed=5", "gain=-6,noise=20"),
        ("noise=20&gain=-6&seed=5", "noise=20,gain=-6"),
    ]:
        answer = client.post(f"/v1/deform?{query}", content=content, headers=OPUS)
        deform_file(pieces / "piano-prelude.opus", tmp_path / "out.wav", chain, seed=5)
        assert answer.headers["Content-Type"] == "audio/wav"
        assert answer.content == (tmp_path / "out.wav").read_bytes()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "there is no deformation"),
        ("speed=2", "no deformation is named 'speed'"),
        ("gain=99", "gain: decibels must be a number from -40 to 12"),
        ("gain=1&seed=-1", "seed: "),
        ("&".join(["gain=1"] * 11), "there are more than 10 deformations"),
    ],
)
def test_deformations_that_do_not_exist(client: httpx.Client, content: bytes, query: str, said: str) -> None:
    answer = client.post(f"/v1/deform?{query}", content=content, headers=OPUS)
    assert (answer.status_code, said in answer.json()["error"]) == (422, True)


def test_list_of_deformations_is_accepted(client: httpx.Client) -> None:
    for entry in client.get("/v1/deformations").json():
        assert str(Chain([(entry["name"].replace("-", "_"), entry["default"])]))
        assert entry.get("choices") or (entry["min"] <= entry["default"] <= entry["max"])
    by_name = {entry["name"]: entry for entry in client.get("/v1/deformations").json()}
    assert by_name["time-stretch"]["log"] is True
    assert by_name["gain"]["log"] is False
    assert by_name["mp3"]["choices"] == [32, 64, 128]


def test_nothing_is_kept(client: httpx.Client, server: RunningServer, content: bytes) -> None:
    tracks = client.get("/v1/health").json()["tracks"]
    folders = set(server.services.store.root.iterdir())
    client.post("/v1/tag", content=content, headers=OPUS)
    client.post("/v1/deform?gain=-6", content=content, headers=OPUS)
    client.post("/v1/tag", content=b"text", headers=OPUS)
    assert set(server.services.store.root.iterdir()) == folders
    assert client.get("/v1/health").json()["tracks"] == tracks


def test_audio_that_is_not_playable_everywhere(client: httpx.Client, shared: Path) -> None:
    """Damaged, chained and cancelling files are tagged, with their warnings."""
    tagger = Tagger()
    for name in ("chain_rate.ogg", "anti_phase.mp3", "sox_pipe.wav", "long_picture_track.m4a"):
        file = shared / "cases" / name
        (data,) = client.post("/v1/tag?top=5", files={"file": (name, file.read_bytes())}).json()
        prediction = replace(tagger.tag(file), path=name)
        assert data == json.loads(prediction.to_json(prediction.top(5)))


def test_short_and_silent(client: httpx.Client) -> None:
    (short,) = client.post("/v1/tag", files={"file": ("short.wav", noise(0.01))}).json()
    assert short["duration"] == pytest.approx(0.01)
    (silent,) = client.post("/v1/tag", files={"file": ("silent.wav", wav(np.zeros(16000)))}).json()
    assert (silent["tags"], silent["warnings"]) == ([], ["silent: no tags"])
