"""Calibrated scores: the last layer of a student is rescaled so that its scores are probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from taggram.audio import Sliding
from taggram.datasets import PackedStore
from taggram.metrics import expected_calibration_error
from taggram.models.card import Calibration
from taggram.models.network import Network
from taggram.tagging.segmenter import cut_clip
from taggram.training.calibration.truth import Truth
from taggram.training.data import Split
from taggram.training.distillation.targets import SoftTargets
from taggram.training.plan import Plan


def calibrate_scores(network: Network, plan: Plan) -> dict[str, Calibration]:
    """Rescale the last layer of a student so that its scores are probabilities.

    Parameters
    ----------
    network
        Trained on scaled targets; its last layer is changed.
    plan
        The plan of its training, with soft targets. Only the validation split is used.

    Returns
    -------
    dict
        The calibration of each tag, for the model's card.
    """
    targets = plan.valid.targets
    assert isinstance(targets, SoftTargets)
    network.rescale_logits(*map(torch.from_numpy, targets.scale.inverse()))
    clips = plan.valid.clips
    teacher_scores = targets.probabilities(np.arange(len(clips)))
    truth = Truth.from_teachers(teacher_scores, plan.store, clips.tolist(), plan.recipe, plan.vocabulary)
    logits = segment_logits(network, plan.store, plan.valid)
    slope, offset = fit_platt(logits, truth)
    network.rescale_logits(slope, offset)
    return measure_calibration(clip_scores(logits, slope, offset).numpy(), truth, plan.vocabulary.names)


@torch.no_grad()
def segment_logits(network: Network, store: PackedStore, split: Split) -> list[Tensor]:
    """Return the logits (segments, tags) of each clip, cut as the tagger does by default."""
    network.eval()
    logits = []
    for clip in split.clips.tolist():
        segments = cut_clip(store.read(clip), Sliding(), network.segments)
        logits.append(network(torch.from_numpy(segments))[0].double())
    return logits


def clip_scores(logits: Sequence[Tensor], slope: Tensor, offset: Tensor) -> Tensor:
    """Return the mean probabilities (clips, tags) over the segments, with rescaled logits.

    Parameters
    ----------
    logits
        Of each clip, (segments, tags).
    slope, offset : (tags,)
        A logit x becomes slope * x + offset.
    """
    return torch.stack([torch.sigmoid(slope * of_clip + offset).mean(dim=0) for of_clip in logits])


def fit_platt(logits: Sequence[Tensor], truth: Truth) -> tuple[Tensor, Tensor]:
    """Fit slope and offset of each tag's logits: Platt scaling (1999), on the mean scores of clips.

    Labels are smoothed as by Platt, to (n + 1) / (n + 2) and 1 / (m + 2) with n positives and m negatives, which avoids
    overconfidence where there are few.

    Parameters
    ----------
    logits
        Of each clip, (segments, tags).
    truth
        Of the same clips.

    Returns
    -------
    slope, offset : (tags,) float64
        The slope is above 0, so that the ranking stays.
    """
    targets = torch.from_numpy(truth.targets).double()
    valid = ~targets.isnan()
    has_labels = torch.from_numpy(truth.has_labels)
    positives, negatives = (targets == 1).sum(dim=0), (targets == 0).sum(dim=0)
    smoothed = torch.where(targets == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    targets = torch.where(valid, torch.where(has_labels, smoothed, targets), 0.5)

    log_slope = torch.zeros(targets.shape[1], dtype=torch.float64, requires_grad=True)
    offset = torch.zeros_like(log_slope, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_slope, offset], max_iter=500, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        scores = clip_scores(logits, log_slope.exp(), offset).clamp(1e-9, 1 - 1e-9)
        entropy = torch.nn.functional.binary_cross_entropy(scores, targets, reduction="none")
        total: Tensor = torch.where(valid, entropy, 0.0).sum()
        total.backward()
        return total

    optimizer.step(loss)
    return log_slope.detach().exp(), offset.detach()


def measure_calibration(scores: NDArray[np.float64], truth: Truth, tags: Sequence[str]) -> dict[str, Calibration]:
    """Measure the expected calibration error of each tag.

    Parameters
    ----------
    scores : (clips, tags) float64
        Calibrated scores of the validation clips.
    truth
        Of the same clips.
    tags
        Their names.
    """
    out = {}
    for i, tag in enumerate(tags):
        valid = ~np.isnan(truth.targets[:, i])
        has_labels = bool(truth.has_labels[i])
        out[tag] = Calibration(
            calibrated_on="labels" if has_labels else "teachers",
            positives=int((truth.labels[:, i] == 1).sum()) if has_labels else None,
            error=round(float(expected_calibration_error(scores[valid, i], truth.targets[valid, i])), 4),
        )
    return out
