"""Calibration of a student: its last layer is rescaled so that its scores are probabilities on validation clips."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from taggram.audio import Sliding
from taggram.datasets import PackedStore
from taggram.metrics import expected_calibration_error
from taggram.models.card import Calibration, ThresholdCriterion
from taggram.models.network import Network
from taggram.tagging.segmenter import cut_clip
from taggram.training.data import Split
from taggram.training.distillation.targets import SoftTargets
from taggram.training.plan import Plan
from taggram.vocabularies import VocabularyMap

MIN_POSITIVES = 20  # validation clips with a label; with fewer, a tag is calibrated on the teachers
BALANCED = 10  # mean number of tags per clip by the thresholds "balanced"
MIN_PRECISION = 0.7


def calibrate(network: Network, plan: Plan) -> dict[str, Any]:
    """Rescale the last layer of a student so that its scores are probabilities, and fit thresholds.

    Parameters
    ----------
    network
        Trained on scaled targets; its last layer is changed.
    plan
        The plan of its training, with soft targets. Only the validation split is used.

    Returns
    -------
    dict
        ``thresholds`` and ``calibration`` of the model's card.
    """
    targets, clips, tags = plan.valid.targets, plan.valid.clips.tolist(), plan.vocabulary.names
    assert isinstance(targets, SoftTargets)
    network.rescale_logits(*map(torch.from_numpy, targets.scale.inverse()))
    labels = np.full((len(clips), len(tags)), np.nan, np.float32)
    if plan.recipe.distill.label_map is not None:
        label_map = VocabularyMap.read(plan.recipe.distill.label_map, plan.vocabulary.name)
        in_store = {label for clip in plan.store.clips for label in clip.labels}
        labels = map_labels([plan.store.clips[clip].labels for clip in clips], label_map, in_store)
    truth = Truth(targets.probabilities(np.arange(len(clips))), labels)
    logits = segment_logits(network, plan.store, plan.valid)
    slope, offset = fit_platt(logits, truth)
    network.rescale_logits(slope, offset)
    scores = clip_scores(logits, slope, offset).numpy()
    return {"thresholds": fit_thresholds(scores, truth, tags), "calibration": measure_calibration(scores, truth, tags)}


@dataclass(frozen=True)
class Truth:
    """The targets of the calibration.

    Attributes
    ----------
    teacher_scores : (clips, tags) float32
        Mean scores of the teachers.
    labels : (clips, tags) float32
        1 if a clip has the tag, 0 if not, NaN if its labels do not determine it.
    """

    teacher_scores: NDArray[np.float32]
    labels: NDArray[np.float32]

    @property
    def has_labels(self) -> NDArray[np.bool_]:
        """Whether a tag (tags,) has enough labels."""
        enough: NDArray[np.bool_] = (self.labels == 1).sum(axis=0) >= MIN_POSITIVES
        return enough

    @property
    def targets(self) -> NDArray[np.float32]:
        """The labels (clips, tags) of tags with enough of them, and the teachers' scores of the others."""
        return np.where(self.has_labels, self.labels, self.teacher_scores)


def map_labels(
    labels: Sequence[Sequence[str]], label_map: VocabularyMap, in_store: AbstractSet[str]
) -> NDArray[np.float32]:
    """Map the labels of clips to tags.

    A label counts for a tag if it maps to this tag only. The labels of a clip determine a tag if its source, the part
    of a label before the slash, has a label that counts for the tag.

    Parameters
    ----------
    labels
        Of each clip, with the name of the source, as in ``mer4q/jazz``.
    label_map
        From labels to tags.
    in_store
        All labels of the store; the others are ignored, because their absence has no meaning.

    Returns
    -------
    (clips, tags) float32
        1, 0 and NaN; see `Truth`.
    """
    sources_of = label_map.inverse().sources
    tag_of = {label: tags[0] for label, tags in sources_of.items() if len(tags) == 1 and label in in_store}
    out = np.full((len(labels), len(label_map.target)), np.nan, np.float32)
    for row, of_clip in zip(out, labels, strict=True):
        sources = {label.partition("/")[0] for label in of_clip}
        for i, tag in enumerate(label_map.target.names):
            counting = {
                label for label, mapped in tag_of.items() if mapped == tag and label.partition("/")[0] in sources
            }
            if counting:
                row[i] = float(not counting.isdisjoint(of_clip))
    return out


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


def fit_thresholds(
    scores: NDArray[np.float64], truth: Truth, tags: Sequence[str]
) -> dict[ThresholdCriterion, dict[str, float]]:
    """Fit the threshold of each tag, by three criteria.

    Parameters
    ----------
    scores : (clips, tags) float64
        Calibrated scores of the validation clips.
    truth
        Of the same clips.
    tags
        Their names.

    Returns
    -------
    dict
        ``"f1"``: the highest F1 against the labels, or the highest expected F1 by the teachers' scores.
        ``"balanced"``: as many clips have the tag as have it among the `BALANCED` highest scores of the teachers; the
        threshold of ``"f1"`` for a tag with enough labels. ``"precision"``: the lowest threshold with a precision of at
        least `MIN_PRECISION`, for tags with enough labels that reach it.
    """
    f1, balanced, precision = {}, {}, {}
    ranks = np.argsort(np.argsort(-truth.teacher_scores, axis=1, kind="stable"), axis=1, kind="stable")
    in_top = ranks < BALANCED
    for i, tag in enumerate(tags):
        valid = ~np.isnan(truth.targets[:, i])
        order = np.argsort(-scores[valid, i], kind="stable")
        ranked, hits = scores[valid, i][order], np.cumsum(truth.targets[valid, i][order])
        predicted = np.arange(1, len(order) + 1)
        f1[tag] = _threshold_after(ranked, int(np.argmax(2 * hits / (predicted + hits[-1]))))
        balanced[tag] = _threshold_after(np.sort(scores[:, i])[::-1], int(in_top[:, i].sum()) - 1)
        if truth.has_labels[i]:
            balanced[tag] = f1[tag]
            precise = np.flatnonzero(hits / predicted >= MIN_PRECISION)
            if len(precise):
                precision[tag] = _threshold_after(ranked, int(precise[-1]))
    return {"f1": f1, "balanced": balanced, "precision": precision}


def _threshold_after(ranked: NDArray[np.float64], last: int) -> float:
    """Return a threshold between the clip at rank `last` and the next one; -1: above all clips."""
    above = 1.0 if last < 0 else float(ranked[last])
    below = float(ranked[last + 1]) if last + 1 < len(ranked) else above
    return round((above + below) / 2, 6)


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
