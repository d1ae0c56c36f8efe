"""A recipe and its data, after all checks that need no training."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from taggram.datasets import PackedStore
from taggram.errors import CardError, ModelError, RecipeError
from taggram.features import FrontEnd, RawFrontEnd
from taggram.models import create_model, list_architectures
from taggram.models.architectures.four_layer_cnn import front_end
from taggram.models.card import BASELINES
from taggram.models.heads import Heads
from taggram.models.network import Network
from taggram.training.data import Split, fingerprint, frequent_labels
from taggram.training.loop.initial_weights import initial_card, load_initial_weights
from taggram.training.loop.optimizers import build_optimizer
from taggram.training.normalization import mean_and_std
from taggram.training.recipe import Recipe
from taggram.vocabularies import Vocabulary

TRAIN, VALID = "train", "valid"
BASELINE_RATE = front_end("data").sample_rate


@dataclass(frozen=True)
class Plan:
    """A recipe and its data.

    Attributes
    ----------
    recipe
        The effective recipe: with the tags of the vocabulary, and with mean and standard deviation for
        ``normalize: data``.
    store
        The clips.
    vocabulary
        The tags.
    train, valid
        The two splits that training uses; the test split is not read.
    fingerprint
        Fingerprint of the store.
    """

    recipe: Recipe
    store: PackedStore
    vocabulary: Vocabulary
    train: Split
    valid: Split
    fingerprint: str

    def build_network(self) -> Network:
        """Build the network with its initial weights: random ones from torch's current generator, or a model's."""
        network = create_model(self.recipe.model.architecture, self.vocabulary, **self.recipe.model.options)
        if self.recipe.model.init:
            load_initial_weights(network, self.recipe.model)
        return network

    @property
    def positives(self) -> NDArray[np.float64]:
        """Number of training clips (tags,) with each tag; the sum of the targets, where these are soft."""
        targets = self.train.targets.of_clips(np.arange(len(self.train.clips)))
        positives: NDArray[np.float64] = targets.sum(axis=0, dtype=np.float64)
        return positives

    def count_parameters(self) -> int | None:
        """Count the network's parameters; None for a classical model."""
        if self.recipe.model.architecture in BASELINES:
            return None
        with torch.random.fork_rng(devices=[]):
            return sum(parameter.numel() for parameter in self.build_network().parameters())

    @property
    def pos_weight(self) -> NDArray[np.float32] | None:
        """Weight (tags,) of the positives of each tag, where negatives have the weight 1; None: all weights are 1."""
        if self.recipe.optim.pos_weight is None:
            return None
        clips = len(self.train.clips)
        weight: NDArray[np.float64] = np.maximum(clips - self.positives, 1) / np.maximum(self.positives, 1)
        return weight.astype(np.float32)


def required_sample_rate(recipe: Recipe, source: str = "recipe") -> int:
    """Return the sample rate that the recipe's architecture takes, in Hz.

    Parameters
    ----------
    recipe
        The recipe.
    source
        Its name in error messages.

    Raises
    ------
    RecipeError
        If the architecture is unknown or does not take the options.
    """
    _check_architecture(recipe, source)
    if recipe.model.architecture in BASELINES:
        return BASELINE_RATE
    # The rate depends neither on the tags nor on the heads, whose tags would have to be in the vocabulary.
    recipe = _with_initial_options(recipe, source)
    options = {key: value for key, value in recipe.model.options.items() if key != "heads"}
    return _build(
        recipe.replace(model={"options": options}), Vocabulary.from_names(["any"]), source
    ).front_end.sample_rate


def make_plan(recipe: Recipe, store: PackedStore, source: str = "recipe") -> Plan:
    """Combine a recipe with its store.

    Parameters
    ----------
    recipe
        The recipe.
    store
        Its packed store.
    source
        Name of the recipe in error messages.

    Raises
    ------
    RecipeError
        If they do not fit: an unknown architecture or option, an empty split, no label, another sample rate.
    """
    _check_architecture(recipe, source)
    recipe = _with_initial_options(recipe, source)
    tags = recipe.data.vocabulary or tuple(frequent_labels(store, TRAIN, recipe.data.min_positives))
    folder = recipe.data.store
    if not tags:
        raise RecipeError(
            f"{source}: data.min_positives: no label has {recipe.data.min_positives} clips in the split {TRAIN!r} of "
            f"{folder}; lower it, or label the clips"
        )
    vocabulary = Vocabulary.from_names(tags)
    if not isinstance(tags, str):
        vocabulary = vocabulary.replace(
            name=recipe.name.partition(".")[2], source=f"labels of {Path(recipe.data.store).name}"
        )
    splits = {name: Split.from_store(store, name, vocabulary.names) for name in (TRAIN, VALID)}
    for name, split in splits.items():
        if len(split.clips) < 2:
            raise RecipeError(
                f"{source}: data.store: {folder} has {len(split.clips)} clips in the split {name!r} and needs 2: "
                "give more clips a split, or pack with --new-split"
            )
    effective = recipe.replace(data={"vocabulary": tags})
    plan = Plan(effective, store, vocabulary, splits[TRAIN], splits[VALID], fingerprint(store))
    if recipe.model.architecture in BASELINES:
        if recipe.model.options.keys() - {"hard"} or recipe.distill.teachers:
            raise RecipeError(
                f"{source}: a {recipe.model.architecture} takes no model.options but hard, and no teachers"
            )
        _check_positives(plan, vocabulary.names, source)
        _check_rate(plan, BASELINE_RATE, source)
        return plan
    network = _build(recipe, vocabulary, source)
    if recipe.model.init:
        try:
            load_initial_weights(network, recipe.model)
        except (CardError, ModelError) as error:
            raise RecipeError(f"{source}: model.init: {error}") from None
    _check_heads(plan, network.heads, source)
    try:
        build_optimizer(recipe.optim.optimizer, network, recipe.optim.layer_decay)
    except ModelError as error:
        raise RecipeError(f"{source}: optim.optimizer.decay: {error}") from None
    bands = network.front_end.n_mels if isinstance(network.front_end, FrontEnd) else 0
    if recipe.augment.freq_mask > bands:
        raise RecipeError(f"{source}: augment.freq_mask: must be below {bands}, the number of mel bands")
    if isinstance(network.front_end, RawFrontEnd) and (
        recipe.augment.rotation or recipe.augment.shift or recipe.augment.flip
    ):
        architecture = recipe.model.architecture
        raise RecipeError(f"{source}: augment: rotation, shift and flip need a spectrogram; {architecture} has none")
    _check_rate(plan, network.front_end.sample_rate, source)
    return _normalize(plan, network)


def _check_architecture(recipe: Recipe, source: str) -> None:
    if recipe.model.architecture not in (names := [*list_architectures(), *BASELINES]):
        raise RecipeError(f"{source}: model.architecture: must be one of {', '.join(names)}")


def _with_initial_options(recipe: Recipe, source: str) -> Recipe:
    """Fill in the options, and with its last layer the tags, of the model that the network starts from."""
    if recipe.model.init is None:
        return recipe
    try:
        card = initial_card(recipe.model)
    except (CardError, ModelError) as error:
        raise RecipeError(f"{source}: model.init: {error}") from None
    options = dict(card.options)
    if recipe.model.head == "new":
        options.pop("heads", None)
        return recipe.replace(model={"options": {**options, **recipe.model.options}})
    if recipe.data.vocabulary not in (None, card.vocabulary.names, card.vocabulary.name):
        raise RecipeError(f"{source}: data.vocabulary: must be that of {card.name} with model.head: keep")
    data = {"vocabulary": recipe.data.vocabulary or card.vocabulary.names}
    return recipe.replace(model={"options": {**options, **recipe.model.options}}, data=data)


def _build(recipe: Recipe, vocabulary: Vocabulary, source: str) -> Network:
    """Build the network for its settings, without using the caller's generator."""
    try:
        with torch.random.fork_rng(devices=[]):
            return create_model(recipe.model.architecture, vocabulary, **recipe.model.options)
    except (TypeError, ValueError, RuntimeError) as error:
        raise RecipeError(f"{source}: model.options: {str(error).splitlines()[0]}") from None


def _check_rate(plan: Plan, rate: int, source: str) -> None:
    if rate != plan.store.sample_rate:
        raise RecipeError(
            f"{source}: data.store: {plan.recipe.data.store} is packed at {plan.store.sample_rate} Hz and "
            f"{plan.recipe.model.architecture} takes {rate} Hz; pack it again at that rate"
        )


def _normalize(plan: Plan, network: Network) -> Plan:
    """Measure mean and standard deviation of the training split, where the front end needs them."""
    front_end, options = network.front_end, plan.recipe.model.options
    if not isinstance(front_end, FrontEnd) or front_end.normalize != "data" or {"mean", "std"} & options.keys():
        return plan
    mean, std = mean_and_std(front_end, plan.store, plan.train, network.segments.samples, plan.recipe.seed)
    recipe = plan.recipe.replace(model={"options": {**options, "mean": mean, "std": std}})
    return dataclasses.replace(plan, recipe=recipe)


def _check_heads(plan: Plan, heads: Heads, source: str) -> None:
    """Check that the losses of the heads fit the targets."""
    if plan.recipe.distill.teachers and heads.kinds != {"sigmoid"}:
        raise RecipeError(f"{source}: model.options: heads: distill.teachers need sigmoid heads")
    if plan.recipe.optim.pos_weight and "sigmoid" not in heads.kinds:
        raise RecipeError(f"{source}: optim.pos_weight: needs a sigmoid head")
    graded = {tag for head in heads.all if head.kind == "regression" for tag in head.tags}
    for clip in np.concatenate([plan.train.clips, plan.valid.clips]).tolist():
        stored = plan.store.clips[clip]
        if missing := graded.difference(label.rpartition("=")[0] for label in stored.labels):
            raise RecipeError(
                f"{source}: model.options: heads: {min(missing)} is a regression target, and clip {stored.id} has no "
                f"value; add a label such as {min(missing)}=0.5"
            )
    if not plan.recipe.distill.teachers:
        for head in heads.all:
            if head.kind != "regression":
                _check_positives(plan, head.tags, source, each=head.kind == "softmax")


def _check_positives(plan: Plan, tags: Sequence[str], source: str, *, each: bool = False) -> None:
    """Check that training clips have some of the tags, or each of those that a clip has one of."""
    counts = dict(zip(plan.vocabulary.names, plan.positives, strict=True))
    missing = [tag for tag in tags if not counts[tag]]
    if missing and (each or len(missing) == len(tags)):
        raise RecipeError(
            f"{source}: data.vocabulary: no clip in the split {TRAIN!r} of {plan.recipe.data.store} has "
            f"{', '.join(missing)}; taggram data show lists its labels as they are written there"
        )
