"""Training on the CPU: a step of ours over one of the published kind, on the same network, segments and batch."""

from __future__ import annotations

from benchmarks.measure import Loop, loops
from benchmarks.record import Row, shown
from benchmarks.setting import Setting

MODELS = ()  # networks are fresh
ARCHITECTURES = ("small_vgg", "vgg_pons", "fcn", "musicnn_pons")
KINDS = ("naive", "ours", "ours-bf16")
TARGET = ">= 2.5"


def measure(setting: Setting) -> list[Row]:
    """Segments per second of each kind of loop, and the ratio, round by round; one thread, 16 segments per step."""
    rows = []
    for architecture in ARCHITECTURES:
        name = f"training step, {architecture}"
        commands = {kind: Loop("loops", "step", kind, architecture, one_core=True) for kind in KINDS}
        found = loops(commands, setting.runs)
        for kind, seconds in found.items():
            speeds = [16 / value for value in seconds]
            rows.append(Row(name, kind, "segments/s", speeds, "", shown(commands[kind].command)))
        for kind in KINDS[1:]:
            ratios = [a / b for a, b in zip(found["naive"], found[kind], strict=True)]
            target = TARGET if kind == "ours" else ""
            rows.append(Row(name, f"{kind} over naive", "x", ratios, target))
    return rows
