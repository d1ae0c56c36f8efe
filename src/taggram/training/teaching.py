"""What teachers say of the clips of a store: scored once, kept in files, and lined up in time."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, PositiveFloat

from taggram.datasets import PackedStore
from taggram.errors import ModelError, RecipeError
from taggram.models import ModelCard
from taggram.models.directories import ONNX_FILE, find_model, installed_models
from taggram.models.published import PUBLISHED
from taggram.parallel import parallel_map
from taggram.tagging import Tagger
from taggram.training.ensemble import ensemble
from taggram.vocabularies import VocabularyMap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jaxtyping import Float32, Float64, Int64

    from taggram.vocabularies import Vocabulary

FOLDER = "teachers"
CELL = 0.5  # seconds: how finely the scores of segments of different lengths are laid on one another


class Teacher(BaseModel):
    """A trained model from which another one learns.

    Attributes
    ----------
    model
        Its name or folder.
    source
        Where a published model that is not here yet is imported from, a file or a folder; None fetches it.
    weight
        Of its scores in the mean over the teachers that know a tag.
    neighbours
        Whether segments that it finds alike are to be alike to the student, too; see `taggram.training.similarity`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    source: str | None = None
    weight: PositiveFloat = 1.0
    neighbours: bool = False

    def install(self) -> None:
        """Import it if it is a published model that is not here yet."""
        if self.model in PUBLISHED and self.model not in installed_models():
            from taggram.models.importing import import_model

            import_model(self.model, None if self.source is None else Path(self.source))


@dataclass(frozen=True)
class Lesson:
    """What one teacher says of each clip, segment by segment.

    Attributes
    ----------
    scores : (segments, tags) float32
        Probabilities in the teacher's vocabulary, of all clips one after another.
    times : (segments, 2) float64
        Begin and end of each segment in its clip, in seconds.
    counts : (clips,) int64
        How many segments each clip has.
    embeddings : (segments, size) float32
        The layer before the last; size 0 for a teacher without `neighbours`.
    """

    scores: Float32[np.ndarray, "segments tags"]
    times: Float64[np.ndarray, "segments 2"]
    counts: Int64[np.ndarray, " clips"]
    embeddings: Float32[np.ndarray, "segments size"]

    def on_cells(
        self, values: Float32[np.ndarray, "segments size"], cells: Int64[np.ndarray, " clips"]
    ) -> Float32[np.ndarray, "cells size"]:
        """Lay values of the segments on cells of `CELL` seconds.

        A cell has the mean of the segments that overlap it, by how much they do; one behind the last segment has that
        one's values.
        """
        out = np.empty((int(cells.sum()), values.shape[1]), np.float32)
        last, first = np.cumsum(cells), np.cumsum(self.counts) - self.counts
        for clip, n in enumerate(cells.tolist()):
            rows = slice(first[clip], first[clip] + self.counts[clip])
            begins, ends = self.times[rows].T
            at = np.arange(n)[:, None] * CELL
            overlap = np.maximum(np.minimum(ends, at + CELL) - np.maximum(begins, at), 0.0)
            overlap[overlap.sum(axis=1) == 0, -1] = 1.0
            out[last[clip] - n : last[clip]] = overlap / overlap.sum(axis=1, keepdims=True) @ values[rows]
        return out


def teach(
    store: PackedStore,
    clips: Int64[np.ndarray, " clips"],
    teachers: Sequence[Teacher],
    folder: Path,
    *,
    workers: int = 1,
    device: str = "cpu",
    report: Callable[[str], None] = print,
) -> list[Lesson]:
    """Let each teacher score each clip, unless a file in the folder already says what it would say.

    Parameters
    ----------
    store, clips
        What is scored: positions in the store.
    teachers
        Published ones that are not here are imported.
    folder
        Where the scores are kept, a file for each teacher.
    workers
        Processes, each of which has one teacher at a time.
    device
        Where teachers that are networks run: ``"cpu"``, in ONNX Runtime, or a GPU, in torch.
    report
        Gets a line whenever a teacher is done.

    Returns
    -------
    list of Lesson
        In the order of the teachers.

    Raises
    ------
    ModelError
        If a teacher is not here and cannot be imported.
    """
    for teacher in teachers:
        teacher.install()
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{Path(teacher.model).name}.npz" for teacher in teachers]
    keys = [_key(teacher, store, clips) for teacher in teachers]
    todo = [i for i, file in enumerate(files) if not _holds(file, keys[i])]
    score = partial(_score, store, clips, device)
    jobs = [(teachers[i], files[i], keys[i]) for i in todo]
    names = parallel_map(score, jobs, workers=workers, on_crash=_raise_crash, ordered=False)
    for count, name in enumerate(names, 1):
        report(f"{name} has scored {len(clips)} clips ({count} of {len(jobs)})")
    return [_read(file) for file in files]


def _key(teacher: Teacher, store: PackedStore, clips: Int64[np.ndarray, " clips"]) -> str:
    """Return what the scores of a teacher depend on."""
    card = ModelCard.read(find_model(teacher.model))
    heard = [(store.clips[i].id, store.clips[i].hash) for i in clips.tolist()]
    return json.dumps(
        [card.files.get(ONNX_FILE, card.name), store.sample_rate, heard, *["embeddings"] * teacher.neighbours]
    )


def _holds(file: Path, key: str) -> bool:
    if not file.is_file():
        return False
    with np.load(file) as data:
        return bool(data["key"] == key)


_Job = tuple[Teacher, Path, str]  # a teacher, the file for its scores, and what they depend on


def _raise_crash(job: _Job, reason: str) -> str:
    raise ModelError(f"{job[0].model} did not score the clips, because {reason}: run the same command again")


def _score(store: PackedStore, clips: Int64[np.ndarray, " clips"], device: str, job: _Job) -> str:
    """Score the clips with one teacher, and return its name."""
    teacher, file, key = job
    tagger = Tagger(teacher.model, backend="onnx" if device == "cpu" else "torch", device=device)
    size = tagger.card.embedding_size if teacher.neighbours else 0
    said = [tagger.tag(store.read(i), sample_rate=store.sample_rate) for i in clips.tolist()]
    scratch = file.with_name(f".{file.name}.part")
    with scratch.open("wb") as stream:
        np.savez(
            stream,
            scores=np.concatenate([prediction.scores for prediction in said]),
            times=np.concatenate([prediction.times for prediction in said]),
            counts=np.array([len(prediction.scores) for prediction in said], np.int64),
            embeddings=np.concatenate([prediction.embeddings[:, :size] for prediction in said]),
            key=key,
        )
    os.replace(scratch, file)
    return teacher.model


def _read(file: Path) -> Lesson:
    with np.load(file) as data:
        return Lesson(data["scores"], data["times"], data["counts"], data["embeddings"])


def together(
    lessons: Sequence[Lesson], teachers: Sequence[Teacher], vocabulary: Vocabulary, cells: Int64[np.ndarray, " clips"]
) -> Float32[np.ndarray, "cells tags"]:
    """Join what all teachers say in one vocabulary: their weighted mean in each cell.

    Raises
    ------
    RecipeError
        If no teacher knows a tag.
    """
    heard = []
    for lesson, teacher in zip(lessons, teachers, strict=True):
        there = VocabularyMap.between(ModelCard.read(find_model(teacher.model)).vocabulary.name, vocabulary.name)
        heard.append(there.scores(lesson.on_cells(lesson.scores, cells)))
    joined: np.ndarray = ensemble(np.stack(heard), [teacher.weight for teacher in teachers]).astype(np.float32)
    unknown = [tag for tag, column in zip(vocabulary.names, joined.T, strict=True) if np.isnan(column[0])]
    if unknown:
        raise RecipeError(f"teachers: none of them knows {', '.join(unknown)}; add one, or leave the tags out")
    return joined
