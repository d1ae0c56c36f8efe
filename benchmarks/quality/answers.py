"""What a model says of clips, kept in a file, because twelve models take minutes."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.quality.clips import Clips
from taggram import ModelCard, Tagger
from taggram.models.directories import ONNX_FILE, find_model


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model says of each clip: means over its segments.

    Attributes
    ----------
    card
        The model's card.
    scores
        Probabilities in the model's own vocabulary, shape (clips, tags).
    embeddings
        Its layer before the last, shape (clips, size).
    """

    card: ModelCard
    scores: npt.NDArray[np.float32]
    embeddings: npt.NDArray[np.float32]


def answers(model: str, clips: Clips, cache: Path, workers: int) -> Answers:
    """Tag clips, or read what was found before with the same model file and the same clips.

    Raises
    ------
    TaggramError
        If the model is not here, or if a clip cannot be tagged.
    """
    card = ModelCard.read(find_model(model))
    asked = "\n".join([card.files[ONNX_FILE], clips.name, *clips.paths])
    file = cache / f"{card.name}-{clips.name}-{hashlib.sha256(asked.encode()).hexdigest()[:12]}.npz"
    if not file.is_file():
        print(f"tagging {len(clips)} clips of {clips.name} with {card.name}", file=sys.stderr)
        scores, embeddings = [], []
        for tagged in Tagger(model).tag_many([clips.folder / path for path in clips.paths], workers=workers):
            if tagged.error is not None:
                raise tagged.error
            assert tagged.prediction is not None
            scores.append(tagged.prediction.song_scores("mean"))
            embeddings.append(tagged.prediction.embedding)
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_name(f"unfinished-{file.name}")
        np.savez(unfinished, scores=np.stack(scores), embeddings=np.stack(embeddings))
        unfinished.replace(file)
    with np.load(file) as kept:
        return Answers(card, kept["scores"], kept["embeddings"])
