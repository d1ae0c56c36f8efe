"""What Nair and Bradley (Auto-tagging in music using convolutional neural network) do to a spectrogram, and others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

if TYPE_CHECKING:
    from jaxtyping import Float

    from taggram.features.front_end import FrontEnd

_RANGE = 80.0  # decibels that are kept below the loudest value, as in librosa


class Normalise(nn.Module):
    """Mean 0 and standard deviation 1, or decibels below the peak: the last step of a front end.

    What is constant, such as silence, becomes 0.

    Parameters
    ----------
    front_end
        Its `normalise` says how; see `FrontEnd`.
    """

    def __init__(self, front_end: FrontEnd) -> None:
        super().__init__()
        self.over, self.mean, self.std = front_end.normalise, front_end.mean, front_end.std

    def power(self, power: Float[Tensor, "batch frames mels"]) -> Float[Tensor, "batch frames mels"]:
        """Do what comes before the logarithm."""
        return _standardised(power, (1, 2), 1e-10).clamp(min=0.0) if self.over == "power" else power

    def forward(self, x: Float[Tensor, "batch mels frames"]) -> Float[Tensor, "batch mels frames"]:
        """Do what comes after it."""
        match self.over:
            case "data":
                return (x - self.mean) / self.std
            case "band":
                return _standardised(x, (2,), 1e-3)
            case "segment":
                return _standardised(x, (1, 2), 1e-3)
            case "peak":
                return (x - x.amax(dim=(1, 2), keepdim=True)).clamp(min=-_RANGE)
            case _:
                return x


def _standardised(x: Tensor, over: tuple[int, ...], least: float) -> Tensor:
    """Subtract the mean and divide by the standard deviation, which counts as `least` where it is less."""
    centred = x - x.mean(dim=over, keepdim=True)
    return centred / centred.square().mean(dim=over, keepdim=True).sqrt().clamp(min=least)
