"""Where segments start: properties over all lengths, and the exact rules by example."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taggram.audio import EvenlySpaced, EvenlySpacedWon, Sliding, WholeClip, cut, fill
from taggram.errors import AudioError

lengths = st.integers(1, 10_000_000)
segments = st.integers(1, 1_000_000)
counts = st.integers(1, 200)
plans = st.one_of(
    counts.map(EvenlySpaced),
    counts.map(EvenlySpacedWon),
    st.none().map(Sliding),
    st.integers(20_000, 2_000_000).map(Sliding),
    st.just(WholeClip()),
)


@given(plans, lengths, st.integers(20_000, 1_000_000))
def test_every_start_lies_in_the_clip_in_order(plan, length, segment):
    starts = plan.starts(length, segment)
    assert starts.dtype == np.int64
    assert starts.ndim == 1
    assert starts.size >= 1
    assert starts[0] >= 0
    assert starts[-1] <= max(0, length - segment)
    assert np.all(np.diff(starts) >= 0)


@given(plans, segments)
def test_a_clip_no_longer_than_a_segment_has_one_start(plan, segment):
    for length in {1, max(1, segment - 1), segment}:
        assert plan.starts(length, segment).tolist() == [0]


@given(st.integers(2, 200), lengths, segments)
def test_evenly_spaced_reaches_both_ends_in_even_steps(n, length, segment):
    starts = EvenlySpaced(n).starts(length, segment)
    if length > segment:
        assert starts.size == n
        assert starts[0] == 0
        assert starts[-1] + segment == length
        assert np.ptp(np.diff(starts)) <= 1
        assert np.abs(starts - np.linspace(0, length - segment, n)).max() <= 0.5 + 1e-6


def test_one_evenly_spaced_segment_is_the_centre():
    assert EvenlySpaced(1).starts(100, 10).tolist() == [45]


@given(counts, lengths, segments)
def test_won_spacing_is_the_published_formula(n, length, segment):
    if length > segment:
        hop = (length - segment) // n
        expected = [i * hop for i in range(n)]
        assert EvenlySpacedWon(n).starts(length, segment).tolist() == expected
        assert expected[-1] + segment < length


@given(st.integers(1, 500), st.integers(1, 5000), st.integers(1, 300))
def test_sliding_leaves_less_than_half_a_hop_unseen(hop, length, segment):
    starts = Sliding(hop).starts(length, segment)
    if length >= segment:
        unseen = length - segment - starts[-1]
        assert 0 <= unseen < hop / 2 or unseen == 0
        assert np.all(np.diff(starts)[:-1] == hop)


@pytest.mark.parametrize(
    ("plan", "length", "segment", "expected"),
    [
        (Sliding(), 12, 4, [0, 4, 8]),
        (Sliding(), 13, 4, [0, 4, 8]),
        (Sliding(), 14, 4, [0, 4, 8, 10]),
        (Sliding(2), 9, 4, [0, 2, 4, 5]),
        (Sliding(10), 14, 4, [0, 10]),
        (Sliding(10), 8, 4, [0]),
        (Sliding(10), 9, 4, [0, 5]),
        (EvenlySpaced(4), 20, 8, [0, 4, 8, 12]),
        (EvenlySpacedWon(4), 20, 8, [0, 3, 6, 9]),
        (WholeClip(), 20, 20, [0]),
    ],
)
def test_starts_by_example(plan, length, segment, expected):
    assert plan.starts(length, segment).tolist() == expected


def test_fill_repeats_from_the_beginning():
    clip = np.array([1, 2, 3], dtype=np.float32)
    assert fill(clip, 8).tolist() == [1, 2, 3, 1, 2, 3, 1, 2]
    assert fill(clip, 8).dtype == np.float32
    assert fill(clip, 3) is clip
    assert fill(clip, 2) is clip


def test_cut_copies_the_segments():
    clip = np.arange(10, dtype=np.float32)
    segments = cut(clip, np.array([0, 3, 6]), 4)
    assert segments.tolist() == [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9]]
    segments[:] = -1
    assert clip[0] == 0


@given(plans, st.integers(1, 3000), st.integers(1, 2000))
def test_what_a_plan_says_can_be_cut(plan, length, segment):
    clip = np.arange(length, dtype=np.float32)
    segments = cut(clip, plan.starts(length, segment), segment)
    assert segments.shape[1] == segment
    assert segments[0, 0] == plan.starts(length, segment)[0]


@pytest.mark.parametrize("starts", [[7], [-1], [0, 100]])
def test_cut_refuses_segments_outside_the_clip(starts):
    with pytest.raises(AudioError, match="outside a clip of 10"):
        cut(np.zeros(10, dtype=np.float32), np.array(starts), 4)


@pytest.mark.parametrize(
    "call",
    [
        lambda: fill(np.zeros(0, dtype=np.float32), 4),
        lambda: cut(np.zeros(0, dtype=np.float32), np.array([0]), 4),
        lambda: WholeClip().starts(0, 4),
        lambda: EvenlySpaced(2).starts(0, 4),
        lambda: Sliding().starts(10, 0),
        lambda: EvenlySpaced(0),
        lambda: EvenlySpacedWon(0),
        lambda: Sliding(0),
    ],
)
def test_nothing_to_cut_is_an_error(call):
    with pytest.raises(AudioError):
        call()


def test_segments_do_not_load_the_decoders():
    code = "import sys, taggram.audio.segments; print(sorted({'av', 'soxr'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
