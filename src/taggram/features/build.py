"""From the settings of a front end to the torch module that computes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from taggram.features.front_end import HarmonicFrontEnd, RawFrontEnd
from taggram.features.harmonics import Harmonics
from taggram.features.log_mel import LogMel

if TYPE_CHECKING:
    from taggram.features.front_end import AnyFrontEnd


def build(front_end: AnyFrontEnd) -> nn.Module:
    """Make the module that computes a front end: waveform (batch, samples) in, features out."""
    match front_end:
        case HarmonicFrontEnd():
            return Harmonics(front_end)
        case RawFrontEnd():
            return nn.Identity()
        case _:
            return LogMel(front_end)
