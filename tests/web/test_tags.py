"""Tags of a track over time: the same as those of a `Tagger`, with progress, shared and cancelled."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
import httpx
import numpy as np
from web_server import RunningServer, noise, wait_until

from taggram.audio import Sliding
from taggram.models import ModelCard
from taggram.models.directories import find_model, model_dir
from taggram.tagging import Tagger, headline

LONG = 600  # seconds, which takes some time


@pytest.fixture(scope="module")
def other_model(server: RunningServer) -> str:
    """A second installed model: the default one without levels and thresholds."""
    folder = model_dir("other")
    shutil.copytree(find_model("default"), folder)
    card = json.loads((folder / "card.json").read_text())
    del card["thresholds"], card["levels"]
    (folder / "card.json").write_text(json.dumps(card))
    return "other"


@pytest.fixture(scope="module")
def long_track(server: RunningServer) -> dict:
    return server.client.post("/v1/tracks", files={"file": ("long.wav", noise(LONG, seed=7))}).json()


@pytest.fixture(scope="module")
def prediction(pieces: Path):
    return Tagger(segmentation=Sliding(8000)).tag(pieces / "piano-prelude.opus")


def test_tags_are_those_of_a_tagger(client: httpx.Client, piano: dict, prediction) -> None:
    tags = client.get(f"/v1/tracks/{piano['id']}/tags").json()
    assert (tags["model"], tags["vocabulary"], tags["hop"]) == ("default", "taggram", 0.5)
    assert tags["times"] == pytest.approx(prediction.times[:, 0], abs=0.001)
    assert tags["segment_seconds"] == pytest.approx(4.096)
    assert tags["seconds"] == pytest.approx(30.0, abs=0.01)
    assert tags["headline"] == headline(prediction)
    assert [(entry["tag"], entry["score"]) for entry in tags["tags"]] == [
        (tag, pytest.approx(score, abs=1e-6)) for tag, score in prediction.top(94)
    ]
    assert [entry["tag"] for entry in tags["tags"] if entry["shown"]] == [tag for tag, _ in prediction.tags()]
    for entry in tags["tags"]:
        column = prediction.vocabulary.names.index(entry["tag"])
        assert entry["over_time"] == pytest.approx(prediction.scores[:, column], abs=0.0006)
        assert entry["level"] == prediction.level(entry["tag"])
        assert entry["probability"] == pytest.approx(prediction.probability(entry["tag"]), abs=1e-4)


def test_thresholds_are_where_levels_begin(client: httpx.Client, piano: dict) -> None:
    for vocabulary in ("taggram", "mtat"):
        tags = client.get(f"/v1/tracks/{piano['id']}/tags", params={"vocabulary": vocabulary}).json()["tags"]
        for entry in tags:
            reached = [level for level, least in entry["thresholds"].items() if entry["score"] >= least]
            assert list(entry["thresholds"]) == ["maybe", "likely", "sure"]
            assert (reached or [None])[-1] == entry["level"], entry["tag"]


def test_vocabulary(client: httpx.Client, piano: dict, prediction) -> None:
    own = client.get(f"/v1/tracks/{piano['id']}/tags").json()
    tags = client.get(f"/v1/tracks/{piano['id']}/tags", params={"vocabulary": "jamendo"}).json()
    assert tags["vocabulary"] == "jamendo"
    assert tags["headline"] == own["headline"]
    mapped = prediction.in_vocabulary("jamendo")
    assert {entry["tag"]: entry["title"] for entry in tags["tags"]} == {
        tag: tag.rpartition("---")[2] for tag in mapped.vocabulary.names
    }
    assert {entry["tag"]: entry["score"] for entry in tags["tags"]}["instrument---piano"] == pytest.approx(
        mapped["instrument---piano"], abs=1e-6
    )


def test_hop(client: httpx.Client, piano: dict) -> None:
    tags = client.get(f"/v1/tracks/{piano['id']}/tags", params={"hop": 5}).json()
    assert tags["hop"] == 5
    assert np.diff(tags["times"])[:-1] == pytest.approx(5.0)


def test_model_without_levels(client: httpx.Client, piano: dict, other_model: str) -> None:
    tags = client.get(f"/v1/tracks/{piano['id']}/tags", params={"model": other_model}).json()
    assert tags["model"] == other_model
    assert tags["headline"] is None
    assert [entry["shown"] for entry in tags["tags"]] == [True] * 5 + [False] * 89
    assert {(entry["level"], entry["probability"], entry["thresholds"]) for entry in tags["tags"]} == {(None,) * 3}


def test_models(client: httpx.Client, other_model: str) -> None:
    models = client.get("/v1/models").json()
    assert [model["name"] for model in models] == ["default", other_model]
    assert [model["default"] for model in models] == [True, False]
    assert (models[0]["tags"], models[0]["segment_seconds"]) == (94, 4.096)
    card = client.get("/v1/models/default").json()
    folder = find_model("default")
    assert card.pop("cost") == {"file_bytes": (folder / "model.onnx").stat().st_size}
    assert card == json.loads(ModelCard.read(folder).to_json())
    assert client.get("/v1/models/nothing").status_code == 404


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("model=nothing", 404, "no model is named 'nothing'; see /v1/models"),
        ("model=/etc", 404, "no model is named '/etc'"),
        ("vocabulary=../models/default/card", 422, "no vocabulary is named"),
        ("hop=0", 422, "hop: Input should be greater than or equal to 0.05"),
        ("hop=nan", 422, "hop: "),
        ("hop=soon", 422, "hop: Input should be a valid number"),
    ],
)
def test_wrong_parameters(client: httpx.Client, piano: dict, query: str, status: int, said: str) -> None:
    for path in ("tags", "events"):
        answer = client.get(f"/v1/tracks/{piano['id']}/{path}?{query}")
        assert answer.status_code == status
        assert said in answer.json()["error"]


def events(client: httpx.Client, url: str):
    """Yield the names and data of server-sent events."""
    with client.stream("GET", url) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        name = ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield name, json.loads(line.removeprefix("data: "))


def test_progress(client: httpx.Client, long_track: dict) -> None:
    url = f"/v1/tracks/{long_track['id']}"
    *progress, last = events(client, f"{url}/events?hop=4")
    assert last == ("done", {})
    assert {name for name, _ in progress} == {"progress"}
    done = [data["done"] for _, data in progress]
    assert len(done) > 2
    assert done == sorted(done)
    assert {data["total"] for _, data in progress} == {float(LONG)}
    assert list(events(client, f"{url}/events?hop=4")) == [("done", {})]
    assert len(client.get(f"{url}/tags?hop=4").json()["times"]) == 150


def test_closing_the_connection_ends_the_work(server: RunningServer, client: httpx.Client, long_track: dict) -> None:
    url = f"/v1/tracks/{long_track['id']}"
    for path in ("events", "tags"):
        with httpx.Client(base_url=client.base_url, timeout=1.0) as impatient:
            if path == "events":
                with impatient.stream("GET", f"{url}/events?hop=0.1") as stream:
                    lines = stream.iter_lines()
                    next(lines)
                    assert client.get("/v1/health").json()["queue"] == 1
            else:
                with pytest.raises(httpx.ReadTimeout):
                    impatient.get(f"{url}/tags?hop=0.1")
        wait_until(lambda: client.get("/v1/health").json()["queue"] == 0, seconds=5)
    # The worker is free again, and nothing of the cancelled work is left.
    assert client.post("/v1/tag", content=noise(1), headers={"Content-Type": "audio/wav"}, timeout=10).is_success
    folder = server.services.store.find(long_track["id"]).folder
    assert not list(folder.glob("tags-*-0.1*"))


def test_work_goes_on_while_somebody_waits(client: httpx.Client, long_track: dict) -> None:
    url = f"/v1/tracks/{long_track['id']}"
    with ThreadPoolExecutor() as threads, client.stream("GET", f"{url}/events?hop=3") as stream:
        lines = stream.iter_lines()
        next(lines)
        waiting = threads.submit(client.get, f"{url}/tags?hop=3")
        wait_until(lambda: client.get("/v1/health").json()["queue"] == 1)
        stream.close()
        assert len(waiting.result().json()["times"]) == 200


def test_similar_tracks_while_another_is_removed(client: httpx.Client, piano: dict) -> None:
    other = client.post("/v1/tracks", files={"file": ("b.wav", noise(900, sample_rate=8000))}).json()
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(client.get, f"/v1/tracks/{piano['id']}/similar")
        wait_until(lambda: client.get("/v1/health").json()["queue"] == 1)
        client.delete(f"/v1/tracks/{other['id']}")
        assert waiting.result().status_code == 200, waiting.result().text


def test_removal_of_a_track_ends_the_work(client: httpx.Client) -> None:
    track = client.post("/v1/tracks", files={"file": ("c.wav", noise(LONG, seed=3))}).json()
    url = f"/v1/tracks/{track['id']}"
    following = events(client, f"{url}/events?hop=0.05")
    while next(following)[1]["done"] == 0:
        pass
    client.delete(url)
    wait_until(lambda: client.get("/v1/health").json()["queue"] == 0, seconds=5)
    assert list(following)[-1] == ("error", {"error": "this track is no longer on the server: add it again"})
