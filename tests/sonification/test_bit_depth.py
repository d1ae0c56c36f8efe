import numpy as np
import pytest

from taggram.sonification import reduce_bit_depth


@pytest.mark.parametrize("bits", [1, 4, 6, 8, 16])
def test_values_are_rounded_to_as_many_levels_between_the_extremes(bits: int) -> None:
    values = np.random.default_rng(0).uniform(-80, 20, (300, 1000)).astype(np.float32)
    rounded = reduce_bit_depth(values, bits)
    assert rounded.dtype == np.float32 and (rounded.min(), rounded.max()) == (values.min(), values.max())
    step = (values.max() - values.min()) / (2**bits - 1)
    assert np.abs(rounded - values).max() <= 0.5 * step + 1e-5
    levels = np.unique(rounded)
    assert len(levels) <= 2**bits and np.diff(levels).min() > 0.9 * step
    assert bits > 8 or len(levels) == 2**bits


def test_equal_values_stay() -> None:
    assert (reduce_bit_depth(np.full((2, 3), -100, np.float32), 4) == -100).all()


@pytest.mark.parametrize("bits", [0, -1, 17])
def test_other_numbers_of_bits_are_refused(bits: int) -> None:
    with pytest.raises(ValueError, match=f"bits must be 1 to 16, not {bits}"):
        reduce_bit_depth(np.zeros(3, np.float32), bits)
