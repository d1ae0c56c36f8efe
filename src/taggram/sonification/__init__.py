"""Audio from log-mel-spectrograms, to listen to what they keep of the music.

`sonify` computes the log-mel-spectrogram of a front end, rounds it to a number of bits per value if one is given, and
reconstructs samples from it: `invert_mel` estimates the spectrum of each frame, `griffin_lim` its phases. `sonify_file`
writes a file, `write_listening_page` a page with many resolutions side by side, which needs the [report] extra.
"""

from taggram.sonification.bit_depth import reduce_bit_depth
from taggram.sonification.distance import log_spectral_distance
from taggram.sonification.griffin_lim import griffin_lim
from taggram.sonification.listening_page import write_listening_page
from taggram.sonification.mel_inversion import invert_mel
from taggram.sonification.sonify import model_front_end, sonify, sonify_file

__all__ = [
    "griffin_lim",
    "invert_mel",
    "log_spectral_distance",
    "model_front_end",
    "reduce_bit_depth",
    "sonify",
    "sonify_file",
    "write_listening_page",
]
