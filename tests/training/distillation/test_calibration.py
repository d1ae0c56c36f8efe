"""Calibrated scores are probabilities, and thresholds are those of an exhaustive search."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from taggram.training.distillation.calibration import (
    MIN_POSITIVES,
    Truth,
    clip_scores,
    fit_platt,
    fit_thresholds,
    map_labels,
    measure_calibration,
)
from taggram.vocabularies import VocabularyMap

CLIPS, SEGMENTS = 4000, 5
TAGS = ("labelled", "distilled")


def make_clips(slope: float, offset: float) -> tuple[list[torch.Tensor], Truth, np.ndarray]:
    """Return clips whose true probabilities follow from their logits by this slope and offset."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (CLIPS, 1, 2)) + rng.normal(0, 0.3, (CLIPS, SEGMENTS, 2))
    probable = (1 / (1 + np.exp(-(slope * logits + offset)))).mean(axis=1)
    labels = np.full((CLIPS, 2), np.nan, np.float32)
    labels[:3000, 0] = rng.random(3000) < probable[:3000, 0]
    return list(torch.from_numpy(logits)), Truth(probable.astype(np.float32), labels), probable


def test_slope_and_offset_are_fitted_on_labels_and_on_teachers() -> None:
    logits, truth, probable = make_clips(0.7, -1.2)
    assert truth.has_labels.tolist() == [True, False]
    slope, offset = fit_platt(logits, truth)
    assert slope[1].item() == pytest.approx(0.7, abs=1e-3) and offset[1].item() == pytest.approx(-1.2, abs=1e-3)
    assert slope[0].item() == pytest.approx(0.7, abs=0.15) and offset[0].item() == pytest.approx(-1.2, abs=0.25)
    scores = clip_scores(logits, slope, offset).numpy()
    assert np.abs(scores - probable).mean() < 0.03
    measured = measure_calibration(scores, truth, TAGS)
    assert [measured[tag].calibrated_on for tag in TAGS] == ["labels", "teachers"]
    assert measured["labelled"].positives == np.nansum(truth.labels[:, 0]) and measured["distilled"].positives is None
    assert measured["labelled"].error < 0.06 and measured["distilled"].error < 1e-3


def test_few_labels_are_not_enough() -> None:
    _, truth, _ = make_clips(1, 0)
    few = np.full((CLIPS, 2), 0, np.float32)
    few[: MIN_POSITIVES - 1, 0] = few[:MIN_POSITIVES, 1] = 1
    assert Truth(truth.teacher_scores, few).has_labels.tolist() == [False, True]


def test_thresholds_are_those_of_an_exhaustive_search() -> None:
    logits, truth, _ = make_clips(0.7, -1.2)
    scores = clip_scores(logits, torch.ones(2), torch.zeros(2)).numpy()
    limits = fit_thresholds(scores, truth, TAGS)

    def f1(i: int, limit: float) -> float:
        valid = ~np.isnan(truth.targets[:, i])
        predicted, targets = scores[valid, i] >= limit, truth.targets[valid, i]
        return 2 * targets[predicted].sum() / (predicted.sum() + targets.sum())

    for i, tag in enumerate(TAGS):
        best = max(f1(i, limit) for limit in np.sort(scores[:, i])[::10])
        assert best - 1e-9 <= f1(i, limits["f1"][tag]) <= best + 0.01
    valid = ~np.isnan(truth.labels[:, 0])
    predicted = scores[valid, 0] >= limits["precision"]["labelled"]
    assert truth.labels[valid, 0][predicted].mean() >= 0.7 and list(limits["precision"]) == ["labelled"]
    lower = scores[valid, 0] >= np.sort(scores[valid & (scores[:, 0] < limits["precision"]["labelled"]), 0])[-1]
    assert truth.labels[valid, 0][lower].mean() < 0.7
    assert limits["balanced"]["labelled"] == limits["f1"]["labelled"]


def test_balanced_thresholds_give_a_tag_as_often_as_it_is_in_the_teachers_top_ten() -> None:
    rng = np.random.default_rng(0)
    teacher_scores = rng.random((50, 30)).astype(np.float32)
    teacher_scores[:, 0] = 0  # never in the top
    truth = Truth(teacher_scores, np.full((50, 30), np.nan, np.float32))
    scores, tags = rng.random((50, 30)), [str(i) for i in range(30)]
    limits = fit_thresholds(scores, truth, tags)["balanced"]
    predicted = scores >= [limits[tag] for tag in tags]
    in_top = np.argsort(np.argsort(-teacher_scores, axis=1), axis=1) < 10
    assert predicted.sum(axis=0).tolist() == in_top.sum(axis=0).tolist()
    assert predicted.sum() == 500 and not predicted[:, 0].any()


def test_a_label_counts_if_it_maps_to_one_tag_and_its_source_has_the_tag(tmp_path) -> None:
    table = tmp_path / "labels.tsv"
    table.write_text(
        "label\ttags\na/jazz\tjazz\na/pop/rock\tpop;rock\na/holiday\t\nb/rock\trock\nb/electro\telectronic\n"
    )
    label_map = VocabularyMap.read(table)
    in_store = {"a/jazz", "a/pop/rock", "a/holiday", "b/rock", "b/electro"}
    labels = map_labels([["a/jazz", "a/pop/rock"], ["a/holiday"], ["b/rock"], []], label_map, in_store)
    column = {tag: labels[:, i].tolist() for i, tag in enumerate(label_map.target.names)}
    nan = pytest.approx(np.nan, nan_ok=True)
    assert column["jazz"] == [1, 0, nan, nan]
    assert column["rock"] == [nan, nan, 1, nan]
    assert column["electronic"] == [nan, nan, 0, nan]
    assert column["folk"] == [nan] * 4  # no clip of the store has it
    assert column["pop"] == [nan] * 4 and np.isnan(labels).sum() == labels.size - 4
