"""Linear probes: how well labels can be read from an embedding."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taggram.errors import MissingExtraError

__all__ = ["Probe", "fit_probe"]

STRENGTHS = 10.0 ** np.arange(-5, 2)  # C of logistic regression, the strongest regularisation first
STRENGTH = 1e-2  # without validation clips to choose one


@dataclass(frozen=True, eq=False)
class Probe:
    """A logistic regression on standardized embeddings.

    Attributes
    ----------
    value
        The metric on the validation clips; NaN without any.
    """

    value: float
    _outputs: Callable[[NDArray[np.floating[Any]]], NDArray[Any]]

    def outputs(self, embeddings: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """Return a score per clip and label, shape (clips, labels); or a class per clip, shape (clips,)."""
        return self._outputs(embeddings)


def fit_probe(
    train: tuple[NDArray[np.floating[Any]], NDArray[Any]],
    valid: tuple[NDArray[np.floating[Any]], NDArray[Any]],
    metric: Callable[..., float],
) -> Probe:
    """Fit a logistic regression on training clips, with the regularisation that is best on validation clips.

    Parameters
    ----------
    train, valid
        Embeddings (clips, size) and truth of the clips of a split: labels (clips, labels) bool, each of which some
        training clips have and some do not; or classes (clips,).
    metric
        Takes outputs and truth; higher is better.

    Raises
    ------
    MissingExtraError
        If scikit-learn is not installed.
    """
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ModuleNotFoundError:
        raise MissingExtraError("a probe of embeddings", "train") from None

    def fit(strength: float) -> Callable[[NDArray[np.floating[Any]]], NDArray[Any]]:
        linear = LogisticRegression(C=strength, max_iter=1000)
        several = train[1].ndim > 1
        probe = make_pipeline(StandardScaler(), OneVsRestClassifier(linear) if several else linear).fit(*train)
        outputs: Callable[[NDArray[np.floating[Any]]], NDArray[Any]]
        outputs = probe.decision_function if several else probe.predict
        return lambda embeddings: outputs(embeddings).reshape(-1, *train[1].shape[1:])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        if not len(valid[0]):
            return Probe(float("nan"), fit(STRENGTH))
        probes = [fit(strength) for strength in STRENGTHS]
    values = [metric(outputs(valid[0]), valid[1]) for outputs in probes]
    best = int(np.argmax(values))
    return Probe(values[best], probes[best])
