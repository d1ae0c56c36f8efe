"""Neighbouring mel bands are masked in all frames, up to a maximum number."""

from __future__ import annotations

import pytest
import torch
from tones import Tones, recipe

from taggram.errors import RecipeError
from taggram.training.augmentation.masking import mask_bands
from taggram.training.plan import make_plan


def test_a_network_without_mel_bands_cannot_be_masked() -> None:
    with pytest.raises(RecipeError, match="augment.freq_mask: must be below 0"):
        make_plan(
            recipe(name="sample_cnn.tones", model={"architecture": "sample_cnn"}, augment={"freq_mask": 1}), Tones()
        )


def test_neighbouring_bands_are_masked_in_all_frames() -> None:
    torch.manual_seed(0)
    spectrogram = 1 + torch.rand(500, 20, 5)
    masked = mask_bands(spectrogram, 6)
    changed = masked != spectrogram
    widths = []
    for segment, before, where in zip(masked, spectrogram, changed, strict=True):
        bands = where.any(dim=1).nonzero().flatten().tolist()
        widths.append(len(bands))
        assert bands == list(range(bands[0], bands[0] + len(bands))) if bands else True
        assert (segment[bands] == before.min()).all()
    assert min(widths) == 0 and max(widths) == 6
    assert changed.any(dim=2).any(dim=0).all()  # each band in some segment
