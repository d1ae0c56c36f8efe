"""Scores that mean what they say: a network's last layer is bent so that they are probabilities on validation clips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from taggram.audio import Sliding, fill
from taggram.audio.segments import cut
from taggram.metrics import expected_calibration_error
from taggram.models.card import Calibration
from taggram.training.targets import SoftTargets
from taggram.vocabularies import VocabularyMap

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from jaxtyping import Bool, Float32, Float64
    from torch import Tensor

    from taggram.models.card import Policy
    from taggram.models.network import Network
    from taggram.training.data import Split, Store
    from taggram.training.plan import Plan

ENOUGH = 20  # validation clips with a label, from which on a tag is calibrated on labels
TOP = 10  # tags per clip that the policy "top" names on average
PRECISION = 0.7


def calibrate(network: Network, plan: Plan) -> dict[str, Any]:
    """Turn the last layer of a student so that its scores are probabilities, and choose thresholds.

    Parameters
    ----------
    network
        As trained on scaled targets; its last layer is changed.
    plan
        Of its training, with soft targets. Only the validation split is looked at.

    Returns
    -------
    dict
        ``thresholds`` and ``calibration`` of the model's card.
    """
    targets, clips = plan.valid.targets, plan.valid.clips.tolist()
    assert isinstance(targets, SoftTargets)
    network.rescale_logits(*map(torch.from_numpy, targets.scale.back()))
    if plan.recipe.labels is None:
        labels = np.full((len(clips), len(plan.vocabulary)), np.nan, np.float32)
    else:
        there = VocabularyMap.read(plan.recipe.labels, plan.vocabulary.name)
        given = {label for clip in plan.store.clips for label in clip.labels}
        labels = known_labels([plan.store.clips[clip].labels for clip in clips], there, given)
    truth = Truth(targets.probabilities(np.arange(len(clips))), labels)
    logits = segment_logits(network, plan.store, plan.valid)
    slope, offset = fit(logits, truth)
    network.rescale_logits(slope, offset)
    scores, tags = song_scores(logits, slope, offset).numpy(), plan.vocabulary.names
    return {"thresholds": thresholds(scores, truth, tags), "calibration": reliability(scores, truth, tags)}


@dataclass(frozen=True)
class Truth:
    """What is known of validation clips.

    Attributes
    ----------
    taught : (clips, tags) float32
        Mean scores of the teachers.
    labels : (clips, tags) float32
        1 where a label holds, 0 where it does not, NaN where the clip's source does not tell.
    """

    taught: Float32[np.ndarray, "clips tags"]
    labels: Float32[np.ndarray, "clips tags"]

    @property
    def by_label(self) -> Bool[np.ndarray, " tags"]:
        """Which tags have enough labels."""
        enough: np.ndarray = (self.labels == 1).sum(axis=0) >= ENOUGH
        return enough

    @property
    def targets(self) -> Float32[np.ndarray, "clips tags"]:
        """Labels of the tags that have enough of them, what the teachers say of the others."""
        return np.where(self.by_label, self.labels, self.taught)


def known_labels(
    labels: Sequence[Sequence[str]], there: VocabularyMap, given: AbstractSet[str]
) -> Float32[np.ndarray, "clips tags"]:
    """Tell which tags hold for clips, which do not, and which one cannot know.

    A label counts for a tag if it means this tag alone. A source, which is what stands before the slash of a label,
    tells of a tag if it has such a label.

    Parameters
    ----------
    labels
        Of each clip, with the source's name before them, as in ``mer4q/jazz``.
    there
        From labels to tags.
    given
        All labels that sources give; a clip that lacks one of the others shows nothing.

    Returns
    -------
    array
        1, 0 and NaN; see `Truth`.
    """
    alone = {label: tags[0] for label, tags in there.inverse().sources.items() if len(tags) == 1 and label in given}
    out = np.full((len(labels), len(there.target)), np.nan, np.float32)
    for row, of_clip in zip(out, labels, strict=True):
        sources = {label.partition("/")[0] for label in of_clip}
        for i, tag in enumerate(there.target.names):
            telling = {label for label, meant in alone.items() if meant == tag and label.partition("/")[0] in sources}
            if telling:
                row[i] = float(not telling.isdisjoint(of_clip))
    return out


@torch.no_grad()
def segment_logits(network: Network, store: Store, split: Split) -> list[Tensor]:
    """Return the logits of the segments of each clip, cut side by side as the tagger cuts them."""
    spec = network.segments
    network.eval()
    logits = []
    for clip in split.clips.tolist():
        padded = np.pad(fill(store.read(clip), spec.samples - 2 * spec.clip_padding), spec.clip_padding)
        segments = cut(padded, Sliding(spec.hop).starts(len(padded), spec.samples), spec.samples)
        logits.append(network(torch.from_numpy(segments))[0].double())
    return logits


def song_scores(logits: Sequence[Tensor], slope: Tensor, offset: Tensor) -> Tensor:
    """Return the mean over segments of the probabilities after the logits were bent."""
    return torch.stack([torch.sigmoid(slope * of_clip + offset).mean(dim=0) for of_clip in logits])


def fit(logits: Sequence[Tensor], truth: Truth) -> tuple[Tensor, Tensor]:
    """Find a slope and an offset of each tag's logits: Platt's sigmoid (1999), on the scores of whole clips.

    Labels are drawn in by as much as Platt has it, (n + 1) / (n + 2) and 1 / (m + 2) with n positives and m negatives,
    so that few of them do not make a tag too sure of itself.

    Parameters
    ----------
    logits
        Of the segments of each clip.
    truth
        Of the clips.

    Returns
    -------
    slope, offset : (tags,) float64
        The slope is above 0, so that no order changes.
    """
    wanted = torch.from_numpy(truth.targets).double()
    known = ~wanted.isnan()
    by_label = torch.from_numpy(truth.by_label)
    positives, negatives = (wanted == 1).sum(dim=0), (wanted == 0).sum(dim=0)
    drawn = torch.where(wanted == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    wanted = torch.where(known, torch.where(by_label, drawn, wanted), 0.5)

    log_slope = torch.zeros(wanted.shape[1], dtype=torch.float64, requires_grad=True)
    offset = torch.zeros_like(log_slope, requires_grad=True)
    optimiser = torch.optim.LBFGS([log_slope, offset], max_iter=500, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        scores = song_scores(logits, log_slope.exp(), offset).clamp(1e-9, 1 - 1e-9)
        entropy = torch.nn.functional.binary_cross_entropy(scores, wanted, reduction="none")
        total: Tensor = torch.where(known, entropy, 0.0).sum()
        total.backward()
        return total

    optimiser.step(loss)
    return log_slope.detach().exp(), offset.detach()


def thresholds(
    scores: Float64[np.ndarray, "clips tags"], truth: Truth, tags: Sequence[str]
) -> dict[Policy, dict[str, float]]:
    """Choose from which score on a tag is named, by three policies.

    Parameters
    ----------
    scores
        Calibrated scores of the validation clips.
    truth
        Of the same clips.
    tags
        Their names.

    Returns
    -------
    dict
        ``"f1"``: the highest F1, on labels or, where the teachers' scores stand for them, expected from these;
        ``"top"``: the tag is named for as many clips as it is among the teachers' `TOP` strongest, or, where labels
        say how often it holds, as for F1; ``"precision"``: the lowest threshold with a precision of `PRECISION`, for
        tags with enough labels that reach it.
    """
    f1, top, precision = {}, {}, {}
    strongest = np.argsort(np.argsort(-truth.taught, axis=1, kind="stable"), axis=1, kind="stable") < TOP
    for i, tag in enumerate(tags):
        known = ~np.isnan(truth.targets[:, i])
        order = np.argsort(-scores[known, i], kind="stable")
        ranked, hits = scores[known, i][order], np.cumsum(truth.targets[known, i][order])
        named = np.arange(1, len(order) + 1)
        f1[tag] = _between(ranked, int(np.argmax(2 * hits / (named + hits[-1]))))
        top[tag] = _between(np.sort(scores[:, i])[::-1], int(strongest[:, i].sum()) - 1)
        if truth.by_label[i]:
            top[tag] = f1[tag]
            enough = np.flatnonzero(hits / named >= PRECISION)
            if len(enough):
                precision[tag] = _between(ranked, int(enough[-1]))
    return {"f1": f1, "top": top, "precision": precision}


def _between(ranked: Float64[np.ndarray, " clips"], last: int) -> float:
    """Return a threshold that the clips up to `last` pass and those behind it do not; -1: none passes."""
    above = 1.0 if last < 0 else float(ranked[last])
    below = float(ranked[last + 1]) if last + 1 < len(ranked) else above
    return round((above + below) / 2, 6)


def reliability(scores: Float64[np.ndarray, "clips tags"], truth: Truth, tags: Sequence[str]) -> dict[str, Calibration]:
    """Say of each tag what it was calibrated on, and how far its scores still are from that on average."""
    out = {}
    for i, tag in enumerate(tags):
        known = ~np.isnan(truth.targets[:, i])
        labelled = bool(truth.by_label[i])
        out[tag] = Calibration(
            calibrated_on="labels" if labelled else "teachers",
            positives=int((truth.labels[:, i] == 1).sum()) if labelled else None,
            error=round(float(expected_calibration_error(scores[known, i], truth.targets[known, i])), 4),
        )
    return out
