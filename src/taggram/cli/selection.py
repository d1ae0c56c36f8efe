"""Which tags of a prediction are shown."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from taggram.errors import ModelError

if TYPE_CHECKING:
    from taggram.models import ModelCard
    from taggram.models.card import Policy
    from taggram.tagging import Prediction
    from taggram.tagging.prediction import Choice


@dataclass(frozen=True)
class Selection:
    """Those tags that hold, or the highest.

    Attributes
    ----------
    policy
        By which thresholds a tag holds; None where the highest are shown.
    n
        How many of the highest; None is as many as the output has by itself.
    grouped
        Whether people get them by category.
    """

    policy: Policy | None
    n: int | None
    grouped: bool

    @classmethod
    def of(cls, card: ModelCard, policy: Policy | None, top: int | None, everything: bool) -> Self:
        """Make of what was asked for, at most one thing, what is meant for a model.

        Raises
        ------
        ModelError
            If the model has no thresholds for the policy that was asked for.
        """
        if policy and policy not in (card.thresholds or {}):
            raise ModelError(f"{card.name} has no thresholds for the policy {policy}; choose with --top or --all")
        if everything:
            return cls(None, sys.maxsize, grouped=True)
        if top is not None or card.thresholds is None:
            return cls(None, top, grouped=False)
        return cls(policy or "top", None, grouped=True)

    def __call__(self, prediction: Prediction, otherwise: int) -> Choice:
        """Choose tags, best first.

        Parameters
        ----------
        prediction
            Of a file.
        otherwise
            How many of the highest tags this output has by itself.
        """
        return prediction.decide(self.policy) if self.policy else prediction.top(self.n or otherwise)
