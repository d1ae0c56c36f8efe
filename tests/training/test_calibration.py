"""Scores become probabilities, and thresholds are those that a search by hand would choose."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from taggram.training.calibration import ENOUGH, Truth, fit, known_labels, reliability, song_scores, thresholds
from taggram.vocabularies import VocabularyMap

CLIPS, SEGMENTS = 4000, 5
TAGS = ("labelled", "taught")


def made(slope: float, offset: float) -> tuple[list[torch.Tensor], Truth, np.ndarray]:
    """Make clips whose true probabilities come of their logits by this slope and offset."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (CLIPS, 1, 2)) + rng.normal(0, 0.3, (CLIPS, SEGMENTS, 2))
    probable = (1 / (1 + np.exp(-(slope * logits + offset)))).mean(axis=1)
    labels = np.full((CLIPS, 2), np.nan, np.float32)
    labels[:3000, 0] = rng.random(3000) < probable[:3000, 0]
    return list(torch.from_numpy(logits)), Truth(probable.astype(np.float32), labels), probable


def test_slope_and_offset_are_found_on_labels_and_on_teachers() -> None:
    logits, truth, probable = made(0.7, -1.2)
    assert truth.by_label.tolist() == [True, False]
    slope, offset = fit(logits, truth)
    assert slope[1].item() == pytest.approx(0.7, abs=1e-3) and offset[1].item() == pytest.approx(-1.2, abs=1e-3)
    assert slope[0].item() == pytest.approx(0.7, abs=0.15) and offset[0].item() == pytest.approx(-1.2, abs=0.25)
    scores = song_scores(logits, slope, offset).numpy()
    assert np.abs(scores - probable).mean() < 0.03
    said = reliability(scores, truth, TAGS)
    assert [said[tag].calibrated_on for tag in TAGS] == ["labels", "teachers"]
    assert said["labelled"].positives == np.nansum(truth.labels[:, 0]) and said["taught"].positives is None
    assert said["labelled"].error < 0.06 and said["taught"].error < 1e-3


def test_few_labels_are_not_enough() -> None:
    _, truth, _ = made(1, 0)
    few = np.full((CLIPS, 2), 0, np.float32)
    few[: ENOUGH - 1, 0] = few[:ENOUGH, 1] = 1
    assert Truth(truth.taught, few).by_label.tolist() == [False, True]


def test_thresholds_are_the_best_that_a_search_finds() -> None:
    logits, truth, _ = made(0.7, -1.2)
    scores = song_scores(logits, torch.ones(2), torch.zeros(2)).numpy()
    limits = thresholds(scores, truth, TAGS)

    def f1(i: int, limit: float) -> float:
        known = ~np.isnan(truth.targets[:, i])
        named, wanted = scores[known, i] >= limit, truth.targets[known, i]
        return 2 * wanted[named].sum() / (named.sum() + wanted.sum())

    for i, tag in enumerate(TAGS):
        best = max(f1(i, limit) for limit in np.sort(scores[:, i])[::10])
        assert best - 1e-9 <= f1(i, limits["f1"][tag]) <= best + 0.01
    known = ~np.isnan(truth.labels[:, 0])
    named = scores[known, 0] >= limits["precision"]["labelled"]
    assert truth.labels[known, 0][named].mean() >= 0.7 and list(limits["precision"]) == ["labelled"]
    lower = scores[known, 0] >= np.sort(scores[known & (scores[:, 0] < limits["precision"]["labelled"]), 0])[-1]
    assert truth.labels[known, 0][lower].mean() < 0.7
    assert limits["top"]["labelled"] == limits["f1"]["labelled"]


def test_the_policy_top_names_a_tag_as_often_as_the_teachers_have_it_in_front() -> None:
    rng = np.random.default_rng(0)
    taught = rng.random((50, 30)).astype(np.float32)
    taught[:, 0] = 0  # never in front
    truth = Truth(taught, np.full((50, 30), np.nan, np.float32))
    scores, tags = rng.random((50, 30)), [str(i) for i in range(30)]
    limits = thresholds(scores, truth, tags)["top"]
    named = scores >= [limits[tag] for tag in tags]
    in_front = np.argsort(np.argsort(-taught, axis=1), axis=1) < 10
    assert named.sum(axis=0).tolist() == in_front.sum(axis=0).tolist()
    assert named.sum() == 500 and not named[:, 0].any()


def test_a_label_counts_where_it_means_one_tag_and_its_source_could_tell(tmp_path) -> None:
    table = tmp_path / "labels.tsv"
    table.write_text(
        "label\ttags\na/jazz\tjazz\na/pop/rock\tpop;rock\na/holiday\t\nb/rock\trock\nb/electro\telectronic\n"
    )
    there = VocabularyMap.read(table)
    given = {"a/jazz", "a/pop/rock", "a/holiday", "b/rock", "b/electro"}
    known = known_labels([["a/jazz", "a/pop/rock"], ["a/holiday"], ["b/rock"], []], there, given)
    column = {tag: known[:, i].tolist() for i, tag in enumerate(there.target.names)}
    nan = pytest.approx(np.nan, nan_ok=True)
    assert column["jazz"] == [1, 0, nan, nan]
    assert column["rock"] == [nan, nan, 1, nan]
    assert column["electronic"] == [nan, nan, 0, nan]
    assert column["folk"] == [nan] * 4  # no clip of the store has it: the source does not give it
    assert column["pop"] == [nan] * 4 and np.isnan(known).sum() == known.size - 4
