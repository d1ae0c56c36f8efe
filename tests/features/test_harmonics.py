"""The harmonic spectrogram against a slow computation of its definition, and front ends as data."""

import msgspec
import numpy as np
import pytest
import torch

from taggram.features import FrontEnd, HarmonicFrontEnd, RawFrontEnd
from taggram.features.build import build
from taggram.features.front_end import AnyFrontEnd
from taggram.features.harmonics import Harmonics


def by_definition(samples: np.ndarray, quality: float) -> np.ndarray:
    """Frames, windows, triangles and decibels of the standard settings, one after another in float64."""
    padded = np.pad(samples.astype(np.float64), 256, mode="reflect")
    window = np.hanning(513)[:-1]
    hz = np.arange(257) * 16000 / 512
    frames = []
    for start in range(0, len(padded) - 511, 256):
        power = np.abs(np.fft.rfft(padded[start : start + 512] * window)) ** 2
        harmonics = []
        for harmonic in range(1, 7):
            bands = []
            for step in range(128):
                centre = harmonic * 440 * 2 ** ((24 + step / 2 - 69) / 12)
                half = (0.1079 * centre + 24.7) / quality / 2
                bands.append(np.sum(power * np.maximum(0, 1 - np.abs(hz - centre) / half)))
            harmonics.append(bands)
        frames.append(10 * np.log10(np.maximum(harmonics, 1e-10)))
    return np.moveaxis(np.array(frames), 0, -1)


@pytest.mark.parametrize("quality", [1.0, 1.3, 0.3])
@pytest.mark.parametrize("exported", [False, True], ids=["torch", "exported"])
def test_equals_its_definition(quality: float, exported: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: exported)
    samples = (0.1 * np.random.default_rng(1).standard_normal(4000)).astype(np.float32)
    module = Harmonics(HarmonicFrontEnd())
    with torch.no_grad():
        module.quality.fill_(quality)
        ours = module(torch.from_numpy(samples)[None])[0].numpy()
    theirs = by_definition(samples, quality)
    assert ours.shape == theirs.shape == (6, 128, 16)
    floor = theirs.max() - 80  # where almost nothing of a bin is in a band, float32 has few digits of its weight
    np.testing.assert_allclose(np.maximum(ours, floor), np.maximum(theirs, floor), atol=0.01)


def test_the_width_of_the_bands_is_learned() -> None:
    module = Harmonics(HarmonicFrontEnd())
    module(0.1 * torch.randn(1, 4000, generator=torch.Generator().manual_seed(1))).sum().backward()
    assert [name for name, _ in module.named_parameters()] == ["quality"]
    assert module.quality.grad is not None
    assert module.quality.grad.item() < 0  # a higher quality is a narrower band, with less power


def test_harmonics_stay_below_half_the_sample_rate() -> None:
    for rate in (8000, 16000, 22050):
        front_end = HarmonicFrontEnd(sample_rate=rate)
        assert front_end.pitches[0] == pytest.approx(32.70, abs=0.01)  # C1
        assert 6 * front_end.pitches[-1] < rate / 2
    assert len(HarmonicFrontEnd().pitches) == 128


@pytest.mark.parametrize(
    "front_end", [FrontEnd(n_mels=8), HarmonicFrontEnd(harmonics=3), RawFrontEnd(sample_rate=8000)]
)
def test_settings_come_back_from_a_card(front_end: FrontEnd | HarmonicFrontEnd | RawFrontEnd) -> None:
    assert msgspec.json.decode(front_end.to_json(), type=AnyFrontEnd) == front_end
    assert build(front_end)(torch.zeros(1, 4000)).shape[0] == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"kind": "cepstrum"},
        {"n_mels": 40},
        {"kind": "waveform", "hop": 256},
        {"kind": "harmonic", "n_fft": 511},
        {"kind": "harmonic", "lowest_note": 100},
        {"kind": "harmonic", "n_mels": 96},
    ],
)
def test_impossible_settings_are_refused(settings: dict) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(settings, AnyFrontEnd)


def test_the_waveform_is_seen_as_it_is() -> None:
    waveform = torch.randn(2, 100, generator=torch.Generator().manual_seed(1))
    assert torch.equal(build(RawFrontEnd())(waveform), waveform)
