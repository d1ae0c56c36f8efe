"""The command: ``python -m benchmarks.run``, from the root of the project."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from benchmarks import (
    architectures,
    cold,
    deform,
    engines,
    frontend,
    index,
    library,
    memory,
    metrics,
    page,
    projection,
    record,
    scan,
    server,
    sonify,
    store,
    training,
    warm,
    workers,
)
from benchmarks.material import Material
from benchmarks.measure import PROJECT, BenchmarkError
from benchmarks.setting import Setting, find_peer
from taggram.models.directories import installed_models

GROUPS = {
    "cold": cold,
    "warm": warm,
    "workers": workers,
    "engines": engines,
    "frontend": frontend,
    "memory": memory,
    "store": store,
    "index": index,
    "library": library,
    "metrics": metrics,
    "deform": deform,
    "scan": scan,
    "sonify": sonify,
    "projection": projection,
    "page": page,
    "server": server,
    "training": training,
    "architectures": architectures,
}


def main() -> None:
    """Measure the selected groups, write a CSV file for each, and print all rows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Measure speed and memory.")
    parser.add_argument("--only", choices=GROUPS, action="append", help="a group; may be given several times")
    parser.add_argument("--out", type=Path, help="folder for CSV files  [default: benchmarks/results]")
    parser.add_argument("--runs", type=int, default=5, help="how often each figure is taken, after a warm-up")
    parser.add_argument("--architectures", default="*", metavar="PATTERN", help="measure these architectures only")
    parser.add_argument("--peer-python", help="interpreter that has the musicnn library, see benchmarks/peers.md")
    parser.add_argument(
        "--data", type=Path, help="folder with mer4q/, which is packed if it is there  [default: ../shared/data]"
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(tempfile.gettempdir(), "taggram-benchmarks"),
        help="folder for the audio that is made",
    )
    parser.add_argument(
        "--million", action="store_true", help="a library of a million tracks in LanceDB, too: a quarter of an hour"
    )
    parser.add_argument(
        "--quick", action="store_true", help="short audio, one run: shows that it works, measures nothing"
    )
    options = parser.parse_args()

    cache = options.cache.resolve()
    out = options.out or (cache / "quick" if options.quick else PROJECT / "benchmarks" / "results")
    groups = {name: GROUPS[name] for name in options.only or GROUPS}
    material = Material(cache, indexed=1_000_000 if options.million else 0)
    data = options.data.resolve() if options.data else None if options.quick else PROJECT.parent / "shared" / "data"
    if options.quick:
        small = {"clip": 4, "song": 40, "mix": 120, "track": 4, "single": 20, "tracks": 8, "shorts": 16}
        material = Material(cache, **small, index=1000, library=1000, scored=300, requests=40)
        options.runs = 1
    try:
        _require(sorted({model for group in groups.values() for model in group.MODELS}))
        peer = find_peer(os.path.abspath(options.peer_python)) if options.peer_python else None
        setting = Setting(material, options.runs, peer, data, options.architectures)
        rows = []
        for name, group in groups.items():
            print(f"measuring {name}; load average {os.getloadavg()[0]:.1f}", file=sys.stderr)
            found = group.measure(setting)
            record.write(found, out / f"{name}.csv")
            rows += found
    except BenchmarkError as error:
        sys.exit(f"error: {error}")
    record.show(rows)


def _require(models: list[str]) -> None:
    missing = [model for model in models if model not in installed_models()]
    if missing:
        raise BenchmarkError(f"models are missing; fetch them with: taggram models import {' '.join(missing)}")


if __name__ == "__main__":
    main()
