"""McNemar's test of the difference between two classifiers."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from taggram.errors import MissingExtraError
from taggram.metrics._checks import require_comparable

__all__ = ["McNemar", "mcnemar"]


class McNemar(NamedTuple):
    """Result of McNemar's test.

    Attributes
    ----------
    first_only, second_only
        Number of clips that only the first or only the second model classifies correctly.
    p
        p-value of the exact two-sided test.
    """

    first_only: int
    second_only: int
    p: float


def mcnemar(first: NDArray[Any], second: NDArray[Any], truth: NDArray[Any]) -> McNemar:
    """Test whether two classifiers have the same accuracy on the same clips.

    Only clips count that one of the two classifies correctly; under the null hypothesis each is a toss of a fair coin
    (exact binomial test). The clips must be independent: one clip per song.

    Parameters
    ----------
    first, second : (clips,)
        Classes predicted by two models.
    truth : (clips,)
        True classes.

    Returns
    -------
    McNemar
        The two numbers and the p-value, which is 1 if both are 0.

    Raises
    ------
    EvaluationError
        If the shapes differ, or if there are no clips.
    MissingExtraError
        If SciPy is not installed.

    References
    ----------
    Q. McNemar: Note on the sampling error of the difference between correlated proportions or percentages.
    Psychometrika 12, 1947.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.array(["rock", "pop", "jazz", "rock", "pop", "jazz"])
    >>> mcnemar(truth, np.array(["rock", "jazz", "pop", "pop", "rock", "rock"]), truth)
    McNemar(first_only=5, second_only=0, p=0.0625)
    """
    try:
        from scipy.stats import binomtest
    except ModuleNotFoundError:
        raise MissingExtraError("McNemar's test", "train") from None
    require_comparable(first, truth, "predicted and true classes")
    require_comparable(second, truth, "predicted and true classes")
    first_only = int(((first == truth) & (second != truth)).sum())
    second_only = int(((first != truth) & (second == truth)).sum())
    discordant = first_only + second_only
    return McNemar(first_only, second_only, float(binomtest(first_only, discordant).pvalue) if discordant else 1.0)
