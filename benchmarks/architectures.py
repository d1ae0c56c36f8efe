"""Inference of every architecture, on one thread: ONNX Runtime, and torch with defaults as in published code.

Published code runs all segments of a clip as one batch in torch with default settings. `eager` in `loops` does so with
taggram's network, so that both sides compute the same.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.measure import Loop, loops
from benchmarks.record import Row, shown
from benchmarks.setting import Setting

MODELS = ()  # networks are fresh
TARGETS = {"fcn": ">= 2", "crnn": ">= 2", "musicnn": ">= 2"}  # those whose published code has been measured


def measure(setting: Setting) -> list[Row]:
    """Seconds of audio per second for a clip of 30 s that is decoded already, and the ratio, round by round."""
    rows = []
    for name, folder in _exported(setting).items():
        commands = {
            "ONNX Runtime": Loop("loops", "score", str(folder), one_core=True),
            "torch as it comes": Loop("loops", "eager", name, one_core=True),
        }
        found = loops(commands, setting.runs)
        for runtime, seconds in found.items():
            speeds = [30 / value for value in seconds]
            rows.append(Row(name, runtime, "x real time", speeds, "", shown(commands[runtime].command)))
        ratios = [a / b for a, b in zip(found["torch as it comes"], found["ONNX Runtime"], strict=True)]
        rows.append(Row(name, "ONNX Runtime over torch", "x", ratios, TARGETS.get(name, "")))
    return rows


def _exported(setting: Setting) -> dict[str, Path]:
    """Write a network of each architecture with random weights as a model, once."""
    from taggram.models import create_model, list_architectures
    from taggram.models.card import FILE_NAME
    from taggram.models.weights import save_model

    cache = setting.material.cache / "architectures"
    folders = {name: cache / name for name in setting.chosen(list_architectures())}
    for name, folder in folders.items():
        if not (folder / FILE_NAME).exists():
            network = create_model(name, "mtat")
            save_model(network, network.card(f"{name}.fresh", trained_on="nothing", licence="none"), folder)
    return folders
