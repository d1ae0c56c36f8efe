"""Plot of a prediction: the spectrogram, and the taggram below it."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from taggram._files import atomic_file
from taggram._text import printable
from taggram.audio import AudioStream
from taggram.errors import MissingExtraError, ModelError, TaggramError
from taggram.features import FrontEnd
from taggram.features.mel import mel_filters
from taggram.models.card import LEVELS
from taggram.tagging.prediction import Prediction, TagScore
from taggram.vocabularies import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PICTURE = FrontEnd(sample_rate=16000, n_fft=1024, hop=512, n_mels=128, mel_scale="slaney")
_COLUMNS = 1200  # of the spectrogram, at most
_RANGE = 70.0  # decibels, of the colour scale


def require_matplotlib() -> None:
    """Raise `MissingExtraError` if matplotlib is not installed; to be called before long work."""
    if find_spec("matplotlib") is None:
        raise MissingExtraError("a plot", "plot")


def plot_taggram(prediction: Prediction, file: Path, tags: Sequence[TagScore] | None = None) -> None:
    """Plot the spectrogram of a file with its taggram below it.

    The colour of a tag in a segment is the probability that the tag is right; for a model without levels, the score.

    Parameters
    ----------
    prediction
        Prediction of a file, whose audio is read again for the spectrogram.
    file
        The picture; its suffix selects PNG or SVG.
    tags
        Tags from top to bottom, as `Prediction.top` and `Prediction.tags` return them; None plots the twelve with the
        highest clip scores.

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
    names = [tag for tag, _ in (prediction.top(12) if tags is None else tags)]
    height = max(1.0, 0.25 * len(names))  # inches
    figure = Figure(figsize=(11, 3.5 + height), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, height])
    _draw_spectrogram(above, prediction)
    if names:
        _draw_taggram(below, prediction, names)
    else:
        below.set_yticks([])
        below.text(0.5, 0.5, "no tag is above its threshold", transform=below.transAxes, ha="center", va="center")
    figure.suptitle(printable(f"{os.path.basename(prediction.path)}  ·  {prediction.model}"), parse_math=False)
    below.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{int(x) // 60}:{int(x) % 60:02}"))
    below.set_xlabel("time")
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
        extent=(start, start + seconds, 0, _PICTURE.n_mels),
        cmap="magma",
        vmin=decibels.max() - _RANGE,
        interpolation="nearest",
    )
    centres = (mel_filters(_PICTURE) * np.linspace(0, _PICTURE.top, _PICTURE.n_fft // 2 + 1)[:, None]).sum(0)
    centres /= mel_filters(_PICTURE).sum(0)
    marks = [125, 250, 500, 1000, 2000, 4000]
    axes.set_yticks(np.interp(marks, centres, np.arange(_PICTURE.n_mels) + 0.5), [f"{hz:g}" for hz in marks])
    axes.set_ylabel("mel frequency, Hz")


def _spectrogram(path: str, start: float, seconds: float) -> NDArray[np.float64]:
    """Compute the mel power (columns, mels) in decibels, averaged into columns while the file is decoded."""
    n_fft, hop, filters = _PICTURE.n_fft, _PICTURE.hop, mel_filters(_PICTURE)
    window = np.hanning(n_fft + 1)[:-1]
    frames = max(1, int(seconds * _PICTURE.sample_rate) // hop)
    columns = min(_COLUMNS, frames)
    power, count = np.zeros((columns, _PICTURE.n_mels)), np.zeros(columns)
    rest, done = np.zeros(n_fft // 2, np.float32), 0
    with AudioStream(path, _PICTURE.sample_rate, start=start, duration=seconds) as stream:
        for block in stream:
            rest = np.concatenate([rest, block])
            if len(rest) < n_fft:
                continue
            cut = np.lib.stride_tricks.sliding_window_view(rest, n_fft)[::hop]
            mel = np.abs(np.fft.rfft(cut * window)) ** 2 @ filters
            column = np.minimum((done + np.arange(len(mel))) * columns // frames, columns - 1)
            np.add.at(power, column, mel)
            np.add.at(count, column, 1)
            rest, done = rest[len(mel) * hop :], done + len(mel)
    mean = power / np.maximum(count, 1)[:, None]
    decibels: NDArray[np.float64] = 10 * np.log10(np.maximum(mean, 1e-10))
    return decibels


def _draw_taggram(axes: Axes, prediction: Prediction, tags: list[str]) -> None:
    from matplotlib.colors import Normalize, PowerNorm

    rows = [prediction.vocabulary.names.index(tag) for tag in tags]
    # A segment is drawn up to the start of the next one, the last one to its end.
    edges = np.append(prediction.times[:, 0], prediction.times[-1, 1])
    probabilities = prediction.segment_probabilities
    mesh = (prediction.scores if probabilities is None else probabilities)[:, rows].T
    colours = PowerNorm(0.5, vmin=0, vmax=1) if probabilities is None else Normalize(0, 1)  # most scores are low
    image = axes.pcolormesh(edges, np.arange(len(tags) + 1), mesh, cmap="viridis", norm=colours, shading="flat")
    what = "score" if probabilities is None else "probability that\nthe tag is right"
    legend = axes.figure.colorbar(image, ax=axes, label=what, pad=0.01)
    if probabilities is not None:
        marks = {0.0: "0", **{least: f"{least:g}  {level}" for level, least in LEVELS.items()}}
        legend.set_ticks(list(marks), labels=list(marks.values()))
    axes.set_yticks(np.arange(len(tags)) + 0.5, [label(tag) for tag in tags])
    axes.invert_yaxis()
