"""Gain, equalizer and noise in a batch."""

from __future__ import annotations

import pytest
import torch

from taggram.training.augmentation.waveform import Augmentation

RATE = 16000


@pytest.fixture
def sines() -> torch.Tensor:
    time = torch.arange(RATE) / RATE
    return 0.1 * torch.sin(2 * torch.pi * 440 * time).expand(64, -1)


def level(waveform: torch.Tensor) -> torch.Tensor:
    return 20 * waveform.square().mean(dim=1).sqrt().log10()


def test_without_settings_nothing_changes(sines) -> None:
    assert torch.equal(Augmentation()(sines, RATE), sines)


def test_the_gain_is_uniform_up_to_its_maximum(sines) -> None:
    torch.manual_seed(0)
    change = level(Augmentation(gain=10)(sines, RATE)) - level(sines)
    assert change.abs().max() <= 10.001 and change.max() > 8 and change.min() < -8


def test_half_of_the_segments_get_noise_of_at_least_the_ratio(sines) -> None:
    torch.manual_seed(0)
    noise = Augmentation(noise=20)(sines, RATE) - sines
    ratio = level(sines) - level(noise)
    noisy = ratio.isfinite()
    assert 20 <= noisy.sum() <= 44
    assert ratio[noisy].min() > 19.9 and ratio[noisy].max() < 50.1 and ratio[noisy].std() > 5


def test_the_equalizer_changes_each_frequency_by_its_deviation(sines) -> None:
    torch.manual_seed(0)
    high = 0.1 * torch.sin(2 * torch.pi * 5000 * torch.arange(RATE) / RATE).expand(64, -1)
    changes = [level(Augmentation(eq=6)(wave, RATE)) - level(wave) for wave in (sines, high)]
    for change in changes:
        assert 3 < change.std() < 9 and change.mean().abs() < 2.5
    assert Augmentation(eq=6)(sines, RATE).shape == sines.shape
