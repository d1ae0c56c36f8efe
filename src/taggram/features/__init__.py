"""Front ends: from a waveform to the picture that a network looks at.

`FrontEnd` says which picture, in numbers that a model card can hold; `LogMel` computes it as a torch module that is
exported inside the model file, so that features can never mismatch weights. `FrontEnd` needs no torch.
"""

from taggram.features.front_end import FrontEnd

__all__ = ["FrontEnd"]
