"""What a tagger takes, and what it says about everything else."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
import pytest
import soundfile

import taggram
from taggram.audio import EvenlySpaced
from taggram.errors import AudioError
from taggram.tagging import Tagger, segmenter

PIECES = ["piano-prelude.opus", "strings-and-harpsichord.opus", "synth-groove.opus"]
SAMPLES = np.zeros(44100, np.float32)


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger()


@pytest.fixture(scope="module")
def piece(pieces: Path) -> Path:
    return pieces / PIECES[0]


def encode(file: Path, samples: np.ndarray, codec: str) -> None:
    """Write samples at 44.1 kHz."""
    with av.open(str(file), "w") as container:
        stream = container.add_stream(codec, rate=44100, layout="mono")
        for begin in range(0, len(samples), 1024):
            frame = av.AudioFrame.from_ndarray(samples[None, begin : begin + 1024], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 44100, begin
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


@pytest.fixture(scope="module")
def files(piece: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same music in several formats."""
    folder = tmp_path_factory.mktemp("formats")
    samples = taggram.read(piece, 44100, duration=9)
    made = {suffix: folder / f"music.{suffix}" for suffix in ("wav", "flac", "mp3", "m4a", "ogg", "aiff")}
    for suffix in ("wav", "flac", "ogg", "aiff"):
        soundfile.write(made[suffix], samples, 44100)
    encode(made["mp3"], samples, "libmp3lame")
    encode(made["m4a"], samples, "aac")
    return {**made, "opus": piece}


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "m4a", "ogg", "aiff", "opus"])
def test_the_content_of_a_file_gets_its_scores(suffix: str, files: dict[str, Path], tagger: Tagger) -> None:
    file = files[suffix]
    expected = tagger.tag(file, start=3, duration=5)
    for audio in (file.read_bytes(), bytearray(file.read_bytes()), memoryview(file.read_bytes())):
        prediction = tagger.tag(audio, start=3, duration=5)
        np.testing.assert_array_equal(prediction.scores, expected.scores)
        np.testing.assert_array_equal(prediction.times, expected.times)
        assert prediction.warnings == expected.warnings
        assert prediction.path is None


def test_a_file_object_is_read_from_where_it_is_to_its_end(piece: Path, tagger: Tagger, tmp_path: Path) -> None:
    expected = tagger.tag(piece).scores
    with piece.open("rb") as file:
        prediction = tagger.tag(file)
    np.testing.assert_array_equal(prediction.scores, expected)
    assert prediction.path == str(piece)
    packed = tmp_path / "music.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(piece, "a.opus")
    with zipfile.ZipFile(packed) as archive, archive.open("a.opus") as entry:
        np.testing.assert_array_equal(tagger.tag(entry).scores, expected)
    behind_a_header = io.BytesIO(b"header" + piece.read_bytes())
    behind_a_header.seek(6)
    prediction = tagger.tag(behind_a_header)
    np.testing.assert_array_equal(prediction.scores, expected)
    assert prediction.path is None


def test_a_pipe_is_read_whole(files: dict[str, Path], tagger: Tagger) -> None:
    """It cannot seek, and an m4a has its index at the end."""
    reading, writing = os.pipe()
    with ThreadPoolExecutor() as pool, open(reading, "rb") as pipe, open(writing, "wb") as end:
        pool.submit(lambda: (end.write(files["m4a"].read_bytes()), end.close()))
        prediction = tagger.tag(pipe)
    np.testing.assert_array_equal(prediction.scores, tagger.tag(files["m4a"]).scores)
    assert prediction.path is None


def test_long_content_is_read_by_seeking_or_in_two_passes(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segmenter, "MAX_IN_MEMORY", 1.0)
    monkeypatch.setattr(segmenter, "SEEK_SECONDS", 0.0)
    tagger = Tagger(segmentation=EvenlySpaced(2))
    for suffix, other in (("flac", "_two_passes"), ("m4a", "_seek_segments")):
        with monkeypatch.context() as patch:
            patch.setattr(segmenter, other, None)
            prediction = tagger.tag(files[suffix].read_bytes())
        np.testing.assert_array_equal(prediction.scores, tagger.tag(files[suffix]).scores)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "m4a", "ogg", "opus"])
def test_damaged_content_is_treated_as_a_damaged_file(
    suffix: str, share: float, files: dict[str, Path], tagger: Tagger, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    content = files[suffix].read_bytes()
    damaged = tmp_path / f"damaged.{suffix}"
    damaged.write_bytes(content[: round(share * len(content))])

    def outcome(audio: Path | bytes) -> tuple[str, Any]:
        try:
            prediction = tagger.tag(audio)
        except AudioError as error:
            text = str(error).replace(": pass the content of an audio file", "")
            return text.replace(str(damaged), "X").replace("<bytes>", "X"), None
        return "", (prediction.warnings, prediction.scores.tolist())

    assert outcome(damaged.read_bytes()) == outcome(damaged)
    assert capfd.readouterr().err == ""


KINDS = (
    "tag takes a path, the bytes of an audio file, a file open in binary mode, or a NumPy array with its sample_rate"
)


@pytest.mark.parametrize(
    ("audio", "options", "error", "text"),
    [
        (b"no audio", {}, AudioError, "<bytes> is not audio in any supported format: pass the content of an audio"),
        (b"", {}, AudioError, "<bytes> is empty (0 bytes): pass the content of an audio file"),
        (io.BytesIO(), {}, AudioError, "the file has no bytes left to read: open it again, or seek(0) first"),
        (io.StringIO("a"), {}, TypeError, "tag takes a file open in binary mode: open(path, 'rb')"),
        ("", {}, AudioError, "the path is empty: pass that of an audio file"),
        (None, {}, TypeError, f"{KINDS}, not NoneType"),
        ([0.1, 0.2], {}, TypeError, f"{KINDS}, not list"),
        (3, {}, TypeError, f"{KINDS}, not int"),
        ([0.1, 0.2], {"sample_rate": 44100}, TypeError, f"{KINDS}, not list"),
        (io.TextIOWrapper(io.BytesIO(b"\xd5")), {}, TypeError, "tag takes a file open in binary mode"),
        ("song.mp3", {"sample_rate": 44100}, TypeError, "sample_rate is for arrays: a file states its own"),
        (SAMPLES, {"sample_rate": "44100"}, AudioError, "an array needs its sample rate, a whole number of Hz: tag("),
        (SAMPLES, {"sample_rate": [44100]}, AudioError, "not sample_rate=[44100]"),
        (SAMPLES, {"sample_rate": 44100, "duration": "3"}, TypeError, "duration must be a number of seconds, not '3'"),
        ("song.mp3", {"start": None}, TypeError, "start must be a number of seconds, not None"),
        ("song.mp3", {"start": float("nan")}, AudioError, "start must be 0 s or more, not nan"),
        *(
            (
                audio,
                {**rate, "duration": float(wrong)},
                AudioError,
                "duration must be above 0 s, or None for all of the",
            )
            for audio, rate in (("song.mp3", {}), (b"a", {}), (SAMPLES, {"sample_rate": 44100}))
            for wrong in ("inf", "nan", "0", "-1")
        ),
    ],
)
def test_anything_else_is_one_line(
    audio: Any, options: dict[str, Any], error: type[Exception], text: str, tagger: Tagger
) -> None:
    with pytest.raises(error) as raised:
        tagger.tag(audio, **options)
    assert text in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("paths", "options", "error", "text"),
    [
        ("song.mp3", {}, TypeError, "tag_many takes several paths, such as a list: use tag(path) for one file"),
        (Path("song.mp3"), {}, TypeError, "tag_many takes several paths"),
        (b"song.mp3", {}, TypeError, "tag_many takes several paths"),
        (None, {}, TypeError, "tag_many takes several paths"),
        ([None], {}, TypeError, "tag_many takes paths, as str or os.PathLike, not NoneType"),
        ([b"song.mp3"], {}, TypeError, "tag_many takes paths, as str or os.PathLike, not bytes"),
        (["song.mp3"], {"workers": 0}, ValueError, "workers must be a whole number from 1 on, not 0"),
        (["song.mp3"], {"workers": "2"}, ValueError, "workers must be a whole number from 1 on, not '2'"),
        (["song.mp3"], {"duration": float("inf")}, AudioError, "duration must be above 0 s"),
    ],
)
def test_wrong_arguments_of_a_batch_are_refused_before_it_starts(
    paths: Any, options: dict[str, Any], error: type[Exception], text: str, tagger: Tagger
) -> None:
    with pytest.raises(error) as raised:
        tagger.tag_many(paths, **options)
    assert text in str(raised.value)


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_no_path_in_a_generator_ends_the_batch(workers: int, piece: Path, tagger: Tagger) -> None:
    results = tagger.tag_many((path for path in [piece, None]), workers=workers)  # type: ignore[misc]
    with pytest.raises(TypeError, match="not NoneType"):
        list(results)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"model": None}, TypeError, "model must be the name or the folder of a model, not NoneType"),
        ({"segmentation": 4}, TypeError, "segmentation must be a plan such as EvenlySpaced(4), not 4"),
        ({"segmentation": EvenlySpaced}, TypeError, "segmentation must be a plan"),
        ({"aggregation": "median"}, taggram.TaggramError, "no aggregation is named 'median'"),
        ({"threads": 0}, ValueError, "threads must be a whole number from 1 on, not 0"),
    ],
)
def test_wrong_arguments_of_a_tagger(options: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as raised:
        Tagger(**options)
    assert text in str(raised.value)


def test_score_segments_takes_an_array(tagger: Tagger) -> None:
    with pytest.raises(TypeError, match="score_segments takes an array"):
        tagger.score_segments([[0.0]])  # type: ignore[arg-type]


def test_a_score_by_the_name_of_a_tag(piece: Path, tagger: Tagger) -> None:
    prediction = tagger.tag(piece, duration=9)
    for tag, score in prediction.top(94):
        assert prediction[tag] == score
    with pytest.raises(KeyError, match="no tag is named 'paino'; did you mean piano"):
        prediction["paino"]
    with pytest.raises(TypeError, match="not iterable"):
        iter(prediction)  # type: ignore[call-overload]


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_threads_share_a_tagger(
    backend: Literal["onnx", "torch"], pieces: Path, published: Callable[[str], Path]
) -> None:
    """Each thread gets the scores that its file gets alone, although no file was tagged before."""
    model = published("musicnn_pons.mtat-pons2019")
    alone, shared = Tagger(model, backend=backend), Tagger(model, backend=backend)
    jobs = [(pieces / name, start) for start in range(4) for name in PIECES]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda job: shared.tag(job[0], start=job[1], duration=9), jobs))
    for (path, start), prediction in zip(jobs, together, strict=True):
        expected = alone.tag(path, start=start, duration=9)
        np.testing.assert_array_equal(prediction.scores, expected.scores)
        np.testing.assert_array_equal(prediction.embeddings, expected.embeddings)
        assert prediction.path == str(path)
