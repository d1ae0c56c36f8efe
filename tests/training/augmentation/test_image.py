"""Spectrograms are rotated, shifted and flipped, each segment in its own way."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tones import Tones, recipe
from torch import Tensor

from taggram.errors import RecipeError
from taggram.training.augmentation.image import ImageAugmentation
from taggram.training.loop.devices import Devices, make_fabric
from taggram.training.loop.trainer import Trainer
from taggram.training.plan import make_plan


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def centre(spectrogram: Tensor) -> Tensor:
    """Return the centre of the energy of each segment, (batch, 2): mel band and frame."""
    weight = spectrogram / spectrogram.sum(dim=(1, 2), keepdim=True)
    band, frame = torch.arange(spectrogram.shape[1]), torch.arange(spectrogram.shape[2])
    return torch.stack([(weight.sum(2) * band).sum(1), (weight.sum(1) * frame).sum(1)], dim=1)


def points(*places: tuple[int, int], batch: int = 400) -> Tensor:
    spectrogram = torch.zeros(batch, 40, 100)
    for band, frame in places:
        spectrogram[:, band - 1 : band + 2, frame - 1 : frame + 2] = 1
    return spectrogram


def test_nothing_changes_by_default() -> None:
    spectrogram = torch.rand(3, 40, 100)
    torch.testing.assert_close(ImageAugmentation()(spectrogram), spectrogram)
    assert not ImageAugmentation()
    assert all([ImageAugmentation(rotation=1), ImageAugmentation(shift=0.1), ImageAugmentation(flip=True)])


def test_a_shift_is_at_most_its_share_of_each_side() -> None:
    shifted = centre(ImageAugmentation(shift=0.2)(points((20, 50)))) - torch.tensor([20, 50])
    for change, side in zip(shifted.T, (40, 100), strict=True):
        assert -0.2 * side - 0.1 <= change.min() < -0.18 * side
        assert 0.18 * side < change.max() <= 0.2 * side + 0.1
    assert abs(float(torch.corrcoef(shifted.T)[0, 1])) < 0.15


def test_a_flip_reverses_half_of_the_segments_in_time() -> None:
    spectrogram = torch.rand(400, 8, 12)
    flipped = ImageAugmentation(flip=True)(spectrogram)
    is_reversed = torch.isclose(flipped, spectrogram.flip(2), atol=1e-5).all(dim=2).all(dim=1)
    torch.testing.assert_close(flipped[~is_reversed], spectrogram[~is_reversed])
    assert 0.4 < is_reversed.float().mean() < 0.6


def test_a_rotation_is_by_points_about_the_centre() -> None:
    """Distances stay, although there are more frames than bands, and angles are at most the given one."""
    places = [(20, 34), (20, 66)]
    rotated = ImageAugmentation(rotation=20)
    moved = []
    for place in places:
        torch.manual_seed(1)
        moved.append(centre(rotated(points(place))))
    across = moved[1] - moved[0]
    torch.testing.assert_close(across.norm(dim=1), torch.full((400,), 32.0), atol=0.2, rtol=0)
    angles = torch.atan2(across[:, 0], across[:, 1]).rad2deg()
    assert 19 < angles.max() < 20.3 and -20.3 < angles.min() < -19


def test_beyond_the_edge_is_the_value_at_the_edge() -> None:
    spectrogram = torch.full((50, 4, 10), -80.0)
    torch.testing.assert_close(ImageAugmentation(rotation=20, shift=0.2)(spectrogram), spectrogram)


def test_channels_of_a_segment_change_alike() -> None:
    spectrogram = torch.rand(5, 1, 8, 12).expand(5, 3, 8, 12)
    changed = ImageAugmentation(rotation=20, shift=0.2, flip=True)(spectrogram)
    assert changed.shape == spectrogram.shape
    assert (changed == changed[:, :1]).all()


def test_training_changes_spectrograms_and_validation_does_not(tmp_path: Path) -> None:
    plans = [make_plan(recipe(augment=augment), Tones()) for augment in ({}, {"rotation": 20, "shift": 0.2})]
    losses = []
    for plan in plans:
        torch.manual_seed(0)
        trainer = Trainer(plan, make_fabric(Devices("cpu")))
        before = trainer.validate()
        trainer.run_epoch()
        losses.append((before, trainer.history[0]["training_loss"]))
    assert losses[0][0] == losses[1][0]
    assert losses[0][1] != losses[1][1]


def test_a_waveform_is_no_image() -> None:
    with pytest.raises(RecipeError, match=r"augment: rotation, shift and flip need a spectrogram; sample_cnn has none"):
        make_plan(
            recipe(name="sample_cnn.tones", model={"architecture": "sample_cnn"}, augment={"flip": True}), Tones()
        )
