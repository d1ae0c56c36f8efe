"""Ray actors over a pool of processes, both on this machine, and the one process that writes their results."""

from __future__ import annotations

import contextlib
import importlib.util
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.measure import BenchmarkError, Loop, interleaved, loops
from benchmarks.record import Row, shown
from benchmarks.setting import Setting
from taggram.library.store import FileState, LibraryStore, Recording, StoredPrediction
from taggram.tagging import DEFAULT_MODEL, Tagger

MODELS = (DEFAULT_MODEL,)
TARGET = ">= 0.9"
TRACKS = 20_000
WORKERS = "2"
LOOPS = {"processes": "many", "ray": "many_on_ray"}


def measure(setting: Setting) -> list[Row]:
    """Throughput while warm of two processes and of two actors, and the ratio, formed round by round; items per second.

    While warm is as in `workers`. Items per second are those of an empty task, thus what the parent process can give
    to workers. A library is written as a scan does.
    """
    if importlib.util.find_spec("ray") is None:
        raise BenchmarkError("Ray is missing: pip install 'taggram[ray]'")
    files = setting.material.short_files()
    count = str(2 * len(files))
    tagging = {engine: Loop("loops", name, DEFAULT_MODEL, WORKERS, *files) for engine, name in LOOPS.items()}
    empty = {engine: Loop("loops", "items", engine, WORKERS, count) for engine in LOOPS}
    name = f"{len(files)} files of 10 s, 2 workers, warm"
    rows = []
    with contextlib.ExitStack() as stack:  # without a warm-up: the first files do not count
        started = {engine: stack.enter_context(loop) for engine, loop in tagging.items()}
        rates = interleaved(started, setting.runs, warm_up=False)
    for engine, values in rates.items():
        command = [part for part in tagging[engine].command if part not in files[1:]]  # one stands for all
        rows.append(Row(name, engine, "files/s", values, "", shown(command)))
    ratios = [ray / processes for processes, ray in zip(rates["processes"], rates["ray"], strict=True)]
    rows.append(Row(name, "ray over processes", "x", ratios, TARGET))
    for engine, values in loops(empty, setting.runs).items():
        rows.append(Row("empty task, 2 workers", engine, "items/s", values, "", shown(empty[engine].command)))
    speeds, sizes = zip(
        *(_write(TRACKS // (1 if len(files) >= 1000 else 10)) for _ in range(setting.runs)), strict=True
    )
    rows.append(Row("library, written by one process", "SQLite", "tracks/s", list(speeds)))
    rows.append(Row("library, size of a track", "SQLite", "bytes", list(sizes)))
    return rows


def _write(tracks: int) -> tuple[float, float]:
    """Write tracks with the scores and embeddings of the default model; return tracks per second, bytes per track."""
    rng = np.random.default_rng(0)
    prediction = Tagger().tag(rng.uniform(-0.1, 0.1, 16000 * 3).astype(np.float32), sample_rate=16000)
    stored = StoredPrediction("Sliding(hop=48000)", prediction.clip_scores(), prediction.embedding)
    with tempfile.TemporaryDirectory() as folder, LibraryStore(Path(folder, "library.sqlite")) as store:
        model = store.put_model("0" * 64, DEFAULT_MODEL, Tagger().card)
        began = time.perf_counter()
        for start in range(0, tracks, 1000):
            with store.transaction():
                for number in range(start, min(start + 1000, tracks)):
                    content, artist = rng.bytes(32).hex(), f"Artist {number // 12}"
                    about = Recording(content, 240.0, False, f"Song {number}", artist, "Album", 1990, "Rock")
                    store.put_prediction(model, about, stored)
                    store.put_file(f"/music/{artist}/Album/Song {number}.flac", FileState(1 << 25, number), content)
        speed = tracks / (time.perf_counter() - began)
        store.close()
        return speed, Path(folder, "library.sqlite").stat().st_size / tracks
