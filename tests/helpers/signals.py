"""Measurements of signals, for tests of what a deformation does to them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

Samples = NDArray[np.floating]


def sine(frequency: float, seconds: float, sample_rate: int, level: float = 0.5) -> NDArray[np.float32]:
    """Return a sine wave (samples,) float32."""
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    return (level * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def frequency(x: Samples, sample_rate: int) -> float:
    """Return the frequency of a sine wave in Hz, to about 0.01 cent: the slope of its phase, without the ends."""
    inner = x[len(x) // 8 : -len(x) // 8].astype(np.float64)
    spectrum = np.fft.fft(inner * np.hanning(len(inner)))
    spectrum[len(inner) // 2 :] = 0
    peak = int(np.argmax(np.abs(spectrum)))
    band = np.zeros_like(spectrum)
    width = max(4, peak // 4)
    band[max(1, peak - width) : peak + width] = spectrum[max(1, peak - width) : peak + width]
    phase = np.unwrap(np.angle(np.fft.ifft(band)))
    middle = slice(len(inner) // 4, -len(inner) // 4)
    slope = np.polyfit(np.arange(len(inner))[middle], phase[middle], 1)[0]
    return float(slope * sample_rate / (2 * np.pi))


def cents(measured: float, expected: float) -> float:
    """Return an interval in cents."""
    return float(1200 * np.log2(measured / expected))


def decibels(x: Samples, reference: Samples | float = 1.0) -> float:
    """Return the level (RMS) relative to another signal, or to a level."""
    base = np.sqrt(np.mean(np.square(reference, dtype=np.float64)))
    return float(20 * np.log10(np.sqrt(np.mean(np.square(x, dtype=np.float64))) / base))


def band_level(x: Samples, sample_rate: int, low: float, high: float) -> float:
    """Return the level of a band of frequencies in dB."""
    power = np.abs(np.fft.rfft(x)) ** 2
    frequencies = np.fft.rfftfreq(len(x), 1 / sample_rate)
    return float(10 * np.log10(power[(frequencies >= low) & (frequencies < high)].sum() + 1e-30))


def lag(x: Samples, reference: Samples) -> int:
    """Return by how many samples a signal lies behind another one, by cross-correlation."""
    correlation = fftconvolve(x, reference[::-1])
    return int(np.argmax(correlation)) - (len(reference) - 1)


def onsets(x: Samples, sample_rate: int, gap: float) -> NDArray[np.float64]:
    """Return the times in seconds at which clicks reach half their peak, at least `gap` seconds apart."""
    times: list[float] = []
    for i in np.flatnonzero(np.abs(x) > 0.5 * np.abs(x).max()):
        if not times or i / sample_rate - times[-1] > gap:
            times.append(i / sample_rate)
    return np.array(times)
