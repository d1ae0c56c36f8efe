"""Tests that all registered deformations share."""

from __future__ import annotations

import inspect
from importlib.util import find_spec

import numpy as np
import pytest
from numpy.typing import NDArray

from taggram.deform import DEFORMATIONS, Chain, Deformation
from taggram.deform.registry import Value
from taggram.errors import AudioError, DeformationError

RATE = 16000
NEED_EXTRA = {"time_stretch", "pitch_shift"}
CASES = [
    pytest.param(
        deformation,
        value,
        id=f"{name}={deformation.parameter.format(value)}",
        marks=pytest.mark.skipif(
            name in NEED_EXTRA and not find_spec("python_stretch"), reason="needs the deform extra"
        ),
    )
    for name, deformation in DEFORMATIONS.items()
    for value in dict.fromkeys([deformation.parameter.default, *deformation.parameter.extremes, *deformation.published])
]
DEFAULTS = [
    pytest.param(*case.values, id=case.id, marks=case.marks)
    for case in CASES
    if case.values[1] == case.values[0].parameter.default
]
every_value = pytest.mark.parametrize(("deformation", "value"), CASES)
each = pytest.mark.parametrize(("deformation", "value"), DEFAULTS)


def length(deformation: Deformation, value: Value, samples: int) -> int:
    return samples if deformation.keeps_length else max(1, round(samples / float(value)))


@pytest.fixture(scope="module")
def clip() -> NDArray[np.float32]:
    """Two seconds of a chord in some noise, at full scale."""
    time = np.arange(2 * RATE) / RATE
    chord = sum(np.sin(2 * np.pi * pitch * time) for pitch in (220, 277.2, 329.6))
    noisy = chord * np.exp(-2 * (time % 0.5)) + np.random.default_rng(0).normal(0, 0.02, len(time))
    return (noisy / np.abs(noisy).max()).astype(np.float32)


@every_value
@pytest.mark.parametrize("samples", [2 * RATE, RATE // 10, 1])
def test_length_type_and_finite(
    deformation: Deformation, value: Value, samples: int, clip: NDArray[np.float32]
) -> None:
    original = clip[:samples].copy()
    y = deformation(clip[:samples], RATE, value)
    assert y.shape == (length(deformation, value, samples),)
    assert y.dtype == np.float32
    assert np.isfinite(y).all()
    assert np.abs(y).max() <= 6
    assert np.array_equal(clip[:samples], original)
    assert not np.shares_memory(y, clip)


@every_value
def test_something_changes_at_most_settings_and_music_remains(
    deformation: Deformation, value: Value, clip: NDArray[np.float32]
) -> None:
    y = deformation(clip, RATE, value)
    assert np.sqrt(np.mean(y**2)) > 0.002
    identity = (("hard_clip", 0), ("muda_noise", 0), ("low_pass", 20000))
    assert np.array_equal(y, clip) == ((deformation.name, value) in identity)


@every_value
def test_silence_stays_silent(deformation: Deformation, value: Value) -> None:
    y = deformation(np.zeros(RATE, np.float32), RATE, value)
    assert len(y) == length(deformation, value, RATE)
    assert np.abs(y).max() < 1e-6


@each
def test_the_same_seed_gives_the_same_samples(
    deformation: Deformation, value: Value, clip: NDArray[np.float32]
) -> None:
    y = deformation(clip, RATE, value, seed=1)
    assert np.array_equal(y, deformation(clip, RATE, value, seed=1))
    assert np.array_equal(y, deformation(clip, RATE, value, seed=np.random.default_rng(1)))
    assert np.array_equal(y, deformation(clip, RATE, value, seed=2)) != deformation.is_random


@each
@pytest.mark.parametrize("sample_rate", [100, 8000, 22050, 44100, 96000])
def test_other_sample_rates(
    deformation: Deformation, value: Value, sample_rate: int, clip: NDArray[np.float32]
) -> None:
    y = deformation(clip, sample_rate, value)
    assert len(y) == length(deformation, value, len(clip))
    assert np.isfinite(y).all()


@each
def test_any_float_array_is_accepted(deformation: Deformation, value: Value, clip: NDArray[np.float32]) -> None:
    y = deformation(clip, RATE, value)
    assert np.array_equal(deformation(clip.astype(np.float64), RATE, value), y)
    assert np.array_equal(deformation(np.repeat(clip, 2)[::2], RATE, value), y)
    assert deformation(clip.astype(np.float16), RATE, value).dtype == np.float32


@each
@pytest.mark.parametrize(
    ("samples", "sample_rate", "line"),
    [
        (np.zeros((2, 100), np.float32), RATE, r"must be mono, of shape \(samples,\), not \(2, 100\)"),
        (np.zeros(0, np.float32), RATE, "has no samples"),
        (np.zeros(100, np.int16), RATE, "must be floats with full scale 1.0, not int16"),
        (np.full(100, np.nan, np.float32), RATE, "NaN or infinite"),
        (np.full(100, np.inf), RATE, "NaN or infinite"),
        (np.zeros(100, np.float32), 0, "sample rate must be 100 to"),
    ],
)
def test_other_samples_are_refused_in_one_line(
    deformation: Deformation, value: Value, samples: NDArray[np.floating], sample_rate: int, line: str
) -> None:
    with pytest.raises(AudioError, match=line) as caught:
        deformation(samples, sample_rate, value)
    assert "\n" not in str(caught.value)


@each
@pytest.mark.parametrize("wrong", [1e9, -1e9, float("nan"), "loud", None])
def test_a_strength_outside_the_range_is_refused(deformation: Deformation, value: Value, wrong: Value) -> None:
    with pytest.raises(DeformationError, match=f"^{deformation.parameter.name} must be"):
        deformation(np.zeros(100, np.float32), RATE, wrong)


@every_value
def test_its_text_is_read_back(deformation: Deformation, value: Value) -> None:
    chain = Chain([(deformation.name, value)])
    assert Chain.parse(str(chain)) == chain
    assert Chain.parse(str(chain)).steps[0].value == value
    assert str(Chain.parse(str(chain))) == str(chain)


@each
def test_it_is_documented(deformation: Deformation, value: Value) -> None:
    text = inspect.getdoc(deformation.function) or ""
    assert 10 < len(deformation.summary) < 90
    assert "Keeps" in text
    for section in ("Parameters", "Returns", "Raises"):
        assert f"\n{section}\n---" in text
    assert f"\n{deformation.parameter.name}\n    " in text
