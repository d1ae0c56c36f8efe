"""Predictions as text for a terminal: bars, and tags over time.

Rich is not used, because loading it for a few aligned columns takes a twentieth of a cold start.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import numpy as np

from taggram._text import printable
from taggram.cli.streams import encodable
from taggram.cli.times import format_time
from taggram.vocabularies import label
from taggram.vocabularies.vocabulary import SCALE

if TYPE_CHECKING:
    from taggram.tagging import Prediction, TagScore
    from taggram.vocabularies import Category

BAR = 24  # characters for a score of 1
BOLD, DIM = 1, 2
# The categories in display order, with their ANSI colours.
COLOURS: dict[Category, int] = {
    "genre": 35,
    "instrument": 36,
    "voice": 32,
    "mood": 33,
    "era": 34,
    "tempo": 31,
    "scale": 37,
    "other": 37,
}
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_HEIGHTS = " ▁▂▃▄▅▆▇█"
_ASCII_HEIGHTS = " .:-=+*%#"  # where the encoding of stdout lacks blocks


def bar(score: float) -> str:
    """Return a bar as long as the score, to an eighth of a character where stdout has such characters."""
    if not encodable(_EIGHTHS):
        return "#" * round(min(max(score, 0.0), 1.0) * BAR)
    eighths = round(min(max(score, 0.0), 1.0) * BAR * 8)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def paint(text: str, style: int) -> str:
    """Style a text by an ANSI number, on a terminal, unless NO_COLOR is set (https://no-color.org)."""
    styled = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return f"\x1b[{style}m{text}\x1b[0m" if styled and text else text


def file_line(prediction: Prediction) -> str:
    """Return file, duration and model as one line."""
    rest = f"  {format_time(prediction.duration)}  {prediction.model}"
    return paint(printable(prediction.path or ""), BOLD) + paint(rest, DIM)


def from_here(path: str) -> str:
    """Return an absolute path relative to the current folder, if it is in there."""
    return path.removeprefix(os.path.join(os.getcwd(), ""))


def category(name: str) -> str:
    """Return the display name of a category."""
    return "tempo and loudness" if name == "tempo" else name


def table(prediction: Prediction, tags: list[TagScore]) -> str:
    """Return the tags of a clip in the given order with their probabilities, or else scores; then its quantities."""
    scales = prediction.scales
    width, lines = max(len(label(tag)) for tag in (*(tag for tag, _ in tags), *scales)), []
    for tag, score in tags:
        kind, probability = prediction.vocabulary.tags[tag], prediction.probability(tag)
        value = f"{prediction.level(tag) or '':6}  " if probability is not None else ""
        length = _bar(score if probability is None else probability, kind)
        lines.append(
            f"{label(tag):{width}}  {length}  {value}{_number(score, probability)}  {paint(category(kind), DIM)}"
        )
    for name, quantity in scales.items():
        blank = "" if prediction.probabilities is None else " " * 8
        lines.append(f"{label(name):{width}}  {_bar(quantity, SCALE)}  {blank}{quantity:.2f}  {paint(SCALE, DIM)}")
    return "\n".join(lines)


def heat_map(prediction: Prediction, tags: list[TagScore], columns: int) -> str:
    """Return the taggram: time runs to the right, the height of a block is the probability, or the score."""
    width = _width(tags)
    heights = _HEIGHTS if encodable(_HEIGHTS) else _ASCII_HEIGHTS
    cells = prediction.scores if prediction.segment_probabilities is None else prediction.segment_probabilities
    lines = []
    for tag, score in tags:
        column = cells[:, prediction.vocabulary.names.index(tag)]
        over_time = _columns(column, max(8, columns - width - 10))
        blocks = "".join(heights[round(float(s) * 8)] for s in over_time)
        value = _number(score, prediction.probability(tag))
        lines.append(f"{label(tag):{width}}  {paint(blocks, COLOURS[prediction.vocabulary.tags[tag]])}  {value}")
    begin, end = format_time(prediction.times[0, 0]), format_time(prediction.times[-1, 1])
    axis = begin + end.rjust(max(0, len(over_time) - len(begin)))
    return "\n".join([*lines, f"{'':{width}}  {paint(axis, DIM)}"])


def _number(score: float, probability: float | None) -> str:
    """Return the probability in percent, below 100; for a model without levels, the score."""
    return f"{score:.2f}" if probability is None else f"{min(round(100 * probability), 99):2} %"


def _width(tags: list[TagScore]) -> int:
    return max(len(label(tag)) for tag, _ in tags)


def _bar(score: float, kind: Category) -> str:
    return paint(f"{bar(score):{BAR}}", COLOURS[kind])


def _columns(scores: np.ndarray, width: int) -> np.ndarray:
    """Average scores over time into at most `width` columns; repeat those of short clips."""
    if len(scores) <= width:
        return np.repeat(scores, min(4, width // len(scores)))
    return np.array([part.mean() for part in np.array_split(scores, width)])
