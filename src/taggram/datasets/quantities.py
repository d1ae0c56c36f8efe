"""Labels that say how much of a tag there is, such as ``valence=0.73``."""

from __future__ import annotations

from pathlib import Path

from taggram.errors import DatasetError

__all__ = ["tag_of", "within_0_and_1"]


def within_0_and_1(text: str, tag: str, source: Path) -> float:
    """Read how much of a tag there is.

    Parameters
    ----------
    text
        As the source has it.
    tag, source
        What it is of, and the file it is from, for the error.

    Raises
    ------
    DatasetError
        If it is no number within 0 and 1.
    """
    number = _number(text)
    if number is None:
        raise DatasetError(f"{source} is malformed: {tag} must be a number within 0 and 1, not {text!r}; get it again")
    return number


def tag_of(label: str) -> str:
    """Return the tag that a label is of.

    Examples
    --------
    >>> tag_of("valence=0.73"), tag_of("jazz")
    ('valence', 'jazz')
    """
    tag, _, amount = label.rpartition("=")
    return label if not tag or _number(amount) is None else tag


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number <= 1 else None
