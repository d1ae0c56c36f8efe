"""One segmenter: a clip in memory is cut into the same segments as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taggram.audio import EvenlySpaced, EvenlySpacedWon, Segmentation, Sliding, WholeClip, probe, read
from taggram.errors import AudioError, ModelError
from taggram.models.card import Segments
from taggram.tagging import segmenter
from taggram.tagging.segmenter import AudioSource, cut_clip, stream_segments


@dataclass
class Blocks(AudioSource):
    """A clip that is streamed in blocks, as a file of unknown length is."""

    sizes: tuple[int, ...] = (1,)

    def blocks(self, start: float = 0.0, duration: float | None = None, *, exact: bool = True) -> Iterator[np.ndarray]:
        del start, duration, exact
        assert self.samples is not None
        done = turn = 0
        while done < len(self.samples):
            size = self.sizes[turn % len(self.sizes)]
            yield self.samples[done : done + size]
            done, turn = done + size, turn + 1


@st.composite
def segments(draw: st.DrawFn) -> Segments:
    samples = draw(st.integers(2, 30))
    return Segments(
        samples=samples,
        hop=draw(st.integers(1, 40)),
        clip_padding=draw(st.integers(0, (samples - 1) // 2)),
        any_length=True,
    )


segmentations = st.one_of(
    st.builds(Sliding, st.none() | st.integers(1, 40)),
    st.builds(EvenlySpaced, st.integers(1, 6)),
    st.builds(EvenlySpacedWon, st.integers(1, 6)),
    st.just(WholeClip()),
)


@given(st.integers(1, 150), segments(), segmentations, st.lists(st.integers(1, 50), min_size=1, max_size=4))
def test_a_clip_in_memory_and_a_stream_give_the_same_segments(
    length: int, spec: Segments, segmentation: Segmentation, sizes: list[int]
) -> None:
    samples = np.arange(1, length + 1, dtype=np.float32)
    streamed = [
        segment for _, segment in stream_segments(Blocks(None, samples, 16000, sizes=tuple(sizes)), segmentation, spec)
    ]
    np.testing.assert_array_equal(cut_clip(samples, segmentation, spec), np.stack(streamed))


def test_errors_are_those_of_the_stream() -> None:
    spec = Segments(samples=4, hop=4)
    with pytest.raises(AudioError, match="0 samples"):
        cut_clip(np.zeros(0, np.float32), Sliding(), spec)
    with pytest.raises(ModelError, match="no whole clips"):
        cut_clip(np.ones(9, np.float32), WholeClip(), spec)


def write_mp3(path: Path, seconds: float, bit_rate: int, *, info_frame: bool) -> bytes:
    """Write an mp3 of noise at 16 kHz and return its bytes, without an ID3 tag."""
    samples = np.random.default_rng(bit_rate).normal(0, 0.1, round(seconds * 16000)).astype(np.float32)
    options = {"write_xing": str(int(info_frame)), "id3v2_version": "0"}
    with av.open(str(path), "w", format="mp3", options=options) as out:
        stream = out.add_stream("libmp3lame", rate=16000, layout="mono")
        stream.bit_rate = bit_rate
        for start in range(0, len(samples), 576):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + 576], "fltp", "mono")
            frame.rate, frame.pts = 16000, start
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path.read_bytes()


@pytest.fixture(params=["estimated", "info frame of the first part"])
def joined(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An mp3 that is longer than FFmpeg states, and than what is kept in memory."""
    monkeypatch.setattr(segmenter, "MAX_IN_MEMORY", 5.0)
    monkeypatch.setattr(segmenter, "SEEK_SECONDS", 0.0)
    path = tmp_path / "joined.mp3"
    if request.param == "estimated":
        parts = write_mp3(path, 15, 32000, info_frame=False), write_mp3(path, 20, 8000, info_frame=False)
    else:
        parts = write_mp3(path, 28, 32000, info_frame=True), write_mp3(path, 1.5, 32000, info_frame=False)
    path.write_bytes(b"".join(parts))
    duration = probe(path).duration
    assert duration is not None
    assert duration < len(read(path, 16000)) / 16000 - 1
    return path


@pytest.mark.parametrize("segmentation", [EvenlySpaced(1), EvenlySpaced(4), EvenlySpacedWon(3)])
def test_the_length_of_joined_files_is_not_that_of_the_header(joined: Path, segmentation: Segmentation) -> None:
    spec, whole = Segments(samples=16000, hop=16000), read(joined, 16000)
    source = AudioSource(str(joined), None, 16000)
    segments = list(stream_segments(source, segmentation, spec))
    assert source.length == len(whole)
    assert [start for start, _ in segments] == segmentation.starts(len(whole), 16000).tolist()
    np.testing.assert_allclose(np.stack([s for _, s in segments]), cut_clip(whole, segmentation, spec), atol=2e-6)


def test_memory_does_not_depend_on_an_estimate(joined: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segmenter, "MAX_IN_MEMORY", 28.5)  # above the duration by the header, below the true one
    source = AudioSource(str(joined), None, 16000)
    assert len(list(stream_segments(source, EvenlySpaced(2), Segments(samples=16000, hop=16000)))) == 2
    assert source.samples is None


@pytest.mark.parametrize("part", [(0.0, None), (3.0, None), (3.0, 9.0)])
def test_a_right_estimate_is_verified_and_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: tuple[float, float | None]
) -> None:
    path = tmp_path / "plain.mp3"
    write_mp3(path, 20, 32000, info_frame=False)
    monkeypatch.setattr(segmenter, "MAX_IN_MEMORY", 5.0)
    monkeypatch.setattr(segmenter, "SEEK_SECONDS", 0.0)
    monkeypatch.setattr(segmenter, "_two_passes", None)
    spec, (start, duration) = Segments(samples=16000, hop=16000), part
    source = AudioSource(str(path), None, 16000, start, duration)
    segments = np.stack([segment for _, segment in stream_segments(source, EvenlySpaced(4), spec)])
    whole = read(path, 16000, start=start, duration=duration)
    assert source.length == len(whole)
    np.testing.assert_allclose(segments, cut_clip(whole, EvenlySpaced(4), spec), atol=2e-6)
    assert source.warnings == []


CODECS = {
    "mp3": "libmp3lame", "opus": "libopus", "ogg": "vorbis", "m4a": "aac", "wma": "wmav2", "flac": "flac",
    "wav": "pcm_s16le", "webm": "libopus",
}  # fmt: skip
RISE = 25.0  # Hz per second


@pytest.mark.parametrize("suffix", CODECS)
def test_segments_that_need_not_be_exact_are_sought(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pitch of a tone tells where each segment begins; nothing else is decoded."""
    time = np.arange(20 * 48000) / 48000
    tone = (0.5 * np.sin(np.pi * RISE * time**2)).astype(np.float32)
    path = tmp_path / f"tone.{suffix}"
    with av.open(str(path), "w", format={"m4a": "ipod", "wma": "asf"}.get(suffix)) as out:
        options = {"strict": "experimental"}  # FFmpeg's own encoder of vorbis
        stream = out.add_stream(CODECS[suffix], rate=48000, layout="stereo", options=options, bit_rate=128_000)
        frame = av.AudioFrame.from_ndarray(np.stack([tone, tone]), "fltp", "stereo")
        frame.rate, frame.pts = 48000, 0
        out.mux(stream.encode(av.AudioResampler(stream.codec_context.format, "stereo", 48000).resample(frame)[0]))
        out.mux(stream.encode())
    monkeypatch.setattr(segmenter, "_two_passes", None)
    source = AudioSource(str(path), None, 16000)
    spec = Segments(samples=16000, hop=16000)
    segments = list(stream_segments(source, EvenlySpaced(5, exact=False), spec))
    assert source.length == pytest.approx(20 * 16000, abs=1600)
    assert source.measured == pytest.approx(5 * 16000, rel=0.02)
    for start, samples in segments[1:]:
        crossings = np.count_nonzero(np.diff(np.signbit(samples[:4000])))
        assert crossings / 2 / 0.25 / RISE == pytest.approx(start / 16000 + 0.125, abs=1.1)


def test_short_files_are_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "short.mp3"
    write_mp3(path, 8, 32000, info_frame=True)
    spec = Segments(samples=16000, hop=16000)
    segments = [
        np.stack([segment for _, segment in stream_segments(AudioSource(str(path), None, 16000), segmentation, spec)])
        for segmentation in (EvenlySpaced(5), EvenlySpaced(5, exact=False))
    ]
    np.testing.assert_array_equal(*segments)
