"""Warm throughput: one process, one thread, the model loaded, decoding included."""

from __future__ import annotations

from benchmarks.measure import Loop, loops
from benchmarks.record import Row, shown
from benchmarks.setting import Setting
from taggram.tagging import DEFAULT_MODEL

MUSICNN = "musicnn_pons.mtat-pons2019"
MODELS = (
    DEFAULT_MODEL,
    MUSICNN,
    "musicnn.mtat-won2020",
    "vgg_pons.mtat-pons2019",
    "fcn.mtat-won2020",
    "crnn.mtat-won2020",
)
TARGETS = {MUSICNN: ">= 150"}
# What the peer calls the same weights.
PEER_MODELS = {MUSICNN: "MTT_musicnn", "vgg_pons.mtat-pons2019": "MTT_vgg"}


DECODE = "decode, resample"


def measure(setting: Setting) -> list[Row]:
    """Seconds of audio per second, for each model; over decoding alone and over the peer's, round by round."""
    file, length = setting.material.song_file(), setting.material.song
    commands = {DECODE: Loop("loops", "decode", file, one_core=True)}  # next to the default model, which comes first
    commands |= {model: Loop("loops", "tag", model, file, one_core=True) for model in MODELS}
    if setting.peer:
        for theirs in PEER_MODELS.values():
            commands[theirs] = Loop("loop_musicnn", theirs, file, python=setting.peer.python, one_core=True)
    found = loops(commands, setting.runs)
    speeds = {name: [length / seconds for seconds in values] for name, values in found.items()}
    benchmark = "warm, 1 thread"
    rows = [
        Row(benchmark, name, "x real time", speeds[name], TARGETS.get(name, ""), shown(commands[name].command))
        for name in (*MODELS, DECODE)
    ]
    share = [a / b for a, b in zip(found[DEFAULT_MODEL], found[DECODE], strict=True)]
    rows.append(Row(f"{benchmark}, time", f"{DEFAULT_MODEL} over {DECODE}", "x", share, "<= 1.5"))
    if setting.peer:
        for theirs in PEER_MODELS.values():
            name = f"{setting.peer.name}, {theirs}"
            rows.append(Row(benchmark, name, "x real time", speeds[theirs], "", shown(commands[theirs].command)))
        pairs = [*PEER_MODELS.items(), (DEFAULT_MODEL, PEER_MODELS[MUSICNN])]
        for ours, theirs in pairs:
            ratios = [a / b for a, b in zip(speeds[ours], speeds[theirs], strict=True)]
            target = ">= 6" if ours == DEFAULT_MODEL else ""
            rows.append(
                Row(f"{benchmark}, over peer", f"{ours} over {setting.peer.name}, {theirs}", "x", ratios, target)
            )
    return rows
