import numpy as np
import pytest
from numpy.typing import NDArray

from taggram.features import FrontEnd
from taggram.features.mel import mel_filters
from taggram.features.numpy_log_mel import log_mel
from taggram.sonification import invert_mel

SETTINGS = [
    {"n_mels": 96},
    {"n_mels": 48, "mel_scale": "slaney", "mel_norm": "slaney"},
    {"n_mels": 64, "spectrum": "magnitude", "win_length": 400},
    {"n_mels": 16, "f_min": 300.0, "f_max": 5000.0},
]


def case(music: NDArray[np.float32], settings: dict) -> tuple[FrontEnd, NDArray[np.float32]]:
    front_end = FrontEnd(log="power", **settings)
    return front_end, log_mel(music[None], front_end)[0].T


def decibels(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return 10 * np.log10(np.maximum(x, 1e-10))


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_spectra_have_these_bands(settings: dict, music: NDArray[np.float32]) -> None:
    front_end, bands = case(music, settings)
    found = invert_mel(bands, front_end)
    assert found.dtype == np.float32 and (found >= 0).all()
    again = (found if front_end.spectrum == "magnitude" else found**2) @ mel_filters(front_end)
    assert np.linalg.norm(again - bands) < 0.01 * np.linalg.norm(bands)
    loud = bands > 1e-5 * bands.max()
    assert np.sqrt(np.mean((decibels(again) - decibels(bands))[loud] ** 2)) < 0.5
    assert (found[:, mel_filters(front_end).sum(axis=1) == 0] == 0).all()


def test_it_is_closer_than_the_pseudo_inverse(music: NDArray[np.float32]) -> None:
    front_end, bands = case(music, {"n_mels": 64})
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    padded = np.pad(music, 256, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, 512)[::256]
    truth = np.abs(np.fft.rfft(frames * window))
    clipped = np.sqrt(np.maximum(bands @ np.linalg.pinv(mel_filters(front_end)), 0))
    assert np.linalg.norm(invert_mel(bands, front_end) - truth) < 0.9 * np.linalg.norm(clipped - truth)


def test_silence_has_no_spectrum() -> None:
    assert not invert_mel(np.zeros((3, 96), np.float32), FrontEnd()).any()
