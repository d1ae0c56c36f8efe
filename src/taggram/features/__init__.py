"""Front ends: from a waveform to what a network looks at.

`FrontEnd`, `HarmonicFrontEnd` and `RawFrontEnd` say what that is, in numbers that a model card can hold; they need no
torch. `build` in ``build.py`` makes one a torch module, which is exported inside the model file, so that features can
never mismatch weights.
"""

from taggram.features.front_end import FrontEnd, HarmonicFrontEnd, RawFrontEnd

__all__ = ["FrontEnd", "HarmonicFrontEnd", "RawFrontEnd"]
