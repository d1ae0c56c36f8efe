"""The benchmarks run, and what they write is complete; how fast anything is, no test says."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

from taggram.datasets import PackedStore

COLUMNS = (
    "benchmark subject unit min median max runs target command date machine python taggram onnxruntime numpy av torch"
).split()


def bench(examples: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.run", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=examples.parent,
        env={**os.environ, **environment},
        timeout=120,
    )


def test_cold_start_is_measured(examples: Path, tmp_path: Path) -> None:
    done = bench(examples, "--quick", "--only", "cold", "--out", tmp_path / "results", "--cache", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "taggram --help" in done.stdout
    with (tmp_path / "results" / "cold.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["subject"] for row in rows} == {"taggram tag", "taggram --help", "python -c pass"}
    assert len(rows) == 9
    for row in rows:
        assert list(row) == COLUMNS
        assert 0 < float(row["min"]) <= float(row["median"]) <= float(row["max"])
        assert row["runs"] == "1"
        assert all(row[column] for column in COLUMNS if column not in ("target", "torch"))
        assert str(tmp_path) not in row["command"]


def test_missing_models_are_named_with_the_remedy(examples: Path, tmp_path: Path) -> None:
    done = bench(examples, "--quick", "--only", "memory", "--out", tmp_path, TAGGRAM_HOME=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.strip().endswith("taggram models import fcn.mtat-won2020")
    assert not list(tmp_path.iterdir())


def test_packing_is_measured(examples: Path, tmp_path: Path) -> None:
    done = bench(examples, "--quick", "--only", "store", "--out", tmp_path / "results", "--cache", tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "results" / "store.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["subject"] for row in rows] == ["1 process", "2 processes", "2 over 1", "PackedStore"]


def test_an_index_is_measured(examples: Path, tmp_path: Path) -> None:
    done = bench(examples, "--quick", "--only", "index", "--out", tmp_path / "results", "--cache", tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "results" / "index.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["benchmark"] for row in rows] == ["index of 1000 clips, wall", "index of 1000 clips, peak"] * 3
    store = PackedStore(tmp_path / "index-1000")
    assert len(store) == 1000
    assert {len(set(labels)) for labels in store.clips.labels} == {3}
    assert set(store.clips.splits) == {"train", "valid", "test"}
