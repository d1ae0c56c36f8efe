"""Segmentations: the start offsets of segments in a clip, all in samples.

A clip shorter than a segment has the one start 0, and `cut` repeats it from its beginning until it fills a segment.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from taggram.errors import AudioError

__all__ = ["EvenlySpaced", "EvenlySpacedWon", "Segmentation", "Sliding", "WholeClip", "cut", "fill"]

Starts = npt.NDArray[np.int64]


class Segmentation(Protocol):
    """A plan of where the segments of a clip start."""

    def starts(self, length: int, segment: int) -> Starts:
        """Return the offsets of the segments of a clip.

        Parameters
        ----------
        length
            Length of the clip in samples, at least 1.
        segment
            Length of a segment in samples, at least 1.

        Returns
        -------
        (n,) int64
            Start offsets in samples, ascending, n >= 1, each in 0..max(0, length - segment).
        """
        ...


@dataclass(frozen=True)
class EvenlySpaced:
    """`n` segments from the first sample to the last; one segment at the centre of the clip with ``n=1``.

    The first starts at 0, the last ends with the clip, the others are rounded to the nearest sample.

    Parameters
    ----------
    n
        Number of segments, at least 1. A clip no longer than a segment has just one.
    exact
        Whether the segments of a file must be exactly there. Otherwise only they are read, by seeking, which may be
        off by a second in some formats.

    Examples
    --------
    >>> EvenlySpaced(3).starts(length=10, segment=4)
    array([0, 3, 6])
    """

    n: int
    exact: bool = True

    def __post_init__(self) -> None:
        _at_least_one(self.n, "n")

    def starts(self, length: int, segment: int) -> Starts:
        """Return the offsets of the segments, see `Segmentation.starts`."""
        room = _room(length, segment)
        if room == 0:
            return _whole()
        if self.n == 1:
            return np.array([room // 2], dtype=np.int64)
        gaps = self.n - 1
        return (2 * room * np.arange(self.n, dtype=np.int64) + gaps) // (2 * gaps)


@dataclass(frozen=True)
class EvenlySpacedWon:
    """`n` segments spaced as in the evaluation code of Won et al., for parity with its scores.

    Segment i starts at ``i * ((length - segment) // n)``, so the end of the clip is never reached. Prefer
    `EvenlySpaced` where parity does not matter.

    Parameters
    ----------
    n
        Number of segments, at least 1. A clip no longer than a segment has just one.

    References
    ----------
    Won, Ferraro, Bogdanov, Serra: "Evaluation of CNN-based automatic music tagging models", SMC 2020;
    https://github.com/minzwon/sota-music-tagging-models

    Examples
    --------
    >>> EvenlySpacedWon(3).starts(length=10, segment=4)
    array([0, 2, 4])
    """

    n: int

    def __post_init__(self) -> None:
        _at_least_one(self.n, "n")

    def starts(self, length: int, segment: int) -> Starts:
        """Return the offsets of the segments, see `Segmentation.starts`."""
        room = _room(length, segment)
        if room == 0:
            return _whole()
        return np.arange(self.n, dtype=np.int64) * (room // self.n)


@dataclass(frozen=True)
class Sliding:
    """A window that moves by `hop`, and once more to the end of the clip if at least half a hop is not covered.

    Parameters
    ----------
    hop
        Samples between two starts, at least 1; None is the segment's length, so that segments neither overlap nor
        leave gaps.

    Examples
    --------
    >>> Sliding().starts(length=11, segment=4)
    array([0, 4, 7])
    >>> Sliding(hop=4).starts(length=9, segment=4)
    array([0, 4])
    """

    hop: int | None = None

    def __post_init__(self) -> None:
        if self.hop is not None:
            _at_least_one(self.hop, "hop")

    def starts(self, length: int, segment: int) -> Starts:
        """Return the offsets of the segments, see `Segmentation.starts`."""
        room = _room(length, segment)
        hop = segment if self.hop is None else self.hop
        starts = np.arange(0, room + 1, hop, dtype=np.int64)
        rest = room - int(starts[-1])
        return np.append(starts, np.int64(room)) if rest > 0 and 2 * rest >= hop else starts


@dataclass(frozen=True)
class WholeClip:
    """The whole clip as one segment, for models that take clips of any length.

    Examples
    --------
    >>> WholeClip().starts(length=10, segment=10)
    array([0])
    """

    def starts(self, length: int, segment: int) -> Starts:
        """Return the offset of the one segment, see `Segmentation.starts`."""
        _room(length, segment)
        return _whole()


def fill(samples: npt.NDArray[np.float32], length: int) -> npt.NDArray[np.float32]:
    """Repeat a clip from its beginning until it is as long as a segment; longer clips are unchanged.

    Parameters
    ----------
    samples : (samples,) float32
        The clip.
    length
        Length to reach, in samples.

    Returns
    -------
    (max(samples, length),) float32
        The clip itself if it is long enough, a new array otherwise.

    Raises
    ------
    AudioError
        If the clip has no samples.

    Examples
    --------
    >>> fill(np.array([1, 2, 3], dtype=np.float32), 7)
    array([1., 2., 3., 1., 2., 3., 1.], dtype=float32)
    """
    if samples.size == 0:
        raise AudioError("a clip with 0 samples cannot be filled up to a segment")
    return samples if samples.size >= length else np.resize(samples, length)


def cut(samples: npt.NDArray[np.float32], starts: Starts, segment: int) -> npt.NDArray[np.float32]:
    """Cut segments out of a clip.

    Parameters
    ----------
    samples : (samples,) float32
        The clip; one shorter than a segment is repeated first, see `fill`.
    starts : (n,) int64
        Start offsets in samples.
    segment
        Length of a segment in samples.

    Returns
    -------
    (n, segment) float32
        A copy of each segment.

    Raises
    ------
    AudioError
        If the clip has no samples or a segment would begin before it or end after it.
    """
    filled = fill(samples, segment)
    if starts.size and not 0 <= starts.min() <= starts.max() <= filled.size - segment:
        raise AudioError(
            f"a segment of {segment} samples lies outside a clip of {samples.size}: take the starts from a segmentation"
        )
    return np.lib.stride_tricks.sliding_window_view(filled, segment)[starts]


def _room(length: int, segment: int) -> int:
    """Return how far a segment can move inside the clip, in samples."""
    _at_least_one(segment, "segment")
    if length < 1:
        raise AudioError("a clip with 0 samples has no segments")
    return max(0, length - segment)


def _whole() -> Starts:
    return np.zeros(1, dtype=np.int64)


def _at_least_one(value: int, name: str) -> None:
    if value < 1:
        raise AudioError(f"{name} must be at least 1, not {value}")
