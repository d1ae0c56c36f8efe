"""Golden scores: the scores of test signals, stored beside a model, to verify that it still computes them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taggram.errors import CardError
from taggram.models import ModelCard
from taggram.tagging.tagger import Tagger

FILE_NAME = "golden.json"
TOLERANCE, QUANTIZED = 1e-4, 5e-3  # the latter for models that compute with 8-bit integers


def signals(samples: int, sample_rate: int) -> NDArray[np.float32]:
    """Synthesise test signals that are the same on every machine: a chirp, noise, repeated chords, and their mixture.

    Parameters
    ----------
    samples
        Length of each signal, in samples.
    sample_rate
        In Hz.

    Returns
    -------
    (4, samples) float32
        The signals, within -1 to 1.
    """
    time = np.arange(samples) / sample_rate
    span = samples / sample_rate
    chirp = np.sin(2 * np.pi * (55 + 0.5 * (sample_rate / 4) * time / span) * time)
    noise = 2 * np.random.default_rng(0).random(samples) - 1
    chord = sum(np.sin(2 * np.pi * 220 * ratio * time) / ratio for ratio in (1, 1.25, 1.5, 2, 3))
    chords = chord * np.exp(-6 * (time % 0.5))
    return np.stack([0.5 * chirp, 0.25 * noise, 0.2 * chords, 0.2 * (chirp + noise) + 0.1 * chords]).astype(np.float32)


def write_golden(folder: str | os.PathLike[str]) -> Path:
    """Write the scores of the test signals beside a model.

    Parameters
    ----------
    folder
        The model's folder.

    Returns
    -------
    Path
        The file: JSON, from tag to the scores of the signals.
    """
    file = Path(folder) / FILE_NAME
    lines = (f"  {json.dumps(tag)}: {json.dumps(scores)}" for tag, scores in _scores_by_tag(folder).items())
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return file


def check_golden(folder: str | os.PathLike[str]) -> None:
    """Check that a model computes its golden scores.

    Raises
    ------
    CardError
        If a score differs by more than 0.0001, or by 0.005 for a quantized model, if the file has other tags than the
        model, or if it is missing.
    """
    file = Path(folder) / FILE_NAME
    if not file.is_file():
        raise CardError(f"{file}: missing; create it with write_golden")
    expected, scores_by_tag = json.loads(file.read_bytes()), _scores_by_tag(folder)
    if list(expected) != list(scores_by_tag):
        raise CardError(f"{file}: has other tags than the model")
    off = {tag: float(np.abs(np.subtract(expected[tag], scores)).max()) for tag, scores in scores_by_tag.items()}
    worst = max(off, key=lambda tag: off[tag])
    if not off[worst] <= (QUANTIZED if ModelCard.read(Path(folder)).quantized else TOLERANCE):
        raise CardError(f"{file}: the score of {worst!r} differs by {off[worst]:.2g} from the golden one")


def _scores_by_tag(folder: str | os.PathLike[str]) -> dict[str, list[float]]:
    tagger = Tagger(folder)
    scores = tagger.score_segments(signals(tagger.card.segments.samples, tagger.card.sample_rate))
    return dict(zip(tagger.card.vocabulary.names, scores.T.astype(float).round(6).tolist(), strict=True))
