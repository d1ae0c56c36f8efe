"""Labels with a grade, such as ``valence=0.73``."""

from __future__ import annotations

from pathlib import Path

from taggram.errors import DatasetError

__all__ = ["parse_grade", "tag_of"]


def parse_grade(text: str, tag: str, source: Path) -> float:
    """Parse the grade of a tag.

    Parameters
    ----------
    text
        The value in the source.
    tag, source
        Tag and file, for the error message.

    Raises
    ------
    DatasetError
        If it is no number between 0 and 1.
    """
    number = _number(text)
    if number is None:
        raise DatasetError(
            f"{source} is malformed: {tag} must be a number between 0 and 1, not {text!r}; get the file again"
        )
    return number


def tag_of(label: str) -> str:
    """Return the tag of a label, with or without a grade.

    Examples
    --------
    >>> tag_of("valence=0.73"), tag_of("jazz")
    ('valence', 'jazz')
    """
    tag, _, grade = label.rpartition("=")
    return label if not tag or _number(grade) is None else tag


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number <= 1 else None
