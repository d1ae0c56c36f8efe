"""Clips in the order of their scores, each tag for itself, with ties found."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Float64, Int


class Order(NamedTuple):
    """The clips of each tag, lowest score first; clips of one score are a run.

    Attributes
    ----------
    clips
        Which clip stands at each position, shape (clips, tags).
    first, last
        Position at which the run of that clip begins and ends, shape (clips, tags).
    """

    clips: Int[np.ndarray, "clips tags"]
    first: Int[np.ndarray, "clips tags"]
    last: Int[np.ndarray, "clips tags"]


def order(scores: Float[np.ndarray, "clips tags"]) -> Order:
    """Sort the clips of each tag."""
    clips = np.argsort(scores, axis=0)
    ordered = np.take_along_axis(scores, clips, axis=0)
    changes = ordered[1:] != ordered[:-1]
    edge = np.ones((1, scores.shape[1]), bool)
    position = np.arange(len(scores))[:, None]
    begins, ends = np.concatenate([edge, changes]), np.concatenate([changes, edge])
    first = np.maximum.accumulate(np.where(begins, position, 0), axis=0)
    last = np.minimum.accumulate(np.where(ends, position, len(scores))[::-1], axis=0)[::-1]
    return Order(clips, first, last)


def ranks(scores: Float[np.ndarray, "clips tags"]) -> Float64[np.ndarray, "clips tags"]:
    """Rank the clips of each tag from 1, the lowest score; clips of one score share the mean of their ranks."""
    clips, first, last = order(scores)
    found = np.empty(scores.shape)
    np.put_along_axis(found, clips, (first + last) / 2 + 1, axis=0)
    return found
