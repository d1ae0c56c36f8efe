"""Folds by artist, and the scores of probes that were fitted on the other folds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taggram._progress import ProgressHook, no_progress
from taggram._text import counted
from taggram.datasets import ClipIndex, ClipInfo, artist_split
from taggram.training.probing.examples import Examples
from taggram.training.probing.probe import fit_probe

FOLDS = 5
MIN_GROUPS = 2  # artists with a tag and artists with clips without it: one to fit on and one to score


def assign_folds(labels: NDArray[np.bool_], groups: NDArray[np.str_], seed: int) -> NDArray[np.int64] | str:
    """Divide the clips into folds for the cross-validation of a tag: no group is in two of them.

    Each tag has folds of its own, stratified by it: a tag of few artists would else be in one fold by chance.

    Parameters
    ----------
    labels : (clips,) bool
        Which clips have the tag.
    groups : (clips,)
        Artist of each clip.
    seed
        Seed of the random order of equal groups.

    Returns
    -------
    (clips,) int64
        Fold of each clip: `FOLDS` of them, or as many as groups with the tag, or without it. Or the reason why there
        are none.
    """
    with_tag, without = (len(np.unique(groups[clips])) for clips in (labels, ~labels))
    if not without:
        return "all clips have it: add clips without it"
    if with_tag < MIN_GROUPS:
        return f"{counted(int(labels.sum()), 'clip')} of one artist: add clips of others"
    if without < MIN_GROUPS:
        return "the clips without it are of one artist: add clips of others"
    clips = (
        ClipInfo(str(row), "", labels=("with" if label else "without",), group=group)
        for row, (label, group) in enumerate(zip(labels.tolist(), groups.tolist(), strict=True))
    )
    k = min(FOLDS, with_tag, without)
    split = artist_split(ClipIndex(Path(), tuple(clips)), seed=seed, shares={str(fold): 1 / k for fold in range(k)})
    folds = np.array([int(clip.split) for clip in split.clips])
    if any(len(np.unique(labels[folds != fold])) < 2 for fold in range(k)):
        return "its clips and the others are not of enough different artists: add clips"
    return folds


def cross_validated_scores(
    examples: Examples, seed: int, progress: ProgressHook = no_progress
) -> tuple[NDArray[np.float64], dict[str, str]]:
    """Score each clip and tag by a probe that was fitted on the other folds.

    Parameters
    ----------
    examples
        The clips.
    seed
        Seed of the folds.
    progress
        Shows the progress.

    Returns
    -------
    scores : (clips, tags) float64
        0 to 1; NaN for a tag without folds.
    reasons
        Why a tag has no folds.
    """
    scores, reasons = np.full(examples.labels.shape, np.nan), {}
    for tag, name in enumerate(progress(examples.tags, len(examples.tags), "cross-validation")):
        folds = assign_folds(examples.labels[:, tag], examples.groups, seed)
        if isinstance(folds, str):
            reasons[name] = folds
        else:
            scores[:, tag] = _cross_validate(examples, tag, folds)
    return scores, reasons


def _cross_validate(examples: Examples, tag: int, folds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the scores (clips,) of a tag."""
    scores = np.empty(len(examples))
    for fold in np.unique(folds):
        train, test = folds != fold, folds == fold
        probe = fit_probe(examples.embeddings[train], examples.labels[train][:, [tag]])
        scores[test] = examples.scores(probe.linear_layer())[test, 0]
    return scores
