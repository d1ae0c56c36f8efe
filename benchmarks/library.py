"""A library of many tracks: answers over those of SQLite and NumPy alone, memory, and the size of the file."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.collection import make_collection
from benchmarks.loop_library import QUESTIONS
from benchmarks.measure import Loop, loops, programs
from benchmarks.record import Row, shown
from benchmarks.setting import Setting
from taggram.tagging import DEFAULT_MODEL

MODELS = (DEFAULT_MODEL,)
RATIO = "<= 1.5"
PEAK = "<= 572"  # 600 MB in MiB
NAMES = {
    "known": "scan of known files",
    "search": "search for three tags",
    "similar": "similar tracks",
    "first search": "search for three tags, first of a process",
    "first similar": "similar tracks, first of a process",
}


def measure(setting: Setting) -> list[Row]:
    """Seconds of each answer in turn with the bare library, peak memory of all in a process of its own, and sizes."""
    count = setting.material.library
    folder = make_collection(setting.material.cache / f"library-{count}", count)
    return [*_answers(folder, count, setting), *_memory(folder, count, setting)]


def _answers(folder: Path, count: int, setting: Setting) -> list[Row]:
    rows = []
    for question in (*QUESTIONS, "first search", "first similar"):
        children = {
            program: Loop("loop_library", program, question, str(folder), one_core=True)
            for program in ("bare", "taggram")
        }
        seconds = loops(children, setting.runs)
        name = f"{count} tracks, {NAMES[question]}"
        rows += [
            Row(name, program, "s", seconds[program], "", shown(children[program].command)) for program in children
        ]
        ratios = [ours / bare for bare, ours in zip(seconds["bare"], seconds["taggram"], strict=True)]
        rows.append(Row(name, "taggram over bare", "x", ratios, "" if "first" in question else RATIO))
    return rows


def _memory(folder: Path, count: int, setting: Setting) -> list[Row]:
    command = [sys.executable, "-m", "benchmarks.loop_library", "taggram", "once", str(folder)]
    peaks = [usage.peak for usage in programs({"": command}, setting.runs, warm_up=False)[""]]
    name = f"{count} tracks, size of the file"
    sizes = {program: (folder / f"{program}.sqlite").stat().st_size / 2**20 for program in ("bare", "library")}
    return [
        Row(f"{count} tracks, all of these", "taggram, peak", "MiB", peaks, PEAK, shown(command)),
        *(Row(name, "taggram" if program == "library" else program, "MiB", [size]) for program, size in sizes.items()),
    ]
