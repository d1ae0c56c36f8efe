"""Sonification: seconds of audio per second, at several resolutions."""

from __future__ import annotations

import time
from functools import partial

import numpy as np

from benchmarks.measure import interleaved
from benchmarks.record import Row
from benchmarks.setting import Setting
from taggram.audio import read
from taggram.features import FrontEnd
from taggram.sonification import model_front_end, sonify
from taggram.tagging import DEFAULT_MODEL

MODELS = (DEFAULT_MODEL,)  # its front end
RESOLUTIONS = ((128, 128), (64, 256), (48, 512), (8, 2560))  # mel bands and hop


def measure(setting: Setting) -> list[Row]:
    """Speed of `sonify` for a clip that is decoded before."""
    front_end = model_front_end(DEFAULT_MODEL)
    samples = read(setting.material.clip_file(), front_end.sample_rate)
    works = {
        f"{n_mels} bands, hop {hop}": partial(_speed, front_end.replace(n_mels=n_mels, hop=hop), samples)
        for n_mels, hop in RESOLUTIONS
    }
    benchmark = f"sonification of {setting.material.clip:g} s at 16 kHz, CPU time"
    found = interleaved(works, setting.runs, warm_up=True)
    return [Row(benchmark, name, "x real time", values, ">= 5") for name, values in found.items()]


def _speed(front_end: FrontEnd, samples: np.ndarray) -> float:
    """Return the seconds of audio per second of CPU time."""
    began = time.process_time()
    sonify(samples, front_end)
    return len(samples) / front_end.sample_rate / (time.process_time() - began)
