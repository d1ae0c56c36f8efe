"""Selection of the tags that are shown."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Self

from taggram.errors import ModelError
from taggram.models.card import Level, ThresholdCriterion
from taggram.tagging.prediction import Prediction, TagScore
from taggram.tagging.tagger import Tagger


@dataclass(frozen=True)
class Selection:
    """The tags above their thresholds, or the best tags.

    Attributes
    ----------
    thresholds
        The thresholds; None selects the best tags.
    n
        Number of the best tags; None is the default of the output.
    level
        The least level of a tag above its threshold.
    """

    thresholds: ThresholdCriterion | None
    n: int | None
    level: Level = "maybe"

    @classmethod
    def from_options(
        cls,
        tagger: Tagger,
        thresholds: ThresholdCriterion | None,
        top: int | None,
        all_tags: bool,
        level: Level | None,
    ) -> Self:
        """Return the selection of the command's options, of which at most one is given.

        Raises
        ------
        ModelError
            If the model does not have these thresholds, or no levels.
        """
        available = tagger.card.thresholds
        if thresholds and thresholds not in (available or {}):
            raise ModelError(f"{tagger.model} has no thresholds {thresholds}; use --top or --all")
        if level and (available is None or tagger.card.levels is None):
            raise ModelError(f"{tagger.model} has no {'levels' if available else 'thresholds'}; use --top or --all")
        if all_tags:
            return cls(None, sys.maxsize)
        if top is not None or available is None:
            return cls(None, top)
        return cls(thresholds or "balanced", None, level or "maybe")

    def __call__(self, prediction: Prediction, default: int) -> list[TagScore]:
        """Select tags, best first.

        Parameters
        ----------
        prediction
            Scores of a file.
        default
            Number of the best tags, where the options give none.
        """
        if self.thresholds:
            return prediction.tags(self.thresholds, level=self.level)
        if prediction.silent and self.n != sys.maxsize:
            return []
        return prediction.top(self.n or default)
