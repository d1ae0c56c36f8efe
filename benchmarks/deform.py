"""Deformations: seconds of audio per second, each at its default and published strengths."""

from __future__ import annotations

import time
from functools import partial

import numpy as np

from benchmarks.measure import interleaved
from benchmarks.record import Row
from benchmarks.setting import Setting
from taggram.audio import read
from taggram.deform import DEFORMATIONS, Chain

MODELS = ()
RATE = 16000


def measure(setting: Setting) -> list[Row]:
    """Speed of each deformation of a clip at 16 kHz, which is decoded before."""
    samples = read(setting.material.clip_file(), RATE)
    strengths = {name: (each.parameter.default, *each.published) for name, each in DEFORMATIONS.items()}
    chains = dict.fromkeys(Chain([(name, value)]) for name, values in strengths.items() for value in values)
    found = interleaved({str(chain): partial(_speed, chain, samples) for chain in chains}, setting.runs, warm_up=True)
    benchmark = f"deformation of {setting.material.clip:g} s at 16 kHz, CPU time"
    return [Row(benchmark, name, "x real time", values, ">= 100") for name, values in found.items()]


def _speed(chain: Chain, samples: np.ndarray) -> float:
    """Return the seconds of audio per second of CPU time, in at least 0.1 s of it."""
    times, began, taken = 0, time.process_time(), 0.0
    while taken < 0.1:
        chain(samples, RATE)
        times, taken = times + 1, time.process_time() - began
    return times * len(samples) / RATE / taken
