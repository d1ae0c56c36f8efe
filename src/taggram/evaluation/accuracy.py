"""How often one of several classes is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taggram.evaluation.checks import require_alike

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Shaped


def accuracy(predicted: Shaped[np.ndarray, " clips"], truth: Shaped[np.ndarray, " clips"]) -> float:
    """Share of clips whose predicted class is the true one.

    Parameters
    ----------
    predicted, truth
        The class of each clip, as a number or a name.

    Raises
    ------
    EvaluationError
        If the shapes differ, or if there are no clips.
    """
    require_alike(predicted, truth)
    return float((predicted == truth).mean())
