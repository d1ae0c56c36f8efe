"""Peak memory for a very long file."""

from __future__ import annotations

from benchmarks.measure import PROGRAM, programs
from benchmarks.record import Row, shown
from benchmarks.setting import Setting
from taggram.tagging import DEFAULT_MODEL

FASTEST = "fcn.mtat-won2020"
MODELS = (DEFAULT_MODEL, FASTEST)
TARGET = "<= 300"
RUNS = 3  # at most: memory hardly varies, and the files are long


def measure(setting: Setting) -> list[Row]:
    """Peak memory and wall time: some segments that are sought, and the whole file as a stream."""
    tag = [PROGRAM, "tag", setting.material.mix_file(), "--json", "--model"]
    commands = {
        f"16 segments, {DEFAULT_MODEL}": [*tag, DEFAULT_MODEL, "--segments", "16"],
        f"whole, {FASTEST}": [*tag, FASTEST],
        f"whole, {DEFAULT_MODEL}": [*tag, DEFAULT_MODEL],
    }
    found = programs(commands, min(RUNS, setting.runs), warm_up=False)
    rows = []
    for name, command in commands.items():
        benchmark = f"{setting.material.mix / 3600:.3g} h file"
        peaks, walls = [usage.peak for usage in found[name]], [usage.wall for usage in found[name]]
        rows.append(Row(f"{benchmark}, peak", name, "MiB", peaks, TARGET, shown(command)))
        rows.append(Row(f"{benchmark}, wall", name, "s", walls, "", shown(command)))
    return rows
