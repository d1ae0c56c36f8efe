"""Result of one file of a batch."""

from __future__ import annotations

from dataclasses import dataclass

from taggram.errors import TaggramError
from taggram.tagging.prediction import Prediction


@dataclass(frozen=True)
class TagResult:
    """Result of one file of a batch: a prediction or an error, never both.

    Attributes
    ----------
    path
        The file, as given.
    prediction
        Scores of the tags; None for a file that cannot be tagged.
    error
        Reason why the file cannot be tagged; None if it was tagged.

    Examples
    --------
    >>> result = TagResult("missing.mp3", error=TaggramError("missing.mp3 does not exist: check the path"))
    >>> result.prediction is None
    True
    """

    path: str
    prediction: Prediction | None = None
    error: TaggramError | None = None


def error_result(path: str, error: Exception) -> TagResult:
    """Return the result of a file whose tagging raised an exception; a defect of taggram must not stop the batch."""
    if not isinstance(error, TaggramError):
        error = TaggramError(f"{path}: unexpected {type(error).__name__}: {' '.join(str(error).split())}")
    return TagResult(path, error=error)


def crash_result(path: str, reason: str) -> TagResult:
    """Return the result of a file whose worker process died."""
    return TagResult(path, error=TaggramError(f"{path}: {reason}; is the file sound?"))
