"""Errors of requests: a status, and one line for a person."""

from __future__ import annotations

from taggram.errors import (
    AudioError,
    CardError,
    DeformationError,
    LibraryError,
    MissingExtraError,
    ModelError,
    TaggramError,
)

__all__ = ["RequestError", "TooLongError", "UnknownNameError", "status_of"]


class RequestError(TaggramError):
    """A request that is refused, or fails.

    Parameters
    ----------
    status
        The HTTP status.
    text
        One line for a person, with the remedy.
    retry_after
        Seconds after which the same request may succeed.
    """

    def __init__(self, status: int, text: str, retry_after: int | None = None) -> None:
        super().__init__(text)
        self.status, self.retry_after = status, retry_after
        self._arguments = status, text, retry_after

    def __reduce__(self) -> tuple[type[RequestError], tuple[int, str, int | None]]:
        """Pickle the arguments, not the text that `Exception` pickles: worker processes raise this error, too."""
        return type(self), self._arguments


class TooLongError(TaggramError):
    """Audio that is longer than the server takes."""


class UnknownNameError(TaggramError):
    """A model, track, example or vocabulary that does not exist."""


_STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (TooLongError, 413),
    (UnknownNameError, 404),
    (AudioError, 415),
    (DeformationError, 422),
    (LibraryError, 422),
    (MissingExtraError, 501),
    (CardError, 503),
    (ModelError, 422),
)


def status_of(error: Exception) -> int:
    """Return the HTTP status of an error; 500 for a defect."""
    if isinstance(error, RequestError):
        return error.status
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
