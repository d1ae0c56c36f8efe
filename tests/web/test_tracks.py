"""Tracks: what is sent, heard, seen, deformed and compared."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

pytest.importorskip("fastapi")
import av
import httpx
import numpy as np
from web_server import noise, wav

import taggram
from taggram.deform import deform_file

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_upload(piano: dict, pieces: Path) -> None:
    info = taggram.probe(pieces / "piano-prelude.opus")
    assert piano["name"] == "piano.opus"
    assert piano["seconds"] == pytest.approx(30.0, abs=0.01)
    assert (piano["sample_rate"], piano["channels"]) == (info.sample_rate, info.channels) == (48000, 2)
    assert (piano["title"], piano["artist"]) == (info.tags["title"], info.tags["artist"])
    assert piano["parent"] is piano["deformation"] is None
    assert len(piano["id"]) == 16


def test_same_file_is_the_same_track(client: httpx.Client, piano: dict, pieces: Path) -> None:
    content = (pieces / "piano-prelude.opus").read_bytes()
    headers = {"Content-Type": "audio/ogg", "X-Filename": quote("other name.opus")}
    again = client.post("/v1/tracks", content=content, headers=headers)
    assert again.status_code == 201
    assert again.json() == piano
    assert [track["id"] for track in client.get("/v1/tracks").json()].count(piano["id"]) == 1


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("é ü.wav", "é ü.wav"), ("../../etc/passwd", "passwd"), ("C:\\music\\a.wav", "a.wav"), ("a\nb\0.wav", "ab.wav")],
)
def test_names(client: httpx.Client, sent: str, kept: str) -> None:
    headers = {"Content-Type": "audio/wav", "X-Filename": quote(sent)}
    track = client.post("/v1/tracks", content=noise(0.5, seed=hash(sent) % 1000), headers=headers).json()
    assert track["name"] == kept
    client.delete(f"/v1/tracks/{track['id']}")


def test_names_need_not_be_quoted(client: httpx.Client) -> None:
    headers = {"Content-Type": b"audio/wav", "X-Filename": "Größe 1.wav".encode()}
    assert client.post("/v1/tracks", content=noise(0.4), headers=headers).json()["name"] == "Größe 1.wav"
    files = {"file": ('7" single.wav', noise(0.3))}
    assert client.post("/v1/tracks", files=files).json()["name"] == '7" single.wav'


def test_other_fields_of_a_form_are_ignored(client: httpx.Client) -> None:
    content = noise(0.5, seed=1)
    files = [("note", (None, "hello")), ("file", ("one.wav", content)), ("file", ("two.wav", noise(0.7)))]
    track = client.post("/v1/tracks", files=files).json()
    assert (track["name"], track["seconds"]) == ("one.wav", 0.5)


def test_removal(client: httpx.Client) -> None:
    track = client.post("/v1/tracks", files={"file": ("a.wav", noise(0.5, seed=2))}).json()
    assert client.get(f"/v1/tracks/{track['id']}").json() == track
    assert client.delete(f"/v1/tracks/{track['id']}").status_code == 204
    for path in ("", "/audio", "/peaks", "/spectrogram.png", "/tags", "/events", "/similar"):
        answer = client.get(f"/v1/tracks/{track['id']}{path}")
        assert answer.status_code == 404
        assert "no longer on the server" in answer.json()["error"]
    assert client.delete(f"/v1/tracks/{track['id']}").status_code == 404


def test_examples(client: httpx.Client) -> None:
    listed = client.get("/v1/examples").json()
    files = {file.stem: file for file in EXAMPLES.glob("*.opus")}
    assert [entry["name"] for entry in listed] == sorted(files)
    for entry in listed:
        tags = taggram.probe(files[entry["name"]]).tags
        assert (entry["title"], entry["artist"]) == (tags["title"], tags["artist"])
    track = client.post(f"/v1/examples/{listed[0]['name']}")
    assert track.status_code == 201
    assert track.json()["title"] == listed[0]["title"]
    assert client.post("/v1/examples/..%2Fpyproject").status_code == 404


def test_audio_in_ranges(client: httpx.Client, piano: dict, pieces: Path) -> None:
    content = (pieces / "piano-prelude.opus").read_bytes()
    url = f"/v1/tracks/{piano['id']}/audio"
    whole = client.get(url)
    assert whole.content == content
    assert whole.headers["Content-Type"] == "audio/ogg"
    assert whole.headers["Accept-Ranges"] == "bytes"
    for header, part in [("bytes=10-99", content[10:100]), ("bytes=-50", content[-50:]), ("bytes=9-", content[9:])]:
        answer = client.get(url, headers={"Range": header})
        assert (answer.status_code, answer.content) == (206, part)
    assert client.get(url, headers={"Range": f"bytes={len(content)}-"}).status_code == 416
    stale = {"Range": "bytes=0-9", "If-Range": '"other"'}
    assert client.get(url, headers=stale).content == content


def test_audio_that_browsers_do_not_play_becomes_wav(client: httpx.Client) -> None:
    samples = np.stack([np.linspace(-0.5, 0.5, 16000), np.full(16000, 0.25)], axis=1)
    track = client.post("/v1/tracks", files={"file": ("a.aiff", _encode(samples, "aiff", "pcm_s16be"))}).json()
    answer = client.get(f"/v1/tracks/{track['id']}/audio")
    assert answer.headers["Content-Type"] == "audio/wav"
    assert _decode(answer.content) == pytest.approx(samples, abs=2 / 32768)
    assert client.get(f"/v1/tracks/{track['id']}/audio").content == answer.content


def test_audio_that_becomes_wav_is_asked_for_twice_at_once(client: httpx.Client) -> None:
    """Each answer is whole; and at no more than 48 kHz, as hours at a higher rate do not fit in a wav file."""
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (30 * 96000, 2))
    content = _encode(samples, "aiff", "pcm_s16be", 96000)
    path = f"/v1/tracks/{client.post('/v1/tracks', files={'file': ('a.aiff', content)}).json()['id']}/audio"
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(client.get, [path] * 4))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.content for answer in answers}) == 1
    assert len(_decode(answers[0].content)) == pytest.approx(30 * 48000, abs=100)


def test_peaks(client: httpx.Client, piano: dict, pieces: Path) -> None:
    samples = taggram.read(pieces / "piano-prelude.opus")
    peaks = client.get(f"/v1/tracks/{piano['id']}/peaks", params={"points": 30}).json()
    seconds = samples.reshape(30, -1)
    # A peak of the server covers a fixed number of samples, so it may begin a little before or after the second.
    assert peaks["min"] == pytest.approx(seconds.min(axis=1), abs=0.03)
    assert peaks["max"] == pytest.approx(seconds.max(axis=1), abs=0.03)
    fine = client.get(f"/v1/tracks/{piano['id']}/peaks", params={"points": 32768}).json()
    assert 10000 < len(fine["min"]) <= 32768
    assert min(fine["min"]) == pytest.approx(samples.min(), abs=1e-4)
    assert max(fine["max"]) == pytest.approx(samples.max(), abs=1e-4)


def test_spectrogram_has_a_tone_at_its_mark(client: httpx.Client) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(32000) / 16000)
    track = client.post("/v1/tracks", files={"file": ("tone.wav", wav(tone))}).json()
    answer = client.get(f"/v1/tracks/{track['id']}/spectrogram.png", params={"width": 50, "height": 128})
    with av.open(io.BytesIO(answer.content)) as picture:
        pixels = next(picture.decode(video=0)).to_ndarray(format="gray")
    assert pixels.shape == (128, 50)
    assert pixels.max() == 255
    marks = {hz: height for height, hz in json.loads(answer.headers["X-Mel-Frequencies"])}
    assert list(marks) == [100, 200, 500, 1000, 2000, 5000]
    row = pixels[:, 10:40].mean(axis=1).argmax()
    assert 1 - row / 128 == pytest.approx(marks[1000], abs=0.02)


def test_deformed_copy(client: httpx.Client, piano: dict, pieces: Path, tmp_path: Path) -> None:
    steps = [{"name": "low-pass", "cutoff": 1000}, {"name": "mp3"}]
    answer = client.post(f"/v1/tracks/{piano['id']}/deform", json={"deformations": steps})
    assert answer.status_code == 201, answer.text
    track = answer.json()
    assert (track["parent"], track["deformation"]) == (piano["id"], "low_pass=1000,mp3=64")
    assert (track["title"], track["name"]) == (piano["title"], piano["name"])
    deform_file(pieces / "piano-prelude.opus", tmp_path / "out.wav", "low_pass=1000,mp3=64")
    assert client.get(f"/v1/tracks/{track['id']}/audio").content == (tmp_path / "out.wav").read_bytes()
    assert client.post(f"/v1/tracks/{piano['id']}/deform", json={"deformations": steps}).json() == track


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"name": "low-pass", "rate": 2}, "low-pass has no rate; its strength is cutoff"),
        ({"name": "low-pass", "cutoff": 5}, "cutoff must be a number from 100 to 20000 Hz"),
        ({"name": "low-pass", "cutoff": None}, "cutoff must be a number"),
        ({"name": "lowpass"}, "no deformation is named 'lowpass'; did you mean low_pass?"),
        ({"name": ["low-pass"]}, "no deformation is named"),
        ({}, "no deformation is named"),
    ],
)
def test_deformations_that_do_not_exist(client: httpx.Client, piano: dict, step: dict, said: str) -> None:
    answer = client.post(f"/v1/tracks/{piano['id']}/deform", json={"deformations": [step]})
    assert answer.status_code == 422
    assert said in answer.json()["error"]


def test_similar_tracks(client: httpx.Client, piano: dict, pieces: Path) -> None:
    content = (pieces / "synth-groove.opus").read_bytes()
    groove = client.post("/v1/tracks", files={"file": ("groove.opus", content)}).json()
    softer = client.post(f"/v1/tracks/{piano['id']}/deform", json={"deformations": [{"name": "gain", "decibels": -3}]})
    silence = client.post("/v1/tracks", files={"file": ("silence.wav", wav(np.zeros(80000)))}).json()
    found = client.get(f"/v1/tracks/{piano['id']}/similar", params={"n": 100}).json()
    similarity = {entry["id"]: entry["similarity"] for entry in found}
    assert similarity[softer.json()["id"]] > 0.95 > 0.6 > similarity[groove["id"]]
    assert not {silence["id"], piano["id"]} & similarity.keys()
    assert list(similarity.values()) == sorted(similarity.values(), reverse=True)
    assert client.get(f"/v1/tracks/{silence['id']}/similar").json() == []
    assert len(client.get(f"/v1/tracks/{piano['id']}/similar", params={"n": 1}).json()) == 1


def _encode(samples: np.ndarray, form: str, codec: str, rate: int = 16000) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.int16(samples * 32767).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def _decode(content: bytes) -> np.ndarray:
    with av.open(io.BytesIO(content)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate(frames, axis=1).reshape(-1, 2) / 32768
