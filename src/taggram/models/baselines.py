"""Classical baselines, random forest and k-nearest neighbours, predicted in NumPy from memory-mapped arrays."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from taggram.errors import CardError
from taggram.models.card import ModelCard
from taggram.models.directories import BASELINE_FILE

_TYPES = {"F16": np.float16, "F32": np.float32, "F64": np.float64, "I32": np.int32, "U8": np.uint8}
_ROWS = 128  # examples per block

Arrays = dict[str, NDArray[Any]]


class Baseline(Protocol):
    """Predicts the scores of segments from their features."""

    def __call__(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Predict scores.

        Parameters
        ----------
        features : (segments, features) float32
            Flattened spectrograms, normalized as the card's front end has it.

        Returns
        -------
        (segments, tags) float32
            Between 0 and 1.
        """


class RandomForest:
    """Mean over the leaves that decision trees lead to.

    Parameters
    ----------
    arrays
        The nodes of all trees, one after another: ``left``, ``right``: the children, -1 in leaves; ``feature``,
        ``threshold``: go left where that feature is at most the threshold; ``answer``: a leaf's row in ``answers``
        (rows, tags). ``roots``: the first node of each tree. A node precedes its children.

    Raises
    ------
    ValueError
        If a node's children are not in the arrays or do not follow it.
    """

    def __init__(self, arrays: Arrays) -> None:
        self._left, self._right, self._feature = arrays["left"], arrays["right"], arrays["feature"]
        self._threshold, self._answer = arrays["threshold"], arrays["answer"]
        self._answers, self._roots = arrays["answers"], arrays["roots"]
        count = len(self._left)
        inner = np.flatnonzero(self._left >= 0)
        follow = np.minimum(self._left, self._right)[inner] > inner
        within = np.maximum(self._left, self._right) < count
        if not (follow.all() and within.all() and self._feature[inner].min(initial=0) >= 0):
            raise ValueError("a node leads nowhere or back")
        if not (len(self._roots) and 0 <= self._roots.min() <= self._roots.max() < count):
            raise ValueError("a tree has no root")

    def __call__(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Predict scores; see `Baseline`."""
        row = np.arange(len(features))[:, None]
        node = np.tile(self._roots, (len(features), 1))
        while (inner := self._left[node] >= 0).any():
            low = features[row, np.where(inner, self._feature[node], 0)] <= self._threshold[node]
            node = np.where(inner, np.where(low, self._left[node], self._right[node]), node)
        scores: NDArray[Any] = self._answers[self._answer[node]].mean(1)
        return scores.astype(np.float32)


class NearestNeighbours:
    """Share of the nearest training examples that have a tag.

    Parameters
    ----------
    arrays
        ``examples`` (examples, features) and their ``labels`` (examples, tags), 0 or 1.
    k
        Number of neighbours.

    Raises
    ------
    ValueError
        If there are fewer examples, or not as many labels.
    """

    def __init__(self, arrays: Arrays, k: int) -> None:
        self._examples, self._labels, self._k = arrays["examples"], arrays["labels"], k
        if not 0 < k <= len(self._examples) == len(self._labels):
            raise ValueError(f"{k} neighbours of {len(self._examples)} examples with {len(self._labels)} labels")

    def __call__(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Predict scores; see `Baseline`."""
        distances = np.empty((len(features), len(self._examples)), np.float32)
        for first in range(0, len(self._examples), _ROWS):  # the examples stay on disk
            block = self._examples[first : first + _ROWS].astype(np.float32)
            distances[:, first : first + _ROWS] = (block**2).sum(1) - 2 * features @ block.T
        nearest = np.argpartition(distances, self._k - 1, axis=1)[:, : self._k]
        scores: NDArray[np.float32] = self._labels[nearest].mean(1, dtype=np.float32)
        return scores


class Votes:
    """Score 1 for the tags that another baseline scores above 0.5, else 0, as scikit-learn's ``predict``.

    Parameters
    ----------
    baseline
        The other baseline.
    """

    def __init__(self, baseline: Baseline) -> None:
        self._baseline = baseline

    def __call__(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Predict scores; see `Baseline`."""
        return (self._baseline(features) > 0.5).astype(np.float32)


def load_baseline(folder: Path, card: ModelCard) -> Baseline:
    """Load the baseline of a model's folder.

    Raises
    ------
    CardError
        If the file does not match the card, or its arrays do not make such a model.
    """
    file = folder / BASELINE_FILE
    card.check(file)
    try:
        arrays = read_arrays(file)
        baseline: Baseline
        if card.architecture == "random_forest":
            baseline = RandomForest(arrays)
        else:
            baseline = NearestNeighbours(arrays, int(card.options["k"]))
        return Votes(baseline) if card.options.get("hard") else baseline
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, struct.error) as error:
        raise CardError(f"{file}: not a usable {card.architecture}: {error}") from error


def read_arrays(file: Path) -> Arrays:
    """Map the arrays of a safetensors file into memory.

    The file is the length of its header in eight bytes, the header in JSON, and the values of all arrays. The
    safetensors library would read them into memory.

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
