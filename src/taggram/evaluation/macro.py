"""One figure for all tags: the plain mean of those that have one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float


class Macro(NamedTuple):
    """A mean over tags.

    Attributes
    ----------
    mean
        Over the tags that have a figure; NaN if none has.
    tags
        How many have one.
    """

    mean: float
    tags: int


def macro(values: Float[np.ndarray, " tags"]) -> Macro:
    """Average the figures of the tags; those that are NaN do not count.

    Examples
    --------
    >>> macro(np.array([0.5, np.nan, 1.0]))
    Macro(mean=0.75, tags=2)
    """
    found = values[~np.isnan(values)]
    return Macro(float(found.mean()) if len(found) else float("nan"), len(found))
