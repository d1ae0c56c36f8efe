"""The resolutions of mel-spectrograms that are compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["BASELINE", "GRIDS", "HOP", "LOG", "MELS", "RATE", "REFERENCE_HOP", "combine"]

RATE, MELS, HOP, LOG = (f"model.options.{name}" for name in ("sample_rate", "n_mels", "hop", "log"))
REFERENCE_HOP = 256  # samples
BASELINE = {RATE: 12000, MELS: 96, HOP: REFERENCE_HOP}

Grid = dict[str, list[Any]]


def combine(sample_rates: Sequence[int], mels: Sequence[int], hops: Sequence[int], logs: Sequence[str]) -> Grid:
    """Return all combinations as a grid of a sweep.

    Parameters
    ----------
    sample_rates
        12000 or 16000, in Hz.
    mels
        Mel bands.
    hops
        Hops as multiples of 256 samples.
    logs
        Compression: ``"log10"`` or ``"db"``.
    """
    return {RATE: [*sample_rates], LOG: [*logs], MELS: [*mels], HOP: [REFERENCE_HOP * hop for hop in hops]}


_RATES, _LOGS = (12000, 16000), ("log10", "db")
# The 88 configurations of the paper's Table 2, and the 12 of its Table 5.
GRIDS = {
    "paper": (
        combine(_RATES, (128, 96, 48), (1, 2, 3, 4, 5, 10), _LOGS),
        combine(_RATES, (32, 24, 16, 8), (1,), _LOGS),
    ),
    "small": (combine(_RATES, (128, 96, 48), (1, 2), ("db",)),),
}
