"""Linear probes: how well labels can be read from an embedding."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram.errors import MissingExtraError

__all__ = ["STRENGTH", "LinearLayer", "Probe", "choose_probe", "fit_probe"]

STRENGTHS = 10.0 ** np.arange(-5, 2)  # C of logistic regression, the strongest regularisation first
# Without validation clips to choose one. On mer4q it has the highest ROC-AUC of these on valid, or one that is less
# than 0.003 below, with 5, 10, 20 and 50 training clips per genre: docs/results/learn-mer4q/strengths.csv.
STRENGTH = 1e-2


class LinearLayer(NamedTuple):
    """A linear layer on embeddings that are not standardized.

    Attributes
    ----------
    weight : (labels, size) float64
        Logits are ``embeddings @ weight.T + bias``.
    bias : (labels,) float64
        Likewise.
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Probe:
    """A logistic regression on standardized embeddings.

    Attributes
    ----------
    value
        The metric on the validation clips; NaN without any.
    """

    _pipeline: Any
    value: float = float("nan")

    def outputs(self, embeddings: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """Return a logit per clip and label, shape (clips, labels); or a class per clip, shape (clips,)."""
        if not hasattr(self._pipeline[-1], "estimators_"):
            classes: NDArray[Any] = self._pipeline.predict(embeddings)
            return classes
        logits: NDArray[Any] = self._pipeline.decision_function(embeddings)
        return logits.reshape(len(embeddings), -1)

    def linear_layer(self) -> LinearLayer:
        """Return the probe of labels as a layer that takes embeddings as they are."""
        scaler, labels = self._pipeline
        weight = np.concatenate([of_label.coef_ for of_label in labels.estimators_]) / scaler.scale_
        bias = np.concatenate([of_label.intercept_ for of_label in labels.estimators_]) - weight @ scaler.mean_
        return LinearLayer(weight, bias)


def fit_probe(embeddings: NDArray[np.floating[Any]], truth: NDArray[Any], strength: float = STRENGTH) -> Probe:
    """Fit a logistic regression.

    Parameters
    ----------
    embeddings : (clips, size)
        Of the training clips.
    truth
        Labels (clips, labels) bool, each of which some clips have and some do not; or classes (clips,).
    strength
        Inverse strength of the regularisation, C.

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
    linear = LogisticRegression(C=strength, max_iter=1000)
    pipeline = make_pipeline(StandardScaler(), OneVsRestClassifier(linear) if truth.ndim > 1 else linear)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return Probe(pipeline.fit(embeddings, truth))


def choose_probe(
    train: tuple[NDArray[np.floating[Any]], NDArray[Any]],
    valid: tuple[NDArray[np.floating[Any]], NDArray[Any]],
    metric: Callable[..., float],
) -> Probe:
    """Fit a logistic regression on training clips, with the regularisation that is best on validation clips.

    Parameters
    ----------
    train, valid
        Embeddings and truth of the clips of a split, as `fit_probe` takes them. Without validation clips the
        regularisation is `STRENGTH`.
    metric
        Takes outputs and truth; higher is better.

    Raises
    ------
    MissingExtraError
        If scikit-learn is not installed.
    """
    if not len(valid[0]):
        return fit_probe(*train)
    probes = [fit_probe(*train, strength) for strength in STRENGTHS]
    values = [metric(probe.outputs(valid[0]), valid[1]) for probe in probes]
    best = int(np.argmax(values))
    return Probe(probes[best]._pipeline, values[best])
