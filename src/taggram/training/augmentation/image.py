"""Augmentation of spectrograms as if they were photographs: rotation, shifts and a flip, as MsE-CNN's code does."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class ImageAugmentation:
    """Random changes of spectrograms, each drawn anew by torch's generator.

    As Keras' ImageDataGenerator has them: a point outside takes the value of the nearest one inside, values between
    points are interpolated linearly, and a rotation is by points, so that a spectrogram of many frames is far
    outside at both ends.

    Attributes
    ----------
    rotation
        Maximum angle, in degrees, uniform in both directions.
    shift
        Maximum shift along time and along frequency, as a share of each, uniform in both directions.
    flip
        Whether half of the segments are reversed in time.
    """

    rotation: float = 0.0
    shift: float = 0.0
    flip: bool = False

    def __bool__(self) -> bool:
        """Return whether anything changes."""
        return bool(self.rotation or self.shift or self.flip)

    def __call__(self, spectrogram: Tensor) -> Tensor:
        """Augment spectrograms.

        Parameters
        ----------
        spectrogram : (batch, ..., mels, frames) float

        Returns
        -------
        (batch, ..., mels, frames) float
        """
        batch, (mels, frames), device = len(spectrogram), spectrogram.shape[-2:], spectrogram.device
        angle = math.radians(self.rotation) * (2 * torch.rand(batch, device=device) - 1)
        along_time, along_frequency = 2 * self.shift * (2 * torch.rand(2, batch, device=device) - 1)
        direction = 1 - 2 * (torch.rand(batch, device=device) < 0.5 * self.flip).float()
        # From a point of the result to one of the spectrogram, both -1 to 1 along each side.
        cos, sin, side = angle.cos(), angle.sin(), mels / frames
        time = torch.stack([cos * direction, -sin * side, cos * along_time - sin * side * along_frequency], dim=1)
        frequency = torch.stack([sin / side * direction, cos, sin / side * along_time + cos * along_frequency], dim=1)
        image = spectrogram.reshape(batch, -1, mels, frames)
        points = functional.affine_grid(torch.stack([time, frequency], dim=1), list(image.shape), align_corners=False)
        moved = functional.grid_sample(image, points, padding_mode="border", align_corners=False)
        return moved.reshape(spectrogram.shape)
