"""The errors of taggram: each is one line for a person, naming the file or model and the remedy."""

from __future__ import annotations

from collections.abc import Iterable

from taggram._text import printable

__all__ = [
    "AudioError",
    "AudioWarning",
    "CacheError",
    "CardError",
    "DatasetError",
    "DeformationError",
    "EvaluationError",
    "MissingExtraError",
    "ModelError",
    "RecipeError",
    "TaggramError",
]


class TaggramError(Exception):
    """Base class of all errors of taggram, whose text is one line for a person.

    Examples
    --------
    >>> import taggram
    >>> try:
    ...     taggram.read("missing.mp3")
    ... except taggram.TaggramError as error:
    ...     print(error)
    missing.mp3 does not exist: check the path
    """

    def __str__(self) -> str:
        """Return the text; line breaks in names of files are escaped."""
        return printable(super().__str__())


class AudioError(TaggramError):
    """A file or array without usable audio."""


class CacheError(TaggramError):
    """A prediction cache that is damaged, belongs to another program or cannot be written."""


class CardError(TaggramError):
    """A model card that is missing, malformed or does not fit the weights beside it."""


class DatasetError(TaggramError):
    """A list of clips or a packed store that cannot be read or written, or lacks the requested content."""


class DeformationError(TaggramError):
    """A deformation that does not exist, or a strength outside its range."""


class EvaluationError(TaggramError):
    """Arrays without a metric: of different clips, without clips, or with values that are not comparable."""


class LibraryError(TaggramError):
    """A library that is damaged or cannot be written, or a search that it has no answer to."""


class ModelError(TaggramError):
    """A model or architecture that does not exist, or whose weights are not installed."""


class RecipeError(TaggramError):
    """A training recipe that is malformed, or does not fit its store or the training in its folder."""


class MissingExtraError(TaggramError):
    """A feature whose optional dependencies are not installed.

    Parameters
    ----------
    what
        The feature, as the start of a sentence.
    extra
        Name of the extra that installs the dependencies.
    """

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the [{extra}] extra: pip install 'taggram[{extra}]'")
        self._arguments = what, extra

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str], dict[str, object]]:
        """Pickle the arguments, not the text that `Exception` pickles: worker processes raise this error, too."""
        return type(self), self._arguments, self.__dict__


class AudioWarning(UserWarning):
    """Audio that is usable with reservations: damaged, silent, sanitized or rescaled."""


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return a clause for an error with the names that are most like an unknown one; empty if there are none.

    Examples
    --------
    >>> did_you_mean("paino", ["piano", "guitar"]), did_you_mean("list", ["models list", "data list"])
    ('; did you mean piano?', '; did you mean data list or models list?')
    >>> did_you_mean("drums", ["piano", "guitar"])
    ''
    """
    import difflib  # loaded only for an error

    by_case = {other.casefold(): other for other in sorted(names)}
    wanted = name.strip().casefold()
    near = [other for other in by_case if len(wanted) > 2 and wanted in other] or difflib.get_close_matches(
        wanted, by_case
    )
    return f"; did you mean {' or '.join(by_case[other] for other in near[:3])}?" if near else ""
