"""Clips per tag and split of a copy of a data set."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from taggram.datasets.base import Dataset
from taggram.datasets.graded_labels import tag_of
from taggram.datasets.split_hash import size_mismatch, split_hash, split_sizes
from taggram.vocabularies import Vocabulary

__all__ = ["TagCounts", "count_tags"]


@dataclass(frozen=True)
class TagCounts:
    """Counts of the clips of a copy.

    Attributes
    ----------
    protocol
        Name of the protocol.
    vocabulary
        Its tags.
    splits
        Clips per split.
    tags
        Clips per tag, per split.
    split_hash
        See `taggram.datasets.split_hash`.
    size_mismatch
        Splits whose size differs from the published one; empty if none does.
    """

    protocol: str
    vocabulary: Vocabulary
    splits: Mapping[str, int]
    tags: Mapping[str, Mapping[str, int]]
    split_hash: str
    size_mismatch: str


def count_tags(dataset: Dataset, folder: str | os.PathLike[str], protocol: str | None = None) -> TagCounts:
    """Count the clips and tags of a copy without reading audio.

    Parameters
    ----------
    dataset
        The data set.
    folder
        Folder with the published files.
    protocol
        Name of a protocol; None selects the default.

    Raises
    ------
    DatasetError
        If the protocol does not exist, or a file is missing or is not as published.
    """
    declared, folder = dataset.protocol(protocol), Path(folder)
    index = dataset.index(folder, declared.name)
    sizes = split_sizes(index)
    splits = {split: sizes[split] for split in dict.fromkeys([*declared.sizes, *sizes]) if split in sizes}
    tags = {split: Counter[str]() for split in splits}
    for clip in index.clips:
        tags[clip.split].update(map(tag_of, clip.labels))
    return TagCounts(
        protocol=declared.name,
        vocabulary=dataset.vocabulary(folder, declared.name),
        splits=splits,
        tags=tags,
        split_hash=split_hash(index),
        size_mismatch=size_mismatch(index, declared),
    )
