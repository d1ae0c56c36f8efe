import inspect
import itertools

import librosa
import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from taggram.sonification import griffin_lim

HOP = 128
WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)).astype(np.float32)


def magnitudes(x: NDArray[np.float32], hop: int = HOP) -> NDArray[np.float32]:
    padded = np.pad(x, len(WINDOW) // 2)
    return np.abs(np.fft.rfft(sliding_window_view(padded, len(WINDOW))[::hop] * WINDOW))


def spectral_convergence(x: NDArray[np.float32], target: NDArray[np.float32], hop: int = HOP) -> float:
    return float(np.linalg.norm(magnitudes(x, hop) - target) / np.linalg.norm(target))


def test_it_converges(music: NDArray[np.float32]) -> None:
    target = magnitudes(music)
    errors = [spectral_convergence(griffin_lim(target, WINDOW, HOP, iterations=n), target) for n in (1, 4, 16, 64)]
    assert all(after < 0.85 * before for before, after in itertools.pairwise(errors))
    assert errors[-1] < 0.05


def test_it_is_as_good_as_librosa(music: NDArray[np.float32]) -> None:
    target = magnitudes(music[:48000])
    options = {"hop_length": HOP, "pad_mode": "constant", "length": 48000}
    own = [spectral_convergence(griffin_lim(target, WINDOW, HOP, seed=seed), target) for seed in range(4)]
    name = "rng" if "rng" in inspect.signature(librosa.griffinlim).parameters else "random_state"  # from librosa 1.0 on
    peer = [spectral_convergence(librosa.griffinlim(target.T, **{name: s}, **options), target) for s in range(4)]
    assert np.mean(own) < 1.15 * np.mean(peer)


def test_the_hop_need_not_divide_the_window(music: NDArray[np.float32]) -> None:
    target = magnitudes(music, 100)
    found = griffin_lim(target, WINDOW, 100)
    assert found.dtype == np.float32 and found.shape == ((len(target) - 1) * 100,)
    assert spectral_convergence(found, target, 100) < 0.1


def test_the_seed_chooses_the_phases(music: NDArray[np.float32]) -> None:
    target = magnitudes(music[:16000])
    one, same, other = (griffin_lim(target, WINDOW, HOP, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
    levels = [np.sqrt(np.mean(x**2)) for x in (one, other, music[:16000])]
    assert levels == pytest.approx([levels[-1]] * 3, rel=0.02)
