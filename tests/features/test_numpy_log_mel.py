"""The log-mel-spectrogram without torch is the one with torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from taggram.features import FrontEnd
from taggram.features.log_mel import LogMel
from taggram.features.numpy_log_mel import invert_log, log_mel


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"padding": "none", "hop": 512, "n_mels": 40, "mel_scale": "slaney", "mel_norm": "slaney"},
        {"padding": "zero", "log": "log10"},
        {"log": "ln", "hop": 300},
        {"log": "power"},
        {"padding": "none", "win_length": 400, "hop": 160, "spectrum": "magnitude", "log": "stabilized"},
        {"padding": "zero", "win_length": 300, "mel_slope": "mel"},
        {"normalize": "data", "mean": -20.0, "std": 15.0},
        {"log": "amplitude_db"},
        {"window": "symmetric", "win_length": 400},
        {"log": "amplitude_db", "top_db": 15.0, "normalize": "data", "mean": -20.0},
    ],
)
def test_it_is_the_same(settings: dict) -> None:
    front_end = FrontEnd(**settings)
    waveform = 0.1 * np.random.default_rng(0).standard_normal((2, 9000)).astype(np.float32)
    found = log_mel(waveform, front_end)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, LogMel(front_end)(torch.from_numpy(waveform)).numpy(), atol=2e-3, rtol=1e-4)


def test_what_needs_torch_is_said() -> None:
    with pytest.raises(ValueError, match="without torch"):
        log_mel(np.zeros((1, 9000), np.float32), FrontEnd(normalize="band"))


@pytest.mark.parametrize("log", ["power", "db", "amplitude_db", "ln", "log10", "stabilized"])
def test_the_logarithm_is_inverted(log: str) -> None:
    waveform = 0.1 * np.random.default_rng(0).standard_normal((1, 9000)).astype(np.float32)
    front_end = FrontEnd(log=log)
    bands = log_mel(waveform, front_end.replace(log="power"))
    np.testing.assert_allclose(invert_log(log_mel(waveform, front_end), log), bands, rtol=1e-4, atol=1e-6)
    assert np.abs(invert_log(log_mel(0 * waveform, front_end), log)).max() < 1e-9
