"""Training on the CPU: a step of ours over one of the published kind, on the same network, segments and batch."""

from __future__ import annotations

from benchmarks.measure import Loop, loops
from benchmarks.record import Row, shown
from benchmarks.setting import Setting

MODELS = ()  # networks are fresh
# The convolutional ones; fcn4 is vgg_cnn. The last three see next to nothing or are nearly all dense layers.
ARCHITECTURES = (
    *("fcn", "vgg_cnn", "four_layer_cnn", "mse_cnn", "vgg_pons", "short_chunk_cnn", "short_chunk_cnn_res"),
    *("musicnn", "musicnn_pons", "musicnn_ferraro", "harmonic_cnn", "sample_cnn", "sample_cnn_se"),
    *("genre_mood_cnn", "small_vgg", "zhang_cnn", "choi_cnn"),
)
KINDS = ("naive", "ours", "ours-bf16")
BATCH, ROUNDS = 16, 3
TARGET = ">= 2.5"


def measure(setting: Setting) -> list[Row]:
    """Segments per second of each kind of loop, and the ratio, round by round; one thread, 16 segments per step.

    A round is a step of each; there are three at most, since the largest networks take half a minute for one.
    """
    rows = []
    for architecture in setting.chosen(ARCHITECTURES):
        name = f"training step, {architecture}"
        commands = {kind: Loop("loops", "step", kind, architecture, one_core=True) for kind in KINDS}
        found = loops(commands, min(setting.runs, ROUNDS))
        for kind, seconds in found.items():
            speeds = [BATCH / value for value in seconds]
            rows.append(Row(name, kind, "segments/s", speeds, "", shown(commands[kind].command)))
        for kind in KINDS[1:]:
            ratios = [a / b for a, b in zip(found["naive"], found[kind], strict=True)]
            target = TARGET if kind == "ours" else ""
            rows.append(Row(name, f"{kind} over naive", "x", ratios, target))
    return rows
