"""``python -m benchmarks.experiments NAME --data FOLDER``: trains, scores the test clips, writes a table.

An interrupted run resumes. mer4q is small and the networks are narrow: the tables show what a protocol or a loss does,
and that the engine works; they rank no networks.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.experiments import hamidi, nair, networks, yu
from benchmarks.experiments.scores import Row, write
from benchmarks.measure import PROJECT

EXPERIMENTS: dict[str, Callable[..., Iterator[Row]]] = {
    "yu": yu.run,
    "nair": nair.run,
    "hamidi": hamidi.run,
    "networks": networks.run,
    "all-networks": partial(networks.run, whole=True),
}


def main() -> None:
    """Run one experiment."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.experiments", description=__doc__)
    parser.add_argument("experiment", choices=EXPERIMENTS)
    parser.add_argument("--data", type=Path, required=True, help="folder of mer4q")
    parser.add_argument("--work", type=Path, default=Path("runs"), help="folder for stores and models  [default: runs]")
    parser.add_argument("--out", type=Path, default=PROJECT / "docs" / "results" / "experiments")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    for row in EXPERIMENTS[arguments.experiment](arguments.data, arguments.work, arguments.threads):
        rows.append(row)
        write(rows, arguments.out / f"mer4q-{arguments.experiment}.csv")


if __name__ == "__main__":
    main()
