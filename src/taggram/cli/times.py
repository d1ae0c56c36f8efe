"""Times as people write them, and as tables show them."""

from __future__ import annotations

import re

import typer

_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?|\.\d+)")


def parse_time(text: str) -> float:
    """Return the seconds of a time: ``90``, ``1:30`` or ``1:02:03.5``.

    Raises
    ------
    typer.BadParameter
        For any other text.

    Examples
    --------
    >>> parse_time("1:30"), parse_time("7.5")
    (90.0, 7.5)
    """
    match = _TIME.fullmatch(str(text))
    if match is None or (match[2] is not None and float(match[3]) >= 60):
        raise typer.BadParameter(
            f"{text!r} is not a time: write seconds, such as 90, or minutes and seconds, such as 1:30"
        )
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return 3600 * hours + 60 * minutes + seconds


def format_time(seconds: float) -> str:
    """Format a time in seconds as minutes and seconds.

    Examples
    --------
    >>> format_time(75.4), format_time(3723)
    ('1:15', '1:02:03')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
