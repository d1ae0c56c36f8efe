"""A recipe brought together with its store: everything that is checked before the first step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from taggram.errors import RecipeError
from taggram.models import Vocabulary, create_model, list_architectures
from taggram.training.data import Split, Store, fingerprint, frequent_labels

if TYPE_CHECKING:
    from taggram.models.network import Network
    from taggram.training.recipe import Recipe

TRAIN, VALID = "train", "valid"


@dataclass(frozen=True)
class Plan:
    """What is going to happen.

    Attributes
    ----------
    recipe
        With the vocabulary that it comes down to.
    store
        What is read.
    vocabulary
        The tags.
    train, valid
        The two splits that training looks at; the test split is not touched.
    fingerprint
        Of the store.
    """

    recipe: Recipe
    store: Store
    vocabulary: Vocabulary
    train: Split
    valid: Split
    fingerprint: str

    def network(self) -> Network:
        """Build the network, with fresh weights from torch's current generator."""
        return create_model(self.recipe.architecture, self.vocabulary, **self.recipe.options)


def plan(recipe: Recipe, store: Store, source: str = "recipe") -> Plan:
    """Bring a recipe together with its store.

    Parameters
    ----------
    recipe
        What is wanted.
    store
        What there is.
    source
        What errors call the recipe.

    Raises
    ------
    RecipeError
        If they do not fit: an unknown architecture or option, an empty split, no label, another sample rate.
    """
    if recipe.architecture not in list_architectures():
        raise RecipeError(f"{source}: architecture: must be one of {', '.join(list_architectures())}")
    tags = recipe.vocabulary or tuple(frequent_labels(store, TRAIN, recipe.min_positives))
    if not tags:
        raise RecipeError(
            f"{source}: min_positives: no label has {recipe.min_positives} clips in the split {TRAIN!r} of "
            f"{recipe.store}; lower it, or label the clips"
        )
    vocabulary = Vocabulary.of(tags)
    if not isinstance(tags, str):
        own = {"name": recipe.name.partition(".")[2], "source": f"labels of {Path(recipe.store).name}"}
        vocabulary = vocabulary.model_copy(update=own)
    splits = {name: Split.of(store, name, vocabulary.names) for name in (TRAIN, VALID)}
    for name, split in splits.items():
        if len(split.clips) < 2:
            raise RecipeError(
                f"{source}: store: {recipe.store} has {len(split.clips)} clips in the split {name!r}; "
                "training needs 2 or more"
            )
    made = Plan(
        recipe.model_copy(update={"vocabulary": tags}),
        store,
        vocabulary,
        splits[TRAIN],
        splits[VALID],
        fingerprint(store),
    )
    if not made.train.targets.any():
        raise RecipeError(
            f"{source}: vocabulary: no clip in the split {TRAIN!r} of {recipe.store} has any of these tags"
        )
    try:
        with torch.random.fork_rng(
            devices=[]
        ):  # its weights are not used, and draw nothing from the caller's generator
            rate = made.network().front_end.sample_rate
    except (TypeError, ValueError, RuntimeError) as error:
        raise RecipeError(f"{source}: options: {str(error).splitlines()[0]}") from None
    if rate != store.sample_rate:
        raise RecipeError(
            f"{source}: store: {recipe.store} is packed at {store.sample_rate} Hz and {recipe.architecture} takes "
            f"{rate} Hz; pack it again at that rate"
        )
    return made
