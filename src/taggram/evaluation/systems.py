"""What can be evaluated: models of taggram, and files of scores or embeddings of other programs."""

from __future__ import annotations

import platform
import statistics
import tempfile
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taggram._files import sha256
from taggram._progress import ProgressHook, no_progress
from taggram._system import cpu_count
from taggram.errors import AudioError, MissingExtraError
from taggram.evaluation.evaluation_data import EvaluationClip
from taggram.evaluation.evaluation_result import EvaluationCost, Origin
from taggram.evaluation.predictions import predict_clips
from taggram.evaluation.protocol import Protocol
from taggram.evaluation.score_files import ClipTable, read_embeddings, read_scores
from taggram.models import ModelCard
from taggram.models.card import FILE_NAME as CARD_FILE
from taggram.models.directories import model_dir
from taggram.tagging import Tagger
from taggram.tagging.cache import PredictionCache, PredictionKey
from taggram.vocabularies import Vocabulary

__all__ = ["EmbeddingsFile", "ScoresFile", "System", "SystemOutputs", "TaggerSystem", "open_model"]

CHECKPOINT = "checkpoint.pt"
TIMED_CLIPS = 5


@dataclass(frozen=True, eq=False)
class SystemOutputs:
    """What a system predicts for some clips.

    Attributes
    ----------
    scores : (clips, tags) float32
        In the system's own vocabulary; None if it has no scores. NaN for a missing clip.
    embeddings : (clips, size) float32
        None if it has none. NaN for a missing clip.
    missing
        Why a clip has neither, by its position.
    """

    scores: NDArray[np.float32] | None
    embeddings: NDArray[np.float32] | None
    missing: Mapping[int, str] = field(default_factory=dict)


class System(ABC):
    """Something that scores or embeds clips.

    Attributes
    ----------
    name, hash, trained_on, origin
        As of `EvaluationInfo`.
    vocabulary
        Its tags; None if it has no scores.
    has_embeddings
        Whether it has embeddings.
    """

    name: str
    hash: str
    trained_on: str = ""
    origin: Origin
    vocabulary: Vocabulary | None
    has_embeddings: bool

    @abstractmethod
    def outputs(self, clips: Sequence[EvaluationClip], title: str) -> SystemOutputs:
        """Return what it predicts for clips."""

    def cost(self, clips: Sequence[EvaluationClip]) -> EvaluationCost:  # noqa: ARG002 - of subclasses
        """Return its cost, measured on a few clips."""
        return EvaluationCost()


class TaggerSystem(System):
    """A model of taggram, under a protocol.

    Parameters
    ----------
    model
        Name or folder of the model.
    protocol
        Decides on the segments and their aggregation.
    cache
        Where predictions are kept.
    hash_
        What identifies the model; empty: its file.
    workers, device, progress
        Of the tagging.

    Attributes
    ----------
    tagger
        The model.

    Raises
    ------
    ModelError, CardError
        If the model is not installed or not usable.
    """

    origin = "model"
    has_embeddings = True

    def __init__(
        self,
        model: str,
        protocol: Protocol,
        cache: PredictionCache,
        *,
        hash_: str = "",
        workers: int = 1,
        device: str = "cpu",
        progress: ProgressHook = no_progress,
    ) -> None:
        self.tagger = Tagger(model, segmentation=protocol.segmentation, device=device)
        self._protocol, self._cache, self._progress = protocol, cache, progress
        self._workers, self._device = workers, device
        card = self.tagger.card
        self.name, self.trained_on, self.vocabulary = card.name, card.trained_on, card.vocabulary
        self.hash = hash_ or PredictionKey.from_tagger(self.tagger, "").model

    def outputs(self, clips: Sequence[EvaluationClip], title: str) -> SystemOutputs:
        """Tag clips; see `System`."""
        card = self.tagger.card
        scores = np.full((len(clips), len(card.vocabulary)), np.nan, np.float32)
        embeddings = np.full((len(clips), card.embedding_size), np.nan, np.float32)
        missing: dict[int, str] = {}
        parts = defaultdict(list)
        for row, clip in enumerate(clips):
            parts[clip.start, clip.duration].append(row)
        for (start, duration), rows in parts.items():
            predictions = predict_clips(
                self.tagger,
                [clips[row].file for row in rows],
                self._cache,
                aggregation=self._protocol.aggregation,
                start=start,
                duration=duration,
                workers=self._workers,
                title=title,
                progress=self._progress,
            )
            scores[rows], embeddings[rows] = predictions.scores, predictions.embeddings
            missing |= {rows[i]: str(error) for i, error in predictions.errors.items()}
        return SystemOutputs(scores, embeddings, missing)

    def cost(self, clips: Sequence[EvaluationClip]) -> EvaluationCost:
        """Count parameters and operations, and measure the time; see `System`."""
        parameters, macs = _network_cost(self.tagger.card)
        return EvaluationCost(
            parameters=parameters,
            macs_per_second=macs,
            seconds_per_minute=self._seconds_per_minute(clips),
            device=self._device,
            machine=f"{platform.machine()}, {platform.system()}, {cpu_count()} cores",
        )

    def _seconds_per_minute(self, clips: Sequence[EvaluationClip]) -> float | None:
        times = []
        for clip in clips[: 1 + TIMED_CLIPS]:
            began = time.perf_counter()
            try:
                prediction = self.tagger.tag(clip.file, start=clip.start, duration=clip.duration)
            except AudioError:
                continue
            times.append((time.perf_counter() - began) * 60 / prediction.duration)
        return statistics.median(times[1:] or times) if times else None  # the first one warms up


class _TableSystem(System):
    """A file of numbers for clips."""

    def __init__(self, file: Path, table: ClipTable) -> None:
        self.name, self.hash = file.stem, sha256(file)
        self._file, self._table = file, table

    def _rows(self, clips: Sequence[EvaluationClip]) -> tuple[NDArray[np.float32], dict[int, str]]:
        row_of = {clip: row for row, clip in enumerate(self._table.clips)}
        values = np.full((len(clips), len(self._table.columns)), np.nan, np.float32)
        rows = [row_of.get(clip.id, -1) for clip in clips]
        present = [i for i, row in enumerate(rows) if row >= 0]
        values[present] = self._table.values[[rows[i] for i in present]]
        return values, {i: f"{self._file} does not have it" for i, row in enumerate(rows) if row < 0}


class ScoresFile(_TableSystem):
    """Scores that another program computed.

    Parameters
    ----------
    file
        As for `read_scores`.
    """

    origin = "scores"
    has_embeddings = False

    def __init__(self, file: Path) -> None:
        super().__init__(file, read_scores(file))
        self.vocabulary = Vocabulary.from_names(self._table.columns)

    def outputs(self, clips: Sequence[EvaluationClip], title: str) -> SystemOutputs:  # noqa: ARG002 - nothing is tagged
        """Return the scores of clips; see `System`."""
        scores, missing = self._rows(clips)
        return SystemOutputs(scores, None, missing)


class EmbeddingsFile(_TableSystem):
    """Embeddings that another program computed.

    Parameters
    ----------
    file
        As for `read_embeddings`.
    """

    origin = "embeddings"
    vocabulary = None
    has_embeddings = True

    def __init__(self, file: Path) -> None:
        super().__init__(file, read_embeddings(file))

    def outputs(self, clips: Sequence[EvaluationClip], title: str) -> SystemOutputs:  # noqa: ARG002 - nothing is tagged
        """Return the embeddings of clips; see `System`."""
        embeddings, missing = self._rows(clips)
        return SystemOutputs(None, embeddings, missing)


def open_model(
    model: str,
    protocol: Protocol,
    cache: PredictionCache,
    stack: ExitStack,
    *,
    workers: int = 1,
    device: str = "cpu",
    progress: ProgressHook = no_progress,
) -> TaggerSystem:
    """Open an installed model, a folder of a model, or a checkpoint or the folder of a training that has one.

    Parameters
    ----------
    model
        Its name or path.
    stack
        Removes the model that is made of a checkpoint when it closes.
    protocol, cache, workers, device, progress
        See `TaggerSystem`.

    Raises
    ------
    ModelError, CardError, RecipeError
        If the model is not installed or not usable.
    """
    path, hash_ = Path(model), ""
    if path.is_dir() and not (path / CARD_FILE).is_file() and (path / CHECKPOINT).is_file():
        path /= CHECKPOINT
    if path.suffix == ".pt" and path.is_file() and not (model_dir(model) / CARD_FILE).is_file():
        try:
            from taggram.training.export import write_checkpoint
        except ModuleNotFoundError:
            raise MissingExtraError("a checkpoint", "train") from None
        hash_ = sha256(path)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "model"
        write_checkpoint(path, folder)
        model = str(folder)
    return TaggerSystem(model, protocol, cache, hash_=hash_, workers=workers, device=device, progress=progress)


def _network_cost(card: ModelCard) -> tuple[int | None, float | None]:
    """Return parameters and operations per second of audio; None where torch is missing, or for classical models."""
    try:
        from taggram.models.analysis.cost import cost
        from taggram.models.create import create_model
        from taggram.models.registry import load_architectures
    except ModuleNotFoundError:
        return None, None
    if card.architecture not in load_architectures():
        return None, None
    network = cost(create_model(card.architecture, card.vocabulary, **card.options))
    return network.parameters, network.macs_per_second
