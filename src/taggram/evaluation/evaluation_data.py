"""The clips of a protocol: those to fit on, and apart from them those that are scored."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from taggram.datasets import ClipIndex, ClipInfo, dataset, leaky_by_slice
from taggram.datasets.folder import list_folder
from taggram.datasets.published.mtat import MTAT
from taggram.datasets.split_hash import split_hash
from taggram.errors import DatasetError
from taggram.evaluation.predefined import ProtocolDefinition, find_definition
from taggram.evaluation.protocol import Protocol
from taggram.evaluation.train_overlap import train_overlap
from taggram.vocabularies import Vocabulary

__all__ = ["EvaluationClip", "EvaluationData", "FittingSplit", "hash_clips", "load_folder", "load_protocol"]

TEST = "test"
FittingSplit = Literal["train", "valid"]
SLICE = 3.0  # seconds
SLICE_SHARES = {"train": 0.9, "valid": 0.05, "test": 0.05}  # Yu (2018)
SEED = 0  # of the split by slice


@dataclass(frozen=True)
class EvaluationClip:
    """A clip of a protocol.

    Attributes
    ----------
    id
        Unique in the protocol.
    file
        The audio.
    group
        Artist, or the recording where artists are unknown.
    labels
        Its tags.
    start, duration
        Part of the file, in seconds; None: to its end.
    """

    id: str
    file: Path
    group: str
    labels: frozenset[str]
    start: float = 0.0
    duration: float | None = None


@dataclass(frozen=True)
class EvaluationData:
    """A protocol with its clips.

    Attributes
    ----------
    protocol
        The protocol.
    test
        The clips that are scored. Nothing is fitted on them: what fits gets its clips from `fitting_clips` or
        `fitting_index`.
    warnings
        Doubts about the split, one line each.

    Raises
    ------
    DatasetError
        If there are no clips to score, or if one of them, or its file, is in another split as well.
    """

    protocol: Protocol
    test: tuple[EvaluationClip, ...]
    _fitting: dict[str, tuple[EvaluationClip, ...]]
    _index: ClipIndex
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.test:
            raise DatasetError(
                f"{self.protocol.name}: no clip is in the split {TEST!r}: label the split of the clips, or score all "
                "of them with --all"
            )
        ids = {clip.id for clip in self.test}
        parts = {(clip.file, clip.start) for clip in self.test}
        for split, clips in self._fitting.items():
            for clip in clips:
                if clip.id in ids or (clip.file, clip.start) in parts:
                    raise DatasetError(f"{self.protocol.name}: clip {clip.id} is both in {split} and in {TEST}")

    def fitting_clips(self, split: FittingSplit) -> tuple[EvaluationClip, ...]:
        """Return the clips of a split that models, probes or thresholds may be fitted on.

        Raises
        ------
        DatasetError
            For any other split.
        """
        if split not in get_args(FittingSplit):
            raise DatasetError(f"{self.protocol.name}: only train and valid are for fitting, not {split!r}")
        return self._fitting.get(split, ())

    def fitting_index(self) -> ClipIndex:
        """Return the index of the clips of train and valid, as `taggram.pack` takes it to train a model.

        Raises
        ------
        DatasetError
            If the clips are slices, which cannot be packed.
        """
        if self.protocol.slices:
            raise DatasetError(f"{self.protocol.name}: slices of recordings cannot be packed")
        return self._index

    def sample(self, clips: int, *, seed: int = 0) -> EvaluationData:
        """Return a random sample of the clips to score, in random order, without clips to fit on.

        A larger sample by the same seed contains a smaller one.
        """
        if clips >= len(self.test):
            return self
        order = np.random.default_rng(seed).permutation(len(self.test))[:clips]
        test = tuple(self.test[row] for row in order.tolist())
        name = f"{self.protocol.name}-sample{clips}"
        protocol = self.protocol.replace(name=name, split_hash=hash_clips(test))
        return dataclasses.replace(self, protocol=protocol, test=test, _fitting={})

    def with_deformation(self, deformation: str) -> EvaluationData:
        """Return the same clips, to be deformed before they are tagged; see `Protocol`."""
        return dataclasses.replace(self, protocol=self.protocol.replace(deformation=deformation))

    def without_labels(self, vocabulary: Vocabulary) -> EvaluationData:
        """Return the clips to score without labels, for the tags of a vocabulary."""
        test = tuple(dataclasses.replace(clip, labels=frozenset()) for clip in self.test)
        return dataclasses.replace(
            self, protocol=self.protocol.replace(vocabulary=vocabulary), test=test, _fitting={}, warnings=()
        )

    def truth(self, clips: Iterable[EvaluationClip]) -> NDArray[np.bool_]:
        """Return which clips have which tags of the protocol, shape (clips, tags)."""
        tags = self.protocol.vocabulary.names
        rows = [[tag in clip.labels for tag in tags] for clip in clips]
        return np.array(rows, bool).reshape(-1, len(tags))


def load_protocol(
    data: str,
    folder: Path,
    protocol: str | None = None,
    *,
    all_splits: bool = False,
    without: dict[str, Path] | None = None,
) -> EvaluationData:
    """List the clips of a protocol; no audio is read.

    Parameters
    ----------
    data
        Name of the data set.
    folder
        Its folder as published; of ``"table"``: a table or a folder.
    protocol
        One of its `PROTOCOLS`; None selects the first.
    all_splits
        Score the clips of all splits, for models that were trained on none of them. No clips to fit on are left.
    without
        Data sets whose training recordings are not scored, by name, with their folders.

    Raises
    ------
    DatasetError
        If the data set or protocol is unknown, a file is missing or malformed, or if the splits share a clip.
    """
    definition = find_definition(data, protocol)
    vocabulary, index = _list(definition, folder)
    name, overlap = definition.name, set[str]()
    for other, other_folder in (without or {}).items():
        found = train_overlap(
            [clip.artist for clip in index.clips],
            [clip.title for clip in index.clips],
            dataset(other).index(other_folder),
        )
        overlap |= {clip.id for clip, shared in zip(index.clips, found.tolist(), strict=True) if shared}
        name += f"-without-{other}"
    fitting = {} if all_splits else {split: _clips(index, definition, {split}) for split in get_args(FittingSplit)}
    scored = None if all_splits else {TEST}
    test = tuple(clip for clip in _clips(index, definition, scored) if clip.id not in overlap)
    return EvaluationData(
        Protocol(
            name=f"{name}-all" if all_splits else name,
            dataset=definition.dataset,
            subset=definition.subset,
            split="all" if all_splits else "test",
            split_hash=hash_clips(test),
            vocabulary=vocabulary,
            placement=definition.placement,
            segments=definition.segments,
            slices=definition.slices,
            aggregation=definition.aggregation,
            leaky=definition.leaky,
        ),
        test,
        fitting,
        index.replace(clip for clip in index.clips if clip.split in fitting),
        (*index.warnings, *_shared_groups(definition, fitting, test)),
    )


def load_folder(folder: Path) -> EvaluationData:
    """List the audio files of a folder as clips without labels, for all tags of taggram.

    Parameters
    ----------
    folder
        Is searched recursively.

    Raises
    ------
    DatasetError
        If the folder cannot be read, or has no audio files.
    """
    index = list_folder(folder)  # names such as 01.mp3 are in many folders, so sizes are part of the hash of the ids
    test = tuple(EvaluationClip(clip.id, index.file(clip), clip.id, frozenset()) for clip in index.clips)
    protocol = Protocol(
        name=re.sub(r"[^\w-]+", "-", f"folder-{folder.resolve().name}"),
        dataset="folder",
        subset="own",
        split="all",
        split_hash=hash_clips(dataclasses.replace(clip, id=f"{clip.id}\t{_size(clip.file)}") for clip in test),
        vocabulary=Vocabulary.from_names("taggram"),
    )
    return EvaluationData(protocol, test, {}, index)


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def hash_clips(clips: Iterable[EvaluationClip], split: str = TEST) -> str:
    """Return the hash of the ids of clips as those of a split; see `taggram.datasets.split_hash`."""
    return split_hash(ClipIndex(Path(), tuple(ClipInfo(clip.id, "", split) for clip in clips)))


def _list(definition: ProtocolDefinition, folder: Path) -> tuple[Vocabulary, ClipIndex]:
    """Return the tags and the clips, or their slices, with the split of the protocol."""
    source = dataset(definition.dataset)
    if definition.tags is not None and isinstance(source, MTAT):
        return source.with_tags(folder, definition.subset, top=definition.tags)
    vocabulary, index = source.vocabulary(folder, definition.subset), source.index(folder, definition.subset)
    if graded := next((label for clip in index.clips for label in clip.labels if label not in vocabulary.tags), None):
        raise DatasetError(f"{folder}: the label {graded!r} is graded, and only tags without grades are evaluated")
    if definition.slices:
        slices = (
            dataclasses.replace(clip, id=f"{clip.id}/{number}")
            for clip in index.clips
            for number in range(definition.slices)
        )
        index = leaky_by_slice(index.replace(slices), seed=SEED, shares=SLICE_SHARES)
    return vocabulary, index


def _clips(index: ClipIndex, definition: ProtocolDefinition, splits: set[str] | None) -> tuple[EvaluationClip, ...]:
    """Return the clips of some splits; None: of all."""
    clips = []
    for clip in index.clips:
        if splits is None or clip.split in splits:
            recording, _, number = clip.id.rpartition("/") if definition.slices else (clip.id, "", "0")
            clips.append(
                EvaluationClip(
                    clip.id,
                    index.file(clip),
                    clip.group or clip.artist or recording,
                    frozenset(clip.labels),
                    SLICE * int(number) if definition.slices else 0.0,
                    SLICE if definition.slices else None,
                )
            )
    return tuple(clips)


def _shared_groups(
    definition: ProtocolDefinition,
    fitting: dict[str, tuple[EvaluationClip, ...]],
    test: tuple[EvaluationClip, ...],
) -> list[str]:
    """Return a warning if artists are in several splits of a protocol that is not known for it."""
    fitted = {clip.group for clips in fitting.values() for clip in clips}
    shared = sorted(fitted & {clip.group for clip in test})
    if definition.leaky or not shared:
        return []
    return [f"{definition.name}: {len(shared)} artists are in test and in train or valid, such as {shared[0]}"]
