"""Downmix to mono: the mean of the channels, or one channel where they cancel in the mean.

Channels cancel if one of them has reversed polarity, or after voices were removed by subtraction: they play, but their
mean is silent. The rule is applied to cells of the recording, at its own rate, which do not depend on where decoding
starts:

- If the energy of the mean is below 1 % (-20 dB) of that of the loudest channel, and that one is above -80 dB, the cell
  is the first channel that has at least half of the loudest one's energy.
- Every other cell is the mean. Unrelated channels have -3 dB, so stereo music is far from the limit.

Cells have `CELL` samples, counted from the beginning. A rest of less than half a cell belongs to the cell before it,
since in a few samples any music may cancel.
"""

import numpy as np
import numpy.typing as npt

__all__ = ["CELL", "MIN_CELL", "cancellation_warnings", "uncancelled_channel"]

CELL = 1 << 15  # 0.7 s at 44.1 kHz
MIN_CELL = CELL // 2
MAX_MEAN_ENERGY = 0.01  # lossy codecs leave up to -24 dB of channels that cancel
MIN_ENERGY = 1e-8  # of a sample: -80 dB


def uncancelled_channel(
    mean: npt.NDArray[np.float32], channels: npt.NDArray[np.float32], full_scale: float = 1.0
) -> npt.NDArray[np.float32] | None:
    """Return the channel that replaces the mean of a cell; None where the mean is kept.

    Parameters
    ----------
    mean : (samples,) float32
        Mean of the channels in one cell.
    channels : (channels, samples) float32
        The channels.
    full_scale
        Full scale of both.

    Returns
    -------
    (samples,) float32 or None
        One of the channels, if all cancel in the mean.

    Examples
    --------
    >>> left = np.array([0.5, -0.25], dtype=np.float32)
    >>> uncancelled_channel(np.zeros(2, dtype=np.float32), np.stack([left, -left]))
    array([ 0.5 , -0.25], dtype=float32)
    """
    if len(channels) == 1:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        energies = np.array([np.dot(channel, channel) for channel in channels])
        loudest, remaining = energies.max(), np.dot(mean, mean)
    if (
        loudest > MIN_ENERGY * mean.size * full_scale**2 and remaining < MAX_MEAN_ENERGY * loudest
    ):  # False where one is NaN
        channel: npt.NDArray[np.float32] = channels[np.argmax(energies >= loudest / 2)]
        return channel
    return None


def cancellation_warnings(samples: int) -> list[str]:
    """Return a line if channels cancelled in so many samples, and how they were treated."""
    if not samples:
        return []
    return [f"the channels cancel in their mean: {samples} samples were taken from one channel"]
