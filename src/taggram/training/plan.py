"""A recipe brought together with its store: everything that is checked before the first step."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from taggram.errors import RecipeError
from taggram.features import FrontEnd
from taggram.models import create_model, list_architectures
from taggram.models.architectures.four_layer_cnn import front_end
from taggram.models.card import BASELINES
from taggram.training.data import Split, Store, fingerprint, frequent_labels
from taggram.training.normalisation import mean_and_std
from taggram.vocabularies import Vocabulary

if TYPE_CHECKING:
    from jaxtyping import Float32

    from taggram.models.heads import Heads
    from taggram.models.network import Network
    from taggram.training.recipe import Recipe

TRAIN, VALID = "train", "valid"


@dataclass(frozen=True)
class Plan:
    """What is going to happen.

    Attributes
    ----------
    recipe
        With the vocabulary that it comes down to, and with what was measured for ``normalise: data``.
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

    @property
    def positive(self) -> Float32[np.ndarray, " tags"] | None:
        """What a positive of each tag weighs where a negative weighs 1; None where both weigh the same."""
        if not self.recipe.balance:
            return None
        clips = len(self.train.clips)
        positives = self.train.targets.of_clips(np.arange(clips)).sum(axis=0, dtype=np.float64)
        weight: np.ndarray = np.maximum(clips - positives, 1) / np.maximum(positives, 1)
        return weight.astype(np.float32)


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
    if recipe.architecture not in (known := [*list_architectures(), *BASELINES]):
        raise RecipeError(f"{source}: architecture: must be one of {', '.join(known)}")
    tags = recipe.vocabulary or tuple(frequent_labels(store, TRAIN, recipe.min_positives))
    if not tags:
        raise RecipeError(
            f"{source}: min_positives: no label has {recipe.min_positives} clips in the split {TRAIN!r} of "
            f"{recipe.store}; lower it, or label the clips"
        )
    vocabulary = Vocabulary.from_names(tags)
    if not isinstance(tags, str):
        own = {"name": recipe.name.partition(".")[2], "source": f"labels of {Path(recipe.store).name}"}
        vocabulary = vocabulary.replace(**own)
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
    if not recipe.teachers and not made.train.targets.of_clips(np.arange(len(made.train.clips))).any():
        raise RecipeError(
            f"{source}: vocabulary: no clip in the split {TRAIN!r} of {recipe.store} has any of these tags"
        )
    if recipe.architecture in BASELINES:
        if recipe.options or recipe.teachers:
            raise RecipeError(f"{source}: a {recipe.architecture} takes neither options nor teachers")
        _check_rate(made, front_end("data").sample_rate, source)
        return made
    try:
        with torch.random.fork_rng(
            devices=[]
        ):  # its weights are not used, and draw nothing from the caller's generator
            network = made.network()
    except (TypeError, ValueError, RuntimeError) as error:
        raise RecipeError(f"{source}: options: {str(error).splitlines()[0]}") from None
    _check_heads(made, network.heads, source)
    if recipe.mask > (bands := network.front_end.n_mels if isinstance(network.front_end, FrontEnd) else 0):
        raise RecipeError(f"{source}: mask: there are {bands} mel bands; silence fewer than that")
    _check_rate(made, network.front_end.sample_rate, source)
    return _normalised(made, network)


def _check_rate(plan: Plan, rate: int, source: str) -> None:
    if rate != plan.store.sample_rate:
        raise RecipeError(
            f"{source}: store: {plan.recipe.store} is packed at {plan.store.sample_rate} Hz and "
            f"{plan.recipe.architecture} takes {rate} Hz; pack it again at that rate"
        )


def _normalised(plan: Plan, network: Network) -> Plan:
    """Measure mean and standard deviation of the training split, for a front end that needs them and has none."""
    front_end, recipe = network.front_end, plan.recipe
    if not isinstance(front_end, FrontEnd) or front_end.normalise != "data" or {"mean", "std"} & recipe.options.keys():
        return plan
    mean, std = mean_and_std(front_end, plan.store, plan.train, network.segments.samples, recipe.seed)
    options = {**recipe.options, "mean": mean, "std": std}
    return dataclasses.replace(plan, recipe=recipe.model_copy(update={"options": options}))


def _check_heads(plan: Plan, heads: Heads, source: str) -> None:
    """Find losses that what is to be learned does not fit."""
    if plan.recipe.teachers and heads.kinds != {"sigmoid"}:
        raise RecipeError(f"{source}: options: heads: teachers are learned by sigmoids only")
    if plan.recipe.balance and "sigmoid" not in heads.kinds:
        raise RecipeError(f"{source}: balance: there is no head of sigmoids whose positives could weigh more")
    quantities = {tag for head in heads.all if head.kind == "regression" for tag in head.tags}
    for clip in np.concatenate([plan.train.clips, plan.valid.clips]).tolist():
        known = plan.store.clips[clip]
        if missing := quantities.difference(label.rpartition("=")[0] for label in known.labels):
            raise RecipeError(
                f"{source}: options: heads: {min(missing)} is a quantity, and clip {known.id} says nothing of it; "
                f"give it a label such as {min(missing)}=0.5"
            )
