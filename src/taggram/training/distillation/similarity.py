"""Similarity-preserving distillation: the student's embeddings are as similar as those of its teachers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from taggram.training.distillation.time_grid import TimeGrid


class TargetSimilarity:
    """The target similarity of segments, from the embeddings of teachers and the labels of clips.

    Parameters
    ----------
    embeddings
        Of each teacher, standardized.
    labels : (clips, labels) float32
        1 where a clip has a label, else 0; None: labels are not used.
    """

    def __init__(self, embeddings: Sequence[TimeGrid], labels: NDArray[np.float32] | None) -> None:
        self._embeddings, self._labels = embeddings, labels

    def of_segments(self, rows: NDArray[np.int64], starts: NDArray[np.int64], samples: int) -> NDArray[np.float32]:
        """Return the target cosine of each pair of segments.

        It is the mean cosine over the teachers, at least 0. Where both clips have labels, it is the mean of that and
        the cosine of their labels, which is 1 for the same labels and 0 for none in common.

        Parameters
        ----------
        rows : (batch,) int64
            Positions in the split.
        starts : (batch,) int64
            First sample of each segment.
        samples
            Length of the segments.

        Returns
        -------
        (batch, batch) float32
            0 to 1.
        """
        cosines = [_cosines(teacher.of_segments(rows, starts, samples)) for teacher in self._embeddings]
        similarity: NDArray[np.float32] = np.maximum(np.mean(cosines, axis=0), 0.0)
        if self._labels is not None:
            labels = self._labels[rows]
            labelled = np.any(labels, axis=1)
            both = labelled[:, None] & labelled
            similarity[both] = (similarity[both] + _cosines(labels)[both]) / 2
        return similarity


def _cosines(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    cosines: NDArray[np.float32] = (unit @ unit.T).astype(np.float32)
    return cosines


def similarity_loss(embedding: Tensor, target_similarity: Tensor) -> Tensor:
    """Return the mean squared difference between the cosines of a batch and their targets.

    After Tung and Mori, Similarity-preserving knowledge distillation, 2019, who normalize the rows of the matrices
    instead of the embeddings.

    Parameters
    ----------
    embedding : (batch, size)
        Of the student.
    target_similarity : (batch, batch)
        Cosines, 0 to 1.
    """
    unit = functional.normalize(embedding, dim=1)
    return (unit @ unit.T - target_similarity).square().mean()
