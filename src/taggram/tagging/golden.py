"""What a model answered when it was made, kept beside it, so that one can see whether it still does."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from taggram.errors import CardError
from taggram.models import ModelCard
from taggram.tagging.tagger import Tagger

if TYPE_CHECKING:
    from jaxtyping import Float32

FILE_NAME = "golden.json"
TOLERANCE, QUANTISED = 1e-4, 5e-3  # the latter for models that compute with 8-bit integers


def signals(samples: int, sample_rate: int) -> Float32[np.ndarray, "4 samples"]:
    """Make sounds that are the same everywhere: a rising tone, noise, a beaten chord, and all of them together.

    Parameters
    ----------
    samples
        Length of each.
    sample_rate
        In Hz.
    """
    time = np.arange(samples) / sample_rate
    span = samples / sample_rate
    chirp = np.sin(2 * np.pi * (55 + 0.5 * (sample_rate / 4) * time / span) * time)
    noise = 2 * np.random.default_rng(0).random(samples) - 1
    chord = sum(np.sin(2 * np.pi * 220 * ratio * time) / ratio for ratio in (1, 1.25, 1.5, 2, 3))
    beaten = chord * np.exp(-6 * (time % 0.5))
    return np.stack([0.5 * chirp, 0.25 * noise, 0.2 * beaten, 0.2 * (chirp + noise) + 0.1 * beaten]).astype(np.float32)


def write_golden(folder: str | os.PathLike[str]) -> Path:
    """Write what a model answers to the test signals beside it.

    Parameters
    ----------
    folder
        The model's folder.

    Returns
    -------
    Path
        The file: JSON, from tag to its score for each signal.
    """
    file = Path(folder) / FILE_NAME
    lines = (f"  {json.dumps(tag)}: {json.dumps(scores)}" for tag, scores in _answers(folder).items())
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return file


def check_golden(folder: str | os.PathLike[str]) -> None:
    """Check that a model answers the test signals as it did when it was made.

    Raises
    ------
    CardError
        If a score differs by more than 0.0001, or by 0.005 where the card says that the model is quantised, other tags
        are answered, or there is no such file.
    """
    file = Path(folder) / FILE_NAME
    if not file.is_file():
        raise CardError(f"{file}: missing; write_golden makes it")
    expected, found = json.loads(file.read_bytes()), _answers(folder)
    if list(expected) != list(found):
        raise CardError(f"{file}: is for other tags than the model's")
    off = {tag: float(np.abs(np.subtract(expected[tag], scores)).max()) for tag, scores in found.items()}
    worst = max(off, key=lambda tag: off[tag])
    if not off[worst] <= (QUANTISED if ModelCard.read(Path(folder)).quantised else TOLERANCE):
        raise CardError(f"{file}: the score of {worst!r} differs by {off[worst]:.2g} from what the model once answered")


def _answers(folder: str | os.PathLike[str]) -> dict[str, list[float]]:
    tagger = Tagger(folder)
    scores = tagger.score_segments(signals(tagger.card.segments.samples, tagger.card.sample_rate))
    return dict(zip(tagger.card.vocabulary.names, scores.T.astype(float).round(6).tolist(), strict=True))
