"""Plot of a prediction: the spectrogram, and the taggram below it."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from taggram._files import atomic_file
from taggram._text import printable
from taggram.audio import AudioStream
from taggram.errors import MissingExtraError, ModelError, TaggramError
from taggram.features.picture import PICTURE, MelPower, mel_height
from taggram.tagging.prediction import Prediction, TagScore
from taggram.vocabularies import Category, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 1200  # of the spectrogram, at most
_RANGE = 70.0  # decibels, of the colour scale
_GAP = 0.4  # rows between categories
_FAINT = 0.3  # of the shade, where a score is below the threshold of its tag
# Okabe and Ito (Color Universal Design, 2008), told apart by colour-blind readers; yellow and sky blue are darkened.
_COLOURS: dict[Category, str] = {
    "genre": "#0072b2",
    "instrument": "#d55e00",
    "voice": "#009e73",
    "mood": "#b5558d",
    "tempo": "#2b83b5",
    "era": "#8a6d00",
    "other": "#555555",
    "scale": "#333333",
}


def require_matplotlib() -> None:
    """Raise `MissingExtraError` if matplotlib is not installed; to be called before long work."""
    if find_spec("matplotlib") is None:
        raise MissingExtraError("a plot", "plot")


def plot_taggram(prediction: Prediction, file: Path, tags: Sequence[TagScore] | None = None) -> None:
    """Plot the spectrogram of a file with its taggram below it.

    The tags are grouped by category. The shade of a tag in a segment is the probability that the tag is right; for a
    model without levels, the score. Where the score is below the threshold of the tag, it is pale. The level of the tag
    in the whole clip stands beside it.

    Parameters
    ----------
    prediction
        Prediction of a file, whose audio is read again for the spectrogram.
    file
        The picture; its suffix selects PNG or SVG.
    tags
        Tags from top to bottom, as `Prediction.top` and `Prediction.tags` return them; None plots the first
        twelve of `Prediction.top`.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    ModelError
        If the prediction is of an array.
    AudioError
        If the file cannot be read any more.
    TaggramError
        If the picture cannot be written.
    """
    require_matplotlib()
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    if prediction.path is None:
        raise ModelError("a plot needs a prediction of a file")
    groups = _by_category(prediction, [tag for tag, _ in (prediction.top(12) if tags is None else tags)])
    rows = sum(len(names) + _GAP for names in groups.values()) or 2
    figure = Figure(figsize=(10, 2.9 + 0.3 * rows), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[1.8, 0.3 * rows])
    _draw_spectrogram(above, prediction)
    _draw_taggram(below, prediction, groups)
    figure.suptitle(_title(prediction), x=0.01, ha="left", fontsize=15, fontweight="bold", parse_math=False)
    figure.supxlabel(_key(prediction), x=0.01, ha="left", fontsize=10, color="0.35")
    below.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{int(x) // 60}:{int(x) % 60:02}"))
    for axes in (above, below):
        axes.tick_params(length=0, labelsize=12)
        axes.spines[:].set_visible(False)
    picture = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # of a script that no installed font has: a box is drawn for it
        figure.savefig(picture, format=file.suffix[1:].lower() or None, dpi=150)
    try:
        with atomic_file(file) as scratch:
            scratch.write_bytes(picture.getbuffer())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TaggramError(f"the picture {file} cannot be written ({reason}): choose another place") from error


def _draw_spectrogram(axes: Axes, prediction: Prediction) -> None:
    start, seconds = float(prediction.times[0, 0]), prediction.duration
    decibels = _spectrogram(prediction.path or "", start, seconds)
    axes.imshow(
        decibels.T,
        origin="lower",
        aspect="auto",
        extent=(start, start + seconds, 0, 1),
        cmap="Greys",
        vmin=decibels.max() - _RANGE,
        interpolation="nearest",
    )
    marks = {250: "250 Hz", 1000: "1 kHz", 4000: "4 kHz"}
    axes.set_yticks(mel_height(list(marks)), list(marks.values()))


def _spectrogram(path: str, start: float, seconds: float) -> NDArray[np.float64]:
    """Compute the mel power (columns, mels) in decibels, averaged into columns while the file is decoded."""
    frames = max(1, int(seconds * PICTURE.sample_rate) // PICTURE.hop)
    columns = min(_COLUMNS, frames)
    power, count = np.zeros((columns, PICTURE.n_mels)), np.zeros(columns)
    mel_power, done = MelPower(), 0
    with AudioStream(path, PICTURE.sample_rate, start=start, duration=seconds) as stream:
        for block in stream:
            mel = mel_power(block)
            column = np.minimum((done + np.arange(len(mel))) * columns // frames, columns - 1)
            np.add.at(power, column, mel)
            np.add.at(count, column, 1)
            done += len(mel)
    mean = power / np.maximum(count, 1)[:, None]
    decibels: NDArray[np.float64] = 10 * np.log10(np.maximum(mean, 1e-10))
    return decibels


def _by_category(prediction: Prediction, tags: Sequence[str]) -> dict[Category, list[str]]:
    """Return the tags of each category, in their order; genres come first, in every picture."""
    kinds = prediction.vocabulary.tags
    groups = {kind: [tag for tag in tags if kinds[tag] == kind] for kind in _COLOURS}
    return {kind: names for kind, names in groups.items() if names}


def _title(prediction: Prediction) -> str:
    title, artist = (prediction.metadata.get(key, "").strip() for key in ("title", "artist"))
    name = title or os.path.basename(prediction.path or "")
    return printable(f"{name}  ·  {artist}" if artist else name)


def _key(prediction: Prediction) -> str:
    shade = "score" if prediction.segment_probabilities is None else "probability that the tag is right"
    pale = "; pale: below the threshold of the tag" if prediction.thresholds else ""
    return printable(f"{prediction.model}.  Shade: {shade}{pale}")


def _draw_taggram(axes: Axes, prediction: Prediction, groups: Mapping[Category, Sequence[str]]) -> None:
    # A segment is drawn up to the start of the next one, the last one to the end of the audio.
    start = float(prediction.times[0, 0])
    edges = np.append(prediction.times[:, 0], max(start + prediction.duration, prediction.times[-1, 1]))
    probabilities = prediction.segment_probabilities
    shades = np.sqrt(prediction.scores) if probabilities is None else probabilities  # most scores are low
    limits = prediction.thresholds.get("balanced", {})
    row, marks, words = 0.0, {}, {}
    for category, names in groups.items():
        for tag in names:
            column = prediction.vocabulary.names.index(tag)
            faint = np.where(prediction.scores[:, column] >= limits.get(tag, 0.0), 1.0, _FAINT)
            axes.barh(
                np.full(len(edges) - 1, row),
                np.diff(edges),
                height=0.86,
                left=edges[:-1],
                color=[(_COLOURS[category], alpha) for alpha in np.clip(shades[:, column] * faint, 0, 1)],
            )
            marks[row], words[row] = label(tag), prediction.level(tag) or f"{prediction[tag]:.2f}"
            row += 1
        axes.text(1.1, row - len(names), category, transform=axes.get_yaxis_transform(), fontsize=12, va="center",
                  color=_COLOURS[category], fontweight="bold")  # fmt: skip
        row += _GAP
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(max(row - _GAP, 1) - 0.4, -0.6)
    axes.set_yticks(list(marks), list(marks.values()))
    beside = axes.secondary_yaxis("right")
    beside.set_yticks(list(words), list(words.values()))
    beside.tick_params(length=0, labelsize=12)
    beside.spines[:].set_visible(False)
    if not groups:
        axes.text(0.5, 0.5, "no tag is above its threshold", transform=axes.transAxes, ha="center", fontsize=12)
