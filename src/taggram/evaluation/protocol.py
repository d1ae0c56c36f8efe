"""Protocols: what has to be equal for the scores of two models to be comparable."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from taggram.audio import EvenlySpaced, EvenlySpacedWon, Segmentation
from taggram.errors import EvaluationError
from taggram.record import PositiveInt, Record
from taggram.tagging.prediction import Aggregation
from taggram.vocabularies import Vocabulary

__all__ = ["DECODER", "Placement", "Protocol"]

Placement = Literal["own", "evenly-spaced", "won"]
DECODER = "FFmpeg, mean of the channels, soxr HQ"


class Protocol(Record, frozen=True, kw_only=True):
    """Clips, tags and rules by which models are evaluated.

    Attributes
    ----------
    name
        Such as ``"mtat-full"``.
    dataset, subset
        The data set, and which of its protocols.
    split
        The split that is scored: ``"test"``; or ``"all"`` clips, for models that were trained on none of them.
    split_hash
        Hash of the ids of these clips, see `taggram.datasets.split_hash`.
    vocabulary
        The tags.
    placement, segments
        Positions of the segments in a clip: the model's ``"own"``, or a number of ``"evenly-spaced"`` ones, or of those
        of ``"won"`` (`EvenlySpacedWon`). Their length is always the model's own and no part of the protocol.
    slices
        Number of slices of three seconds that each recording is cut into, each of which is a clip; 0 for whole clips.
    aggregation
        Aggregation of the segments' scores.
    decoder
        How audio is decoded.
    thresholds
        The split that thresholds are fitted on. There is no choice: never the one that is scored.
    deformation
        Deformation of the clips before they are tagged, in the text form of `taggram.deform.Chain`; empty for none.
    leaky
        Whether the splits share recordings or artists by construction.

    Raises
    ------
    ValueError
        If the placement and the number of segments do not fit.
    """

    name: str
    dataset: str
    subset: str
    split: Literal["test", "all"] = "test"
    split_hash: str
    vocabulary: Vocabulary
    placement: Placement = "own"
    segments: PositiveInt | None = None
    slices: int = 0
    aggregation: Aggregation = "mean"
    decoder: str = DECODER
    thresholds: Literal["validation"] = "validation"
    deformation: str = ""
    leaky: bool = False

    def _check(self) -> None:
        """Raise a ValueError if the placement and the number of segments do not fit."""
        if (self.placement == "own") != (self.segments is None):
            raise ValueError("segments: the placement 'own' has no number of segments, and every other one has")

    @property
    def hash(self) -> str:
        """Twelve hexadecimal digits that are equal for equal rules, whatever the name of the protocol."""
        text = json.dumps(self._rules(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def segmentation(self) -> Segmentation | None:
        """Positions of the segments; None: those of the model."""
        match self.placement:
            case "evenly-spaced":
                return EvenlySpaced(self.segments or 1)
            case "won":
                return EvenlySpacedWon(self.segments or 1)
        return None

    def differences(self, other: Protocol) -> tuple[str, ...]:
        """Return the names of the rules in which another protocol differs; none if their hashes are equal."""
        rules, others = self._rules(), other._rules()
        return tuple(name for name in rules | others if rules.get(name) != others.get(name))

    def require_equal(self, other: Protocol) -> None:
        """Refuse another protocol with other rules.

        Raises
        ------
        EvaluationError
            If they differ; the message names the rules.
        """
        if names := self.differences(other):
            raise EvaluationError(
                f"the protocols {self.name} ({self.hash}) and {other.name} ({other.hash}) are not comparable: they "
                f"differ in {', '.join(names)}"
            )

    def _rules(self) -> dict[str, Any]:
        """Return everything that has to be equal."""
        deformed = {"deformation": self.deformation} if self.deformation else {}  # other hashes stay as they were
        return deformed | {
            "dataset": self.dataset,
            "subset": self.subset,
            "split": [self.split, self.split_hash],
            "vocabulary": sorted(self.vocabulary.names),
            "placement": [self.placement, self.segments, self.slices],
            "aggregation": self.aggregation,
            "decoder": self.decoder,
            "thresholds": self.thresholds,
        }
