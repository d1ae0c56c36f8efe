"""The benchmark of training on a GPU, in its form for the CPU: it measures, writes, and goes on."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_it_measures_and_goes_on(project: Path, tmp_path: Path) -> None:
    out = tmp_path / "gpu.csv"
    arguments = [
        "--device",
        "cpu",
        "--out",
        out,
        "--work",
        tmp_path / "work",
        "--clips",
        "16",
        "--segments",
        "16",
        "--seconds",
        "0.1",
    ]
    arguments += ["--batch-size", "8", "--workers", "0", "--architectures", "choi_cnn", "genre_mood_cnn", "--budget"]

    def run(budget: str) -> list[str]:
        command = [sys.executable, "-m", "benchmarks.gpu", *map(str, arguments), budget]
        done = subprocess.run(command, capture_output=True, text=True, cwd=project, env=os.environ, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    assert run("0") == ["The time is over; the same command goes on."]
    assert not out.exists()
    assert [line.partition(":")[0] for line in run("1000")] == [
        "choi_cnn, taggram",
        "choi_cnn, published loop",
        "choi_cnn, limit",
        "genre_mood_cnn, taggram",
    ]
    with out.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert all(float(row["segments_per_second"]) > 0 and row["device"] == "CPU" for row in rows)
    assert run("1000") == [], "all is measured"
