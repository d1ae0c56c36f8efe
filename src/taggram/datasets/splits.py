"""Splits of one's own, for data sets that are published without one: by artist, in folds, and as nobody should."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from taggram.datasets.listing import Listing
from taggram.errors import DatasetError

if TYPE_CHECKING:
    from jaxtyping import Float64, Int64

__all__ = ["SHARES", "artist_split", "k_fold", "leaky_by_slice"]

SHARES = {"train": 0.8, "valid": 0.1, "test": 0.1}


def artist_split(listing: Listing, *, seed: int, shares: Mapping[str, float] = SHARES) -> Listing:
    """Split by artist: no group is in two splits, and each tag is divided among them as all clips are.

    After Sechidis, Tsoumakas and Vlahavas, "On the stratification of multi-label data" (ECML PKDD 2011), with groups
    of clips instead of single ones: groups are dealt out one by one, those with the rarest tag first and of these the
    largest, each to the split that is furthest from what it should have of the group's tags and of all clips. A tag
    that fewer groups have than there are splits cannot be divided and is not looked at.

    Parameters
    ----------
    listing
        The clips; a clip without a group is a group of its own. Splits that it has are forgotten.
    seed
        Another one gives another split.
    shares
        Share of the clips that each split should have; together 1. Large groups make it more or less.

    Returns
    -------
    Listing
        The same clips in the same order.

    Raises
    ------
    DatasetError
        If shares are not positive or do not sum to 1, or there are fewer groups than splits.
    """
    names = list(shares)
    _check(shares)
    groups = _groups(listing)
    if len(groups) < len(names):
        raise DatasetError(f"{len(groups)} artists cannot be divided among {len(names)} splits: ask for fewer splits")
    split_of = {}
    for group, split in _deal(groups, np.array([shares[name] for name in names]), seed):
        for clip in group.clips:
            split_of[clip] = names[split]
    return _with_splits(listing, [split_of[clip] for clip in range(len(listing.clips))])


def k_fold(listing: Listing, k: int, *, seed: int) -> list[Listing]:
    """Split by artist in k ways, such that each clip is in the test split of one of them.

    Parameters
    ----------
    listing
        As for `artist_split`.
    k
        Number of folds, at least 3.
    seed
        Another one gives other folds.

    Returns
    -------
    list of Listing
        The same clips k times: one fold is ``test``, the next one ``valid``, and all others are ``train``.

    Raises
    ------
    DatasetError
        If there are fewer than 3 folds, or fewer groups than folds.
    """
    if k < 3:
        raise DatasetError(f"{k} folds leave nothing to train on: ask for at least 3")
    folds = artist_split(listing, seed=seed, shares={str(fold): 1 / k for fold in range(k)})
    named = []
    for test in range(k):
        names = {str(test): "test", str((test + 1) % k): "valid"}
        named.append(_with_splits(folds, [names.get(clip.split, "train") for clip in folds.clips]))
    return named


def leaky_by_slice(listing: Listing, *, seed: int, shares: Mapping[str, float] = SHARES) -> Listing:
    """Split slices of recordings at random, so that a recording is on both sides: only to repeat what was published.

    Yu, "Music tagging with convolutional neural network" (Stanford CS230, 2018), cut each of 450 songs into ten
    slices and drew 5 % of the 4,500 slices for validation and 5 % for the test. A network then is tested on songs
    that it was trained on, and its scores say nothing of others: put the score by `artist_split` beside it.

    Parameters
    ----------
    listing
        Each clip is a slice.
    seed
        Another one gives another split.
    shares
        Share of the clips of each split, together 1; exact but for rounding.

    Returns
    -------
    Listing
        The same clips in the same order.

    Raises
    ------
    DatasetError
        If shares are not positive or do not sum to 1.
    """
    _check(shares)
    clips = len(listing.clips)
    ends = np.rint(np.cumsum(list(shares.values())) * clips)
    place = np.random.default_rng(seed).permutation(clips)
    splits = np.searchsorted(ends, place, side="right")
    names = list(shares)
    return _with_splits(listing, [names[split] for split in splits])


@dataclass(frozen=True)
class _Group:
    """Clips that stay together: their positions, and the tags they have, with the number of clips of each."""

    clips: Sequence[int]
    tags: Int64[np.ndarray, " tags"]
    counts: Int64[np.ndarray, " tags"]


def _groups(listing: Listing) -> list[_Group]:
    """Gather the groups, in the order of their names: it does not matter in which order clips are listed."""
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, clip in enumerate(listing.clips):
        members[clip.group, "" if clip.group else clip.id].append(i)
    column = {tag: i for i, tag in enumerate(sorted({label for clip in listing.clips for label in clip.labels}))}
    groups = []
    for name in sorted(members):
        counts = sorted(Counter(column[label] for i in members[name] for label in listing.clips[i].labels).items())
        pairs = np.array(counts, np.int64).reshape(-1, 2)
        groups.append(_Group(members[name], pairs[:, 0], pairs[:, 1]))
    return groups


def _deal(groups: Sequence[_Group], shares: Float64[np.ndarray, " splits"], seed: int) -> list[tuple[_Group, int]]:
    """Give each group to a split."""
    every = np.concatenate([group.tags for group in groups])
    holders = np.bincount(every)  # groups with each tag
    wanted = np.zeros((len(shares), len(holders)))
    for group in groups:
        wanted[:, group.tags] += shares[:, None] * group.counts
    wanted_clips = shares * sum(len(group.clips) for group in groups)

    def order(group: _Group) -> tuple[float, int]:
        rarity = holders[group.tags]
        return min(rarity[rarity >= len(shares)], default=np.inf), -len(group.clips)

    shuffled = [groups[i] for i in np.random.default_rng(seed).permutation(len(groups))]
    has, has_clips = np.zeros_like(wanted), np.zeros_like(wanted_clips)
    dealt = []
    for i, group in enumerate(sorted(shuffled, key=order)):
        able = holders[group.tags] >= len(shares)
        tags, counts = group.tags[able], group.counts[able]
        # How full each split is when half of the group is in it, by clips and by tags, rare ones counting more.
        full = (has_clips + len(group.clips) / 2) / wanted_clips
        if tags.size:
            full += np.average((has[:, tags] + counts / 2) / wanted[:, tags], axis=1, weights=1 / holders[tags])
        empty = has_clips == 0
        if len(groups) - i <= empty.sum():
            full[~empty] = np.inf
        split = int(np.argmin(full))
        has[split, tags] += counts
        has_clips[split] += len(group.clips)
        dealt.append((group, split))
    return dealt


def _check(shares: Mapping[str, float]) -> None:
    if not shares or min(shares.values()) <= 0 or abs(sum(shares.values()) - 1) > 1e-6:
        said = ", ".join(f"{name} {share:g}" for name, share in shares.items())
        raise DatasetError(f"the shares of the splits ({said}) must be positive and sum to 1")


def _with_splits(listing: Listing, splits: Sequence[str]) -> Listing:
    clips = (dataclasses.replace(clip, split=split) for clip, split in zip(listing.clips, splits, strict=True))
    return Listing(listing.folder, tuple(clips))
