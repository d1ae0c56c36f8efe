"""The sources of a recipe: which clips are packed into its store."""

from __future__ import annotations

from pathlib import Path

from taggram.datasets import ClipIndex, join, list_folder, list_table
from taggram.deform import Chain
from taggram.errors import DatasetError
from taggram.training.augmentation.variants import add_variants
from taggram.training.recipe import Recipe
from taggram.training.recipe.sections import Source

VARIANTS_SPLIT = "train"
TEST = "test"


def list_sources(recipe: Recipe, sample_rate: int, workers: int = 1) -> ClipIndex:
    """List the clips of all sources, and write and list their variants.

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
        If a source cannot be read, or if its test clips would get into a split that training reads.
    """
    clips = join({source.name: _list_source(source) for source in recipe.data.sources})
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
