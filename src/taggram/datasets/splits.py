"""New splits for data sets that are published without one: by artist, in folds, and by slice."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from taggram.datasets.index import ClipIndex
from taggram.datasets.names import artist_key
from taggram.errors import DatasetError

__all__ = ["SHARES", "artist_split", "k_fold", "leaky_by_slice"]

SHARES = {"train": 0.8, "valid": 0.1, "test": 0.1}


def artist_split(index: ClipIndex, *, seed: int, shares: Mapping[str, float] = SHARES) -> ClipIndex:
    """Split by artist, stratified by tag: no group is in two splits.

    Groups that are artists are compared as the audit does, by letters and digits: *The Beatles*, *beatles* and *Beatles
    feat. Somebody* are one.

    After Sechidis, Tsoumakas and Vlahavas, "On the stratification of multi-label data" (ECML PKDD 2011), with groups
    of clips instead of single clips: groups are assigned one by one, those with the rarest tag first and among these
    the largest, to the split with the largest deficit of the group's tags and of clips. A tag of fewer groups than
    splits cannot be stratified and is ignored.

    Parameters
    ----------
    index
        The clips; a clip without a group forms its own group. Existing splits are replaced.
    seed
        Seed of the random order of equal groups.
    shares
        Share of the clips of each split; they sum to 1. Large groups make the result deviate.

    Returns
    -------
    ClipIndex
        The same clips in the same order.

    Raises
    ------
    DatasetError
        If shares are not positive or do not sum to 1, or groups are fewer than splits.
    """
    names = list(shares)
    _check(shares)
    groups = _groups(index)
    if len(groups) < len(names):
        raise DatasetError(f"{len(groups)} artists cannot be divided among {len(names)} splits: use fewer splits")
    split_of = {}
    for group, split in _deal(groups, np.array([shares[name] for name in names]), seed):
        for clip in group.clips:
            split_of[clip] = names[split]
    return _with_splits(index, [split_of[clip] for clip in range(len(index.clips))])


def k_fold(index: ClipIndex, k: int, *, seed: int) -> list[ClipIndex]:
    """Split by artist into k folds for cross-validation.

    Parameters
    ----------
    index
        As for `artist_split`.
    k
        Number of folds, at least 3.
    seed
        As for `artist_split`.

    Returns
    -------
    list of ClipIndex
        The same clips k times: one fold is ``test``, the next ``valid``, all others ``train``. Each clip is in one
        test split.

    Raises
    ------
    DatasetError
        If `k` is below 3, or groups are fewer than folds.
    """
    if k < 3:
        raise DatasetError(f"{k} folds leave no training clips: use at least 3")
    folds = artist_split(index, seed=seed, shares={str(fold): 1 / k for fold in range(k)})
    named = []
    for test in range(k):
        names = {str(test): "test", str((test + 1) % k): "valid"}
        named.append(_with_splits(folds, [names.get(clip.split, "train") for clip in folds.clips]))
    return named


def leaky_by_slice(index: ClipIndex, *, seed: int, shares: Mapping[str, float] = SHARES) -> ClipIndex:
    """Split slices of recordings at random, with leakage: only to reproduce published scores.

    Yu, "Music tagging with convolutional neural network" (Stanford CS230, 2018), cut each of 450 songs into ten slices
    and drew 5 % of the 4,500 slices for validation and 5 % for the test. Test songs then are in the training split, so
    the scores do not generalise; report those of `artist_split` beside them.

    Parameters
    ----------
    index
        Each clip is a slice.
    seed
        Seed of the permutation of the clips.
    shares
        Share of the clips of each split, up to rounding; they sum to 1.

    Returns
    -------
    ClipIndex
        The same clips in the same order.

    Raises
    ------
    DatasetError
        If shares are not positive or do not sum to 1.
    """
    _check(shares)
    clips = len(index.clips)
    ends = np.rint(np.cumsum(list(shares.values())) * clips)
    place = np.random.default_rng(seed).permutation(clips)
    splits = np.searchsorted(ends, place, side="right")
    names = list(shares)
    return _with_splits(index, [names[split] for split in splits])


@dataclass(frozen=True)
class _Group:
    """Positions of the clips of a group, and the columns of its tags with the number of clips of each."""

    clips: Sequence[int]
    tags: NDArray[np.int64]
    counts: NDArray[np.int64]


def _groups(index: ClipIndex) -> list[_Group]:
    """Collect the groups in the order of their names, so that the order of clips does not matter."""
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    names: dict[tuple[str, str], tuple[str, str]] = {}
    for i, clip in enumerate(index.clips):
        name = clip.group, "" if clip.group else clip.id
        key = (artist_key(clip.artist) or clip.artist, "") if clip.group and clip.group == clip.artist else name
        members[key].append(i)
        names[key] = min(names.get(key, name), name)
    column = {tag: i for i, tag in enumerate(sorted({label for clip in index.clips for label in clip.labels}))}
    groups = []
    for key in sorted(members, key=lambda key: names[key]):
        counts = sorted(Counter(column[label] for i in members[key] for label in index.clips[i].labels).items())
        pairs = np.array(counts, np.int64).reshape(-1, 2)
        groups.append(_Group(members[key], pairs[:, 0], pairs[:, 1]))
    return groups


def _deal(groups: Sequence[_Group], shares: NDArray[np.float64], seed: int) -> list[tuple[_Group, int]]:
    """Assign each group to a split."""
    all_tags = np.concatenate([group.tags for group in groups])
    groups_per_tag = np.bincount(all_tags)
    target = np.zeros((len(shares), len(groups_per_tag)))
    for group in groups:
        target[:, group.tags] += shares[:, None] * group.counts
    target_clips = shares * sum(len(group.clips) for group in groups)

    def order(group: _Group) -> tuple[float, int]:
        rarity = groups_per_tag[group.tags]
        return min(rarity[rarity >= len(shares)], default=np.inf), -len(group.clips)

    shuffled = [groups[i] for i in np.random.default_rng(seed).permutation(len(groups))]
    assigned, assigned_clips = np.zeros_like(target), np.zeros_like(target_clips)
    dealt = []
    for i, group in enumerate(sorted(shuffled, key=order)):
        divisible = groups_per_tag[group.tags] >= len(shares)
        tags, counts = group.tags[divisible], group.counts[divisible]
        # Fill level of each split with half of the group in it, by clips and by tags; rare tags weigh more.
        level = (assigned_clips + len(group.clips) / 2) / target_clips
        if tags.size:
            weights = 1 / groups_per_tag[tags]
            level += np.average((assigned[:, tags] + counts / 2) / target[:, tags], axis=1, weights=weights)
        empty = assigned_clips == 0
        if len(groups) - i <= empty.sum():
            level[~empty] = np.inf
        split = int(np.argmin(level))
        assigned[split, tags] += counts
        assigned_clips[split] += len(group.clips)
        dealt.append((group, split))
    return dealt


def _check(shares: Mapping[str, float]) -> None:
    if not shares or min(shares.values()) <= 0 or abs(sum(shares.values()) - 1) > 1e-6:
        values = ", ".join(f"{name} {share:g}" for name, share in shares.items())
        raise DatasetError(f"the shares of the splits ({values}) must be positive and sum to 1")


def _with_splits(index: ClipIndex, splits: Sequence[str]) -> ClipIndex:
    clips = (dataclasses.replace(clip, split=split) for clip, split in zip(index.clips, splits, strict=True))
    return index.replace(clips)
