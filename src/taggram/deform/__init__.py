"""Deformations of audio: what happens to music between the recording and the listener, or between two versions of it.

Each is a function of mono samples, their sample rate and one strength; random ones also take a seed. `DEFORMATIONS` has
all of them with the ranges of their strengths, a `Chain` applies several, and `deform_file` writes a deformed file.
"""

from taggram.deform.attributes import Attribute, describes
from taggram.deform.chain import Chain, Step
from taggram.deform.file import deform_file
from taggram.deform.methods.compress import compress
from taggram.deform.methods.gain import gain
from taggram.deform.methods.hard_clip import hard_clip
from taggram.deform.methods.low_pass import low_pass
from taggram.deform.methods.mp3 import mp3
from taggram.deform.methods.muda_noise import muda_noise
from taggram.deform.methods.noise import noise
from taggram.deform.methods.pitch_shift import pitch_shift
from taggram.deform.methods.resample import resample
from taggram.deform.methods.reverb import reverb
from taggram.deform.methods.time_stretch import time_stretch
from taggram.deform.parameters import Choices, Range
from taggram.deform.registry import DEFORMATIONS, Deformation, register

__all__ = [
    "DEFORMATIONS",
    "Attribute",
    "Chain",
    "Choices",
    "Deformation",
    "Range",
    "Step",
    "compress",
    "deform_file",
    "describes",
    "gain",
    "hard_clip",
    "low_pass",
    "mp3",
    "muda_noise",
    "noise",
    "pitch_shift",
    "register",
    "resample",
    "reverb",
    "time_stretch",
]
