"""The sources of a recipe: which clips are packed into its store."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from taggram._delimited import read_delimited
from taggram.datasets import ClipIndex, join, list_folder, list_table
from taggram.deform import Chain
from taggram.errors import DatasetError
from taggram.training.augmentation.variants import add_variants
from taggram.training.recipe import Recipe
from taggram.training.recipe.sections import LabelTable, Source

VARIANTS_SPLIT = "train"
TEST = "test"


def list_sources(recipe: Recipe, sample_rate: int, workers: int = 1) -> ClipIndex:
    """List the clips of all sources with their labels, and write and list their variants.

    Parameters
    ----------
    recipe
        A recipe with sources. Variants are written into a folder beside its store.
    sample_rate
        Sample rate of the variants, in Hz.
    workers
        Processes that write variants.

    Raises
    ------
    DatasetError
        If a source or a table of labels cannot be read, if the table has a clip that is in no source, or if test clips
        of a source would get into a split that training reads.
    """
    clips = join({source.name: _list_source(source) for source in recipe.data.sources})
    for table in recipe.data.labels:
        clips = _add_labels(clips, table)
    if not recipe.augment.variants:
        return clips
    folder = Path(f"{recipe.data.store}-variants")
    deformations = [Chain.parse(text) for text in recipe.augment.deform]
    return add_variants(
        clips, VARIANTS_SPLIT, recipe.augment.variants, folder, sample_rate, recipe.seed, workers, deformations
    )


def _list_source(source: Source) -> ClipIndex:
    path = Path(source.path)
    if path.is_dir():
        clips = list_folder(path)
    else:
        clips = list_table(path, id=source.id, labels=source.labels, split=source.split)
    if source.all is None:
        return clips
    if source.all != TEST and (test := sum(clip.split == TEST for clip in clips.clips)):
        raise DatasetError(
            f"{path}: all: {source.all} would train on its {test} test clips: remove them from the table"
        )
    return clips.with_split(source.all)


def _add_labels(clips: ClipIndex, table: LabelTable) -> ClipIndex:
    try:
        rows = read_delimited(Path(table.path), "clip")
    except (OSError, ValueError) as error:
        raise DatasetError(f"{table.path} cannot be read: {error}") from error
    labels: dict[str, list[str]] = {}
    for row in rows:
        names = filter(None, map(str.strip, row.get("labels", "").split(";")))
        labels.setdefault(row["clip"], []).extend(f"{table.name}/{name}" for name in names)
    if unknown := labels.keys() - {clip.id for clip in clips.clips}:
        raise DatasetError(f"{table.path}: {min(unknown)} is no clip of the sources: use their ids in the store")
    return clips.replace(
        dataclasses.replace(clip, labels=tuple(dict.fromkeys((*clip.labels, *labels.get(clip.id, ())))))
        for clip in clips.clips
    )
