"""The classical models that networks are compared with, predicted in NumPy from arrays: nothing is unpickled."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from taggram.errors import CardError
from taggram.models.store import BASELINE_FILE

if TYPE_CHECKING:
    from jaxtyping import Float32

    from taggram.models.card import ModelCard

_TYPES = {"F16": np.float16, "F32": np.float32, "F64": np.float64, "I32": np.int32, "U8": np.uint8}
_ROWS = 128  # examples that are looked at together

BASELINES = ("random_forest", "knn")

Arrays = dict[str, np.ndarray]


class Baseline(Protocol):
    """Features in, scores out."""

    def __call__(self, features: Float32[np.ndarray, "segments features"]) -> Float32[np.ndarray, "segments tags"]:
        """Score segments."""


class RandomForest:
    """Decision trees, whose answers are averaged.

    Parameters
    ----------
    arrays
        The nodes of all trees, one after another: ``left``, ``right``: the node to go on with, -1 in leaves;
        ``feature``, ``threshold``: left where that feature is at most the threshold; ``answer``: a leaf's row in
        ``answers`` (rows, tags). ``roots``: where each tree begins. A node stands before those it leads to.

    Raises
    ------
    ValueError
        If a node leads nowhere or back.
    """

    def __init__(self, arrays: Arrays) -> None:
        self._left, self._right, self._feature = arrays["left"], arrays["right"], arrays["feature"]
        self._threshold, self._answer = arrays["threshold"], arrays["answer"]
        self._answers, self._roots = arrays["answers"], arrays["roots"]
        count = len(self._left)
        inner = np.flatnonzero(self._left >= 0)
        ahead = np.minimum(self._left, self._right)[inner] > inner
        within = np.maximum(self._left, self._right) < count
        if not (ahead.all() and within.all() and self._feature[inner].min(initial=0) >= 0):
            raise ValueError("a node leads nowhere or back")
        if not (len(self._roots) and 0 <= self._roots.min() <= self._roots.max() < count):
            raise ValueError("a tree has no root")

    def __call__(self, features: Float32[np.ndarray, "segments features"]) -> Float32[np.ndarray, "segments tags"]:
        """Score segments; see `Baseline`."""
        row = np.arange(len(features))[:, None]
        node = np.tile(self._roots, (len(features), 1))
        while (inner := self._left[node] >= 0).any():
            low = features[row, np.where(inner, self._feature[node], 0)] <= self._threshold[node]
            node = np.where(inner, np.where(low, self._left[node], self._right[node]), node)
        scores: np.ndarray = self._answers[self._answer[node]].mean(1)
        return scores.astype(np.float32)


class NearestNeighbours:
    """The share of the nearest examples that have a tag.

    Parameters
    ----------
    arrays
        ``examples`` (examples, features) and their ``labels`` (examples, tags), 0 or 1.
    k
        How many count.

    Raises
    ------
    ValueError
        If there are fewer, or labels of others.
    """

    def __init__(self, arrays: Arrays, k: int) -> None:
        self._examples, self._labels, self._k = arrays["examples"], arrays["labels"], k
        if not 0 < k <= len(self._examples) == len(self._labels):
            raise ValueError(f"{k} neighbours of {len(self._examples)} examples with {len(self._labels)} labels")

    def __call__(self, features: Float32[np.ndarray, "segments features"]) -> Float32[np.ndarray, "segments tags"]:
        """Score segments; see `Baseline`."""
        distances = np.empty((len(features), len(self._examples)), np.float32)
        for first in range(0, len(self._examples), _ROWS):  # read from the file as they are needed
            some = self._examples[first : first + _ROWS].astype(np.float32)
            distances[:, first : first + _ROWS] = (some**2).sum(1) - 2 * features @ some.T
        nearest = np.argpartition(distances, self._k - 1, axis=1)[:, : self._k]
        scores: np.ndarray = self._labels[nearest].mean(1, dtype=np.float32)
        return scores


def load_baseline(folder: Path, card: ModelCard) -> Baseline:
    """Load the arrays of a model's folder.

    Raises
    ------
    CardError
        If they are not those the card describes, or do not make such a model.
    """
    file = folder / BASELINE_FILE
    card.check(file)
    try:
        arrays = read_arrays(file)
        if card.architecture == "random_forest":
            return RandomForest(arrays)
        if card.architecture == "knn":
            return NearestNeighbours(arrays, int(card.options["k"]))
        raise ValueError(f"no baseline is named {card.architecture}")
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, struct.error) as error:
        raise CardError(f"{file}: not a usable {card.architecture}: {error}") from error


def read_arrays(file: Path) -> Arrays:
    """Read a safetensors file: eight bytes that say how long the header is, the header in JSON, and all values.

    Parameters
    ----------
    file
        The arrays are not read before they are used.

    Raises
    ------
    ValueError, KeyError, TypeError, AttributeError, struct.error
        If it is no such file.
    """
    with file.open("rb") as stream:
        (size,) = struct.unpack("<Q", stream.read(8))
        if size > file.stat().st_size:
            raise ValueError("cut off")
        header = json.loads(stream.read(size))
    values = np.memmap(file, np.uint8, mode="r", offset=8 + size)
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            arrays[name] = values[first:last].view(_TYPES[entry["dtype"]]).reshape(entry["shape"])
    return arrays
