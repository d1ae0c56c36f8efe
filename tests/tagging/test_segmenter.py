"""One segmenter: a clip in memory is cut into the same segments as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taggram.audio import EvenlySpaced, EvenlySpacedWon, Segmentation, Sliding, WholeClip
from taggram.errors import AudioError, ModelError
from taggram.models.card import Segments
from taggram.tagging.segmenter import AudioSource, cut_clip, stream_segments


@dataclass
class Blocks(AudioSource):
    """A clip that is streamed in blocks, as a file of unknown length is."""

    sizes: tuple[int, ...] = (1,)

    def blocks(self, start: float = 0.0, duration: float | None = None) -> Iterator[np.ndarray]:
        del start, duration
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
