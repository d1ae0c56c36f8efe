"""Front ends: the input features of networks, computed from the waveform.

`FrontEnd`, `HarmonicFrontEnd` and `RawFrontEnd` are settings, as in a model card; they need no torch. `build` in
``build.py`` returns a front end as a torch module, which is exported inside the model file, so that features cannot
mismatch the weights.
"""

from taggram.features.front_end import FrontEnd, HarmonicFrontEnd, RawFrontEnd

__all__ = ["FrontEnd", "HarmonicFrontEnd", "RawFrontEnd"]
