"""Limit of a spectrogram's range, and normalizations, among them those of Nair and Bradley (see `FourLayerCNN`)."""

from __future__ import annotations

from torch import Tensor, nn

from taggram.features.front_end import FrontEnd

_RANGE = 80.0  # decibels below the maximum, as in librosa


class Normalize(nn.Module):
    """Normalize to mean 0 and standard deviation 1, or to decibels below the peak; limit the range.

    Constant values, such as silence, become 0.

    Parameters
    ----------
    front_end
        The settings; see its `normalize` and `top_db`.
    """

    def __init__(self, front_end: FrontEnd) -> None:
        super().__init__()
        self.kind, self.mean, self.std = front_end.normalize, front_end.mean, front_end.std
        self.top_db = front_end.top_db

    def power(self, power: Tensor) -> Tensor:
        """Normalize (batch, frames, mels) before the logarithm."""
        return _standardise(power, (1, 2), 1e-10).clamp(min=0.0) if self.kind == "power" else power

    def forward(self, x: Tensor) -> Tensor:
        """Limit and normalize (batch, mels, frames) after the logarithm."""
        if self.top_db is not None:
            x = x.maximum(x.amax(dim=(1, 2), keepdim=True) - self.top_db)
        match self.kind:
            case "data":
                return (x - self.mean) / self.std
            case "band":
                return _standardise(x, (2,), 1e-3)
            case "segment":
                return _standardise(x, (1, 2), 1e-3)
            case "peak":
                return (x - x.amax(dim=(1, 2), keepdim=True)).clamp(min=-_RANGE)
            case _:
                return x


def _standardise(x: Tensor, dim: tuple[int, ...], min_std: float) -> Tensor:
    """Subtract the mean and divide by the standard deviation, which is at least `min_std`."""
    centred = x - x.mean(dim=dim, keepdim=True)
    return centred / centred.square().mean(dim=dim, keepdim=True).sqrt().clamp(min=min_std)
