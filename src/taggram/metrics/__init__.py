"""Metrics of scores: per tag and per clip, with averages, intervals and tests.

Every function takes NumPy arrays with one row per clip and returns numbers; nothing is rounded, and a tag that has no
value is NaN.

Metrics of the order of scores are in `ranking`, those of predicted tags and of probabilities in `thresholded`, those of
one class per clip in `classes`, those of quantities in `regression`, those of deformed clips in `robustness`;
intervals and tests are in `significance`.
"""

from taggram.metrics.averages import Averages, Macro, TagMetric, averages, macro, resample_average
from taggram.metrics.classes.accuracy import accuracy
from taggram.metrics.classes.balanced_accuracy import balanced_accuracy
from taggram.metrics.classes.confusion_matrix import confusion_matrix
from taggram.metrics.ranking.average_precision import average_precision
from taggram.metrics.ranking.label_ranking_average_precision import label_ranking_average_precision
from taggram.metrics.ranking.neighbour_precision import neighbour_precision
from taggram.metrics.ranking.pr_auc import pr_auc
from taggram.metrics.ranking.pr_curve import PrCurve, pr_curve
from taggram.metrics.ranking.precision_at_k import precision_at_k
from taggram.metrics.ranking.roc_auc import roc_auc
from taggram.metrics.ranking.roc_curve import RocCurve, roc_curve
from taggram.metrics.ranking.spearman import spearman
from taggram.metrics.regression.mae import mae
from taggram.metrics.regression.r2 import r2
from taggram.metrics.robustness.retained_skill import mean_over_strengths, retained_skill
from taggram.metrics.robustness.tag_agreement import tag_agreement
from taggram.metrics.significance.bootstrap import bootstrap, draw_counts, paired_bootstrap
from taggram.metrics.significance.holm import holm
from taggram.metrics.significance.interval import Interval, percentile_interval
from taggram.metrics.significance.mcnemar import McNemar, mcnemar
from taggram.metrics.significance.permutation_test import (
    PermutationTest,
    permutation_test,
    permutation_test_average,
)
from taggram.metrics.significance.t_test import TTest, t_test
from taggram.metrics.synonyms import MergedTags, merge_synonyms
from taggram.metrics.thresholded.binarize import binarize
from taggram.metrics.thresholded.expected_calibration_error import expected_calibration_error
from taggram.metrics.thresholded.f1 import f1
from taggram.metrics.thresholded.mcc import mcc
from taggram.metrics.thresholded.precision import precision
from taggram.metrics.thresholded.recall import recall

__all__ = [
    "Averages",
    "Interval",
    "Macro",
    "McNemar",
    "MergedTags",
    "PermutationTest",
    "PrCurve",
    "RocCurve",
    "TTest",
    "TagMetric",
    "accuracy",
    "average_precision",
    "averages",
    "balanced_accuracy",
    "binarize",
    "bootstrap",
    "confusion_matrix",
    "draw_counts",
    "expected_calibration_error",
    "f1",
    "holm",
    "label_ranking_average_precision",
    "macro",
    "mae",
    "mcc",
    "mcnemar",
    "mean_over_strengths",
    "merge_synonyms",
    "neighbour_precision",
    "paired_bootstrap",
    "percentile_interval",
    "permutation_test",
    "permutation_test_average",
    "pr_auc",
    "pr_curve",
    "precision",
    "precision_at_k",
    "r2",
    "recall",
    "resample_average",
    "retained_skill",
    "roc_auc",
    "roc_curve",
    "spearman",
    "t_test",
    "tag_agreement",
]
