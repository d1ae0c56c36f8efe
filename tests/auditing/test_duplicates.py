"""Duplicates by hash and by embedding."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from taggram.auditing import duplicates
from taggram.auditing.duplicates import FEWEST, NEIGHBOURS, THRESHOLD, equal_groups, near_duplicates, standardise


def test_equal_hashes() -> None:
    assert equal_groups(["x", "", "y", "x", "", "z", "x", "z"]) == [(0, 3, 6), (5, 7)]


def test_close_ones_are_all_found(monkeypatch) -> None:
    """In blocks, as by comparing each with each; clips without an embedding keep their places."""
    monkeypatch.setattr(duplicates, "BLOCK", 16)
    rng = np.random.default_rng(0)
    embeddings = rng.normal(3, [1, 20, *[1] * 14], (100, 16)).astype(np.float32)
    embeddings[70] = embeddings[3] + 0.01
    embeddings[41] = embeddings[40]
    embeddings[55] = np.nan
    found = near_duplicates(embeddings)
    unit = standardise(np.delete(embeddings, 55, axis=0))
    cosine = unit @ unit.T - 2 * np.eye(99)
    assert np.allclose(np.delete(found.nearest, 55), cosine.max(axis=1), atol=1e-6) and np.isnan(found.nearest[55])
    assert found.pairs.tolist() == [[40, 41], [3, 70]] and found.total == 2
    assert found.cosines == pytest.approx([1, cosine[3, 69]], abs=1e-6)
    everything = near_duplicates(embeddings, -1.0)
    assert everything.total == 99 * 98 / 2 and np.isin(everything.pairs, 55).sum() == 0


def test_a_strong_value_does_not_decide_alone() -> None:
    rng = np.random.default_rng(0)
    embeddings = rng.normal(0, 1, (200, 8)).astype(np.float32)
    embeddings[:, 0] *= 1000
    assert near_duplicates(embeddings).total == 0


def test_many_silent_clips_do_not_fill_the_memory() -> None:
    embeddings = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)
    embeddings[100:] = 1.0
    found = near_duplicates(embeddings)
    assert found.total == 200 * 199 / 2 and len(found.pairs) < 200 * NEIGHBOURS


@pytest.mark.parametrize("clips", [0, 1, FEWEST - 1])
def test_too_few_clips_to_tell(clips: int) -> None:
    found = near_duplicates(np.ones((clips, 4), np.float32))
    assert found.total == 0 and found.pairs.shape == (0, 2) and np.isnan(found.nearest).all()


def test_the_threshold_is_the_one_that_was_measured(project: Path) -> None:
    with (project / "benchmarks" / "results" / "duplicates.csv").open(encoding="utf-8") as text:
        chosen = [row for row in csv.DictReader(text) if "standardised" in row["benchmark"]]
    assert all(row["benchmark"].endswith(f"from {THRESHOLD} on") for row in chosen)
    false = next(row for row in chosen if row["subject"] == "pairs by different artists")
    assert float(false["median"]) <= 10
