"""Errors of requests: a status, and one line for a person."""

from __future__ import annotations

import errno
import sqlite3

from taggram.errors import (
    AudioError,
    CardError,
    DeformationError,
    LibraryError,
    MissingExtraError,
    ModelError,
    TaggramError,
)

__all__ = ["RequestError", "TooLongError", "UnknownNameError", "is_full_disk", "no_space", "status_of"]


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


def no_space() -> RequestError:
    """Return the error of a request for which there is no space on disk."""
    return RequestError(503, "the server has no space left for audio: try again later", retry_after=30)


def is_full_disk(error: BaseException | None) -> bool:
    """Return whether an error, or one of its causes, is that of a full disk."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            return True
        error = error.__cause__ or error.__context__
    return False


def status_of(error: Exception) -> int:
    """Return the HTTP status of an error; 500 for a defect."""
    if isinstance(error, RequestError):
        return error.status
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
