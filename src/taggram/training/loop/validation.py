"""Validation: the loss and the metrics of a network on the validation split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor, nn

from taggram._progress import ProgressHook
from taggram.metrics import average_precision, roc_auc
from taggram.models.network import Network
from taggram.training.data import prefetch, validation_batches, validation_steps
from taggram.training.loop.devices import gather
from taggram.training.plan import Plan


@dataclass(frozen=True)
class Validation:
    """The result of a validation.

    Attributes
    ----------
    loss
        See ``optim.validation``; NaN if a score is NaN.
    metrics
        ``roc_auc`` and ``average_precision`` of the clips, the means over the tags that have them; empty where the
        targets are no labels.
    constant_tags
        Tags whose scores are the same for all clips.
    """

    loss: float
    metrics: dict[str, float]
    constant_tags: tuple[str, ...] = ()


@torch.no_grad()
def validate(
    module: nn.Module,
    network: Network,
    plan: Plan,
    fabric: Fabric,
    move: Callable[[NDArray[np.float32]], Tensor],
    progress: ProgressHook,
    title: str,
) -> Validation:
    """Score the validation split, of which each process has a part.

    Parameters
    ----------
    module
        Computes logits from segments; it is put into evaluation mode.
    network
        The network in it.
    plan
        The recipe and its data.
    fabric
        The processes.
    move
        Moves an array to the device.
    progress, title
        Shows the progress, in batches.
    """
    own = plan.valid.clips[fabric.global_rank :: fabric.world_size]
    batches = prefetch(validation_batches(plan.store, own, network.segments, plan.recipe))
    scores: list[NDArray[np.float64]] = []
    module.eval()
    for segments, counts in progress(batches, validation_steps(len(own), plan.recipe), title):
        of_segments = network.scores(module(move(segments))[0].double()).cpu()
        scores += [of_clip.numpy() for of_clip in of_segments.split(counts)]
    of_clips: list[NDArray[np.float64]] = [np.empty(0)] * len(plan.valid.clips)
    for rank, part in enumerate(gather(fabric, scores)):
        of_clips[rank :: fabric.world_size] = part
    return _measure(of_clips, network, plan)


def _measure(of_clips: list[NDArray[np.float64]], network: Network, plan: Plan) -> Validation:
    """Measure scores (segments, tags) of each clip."""
    means = np.stack([of_clip.mean(0) for of_clip in of_clips])
    if np.isnan(means).any():
        return Validation(float("nan"), {})
    targets = plan.valid.targets.of_clips(np.arange(len(means)))
    scores, expected = means, targets
    if plan.recipe.optim.validation == "segment":
        scores, expected = np.concatenate(of_clips), targets.repeat([len(of_clip) for of_clip in of_clips], axis=0)
    tensors = torch.from_numpy(scores), torch.from_numpy(expected).double()
    positive = None if plan.pos_weight is None else torch.from_numpy(plan.pos_weight).double()
    loss = float(network.heads.error(*tensors, positive))
    constant = np.ptp(means, axis=0) < 1e-6
    tags = tuple(np.array(plan.vocabulary.names)[constant]) if len(means) > 1 else ()
    return Validation(loss, _metrics(means, targets, network, plan), tags)


def _metrics(
    scores: NDArray[np.float64], targets: NDArray[np.float32], network: Network, plan: Plan
) -> dict[str, float]:
    """Return the metrics of the tags that have labels."""
    if plan.recipe.distill.teachers:
        return {}
    kinds = {tag: head.kind for head in network.heads.all for tag in head.tags}
    labelled = np.array([kinds[tag] != "regression" for tag in plan.vocabulary.names])
    labels = targets[:, labelled] > 0.5
    both = labels.any(0) & ~labels.all(0)
    if not both.any():
        return {}
    scores, labels = scores[:, labelled][:, both], labels[:, both]
    return {
        "roc_auc": float(np.mean(roc_auc(scores, labels))),
        "average_precision": float(np.mean(average_precision(scores, labels))),
    }
