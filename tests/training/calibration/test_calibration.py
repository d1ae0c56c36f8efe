"""Calibrated scores are probabilities, and thresholds are those of an exhaustive search."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from taggram.models.card import Levels
from taggram.training.calibration.probabilities import clip_scores, fit_platt, measure_calibration
from taggram.training.calibration.thresholds import count_clips, fit_thresholds
from taggram.training.calibration.truth import MIN_POSITIVES, Truth
from taggram.training.labels import map_labels
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
    limits = fit_thresholds(scores, truth, dict.fromkeys(TAGS, "genre"))

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


def test_a_tag_is_shown_as_often_as_it_holds() -> None:
    rng = np.random.default_rng(0)
    teacher_scores = rng.random((60, 4)).astype(np.float32)
    teacher_scores[:, 1] /= 100  # a tag that teachers give low scores
    labels = np.full((60, 4), np.nan, np.float32)
    labels[:30, 3] = np.arange(30) < 12  # 12 of the 30 clips whose labels tell
    teacher_scores[:, 3] = 0
    truth = Truth(teacher_scores, labels)
    categories = {"a": "mood", "b": "mood", "c": "voice", "d": "genre"}
    counts = count_clips(truth, list(categories.values()))
    assert counts.tolist() == [60, 60, 60, 24]  # two moods and a voice per clip
    few = Truth(np.tile(teacher_scores[:, :1], 6) * rng.random((60, 6)).astype(np.float32), np.full((60, 6), np.nan))
    counts = count_clips(few, ["mood"] * 5 + ["era"])
    assert counts[:5].sum() == 120 and counts[:5].min() > 3
    assert counts[5] == 3  # never out of reach
    scores = rng.random((60, 4))
    limits = fit_thresholds(scores, truth, categories)["balanced"]
    assert (scores >= np.array(list(limits.values()))).sum(axis=0).tolist() == [60, 60, 60, 24]


def test_without_teachers_few_labels_count() -> None:
    labels = np.zeros((60, 2), np.float32)
    labels[:7, 0] = labels[:1, 1] = 1
    truth = Truth(np.full_like(labels, np.nan), labels)
    assert count_clips(truth, ["other", "genre"]).tolist() == [7, 3]


def test_levels_limit_the_thresholds() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random((60, 2))
    truth = Truth(scores.astype(np.float32), np.full((60, 2), np.nan, np.float32))
    levels = Levels(slope=2.0, offsets={"good": 0.5, "bad": -30.0})
    limits = fit_thresholds(scores, truth, {"good": "mood", "bad": "mood"}, levels)
    shown = scores >= np.array(list(limits["balanced"].values()))
    assert levels.probability("good", limits["balanced"]["good"]) == pytest.approx(0.4, abs=1e-4)
    assert shown.sum(axis=0).tolist() == [int((scores[:, 0] >= limits["balanced"]["good"]).sum()), 1]
    assert levels.probability("good", limits["precision"]["good"]) == pytest.approx(0.7, abs=1e-4)
    assert list(limits["precision"]) == ["good"]


def test_a_label_counts_if_it_is_not_ambiguous_and_its_source_has_the_tag(tmp_path) -> None:
    table = tmp_path / "labels.tsv"
    table.write_text(
        "label\ttags\na/jazz\tjazz\na/pop/rock\tpop;rock\na/holiday\t\nb/rock\trock\nb/electro\telectronic\n"
        "b/rap\thip hop+rapping\n"
    )
    label_map = VocabularyMap.read(table)
    in_store = {"a/jazz", "a/pop/rock", "a/holiday", "b/rock", "b/electro", "b/rap"}
    labels = map_labels([["a/jazz", "a/pop/rock"], ["a/holiday"], ["b/rock"], ["b/rap"], []], label_map, in_store)
    column = {tag: labels[:, i].tolist() for i, tag in enumerate(label_map.target.names)}
    nan = pytest.approx(np.nan, nan_ok=True)
    assert column["jazz"] == [1, 0, nan, nan, nan]
    assert column["rock"] == [nan, nan, 1, 0, nan]
    assert column["electronic"] == [nan, nan, 0, 0, nan]
    assert column["hip hop"] == [nan, nan, 0, 1, nan]
    assert column["rapping"] == [nan, nan, 0, 1, nan]
    assert column["folk"] == [nan] * 5  # no clip of the store has it
    assert column["pop"] == [nan] * 5 and np.isnan(labels).sum() == labels.size - 10
