"""One file of a batch, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from taggram.errors import TaggramError
    from taggram.tagging.prediction import Prediction


@dataclass(frozen=True)
class Tagged:
    """What became of one file of a batch: a prediction or an error, never both.

    Attributes
    ----------
    path
        The file, as it was asked for.
    prediction
        What the model says; None for a file that could not be tagged.
    error
        Why it could not; None for a file that could.
    """

    path: str
    prediction: Prediction | None = None
    error: TaggramError | None = None
