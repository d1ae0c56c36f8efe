"""Warm throughput: one process, one thread, the model loaded, decoding included."""

from __future__ import annotations

from benchmarks.measure import Loop, loops
from benchmarks.record import Row, shown
from benchmarks.setting import Setting
from taggram.tagging import DEFAULT_MODEL

MODELS = (
    DEFAULT_MODEL,
    "musicnn.mtat-won2020",
    "vgg_pons.mtat-pons2019",
    "fcn.mtat-won2020",
    "crnn.mtat-won2020",
)
TARGETS = {DEFAULT_MODEL: ">= 150"}
# What the peer calls the same weights.
PEER_MODELS = {DEFAULT_MODEL: "MTT_musicnn", "vgg_pons.mtat-pons2019": "MTT_vgg"}


def measure(setting: Setting) -> list[Row]:
    """Seconds of audio per second, for each model; and over the peer's, round by round."""
    file, length = setting.material.song_file(), setting.material.song
    commands = {model: Loop("loops", "tag", model, file, one_core=True) for model in MODELS}
    if setting.peer:
        for theirs in PEER_MODELS.values():
            commands[theirs] = Loop("loop_musicnn", theirs, file, python=setting.peer.python, one_core=True)
    found = loops(commands, setting.runs)
    speeds = {name: [length / seconds for seconds in values] for name, values in found.items()}
    benchmark = "warm, 1 thread"
    rows = [
        Row(benchmark, model, "x real time", speeds[model], TARGETS.get(model, ""), shown(commands[model].command))
        for model in MODELS
    ]
    if setting.peer:
        for ours, theirs in PEER_MODELS.items():
            name = f"{setting.peer.name}, {theirs}"
            rows.append(Row(benchmark, name, "x real time", speeds[theirs], "", shown(commands[theirs].command)))
            ratios = [a / b for a, b in zip(speeds[ours], speeds[theirs], strict=True)]
            rows.append(Row(f"{benchmark}, over peer", f"{ours} over {name}", "x", ratios))
    return rows
