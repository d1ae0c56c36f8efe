"""Cold start: a whole process of the command line, from start to end."""

from __future__ import annotations

import sys

from benchmarks.measure import PROGRAM, programs
from benchmarks.record import Row, shown
from benchmarks.setting import Setting
from taggram.tagging import DEFAULT_MODEL

MODELS = (DEFAULT_MODEL,)
TAG, HELP, FLOOR = "taggram tag", "taggram --help", "python -c pass"
LIBRARIES, IMPORTS = "numpy, onnxruntime, av, soxr", "imports alone"
TARGETS = {(TAG, "wall"): "<= 0.4", (TAG, "peak"): "<= 140", (HELP, "wall"): "<= 0.2"}
UNITS = {"wall": "s", "cpu": "s", "peak": "MiB"}


def measure(setting: Setting) -> list[Row]:
    """Wall time, CPU time and peak memory of tagging one short clip, and of a lower bound.

    The lower bound is importing the libraries that decode and run a network.
    """
    file = setting.material.clip_file()
    commands = {
        TAG: [PROGRAM, "tag", file],
        HELP: [PROGRAM, "--help"],
        IMPORTS: [sys.executable, "-c", f"import {LIBRARIES}"],
        FLOOR: [sys.executable, "-c", "pass"],
    }
    if setting.peer:
        commands[setting.peer.name] = [setting.peer.python, "-m", "musicnn.tagger", file, "--print"]
    found = programs(commands, setting.runs)
    rows = [
        Row(
            f"cold, {kind}",
            name,
            unit,
            [getattr(usage, kind) for usage in found[name]],
            TARGETS.get((name, kind), ""),
            shown(commands[name]),
        )
        for name in commands
        for kind, unit in UNITS.items()
    ]
    ratios = [tag.wall / imports.wall for tag, imports in zip(found[TAG], found[IMPORTS], strict=True)]
    return [*rows, Row("cold, wall", f"{TAG} over {IMPORTS}", "x", ratios)]
