"""A library of many tracks: answers over those of SQLite and NumPy alone, memory, and the size of the file."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.collection import make_collection
from benchmarks.loop_library import QUESTIONS
from benchmarks.measure import BenchmarkError, Loop, loops, programs
from benchmarks.record import Row, shown
from benchmarks.setting import Setting
from taggram.library import Library
from taggram.library.index import EmbeddingIndex
from taggram.library.similar import Nearest
from taggram.tagging import DEFAULT_MODEL

MODELS = (DEFAULT_MODEL,)
RATIO = "<= 1.5"
PEAK = "<= 572"  # 600 MB in MiB
NEAREST = 20
QUERIES = 50  # tracks whose nearest are asked for
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
    rows = [*_answers(folder, count, setting), *_memory(folder, count, setting)]
    if (many := setting.material.indexed) and not importlib.util.find_spec("lancedb"):
        raise BenchmarkError("a library with an index needs LanceDB: pip install 'taggram[lance]'")
    return rows + (_indexed(setting.material.cache / f"library-alone-{many}", many, setting) if many else [])


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


def _indexed(folder: Path, count: int, setting: Setting) -> list[Row]:
    """Similar tracks by the index in LanceDB, over the exact comparison; its recall; time and size of the index."""
    make_collection(folder, count, alone=True)
    place, name = folder / "library.lance", f"{count} tracks, similar tracks"
    began = time.perf_counter()
    with Library(folder / "library.sqlite") as library:
        library.index(place)
        built = time.perf_counter() - began
        recalls = _recalls(library)
    children = {
        "LanceDB": Loop("loop_library", "taggram", "similar", str(folder)),
        "all compared": Loop("loop_library", "exact", "similar", str(folder)),
    }
    seconds = loops(children, setting.runs)
    programs_ = {"LanceDB": "taggram", "all compared": "exact"}
    commands = {
        subject: [sys.executable, "-m", "benchmarks.loop_library", program, "once similar", str(folder)]
        for subject, program in programs_.items()
    }
    usages = programs(commands, min(3, setting.runs), warm_up=False)
    rows = [Row(name, subject, "s", seconds[subject], "", shown(children[subject].command)) for subject in children]
    for subject, command in commands.items():
        rows.append(
            Row(f"{name}, one process", subject, "s", [usage.wall for usage in usages[subject]], "", shown(command))
        )
        rows.append(Row(f"{name}, peak", subject, "MiB", [usage.peak for usage in usages[subject]], "", shown(command)))
    size = sum(file.stat().st_size for file in place.rglob("*") if file.is_file()) / 2**20
    return [
        *rows,
        Row(f"{name}, recall of the nearest {NEAREST}", "LanceDB", "of 1", recalls, ">= 0.95"),
        Row(f"{count} tracks, index", "built", "s", [built]),
        Row(f"{count} tracks, index", "size", "MiB", [size]),
        Row(
            f"{count} tracks, size of the file", "taggram", "MiB", [(folder / "library.sqlite").stat().st_size / 2**20]
        ),
    ]


def _recalls(library: Library) -> list[float]:
    """Share of the nearest tracks that the index finds, for several tracks."""
    collection, rng = library.collection(), np.random.default_rng(1)
    index = EmbeddingIndex(library._store, collection.model)

    def nearest(find: Nearest, embedding: np.ndarray) -> set[int]:
        return {candidate.track.id for candidate in itertools.islice(find(embedding), NEAREST)}

    recalls = []
    for row in rng.integers(len(collection), size=QUERIES):
        embedding = collection.embeddings[row]
        exact = nearest(collection.nearest, embedding)
        recalls.append(len(exact & nearest(index.nearest, embedding)) / NEAREST)
    return [float(np.mean(part)) for part in np.array_split(recalls, 5)]


def _memory(folder: Path, count: int, setting: Setting) -> list[Row]:
    command = [sys.executable, "-m", "benchmarks.loop_library", "taggram", "once", str(folder)]
    peaks = [usage.peak for usage in programs({"": command}, setting.runs, warm_up=False)[""]]
    name = f"{count} tracks, size of the file"
    sizes = {program: (folder / f"{program}.sqlite").stat().st_size / 2**20 for program in ("bare", "library")}
    return [
        Row(f"{count} tracks, all of these", "taggram, peak", "MiB", peaks, PEAK, shown(command)),
        *(Row(name, "taggram" if program == "library" else program, "MiB", [size]) for program, size in sizes.items()),
    ]
