"""What a log-mel front end computes, as data."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, PositiveFloat, PositiveInt, model_validator


class FrontEnd(BaseModel):
    """The settings of a log-mel-spectrogram; the part of a model card that fixes what its network sees.

    Attributes
    ----------
    sample_rate
        Samples per second of the waveform, in Hz.
    n_fft
        Frame and Fourier-transform length, in samples; the window is a periodic Hann window of this length.
    hop
        Distance between frames, in samples.
    n_mels
        Number of mel bands.
    f_min, f_max
        Edges of the filter bank, in Hz; `f_max` None means half the sample rate.
    mel_scale
        ``"htk"``: 2595 log10(1 + f / 700). ``"slaney"``: linear below 1 kHz, logarithmic above (Auditory Toolbox).
    mel_norm
        ``"none"``: each triangle peaks at 1. ``"slaney"``: each triangle has unit area over frequency in Hz.
        ``"unit_tri"`` is Essentia's name for that same area; it is kept because papers and cards use it.
    log
        ``"power"``: no logarithm. ``"db"``: 10 log10(max(x, 1e-10)). ``"ln"``: ln(1 + 10000 x).
        ``"log10"``: log10(1 + 10000 x).
    padding
        What a frame sees beyond the ends of a segment when frames are centred: ``"zero"`` or ``"reflect"``.
        ``"none"``: frames are not centred, and the first one starts at the first sample.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample_rate: PositiveInt = 16000
    n_fft: PositiveInt = 512
    hop: PositiveInt = 256
    n_mels: PositiveInt = 96
    f_min: float = 0.0
    f_max: PositiveFloat | None = None
    mel_scale: Literal["htk", "slaney"] = "htk"
    mel_norm: Literal["none", "slaney", "unit_tri"] = "none"
    log: Literal["power", "db", "ln", "log10"] = "db"
    padding: Literal["none", "zero", "reflect"] = "reflect"

    @model_validator(mode="after")
    def _check(self) -> FrontEnd:
        if self.n_fft % 2:
            raise ValueError(f"n_fft must be even, not {self.n_fft}")
        if not 0 <= self.f_min < self.top <= self.sample_rate / 2:
            raise ValueError(
                f"0 <= f_min < f_max <= {self.sample_rate / 2:g} Hz does not hold for {self.f_min:g} and {self.top:g}"
            )
        return self

    @property
    def top(self) -> float:
        """Upper edge of the filter bank, in Hz."""
        return self.sample_rate / 2 if self.f_max is None else self.f_max

    def frames(self, samples: int) -> int:
        """Return how many frames a segment of `samples` gives."""
        return 1 + (samples if self.padding != "none" else samples - self.n_fft) // self.hop
