"""Settings of front ends, as in a model card."""

from __future__ import annotations

import math
from typing import Literal

from taggram.record import PositiveFloat, PositiveInt, Record


class FrontEnd(Record, frozen=True, kw_only=True, tag_field="kind", tag="log_mel"):
    """Settings of a log-mel-spectrogram, the usual front end.

    In a card, its `kind` is ``"log_mel"``.

    Attributes
    ----------
    sample_rate
        Samples per second of the waveform, in Hz.
    n_fft
        Length of the Fourier transform, in samples.
    win_length
        Length of a frame and of its Hann window, in samples; None means `n_fft`. A shorter frame is padded with zeros
        at both ends.
    window
        ``"periodic"``: the Hann window of librosa and SciPy's default. ``"symmetric"``: that of Essentia and
        `numpy.hanning`, which is 0 at both ends.
    hop
        Distance between frames, in samples.
    n_mels
        Number of mel bands.
    f_min, f_max
        Edges of the filter bank, in Hz; `f_max` None means half the sample rate.
    mel_scale
        ``"htk"``: 2595 log10(1 + f / 700). ``"slaney"``: linear below 1 kHz, logarithmic above (Auditory Toolbox).
    mel_slope
        ``"hz"``: the triangles are linear in Hz. ``"mel"``: they are linear in mel, as in TensorFlow.
    mel_norm
        ``"none"``: each triangle peaks at 1. ``"slaney"``: each triangle has unit area over frequency in Hz.
        ``"unit_tri"`` is Essentia's name for the same, which papers and cards use.
    spectrum
        What the filters are applied to: ``"power"`` or ``"magnitude"``, its square root.
    log
        ``"power"``: no logarithm. ``"db"``: 10 log10(max(x, 1e-10)), librosa's `power_to_db`. ``"amplitude_db"``:
        20 log10(max(x, 1e-5)), its `amplitude_to_db`. ``"ln"``: ln(1 + 10000 x). ``"log10"``: log10(1 + 10000 x).
        ``"stabilized"``: ln(x + 0.001), as in VGGish and YAMNet.
    top_db
        Decibels below the maximum of the segment to which lower values are raised, as in librosa; None: no limit.
    padding
        Padding at the ends of a segment, with centred frames: ``"zero"`` or ``"reflect"``. ``"none"``: frames are not
        centred, and the first one starts at the first sample.
    normalize
        Normalization of a segment's spectrogram x. ``"none"``: none. ``"data"``: (x - `mean`) / `std`. ``"segment"``:
        the same with mean and standard deviation of the segment; ``"band"``: of each band of the segment. ``"power"``:
        as ``"segment"``, but before the logarithm, with negative values set to 0. ``"peak"``: decibels below the
        maximum of the segment, at most 80.
    mean, std
        Mean and standard deviation over a training set, in the unit of `log`; only with ``"data"``.
    """

    sample_rate: PositiveInt = 16000
    n_fft: PositiveInt = 512
    win_length: PositiveInt | None = None
    window: Literal["periodic", "symmetric"] = "periodic"
    hop: PositiveInt = 256
    n_mels: PositiveInt = 96
    f_min: float = 0.0
    f_max: PositiveFloat | None = None
    mel_scale: Literal["htk", "slaney"] = "htk"
    mel_slope: Literal["hz", "mel"] = "hz"
    mel_norm: Literal["none", "slaney", "unit_tri"] = "none"
    spectrum: Literal["power", "magnitude"] = "power"
    log: Literal["power", "db", "amplitude_db", "ln", "log10", "stabilized"] = "db"
    top_db: PositiveFloat | None = None
    padding: Literal["none", "zero", "reflect"] = "reflect"
    normalize: Literal["none", "data", "band", "segment", "power", "peak"] = "none"
    mean: float = 0.0
    std: PositiveFloat = 1.0

    def _check(self) -> None:
        """Raise a ValueError if settings contradict each other."""
        if self.normalize != "data" and (self.mean, self.std) != (0.0, 1.0):
            raise ValueError(f'mean and std are for normalize "data", not "{self.normalize}"')
        if self.normalize == "peak" and self.log != "db":
            raise ValueError(f'normalize "peak" needs log "db", not "{self.log}"')
        if self.top_db is not None and self.log not in ("db", "amplitude_db"):
            raise ValueError(f'top_db needs log "db" or "amplitude_db", not "{self.log}"')
        if self.n_fft % 2:
            raise ValueError(f"n_fft must be even, not {self.n_fft}")
        if self.frame_length > self.n_fft or self.frame_length % 2:
            raise ValueError(f"win_length must be even and at most n_fft ({self.n_fft}), not {self.win_length}")
        if not 0 <= self.f_min < self.top <= self.sample_rate / 2:
            raise ValueError(
                f"0 <= f_min < f_max <= {self.sample_rate / 2:g} Hz does not hold for {self.f_min:g} and {self.top:g}"
            )

    @property
    def top(self) -> float:
        """Upper edge of the filter bank, in Hz."""
        return self.sample_rate / 2 if self.f_max is None else self.f_max

    @property
    def frame_length(self) -> int:
        """Length of a frame, in samples."""
        return self.n_fft if self.win_length is None else self.win_length

    def frames(self, samples: int) -> int:
        """Return the number of frames of a segment of so many samples."""
        return 1 + (samples if self.padding != "none" else samples - self.frame_length) // self.hop


class HarmonicFrontEnd(Record, frozen=True, kw_only=True, tag_field="kind", tag="harmonic"):
    """Settings of a harmonic spectrogram: bands on a pitch scale, with one channel per harmonic.

    In a card, its `kind` is ``"harmonic"``.

    Attributes
    ----------
    sample_rate
        Samples per second of the waveform, in Hz.
    n_fft
        Frame and Fourier-transform length, in samples; the window is a periodic Hann window of this length.
    hop
        Distance between frames, in samples.
    harmonics
        Number of harmonics, including the fundamental.
    bands_per_semitone
        Number of pitches per semitone.
    lowest_note
        The lowest pitch, as a MIDI number. The highest is just below the note whose last harmonic is nearest to half
        the sample rate.
    padding
        Padding at the ends of a segment, as in `FrontEnd`.
    """

    sample_rate: PositiveInt = 16000
    n_fft: PositiveInt = 512
    hop: PositiveInt = 256
    harmonics: PositiveInt = 6
    bands_per_semitone: PositiveInt = 2
    lowest_note: int = 24
    padding: Literal["none", "zero", "reflect"] = "reflect"

    def _check(self) -> None:
        """Raise a ValueError if settings contradict each other."""
        if self.n_fft % 2:
            raise ValueError(f"n_fft must be even, not {self.n_fft}")
        if not self.pitches:
            raise ValueError(f"no pitch from note {self.lowest_note} on has {self.harmonics} harmonics")

    @property
    def frame_length(self) -> int:
        """Length of a frame, in samples."""
        return self.n_fft

    @property
    def pitches(self) -> tuple[float, ...]:
        """Frequencies of the bands of the first harmonic, in Hz."""
        top = self.sample_rate / 2 / self.harmonics
        semitones = round(69 + 12 * math.log2(top / 440)) - self.lowest_note
        steps = range(semitones * self.bands_per_semitone)
        return tuple(440 * 2 ** ((self.lowest_note - 69 + step / self.bands_per_semitone) / 12) for step in steps)


class RawFrontEnd(Record, frozen=True, kw_only=True, tag_field="kind", tag="waveform"):
    """No front end: the network takes the waveform.

    In a card, its `kind` is ``"waveform"``.

    Attributes
    ----------
    sample_rate
        Samples per second of the waveform, in Hz.
    """

    sample_rate: PositiveInt = 16000


AnyFrontEnd = FrontEnd | HarmonicFrontEnd | RawFrontEnd
