"""Splits of one's own: whole groups, all clips, in order, again with the same seed."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taggram.datasets import ClipIndex, ClipInfo, artist_split, dataset, k_fold, leaky_by_slice
from taggram.errors import DatasetError

SEEDS = st.integers(0, 2**32 - 1)
SHARES = [{"train": 0.8, "valid": 0.1, "test": 0.1}, {"train": 0.5, "test": 0.5}, {"a": 0.1, "b": 0.2, "c": 0.7}]


@st.composite
def indexes(draw: st.DrawFn) -> ClipIndex:
    """Some clips of some groups, or of none, with some tags."""
    clip = st.tuples(st.integers(0, 12), st.lists(st.sampled_from("abcde"), unique=True, max_size=3))
    clips = draw(st.lists(clip, min_size=1, max_size=60))
    return ClipIndex(
        Path(),
        tuple(
            ClipInfo(str(i), f"{i}.wav", "old", tuple(labels), f"artist {group}" if group else "")
            for i, (group, labels) in enumerate(clips)
        ),
    )


def even(groups: int, clips: int, tags: int) -> ClipIndex:
    """Groups of equal size, each with one of the tags in turn."""
    return ClipIndex(
        Path(),
        tuple(
            ClipInfo(f"{group}-{i}", f"{group}-{i}.wav", labels=(f"tag {group % tags}",), group=f"artist {group}")
            for group in range(groups)
            for i in range(clips)
        ),
    )


def groups_of(index: ClipIndex) -> dict[str, set[str]]:
    """The splits that each group is in; a clip without group is one."""
    splits = defaultdict(set)
    for clip in index.clips:
        splits[clip.group or clip.id].add(clip.split)
    return splits


def but_for_splits(index: ClipIndex) -> ClipIndex:
    return index.with_split("")


@given(indexes(), st.sampled_from(SHARES), SEEDS)
def test_groups_stay_together_and_clips_as_they_are(index: ClipIndex, shares: dict[str, float], seed: int) -> None:
    if len(groups_of(index)) < len(shares):
        with pytest.raises(DatasetError, match="cannot be divided among"):
            artist_split(index, seed=seed, shares=shares)
        return
    made = artist_split(index, seed=seed, shares=shares)
    assert but_for_splits(made) == but_for_splits(index)
    assert all(len(splits) == 1 for splits in groups_of(made).values())
    assert {clip.split for clip in made.clips} == set(shares)
    assert made == artist_split(index, seed=seed, shares=shares)


@given(indexes(), SEEDS)
def test_the_order_of_clips_does_not_matter(index: ClipIndex, seed: int) -> None:
    if len(groups_of(index)) < 3:
        return
    backwards = ClipIndex(index.folder, index.clips[::-1])
    assert artist_split(backwards, seed=seed).clips[::-1] == artist_split(index, seed=seed).clips


@given(st.integers(10, 60), st.integers(1, 5), st.integers(1, 4), st.sampled_from(SHARES), SEEDS)
def test_shares_are_met_but_for_a_group_per_split(
    groups: int, clips: int, tags: int, shares: dict[str, float], seed: int
) -> None:
    index = even(groups, clips, tags)
    sizes = Counter(clip.split for clip in artist_split(index, seed=seed, shares=shares).clips)
    for name, share in shares.items():
        assert abs(sizes[name] - share * len(index.clips)) <= len(shares) * clips


@given(st.integers(1, 8), st.integers(1, 3), SEEDS)
def test_a_tag_with_enough_groups_is_in_every_split(tags: int, clips: int, seed: int) -> None:
    splits = defaultdict(set)
    for clip in artist_split(even(10 * tags, clips, tags), seed=seed).clips:
        splits[clip.labels[0]].add(clip.split)
    assert all(its == {"train", "valid", "test"} for its in splits.values())


def test_another_seed_is_another_split() -> None:
    index = even(40, 2, 4)
    made = {artist_split(index, seed=seed).clips for seed in range(20)}
    assert len(made) == 20


def test_tags_that_only_one_group_has_do_not_draw_it_into_the_largest_split() -> None:
    clips = tuple(ClipInfo(str(i), f"{i}.wav", labels=(f"own {i}", f"valence={i / 500}")) for i in range(500))
    sizes = Counter(clip.split for clip in artist_split(ClipIndex(Path(), clips), seed=1).clips)
    assert sizes == {"train": 400, "valid": 50, "test": 50}


def test_folds_take_turns() -> None:
    index = even(50, 3, 5)
    folds = k_fold(index, 5, seed=3)
    assert folds == k_fold(index, 5, seed=3) != k_fold(index, 5, seed=4)
    tested = [clip.id for fold in folds for clip in fold.clips if clip.split == "test"]
    assert sorted(tested) == sorted(clip.id for clip in index.clips)
    for fold, following in zip(folds, folds[1:] + folds[:1], strict=True):
        assert but_for_splits(fold) == index
        assert all(len(splits) == 1 for splits in groups_of(fold).values())
        assert Counter(clip.split for clip in fold.clips) == {"train": 90, "valid": 30, "test": 30}
        valid = [clip.id for clip in fold.clips if clip.split == "valid"]
        assert valid == [clip.id for clip in following.clips if clip.split == "test"]


@given(indexes(), SEEDS)
def test_folds_are_splits(index: ClipIndex, seed: int) -> None:
    if len(groups_of(index)) < 4:
        return
    folds = k_fold(index, 4, seed=seed)
    assert Counter(clip.id for fold in folds for clip in fold.clips if clip.split == "test") == Counter(
        clip.id for clip in index.clips
    )
    assert all(len(splits) == 1 for fold in folds for splits in groups_of(fold).values())


def test_slices_as_in_the_paper_leak() -> None:
    index = even(450, 10, 6)  # songs, of ten slices each
    made = leaky_by_slice(index, seed=0, shares={"train": 0.9, "valid": 0.05, "test": 0.05})
    assert but_for_splits(made) == index
    assert Counter(clip.split for clip in made.clips) == {"train": 4050, "valid": 225, "test": 225}
    torn = sum(len(splits) > 1 for splits in groups_of(made).values())
    assert torn > 200
    assert made == leaky_by_slice(index, seed=0, shares={"train": 0.9, "valid": 0.05, "test": 0.05})
    assert made != leaky_by_slice(index, seed=1, shares={"train": 0.9, "valid": 0.05, "test": 0.05})


@pytest.mark.parametrize(
    "shares", [{}, {"train": 0.8, "test": 0.1}, {"train": 1.1, "test": -0.1}, {"a": 1.0, "b": 0.0}]
)
def test_shares_must_be_shares(shares: dict[str, float]) -> None:
    for split in (artist_split, leaky_by_slice):
        with pytest.raises(DatasetError, match="must be positive and sum to 1"):
            split(even(9, 1, 1), seed=0, shares=shares)


def test_too_few_for_folds() -> None:
    with pytest.raises(DatasetError, match="2 folds leave no training clips"):
        k_fold(even(9, 1, 1), 2, seed=0)
    with pytest.raises(DatasetError, match="3 artists cannot be divided among 5 splits"):
        k_fold(even(3, 4, 1), 5, seed=0)


@pytest.mark.parametrize(("name", "protocol", "enough"), [("mer4q", "moods", 30), ("emotify", "emotions", 10)])
def test_on_real_tags(name: str, protocol: str, enough: int, shared: Path) -> None:
    made = artist_split(dataset(name).index(shared / "data" / name, protocol), seed=1)
    groups, splits = defaultdict(set), defaultdict(set)
    for clip in made.clips:
        for label in clip.labels:
            groups[label].add(clip.group)
            splits[label].add(clip.split)
    frequent = [label for label in groups if len(groups[label]) >= enough]
    assert len(frequent) >= 9
    assert all(len(splits[label]) == 3 for label in frequent)
    for split, share in {"train": 0.8, "valid": 0.1, "test": 0.1}.items():
        assert abs(sum(clip.split == split for clip in made.clips) / len(made.clips) - share) < 0.02


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Céline Band", "celine_band"),
        ("Band, The", "band"),
        ("Cafe\N{COMBINING ACUTE ACCENT}", "Caf\N{LATIN SMALL LETTER E WITH ACUTE}"),
        ("Somebody feat. Another", "somebody"),
        ("AC/DC", "Ac-Dc"),
    ],
)
def test_an_artist_is_one_group_in_any_spelling(one: str, other: str) -> None:
    names = [one, other, *(f"artist {i}" for i in range(20))]
    clips = tuple(ClipInfo(str(i), f"{i}.wav", group=name, artist=name) for i, name in enumerate(names))
    splits = {tuple(clip.split for clip in artist_split(ClipIndex(Path(), clips), seed=s).clips[:2]) for s in range(8)}
    assert all(split == other for split, other in splits)
    groups = tuple(ClipInfo(clip.id, clip.path, group=clip.group) for clip in clips)  # no artists: any names
    splits = {tuple(clip.split for clip in artist_split(ClipIndex(Path(), groups), seed=s).clips[:2]) for s in range(8)}
    assert any(split != other for split, other in splits)


def test_artists_without_letters_are_groups_of_their_own() -> None:
    names = ["!!!", "???", "+/-", "!!!"]
    index = ClipIndex(Path(), tuple(ClipInfo(str(i), f"{i}.wav", group=n, artist=n) for i, n in enumerate(names)))
    splits = [clip.split for clip in artist_split(index, seed=0).clips]
    assert len(set(splits)) == 3 and splits[0] == splits[3]
