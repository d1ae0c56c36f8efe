"""Ranks of clips by score, for each tag, with runs of equal scores."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Ranking(NamedTuple):
    """Clips of each tag in ascending order of score; equal scores form a run.

    Attributes
    ----------
    clips : (clips, tags) int64
        Index of the clip at each position.
    first, last : (clips, tags) int64
        Positions of the first and the last clip of its run.
    """

    clips: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]


def ranking(scores: NDArray[Any]) -> Ranking:
    """Sort the clips of each tag by score.

    Parameters
    ----------
    scores : (clips, tags)
        Without NaN.
    """
    clips = np.argsort(scores, axis=0)
    ordered = np.take_along_axis(scores, clips, axis=0)
    changes = ordered[1:] != ordered[:-1]
    edge = np.ones((1, scores.shape[1]), bool)
    position = np.arange(len(scores))[:, None]
    begins, ends = np.concatenate([edge, changes]), np.concatenate([changes, edge])
    first = np.maximum.accumulate(np.where(begins, position, 0), axis=0)
    last = np.minimum.accumulate(np.where(ends, position, len(scores))[::-1], axis=0)[::-1]
    return Ranking(clips, first, last)


def ranks(scores: NDArray[Any]) -> NDArray[np.float64]:
    """Rank the clips of each tag from 1, the lowest score; equal scores share the mean of their ranks.

    Parameters
    ----------
    scores : (clips, tags)
        Without NaN.

    Returns
    -------
    (clips, tags) float64
        1 to the number of clips.
    """
    clips, first, last = ranking(scores)
    ranked = np.empty(scores.shape)
    np.put_along_axis(ranked, clips, (first + last) / 2 + 1, axis=0)
    return ranked
