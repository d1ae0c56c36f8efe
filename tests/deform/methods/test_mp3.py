import numpy as np
import pytest
from numpy.typing import NDArray
from signals import band_level, decibels, lag

from taggram.deform import mp3
from taggram.deform.methods.mp3 import _encode

RATE = 16000


@pytest.mark.parametrize("bit_rate", [32, 64, 128])
@pytest.mark.parametrize("sample_rate", [16000, 44100])
def test_bits_timing_and_level(bit_rate: int, sample_rate: int, music: NDArray[np.float32]) -> None:
    size = _encode(music, sample_rate, bit_rate).getbuffer().nbytes
    assert 8 * size / (len(music) / sample_rate) / 1000 == pytest.approx(bit_rate, rel=0.05)
    y = mp3(music, sample_rate, bit_rate)
    assert len(y) == len(music)
    assert lag(y, music) == 0
    assert abs(decibels(y, music)) < 0.5


def test_fewer_bits_lose_more(music: NDArray[np.float32]) -> None:
    x = music + np.random.default_rng(0).normal(0, 0.02, len(music)).astype(np.float32)
    errors = [decibels(mp3(x, 44100, bit_rate) - x, x) for bit_rate in (32, 64, 128)]
    assert errors[0] > errors[1] + 1 > errors[2] + 2
    high = [band_level(mp3(x, 44100, bit_rate), 44100, 12000, 15000) for bit_rate in (32, 128)]
    assert high[0] < high[1] - 20


def test_a_rate_that_mp3_lacks_is_resampled(music: NDArray[np.float32]) -> None:
    y = mp3(music, 17000, 128)
    assert len(y) == len(music)
    assert lag(y, music) == 0
    assert decibels(y - music, music) < -20
