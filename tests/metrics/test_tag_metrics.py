"""What all metrics with a value per tag have in common: types, resamples, single classes, refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.metrics.cases import RANKING, THRESHOLDED, few, scores_and_labels

from taggram.errors import EvaluationError
from taggram.metrics import roc_auc

METRICS = RANKING + THRESHOLDED
every_metric = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.__name__)
every_ranking_metric = pytest.mark.parametrize("metric", RANKING, ids=lambda metric: metric.__name__)


def inputs(metric, scores):
    return scores if metric in RANKING else scores >= 0.25


@every_metric
@few
@given(scores_and_labels(), st.integers(0, 2**32 - 1))
def test_a_resample_equals_the_metric_of_its_clips(metric, case, seed):
    scores, labels = inputs(metric, case[0]), case[1]
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 3, (4, len(scores)))
    counts[:, 0] += counts.sum(axis=1) == 0
    values = metric(scores, labels, counts)
    assert values.shape == (4, scores.shape[1])
    for row, value in zip(counts, values, strict=True):
        clips = np.repeat(np.arange(len(scores)), row)
        np.testing.assert_allclose(value, metric(scores[clips], labels[clips]), atol=1e-12)


@every_metric
def test_many_resamples_of_many_clips(metric):
    """More than are summed at a time."""
    rng = np.random.default_rng(0)
    scores, labels = inputs(metric, rng.random((900, 3)).round(2)), rng.random((900, 3)) < [0.01, 0.3, 0.9]
    counts = rng.integers(0, 3, (150, 900))
    values = metric(scores, labels, counts)
    for row in (0, 71, 72, 149):
        clips = np.repeat(np.arange(900), counts[row])
        assert values[row] == pytest.approx(metric(scores[clips], labels[clips]))


@every_metric
def test_a_tag_of_a_single_class_is_nan(metric):
    scores = np.array([[0.9, 0.1, 0.8], [0.2, 0.6, 0.3]])
    labels = np.array([[True, False, True], [True, False, False]])
    assert np.isnan(metric(inputs(metric, scores), labels)).tolist() == [True, True, False]
    assert np.isnan(metric(inputs(metric, scores), labels, np.array([[1, 1], [2, 0]]))).tolist() == [
        [True, True, False],
        [True, True, True],
    ]


@every_metric
def test_one_clip_and_no_resamples(metric):
    one, yes = np.ones((1, 2)), np.ones((1, 2), bool)
    assert np.isnan(metric(one, yes)).all()
    assert metric(one, yes, np.zeros((0, 1), int)).shape == (0, 2)


@every_ranking_metric
@pytest.mark.parametrize("dtype", "bool uint8 int8 uint64 int64 float16 float32 longdouble".split())
def test_scores_of_any_type(metric, dtype):
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 2, (60, 4)) if dtype == "bool" else rng.integers(0, 12, (60, 4))
    if dtype in ("int8", "int64"):
        scores = np.where(scores == 3, np.iinfo(dtype).min, scores)
    labels = rng.random((60, 4)) < 0.3
    ranked = np.unique(scores, return_inverse=True)[1].reshape(scores.shape) / 100
    assert metric(scores.astype(dtype), labels).tolist() == metric(ranked, labels).tolist()


@every_ranking_metric
def test_integers_that_float64_cannot_tell_apart(metric):
    scores = np.array([[2**53], [2**53 + 1]])
    assert metric(scores, np.array([[False], [True]])) == 1


@every_metric
@pytest.mark.parametrize("kind", [int, float])
def test_labels_may_be_0_and_1(metric, kind):
    rng = np.random.default_rng(0)
    scores, labels = inputs(metric, rng.random((20, 3))), rng.random((20, 3)) < 0.5
    counts = rng.integers(0, 3, (5, 20))
    assert metric(scores, labels.astype(kind)).tolist() == metric(scores, labels).tolist()
    assert metric(scores, labels.astype(kind), counts).tolist() == metric(scores, labels, counts).tolist()


@every_metric
@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        (np.zeros((3, 2)), np.zeros((3, 1)), "shapes of scores and labels differ"),
        (np.zeros(3), np.zeros(3), r"must have the shape \(clips, tags\)"),
        (np.float64(1), np.float64(1), "single numbers"),
        (np.zeros((0, 2)), np.zeros((0, 2)), "no clips"),
        (np.full((3, 2), np.nan), np.zeros((3, 2)), "contain NaN"),
        (np.full((3, 2), np.inf), np.zeros((3, 2)), "infinite"),
        (np.full((3, 2), "a"), np.zeros((3, 2)), "real numbers"),
        (np.full((3, 2), 1j), np.zeros((3, 2)), "real numbers"),
        (np.zeros((3, 2)), np.full((3, 2), 0.5), "labels must be true or false"),
        (np.zeros((3, 2)), np.full((3, 2), np.nan), "labels must be true or false"),
        (np.zeros((3, 2)), np.full((3, 2), "yes"), "labels must be true or false"),
    ],
)
def test_refused(metric, scores, labels, message):
    with pytest.raises(EvaluationError, match=message):
        metric(scores, labels)


@every_metric
@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (np.ones(3, int), r"shape \(resamples, 3\)"),
        (np.ones((2, 4), int), r"shape \(resamples, 3\)"),
        (np.ones((2, 3)), "integers from 0"),
        (-np.ones((2, 3), int), "integers from 0"),
    ],
)
def test_counts_that_do_not_fit(metric, counts, message):
    with pytest.raises(EvaluationError, match=message):
        metric(np.zeros((3, 1)), np.array([[True], [False], [True]]), counts)


@pytest.mark.parametrize("metric", THRESHOLDED, ids=lambda metric: metric.__name__)
def test_scores_are_not_predicted_tags(metric):
    with pytest.raises(EvaluationError, match="binarize"):
        metric(np.array([[0.2], [0.7]]), np.array([[True], [False]]))


def test_no_tags_have_no_values():
    assert roc_auc(np.zeros((3, 0)), np.zeros((3, 0), bool)).shape == (0,)
