"""Build the torch module of a front end."""

from __future__ import annotations

from torch import nn

from taggram.features.front_end import AnyFrontEnd, HarmonicFrontEnd, RawFrontEnd
from taggram.features.harmonics import Harmonics
from taggram.features.log_mel import LogMel


def build(front_end: AnyFrontEnd) -> nn.Module:
    """Return the module that computes the features of a front end from waveforms (batch, samples)."""
    match front_end:
        case HarmonicFrontEnd():
            return Harmonics(front_end)
        case RawFrontEnd():
            return nn.Identity()
        case _:
            return LogMel(front_end)
