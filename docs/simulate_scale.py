"""A scan by many workers: queue, stragglers and failures, with the measured rates: ``python docs/simulate_scale.py``.

One process (the parent) gives a file to each idle worker and writes each result; a worker tags one file at a time. A
worker that dies comes back later, and its file is tried once more by another one. Rates are the medians in
benchmarks/results; what is assumed are the constants below.
"""

from __future__ import annotations

import csv
import heapq
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from taggram.parallel import PREFETCH

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
MEDIAN_SONG, SONG_SPREAD = 220.0, 0.35  # seconds; lognormal: a mean of 234 s
WORKER_SPREAD = 0.1  # of the speed of workers, lognormal
STRAGGLERS, SLOWNESS = 0.01, 4.0  # share of workers, and how many times slower they are
LIFE = 24 * 3600.0  # seconds until a worker dies, mean of an exponential distribution: as with machines that are cheap
RESTART = 60.0  # seconds
PRICE = 0.04  # dollars per core hour
SONGS = 200_000  # of one run
# Workers, scans that share them, and whether results come in the order of the files.
RUNS = ((1, 1, True), (16, 1, True), (100, 1, True), (1000, 1, True), (1000, 10, True), (1000, 10, False))
SEED = 0


def median(file: str, benchmark: str, subject: str) -> float:
    """Return the median of a benchmark."""
    with (RESULTS / file).open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["benchmark"].endswith(benchmark) and row["subject"] == subject:
                return float(row["median"])
    raise LookupError(f"{file} has no {benchmark} of {subject}")


@dataclass
class Rates:
    """Seconds of audio that a worker tags per second, and seconds that the parent needs for an item."""

    speed: float
    parent: float


def rates() -> Rates:
    """Return the measured rates: a worker is one of two that are both busy."""
    items = median("engines.csv", "empty task, 2 workers", "ray")
    tracks = median("engines.csv", "written by one process", "SQLite")
    return Rates(median("workers.csv", "files, warm", "2 processes") / 2, 1 / items + 1 / tracks)


@dataclass
class Scan:
    """What happened in a scan, in seconds and numbers of files."""

    wall: float
    busy: float  # of all workers
    parent: float
    tail: float  # from the first worker that finds no file left
    retried: int
    lost: int


def simulate(workers: int, songs: int, limit: int, measured: Rates, rng: np.random.Generator) -> Scan:
    """Simulate a scan, whose parent gives out at most so many files before the oldest one without a result."""
    seconds = rng.lognormal(np.log(MEDIAN_SONG), SONG_SPREAD, songs) / measured.speed
    slowness = rng.lognormal(0, WORKER_SPREAD, workers) * np.where(rng.random(workers) < STRAGGLERS, SLOWNESS, 1)
    deaths = rng.exponential(LIFE, workers)  # the next one of each worker, in seconds since the start
    idle = [(0.0, worker) for worker in range(workers)]
    retries: list[tuple[float, int]] = []  # when a file comes back, and which
    scan = Scan(0, 0, 0, 0, 0, 0)
    ends = np.full(songs, np.nan)
    parent_free, first_end, new, oldest, window = 0.0, np.inf, 0, 0, 0.0
    while new < songs or retries:
        free, worker = heapq.heappop(idle)
        while oldest <= new - limit and ends[oldest] == ends[oldest]:
            window, oldest = max(window, ends[oldest]), oldest + 1
        if retries and (retries[0][0] <= free or new == songs or oldest <= new - limit):
            back, song = heapq.heappop(retries)
            free, is_retry = max(free, back), True
        else:
            free, song, is_retry, new = max(free, window), new, False, new + 1
        start = max(free, parent_free) + measured.parent
        parent_free, scan.parent = start, scan.parent + measured.parent
        while deaths[worker] < start:  # while it was idle
            deaths[worker] += rng.exponential(LIFE)
        end = start + seconds[song] * slowness[worker]
        if deaths[worker] < end:
            end = deaths[worker]
            deaths[worker] += RESTART + rng.exponential(LIFE)
            scan.lost, scan.retried = scan.lost + is_retry, scan.retried + (not is_retry)
            if is_retry:
                ends[song] = end
            else:
                heapq.heappush(retries, (end, song))
            heapq.heappush(idle, (end + RESTART, worker))
        else:
            ends[song] = end
            heapq.heappush(idle, (end, worker))
            if new == songs:
                first_end = min(first_end, end)
        scan.busy += end - start
        scan.wall = max(scan.wall, end)
    scan.tail = scan.wall - min(first_end, scan.wall)
    return scan


def table() -> str:
    """Return the results as text."""
    measured = rates()
    mean = MEDIAN_SONG * np.exp(SONG_SPREAD**2 / 2)
    lines = [
        f"a worker: {measured.speed:.0f} x real time, {measured.speed / mean:.2f} songs/s; the parent: "
        f"{1 / measured.parent:.0f} songs/s",
        "workers  scans  order  songs/s  workers  parent  tail  retried  lost  core hours   cost  100 million",
        "                                   busy    busy   (s)                per million              (days)",
    ]
    for workers, scans, ordered in RUNS:
        limit = PREFETCH * workers // scans if ordered else SONGS
        rng = np.random.default_rng(SEED)
        runs = [simulate(workers // scans, SONGS // scans, limit, measured, rng) for _ in range(scans)]
        wall = max(run.wall for run in runs)
        busy = sum(run.busy for run in runs) / workers / wall
        hours = workers * wall / 3600 / SONGS * 1e6
        lines.append(
            f"{workers:7}  {scans:5}  {'yes' if ordered else 'no':>5}  {SONGS / wall:7.1f}  {busy:7.0%}  "
            f"{max(run.parent for run in runs) / wall:6.0%}  {max(run.tail for run in runs):4.0f}  "
            f"{sum(run.retried for run in runs):7}  {sum(run.lost for run in runs):4}  {hours:11.0f}  "
            f"${hours * PRICE:4.0f}  {wall / SONGS * 1e8 / 86400:11.1f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
