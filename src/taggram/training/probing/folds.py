"""Folds by artist, and the scores of probes that were fitted on the other folds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taggram._progress import ProgressHook, no_progress
from taggram._text import counted
from taggram.datasets import ClipIndex, ClipInfo, artist_split
from taggram.training.probing.examples import Examples
from taggram.training.probing.probe import LinearLayer, fit_probe

FOLDS = 5
MIN_ARTISTS = 2  # with a tag, and with clips without it: one to fit on and one to score


def cross_validated_scores(
    examples: Examples, seed: int, progress: ProgressHook = no_progress
) -> tuple[NDArray[np.float64], dict[str, str]]:
    """Score each clip and tag by a probe that was fitted on the other folds.

    No artist is in two folds.

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
        0 to 1; NaN for a tag that cannot be cross-validated.
    reasons
        Why a tag cannot.
    """
    scores, reasons = np.full(examples.labels.shape, np.nan), {}
    common = assign_folds(examples.labels, examples.groups, FOLDS, seed)
    for tag, name in enumerate(progress(examples.tags, len(examples.tags), "cross-validation")):
        labels = examples.labels[:, tag]
        if reason := _missing_artists(labels, examples.groups):
            reasons[name] = reason
            continue
        folds = folds_of_tag(labels, examples.groups, common, seed)
        if _can_fit(labels, folds):
            scores[:, tag] = _score(examples, tag, folds)
        else:
            reasons[name] = "too few artists have clips with it, or clips without it: add clips of others"
    return scores, reasons


def assign_folds(labels: NDArray[np.bool_], groups: NDArray[np.str_], k: int, seed: int) -> NDArray[np.int64]:
    """Divide clips into folds, stratified by tag: no group is in two of them.

    Parameters
    ----------
    labels : (clips, tags) bool
        Which clips have which tag.
    groups : (clips,)
        Artist of each clip.
    k
        Number of folds; at most one for each group is made.
    seed
        Seed of the random order of equal groups.

    Returns
    -------
    (clips,) int64
        Fold of each clip.
    """
    clips = (
        ClipInfo(str(clip), "", labels=tuple(map(str, np.flatnonzero(row))), group=group)
        for clip, (row, group) in enumerate(zip(labels, groups.tolist(), strict=True))
    )
    k = min(k, _count(groups))
    split = artist_split(ClipIndex(Path(), tuple(clips)), seed=seed, shares={str(fold): 1 / k for fold in range(k)})
    return np.array([int(clip.split) for clip in split.clips])


def folds_of_tag(
    labels: NDArray[np.bool_], groups: NDArray[np.str_], common: NDArray[np.int64], seed: int
) -> NDArray[np.int64]:
    """Return the folds (clips,) for a tag: those of all tags, or of its own if they do not divide its clips.

    A tag of fewer than `FOLDS` artists has as many folds as artists: it would else be in few of them by chance.

    Parameters
    ----------
    labels : (clips,) bool
        Which clips have the tag.
    groups : (clips,)
        Artist of each clip.
    common : (clips,)
        The folds of all tags.
    seed
        Seed of the tag's own folds.
    """
    artists = min(_count(groups[clips]) for clips in (labels, ~labels))
    if artists >= FOLDS and _can_fit(labels, common):
        return common
    return assign_folds(np.column_stack([labels, ~labels]), groups, min(artists, FOLDS), seed)


def _count(groups: NDArray[np.str_]) -> int:
    return len(np.unique(groups))


def _missing_artists(labels: NDArray[np.bool_], groups: NDArray[np.str_]) -> str:
    """Return why a tag cannot be cross-validated, whatever the folds; empty if it can."""
    if labels.all():
        return "all clips have it: add clips without it"
    if not labels.any():
        return "none of its files can be used"
    if _count(groups[labels]) < MIN_ARTISTS:
        return f"only {counted(int(labels.sum()), 'clip')}, of one artist: add clips of others"
    if _count(groups[~labels]) < MIN_ARTISTS:
        return "the clips without it are of one artist: add clips of others"
    return ""


def _can_fit(labels: NDArray[np.bool_], folds: NDArray[np.int64]) -> bool:
    """Return whether there are clips with and without a tag in all folds but any one."""
    return all(0 < labels[folds != fold].sum() < (folds != fold).sum() for fold in np.unique(folds))


def _score(examples: Examples, tag: int, folds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the scores (clips,) of a tag."""
    names, fold_of = np.unique(folds, return_inverse=True)
    train = (folds != fold for fold in names)
    layers = [fit_probe(examples.embeddings[clips], examples.labels[clips][:, [tag]]).linear_layer() for clips in train]
    scores = examples.scores(LinearLayer(*map(np.concatenate, zip(*layers, strict=True))))
    return scores[np.arange(len(examples)), fold_of]
