"""Batches: positions of the segments, and their targets."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from tones import RATE, Tiny, ToneClip, Tones, recipe

from taggram.audio import EvenlySpaced
from taggram.tagging.segmenter import AudioSource, stream_segments
from taggram.training.data import Batch, Split, fingerprint, frequent_labels, training_batches, validation_batches

SAMPLES = Tiny.segments.samples


class Ramps(Tones):
    """Each sample is its position, plus a million times the clip's."""

    def read(self, i: int, start: int = 0, length: int | None = None) -> np.ndarray:
        stop = self.clips[i].length if length is None else min(self.clips[i].length, start + length)
        return np.arange(start, stop, dtype=np.float32) + np.float32(i * 1_000_000)


def draw(store: Tones, epoch: int, **settings: object) -> list[Batch]:
    split = Split.from_store(store, "train", ["low", "high"])
    return list(training_batches(store, split, SAMPLES, recipe(**settings), epoch))


def test_a_training_segment_lies_inside_its_clip_and_has_its_labels() -> None:
    store = Ramps()
    seen = Counter[int]()
    for segments, targets, *_ in draw(store, 0, data={"segments_per_clip": 3}):
        assert 2 <= len(segments) <= 4
        assert segments.shape[1] == SAMPLES
        for segment, target in zip(segments, targets, strict=True):
            clip = int(segment[0] // 1_000_000)
            seen[clip] += 1
            length = store.clips[clip].length
            start = int(segment[0] - clip * 1_000_000)
            whole = store.read(clip)
            expected = whole[start : start + SAMPLES] if length >= SAMPLES else np.resize(whole, SAMPLES)
            assert np.array_equal(segment, expected)
            assert target.tolist() == ([1, 0] if clip % 2 else [0, 1])
    assert seen == dict.fromkeys(range(10), 3)


def test_segments_begin_anywhere_in_a_clip() -> None:
    store = Ramps(train=2)
    store.clips[0] = ToneClip("0", "train", (), SAMPLES + 3)
    store.clips[1] = ToneClip("1", "train", (), SAMPLES)
    starts = {int(s[0]) for epoch in range(40) for x, *_ in draw(store, epoch) for s in x if s[0] < 1_000_000}
    assert starts == {0, 1, 2, 3}


def test_even_positions_are_the_same_in_each_epoch() -> None:
    store = Ramps(train=2)
    store.clips[0] = ToneClip("0", "train", (), SAMPLES + 10)
    store.clips[1] = ToneClip("1", "train", (), SAMPLES)
    for epoch in range(3):
        batches = draw(store, epoch, data={"positions": "even", "segments_per_clip": 3})
        starts = sorted(int(segment[0]) for segments, *_ in batches for segment in segments)
        assert starts == [0, 5, 10, 1_000_000, 1_000_000, 1_000_000]
    (start,) = {int(x[0]) for s, *_ in draw(store, 0, data={"positions": "even"}) for x in s if x[0] < 1_000_000}
    assert start == 0


def test_an_epoch_can_be_drawn_again_and_is_like_no_other() -> None:
    store = Ramps()
    first, again, later = draw(store, 3), draw(store, 3), draw(store, 4)
    other_seed = draw(store, 3, seed=1)
    for (x, y, *_), (same_x, same_y, *_) in zip(first, again, strict=True):
        assert np.array_equal(x, same_x)
        assert np.array_equal(y, same_y)
    for other in (later, other_seed):
        assert not all(np.array_equal(x, z) for (x, *_), (z, *_) in zip(first, other, strict=True))


@pytest.mark.parametrize("n", [1, 3])
def test_validation_segments_are_those_of_the_tagger(n: int) -> None:
    store = Tones(valid=5)
    split = Split.from_store(store, "valid", ["low", "high"])
    batches = list(validation_batches(store, split.clips, Tiny.segments, recipe(data={"validation_segments": n})))
    counts = [count for _, counts in batches for count in counts]
    expected = []
    for clip in split.clips.tolist():
        tagged = stream_segments(AudioSource(None, store.read(clip), RATE), EvenlySpaced(n), Tiny.segments)
        expected.append(np.stack([samples for _, samples in tagged]))
    assert counts == [len(segments) for segments in expected]
    assert np.array_equal(np.concatenate([x for x, _ in batches]), np.concatenate(expected))


def test_labels_by_frequency() -> None:
    store = Tones()
    assert frequent_labels(store, "train", 1) == ["high", "low", "rare"]
    assert frequent_labels(store, "train", 2) == ["high", "low"]
    assert frequent_labels(store, "test", 1) == []


def test_a_changed_store_has_another_fingerprint() -> None:
    store = Tones()
    before = fingerprint(store)
    assert fingerprint(Tones()) == before
    clip = store.clips[3]
    for changed in (
        ToneClip("x", clip.split, clip.labels, clip.length),
        ToneClip(clip.id, "valid", clip.labels, clip.length),
        ToneClip(clip.id, clip.split, (), clip.length),
        ToneClip(clip.id, clip.split, clip.labels, 9),
    ):
        store.clips[3] = changed
        assert fingerprint(store) != before


def test_mixup_averages_segments_and_targets_alike() -> None:
    (x, y, *_), *_ = draw(Tones(), 0, optim={"batch_size": 10})
    (mixed_x, mixed_y, *_), *_ = draw(Tones(), 0, optim={"batch_size": 10}, augment={"mixup": 0.4})
    assert ((mixed_y > 0) & (mixed_y < 1)).any()
    for segment, target in zip(mixed_x, mixed_y, strict=True):
        shares, *_ = np.linalg.lstsq(x.T, segment, rcond=None)
        np.testing.assert_allclose(shares.sum(), 1, atol=1e-3)
        np.testing.assert_allclose(shares @ y, target, atol=1e-3)
