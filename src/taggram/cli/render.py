"""Predictions as text for a terminal: bars, and tags over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.table import Table
from rich.text import Text

from taggram.models.vocabulary import label

if TYPE_CHECKING:
    from taggram.tagging import Prediction

BAR = 24  # characters for a score of 1
COLOURS = {
    "genre": "magenta",
    "instrument": "cyan",
    "mood": "yellow",
    "voice": "green",
    "era": "blue",
    "tempo": "red",
    "other": "white",
}
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_HEIGHTS = " ▁▂▃▄▅▆▇█"


def clock(seconds: float) -> str:
    """Seconds as people write them.

    Examples
    --------
    >>> clock(75.4), clock(3723)
    ('1:15', '1:02:03')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def bar(score: float) -> str:
    """A bar as long as the score, to an eighth of a character."""
    eighths = round(min(max(score, 0.0), 1.0) * BAR * 8)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def headline(prediction: Prediction) -> Text:
    """File, length and model in one line."""
    return Text(f"{prediction.path}", "bold").append(
        f"  {clock(prediction.duration)}  {prediction.model}", "not bold dim"
    )


def table(prediction: Prediction, n: int) -> Table:
    """The top tags of a clip, a bar each."""
    rows = _grid()
    for tag, score in prediction.top(n):
        category = prediction.vocabulary.tags[tag]
        rows.add_row(label(tag), Text(bar(score), COLOURS[category]), f"{score:.2f}", Text(category, "dim"))
    rows.columns[1].width = BAR
    return rows


def heat_map(prediction: Prediction, n: int, width: int) -> Table:
    """The taggram of the top tags: time runs to the right, the height of a block is the score."""
    rows = _grid()
    top = prediction.top(n)
    room = max(8, width - max(len(label(tag)) for tag, _ in top) - 10)
    for tag, score in top:
        over_time = _columns(prediction.scores[:, prediction.vocabulary.names.index(tag)], room)
        blocks = "".join(_HEIGHTS[round(float(s) * 8)] for s in over_time)
        rows.add_row(label(tag), Text(blocks, COLOURS[prediction.vocabulary.tags[tag]]), f"{score:.2f}")
    begin, end = clock(prediction.times[0, 0]), clock(prediction.times[-1, 1])
    rows.add_row("", Text(begin + end.rjust(max(0, len(over_time) - len(begin))), "dim"), "")
    return rows


def _grid() -> Table:
    rows = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for _ in range(3):
        rows.add_column(no_wrap=True)
    return rows


def _columns(scores: np.ndarray, width: int) -> np.ndarray:
    """Scores over time in at most `width` columns; short clips are drawn wider."""
    if len(scores) <= width:
        return np.repeat(scores, min(4, width // len(scores)))
    return np.array([part.mean() for part in np.array_split(scores, width)])
