"""Macro average: the mean over tags."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Macro", "macro"]


class Macro(NamedTuple):
    """A mean over tags.

    Attributes
    ----------
    mean
        Over the tags that have a value; NaN if none has.
    tags
        Number of those tags.
    """

    mean: float
    tags: int


def macro(values: NDArray[np.floating[Any]]) -> Macro:
    """Unweighted mean over tags; tags without a value are left out and not counted.

    Parameters
    ----------
    values : (tags,)
        A metric of each tag; NaN for a tag without a value.

    Examples
    --------
    >>> macro(np.array([0.5, np.nan, 1.0]))
    Macro(mean=0.75, tags=2)
    """
    defined = values[~np.isnan(values)]
    return Macro(float(defined.mean()) if len(defined) else float("nan"), len(defined))
