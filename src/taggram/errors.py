"""The errors of taggram: each is one line for a person, naming the file or model and the remedy."""

from __future__ import annotations

__all__ = [
    "AudioError",
    "AudioWarning",
    "CacheError",
    "CardError",
    "DatasetError",
    "EvaluationError",
    "MissingExtraError",
    "ModelError",
    "RecipeError",
    "TaggramError",
]


class TaggramError(Exception):
    """What every error of taggram derives from; its text is one line that is meant to be read by a person."""


class AudioError(TaggramError):
    """A file or array that holds no audio that could be used."""


class CacheError(TaggramError):
    """A prediction cache that is damaged, belongs to another program or cannot be written."""


class CardError(TaggramError):
    """A model card that is missing, malformed or does not fit the weights beside it."""


class DatasetError(TaggramError):
    """A list of clips or a packed store that cannot be read or written, or lacks a requested item."""


class EvaluationError(TaggramError):
    """Arrays without a metric: their clips differ, they are empty, or values are not comparable."""


class ModelError(TaggramError):
    """A model or architecture that does not exist, or whose weights are not here."""


class RecipeError(TaggramError):
    """A training recipe that cannot be followed: malformed, or not fitting its store or the training in its folder."""


class MissingExtraError(TaggramError):
    """A feature whose optional dependencies are not installed.

    Parameters
    ----------
    what
        What needs the extra, as the start of a sentence.
    extra
        The name of the extra that brings it.
    """

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the [{extra}] extra: pip install 'taggram[{extra}]'")
        self._arguments = what, extra

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str], dict[str, object]]:
        """Pickle the arguments, not the text that `Exception` pickles: worker processes raise this error, too."""
        return type(self), self._arguments, self.__dict__


class AudioWarning(UserWarning):
    """Audio that is used in spite of a problem: damaged, silent, cleaned or rescaled."""
