"""One file of a batch, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from taggram.errors import TaggramError

if TYPE_CHECKING:
    from taggram.tagging.prediction import Prediction
    from taggram.tagging.tagger import Tagger


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


def tag_one(tagger: Tagger, path: str, part: dict[str, Any]) -> Tagged:
    """Tag one file of a batch; whatever goes wrong becomes the file's error."""
    try:
        return Tagged(path, prediction=tagger.tag(path, **part))
    except TaggramError as error:
        return Tagged(path, error=error)
    except Exception as error:  # a fault of ours, and no reason to lose the rest of the batch
        return Tagged(path, error=TaggramError(f"{path}: unexpected {type(error).__name__}: {error}"))
