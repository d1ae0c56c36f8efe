"""The benchmarks run and write complete results; their values are not tested."""

from __future__ import annotations

import csv
import mmap
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks.measure import BenchmarkError

from benchmarks import page_cache
from taggram.datasets import PackedStore, dataset
from taggram.deform import DEFORMATIONS

COLUMNS = (
    "benchmark subject unit min median max runs target command date machine python taggram onnxruntime numpy av torch"
).split()


def bench(project: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.run", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=project,
        env={**os.environ, **environment},
        timeout=300,
    )


@pytest.fixture
def on_disk(tmp_path: Path) -> Path:
    """A folder that is not in memory itself."""
    device = tmp_path.stat().st_dev
    name = f"{os.major(device)}:{os.minor(device)}"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        if line.split()[2] == name and " - tmpfs " in line:
            pytest.skip(f"{tmp_path} is on a tmpfs; run pytest with --basetemp on a disk")
    return tmp_path


@pytest.mark.slow
def test_server_is_measured(project: Path, tmp_path: Path) -> None:
    done = bench(project, "--quick", "--only", "server", "--out", tmp_path / "results", "--cache", tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "results" / "server.csv").open(encoding="utf-8") as file:
        rows = {(row["benchmark"], row["subject"]): float(row["median"]) for row in csv.DictReader(file)}
    assert {subject for benchmark, subject in rows if benchmark == "memory of the server"} == {
        "4 requests", "40 requests",
    }  # fmt: skip
    assert len(rows) == 16
    assert all(value > 0 for value in rows.values())
    for clients in ("1 client", "4 clients", "16 clients"):
        assert rows["4 s clips", f"{clients}, p50"] <= rows["4 s clips", f"{clients}, p99"]


@pytest.mark.slow
def test_page_is_measured(project: Path, tmp_path: Path) -> None:
    done = bench(project, "--quick", "--only", "page", "--out", tmp_path / "results", "--cache", tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "results" / "page.csv").open(encoding="utf-8") as file:
        values = {row["benchmark"]: float(row["median"]) for row in csv.DictReader(file)}
    assert len(values) == 4
    assert all(value > 0 for value in values.values())
    assert values["weight"] <= 250  # kB


@pytest.mark.slow
def test_cold_start_is_measured(project: Path, tmp_path: Path) -> None:
    done = bench(project, "--quick", "--only", "cold", "--out", tmp_path / "results", "--cache", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "taggram --help" in done.stdout
    with (tmp_path / "results" / "cold.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["subject"] for row in rows} == {
        *("taggram tag", "taggram --help", "imports alone", "python -c pass", "taggram tag over imports alone")
    }
    assert len(rows) == 13
    for row in rows:
        assert list(row) == COLUMNS
        assert 0 < float(row["min"]) <= float(row["median"]) <= float(row["max"])
        assert row["runs"] == "1"
        ratio = ("command",) if row["unit"] == "x" else ()
        assert all(row[column] for column in COLUMNS if column not in ("target", "torch", *ratio))
        assert str(tmp_path) not in row["command"]


def test_missing_models_are_named_with_the_remedy(project: Path, tmp_path: Path) -> None:
    done = bench(project, "--quick", "--only", "memory", "--out", tmp_path, TAGGRAM_HOME=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.strip().endswith("taggram models import fcn.mtat-won2020")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_packing_is_measured(project: Path, on_disk: Path) -> None:
    dataset("mer4q").write_sample(on_disk / "data" / "mer4q")
    folders = ["--out", on_disk / "results", "--cache", on_disk, "--data", on_disk / "data"]
    done = bench(project, "--quick", "--only", "store", *folders)
    assert done.returncode == 0, done.stderr
    with (on_disk / "results" / "store.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    packing = ["decoding alone, warm", "1 process", "2 processes", "2 over 1", "1 process over decoding alone"]
    assert [row["subject"] for row in rows] == [*packing, *packing, "PackedStore", "PackedStore"]
    assert [row["target"] for row in rows if row["subject"] == "2 over 1"] == ["", ">= 1.8"]
    assert [row["benchmark"].split()[-1] for row in rows[-2:]] == ["warm", "cold"]
    assert len(PackedStore(on_disk / "packed" / "mer4q-2")) == 6


def test_what_lies_in_memory_is_known_and_dropped(on_disk: Path) -> None:
    file = on_disk / "file"
    file.write_bytes(bytes(100 * mmap.PAGESIZE + 1))
    assert page_cache.resident(file) == 101
    page_cache.drop(file)
    assert page_cache.resident(file) == 0
    assert file.read_bytes()[50 * mmap.PAGESIZE :]
    assert page_cache.resident(file) > 50
    mapped = np.memmap(file, np.uint8, "r")
    assert mapped.max() == 0
    with pytest.raises(BenchmarkError, match="stay in memory"):
        page_cache.drop(file)


@pytest.mark.slow
def test_an_index_is_measured(project: Path, tmp_path: Path) -> None:
    done = bench(project, "--quick", "--only", "index", "--out", tmp_path / "results", "--cache", tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "results" / "index.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["benchmark"] for row in rows] == ["index of 1000 clips, wall", "index of 1000 clips, peak"] * 3
    store = PackedStore(tmp_path / "index-1000")
    assert len(store) == 1000
    assert {len(set(labels)) for labels in store.clips.labels} == {3}
    assert set(store.clips.splits) == {"train", "valid", "test"}


@pytest.mark.slow
def test_metrics_are_measured(project: Path, tmp_path: Path) -> None:
    done = bench(project, "--quick", "--only", "metrics", "--out", tmp_path / "results", "--cache", tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "results" / "metrics.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["subject"] for row in rows] == ["taggram", "scikit-learn", "taggram over scikit-learn", "taggram"]
    ours, theirs, ratio, seconds = (float(row["median"]) for row in rows)
    assert ratio == pytest.approx(ours / theirs, rel=0.01)
    assert seconds > 0 and rows[-1]["unit"] == "s"


@pytest.mark.slow
def test_sonification_is_measured(project: Path, tmp_path: Path) -> None:
    done = bench(project, "--quick", "--only", "sonify", "--out", tmp_path / "results", "--cache", tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "results" / "sonify.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["subject"] for row in rows][:2] == ["128 bands, hop 128", "64 bands, hop 256"]
    assert all(float(row["min"]) > 0 for row in rows)


@pytest.mark.slow
def test_deformations_are_measured(project: Path, tmp_path: Path) -> None:
    pytest.importorskip("python_stretch", reason="needs the deform extra")
    done = bench(project, "--quick", "--only", "deform", "--out", tmp_path / "results", "--cache", tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "results" / "deform.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["subject"].split("=")[0] for row in rows} == set(DEFORMATIONS)
    assert {"muda_noise=0.1", "muda_noise=0.2", "muda_noise=0.4"} <= {row["subject"] for row in rows}
    assert all(row["target"] == ">= 100" and float(row["min"]) > 0 for row in rows)
