"""Which segments are alike: a student's embeddings are to be neighbours where those of its teachers are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch.nn import functional

if TYPE_CHECKING:
    from jaxtyping import Float, Float32, Int64
    from torch import Tensor

    from taggram.training.over_time import OverTime


class Neighbourhood:
    """How alike segments are to teachers, and by the labels of their clips.

    Parameters
    ----------
    embeddings
        Of each teacher, standardised.
    labels
        1 where a label holds for a clip, else 0; None where labels have no say.
    """

    def __init__(self, embeddings: Sequence[OverTime], labels: Float32[np.ndarray, "clips labels"] | None) -> None:
        self._embeddings, self._labels = embeddings, labels

    def of_segments(
        self, rows: Int64[np.ndarray, " batch"], starts: Int64[np.ndarray, " batch"], samples: int
    ) -> Float32[np.ndarray, "batch batch"]:
        """Return the wished cosine of each pair of segments.

        It is the mean cosine over the teachers, at least 0. Where both clips have labels, it is the mean of that and
        of the cosine of their labels, 1 for clips with the same ones and 0 for those with none in common.
        """
        heard = [_cosines(teacher.of_segments(rows, starts, samples)) for teacher in self._embeddings]
        likeness: np.ndarray = np.maximum(np.mean(heard, axis=0), 0.0)
        if self._labels is not None:
            labels = self._labels[rows]
            known = labels.any(axis=1)
            both = known[:, None] & known
            likeness[both] = (likeness[both] + _cosines(labels)[both]) / 2
        return likeness


def _cosines(vectors: Float32[np.ndarray, "batch size"]) -> Float32[np.ndarray, "batch batch"]:
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    cosines: np.ndarray = unit @ unit.T
    return cosines


def similarity_loss(
    embedding: Float[Tensor, "batch size"], likeness: Float[Tensor, "batch batch"]
) -> Float[Tensor, ""]:
    """Return the mean square of how far the cosines of a batch are from the wished ones.

    After Tung and Mori, Similarity-preserving knowledge distillation, 2019, who normalise the rows of the matrices
    instead of the embeddings.

    Parameters
    ----------
    embedding
        Of the student.
    likeness
        Cosines, 0 to 1.
    """
    unit = functional.normalize(embedding, dim=1)
    return (unit @ unit.T - likeness).square().mean()
