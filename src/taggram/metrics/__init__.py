"""Metrics of scores: per tag and per clip, with intervals over resampled clips.

Every function takes NumPy arrays with one row per clip and returns numbers; nothing is rounded, and a tag that has no
value is NaN.
"""

from taggram.metrics.accuracy import accuracy
from taggram.metrics.average_precision import average_precision
from taggram.metrics.bootstrap import Interval, bootstrap, paired_bootstrap
from taggram.metrics.calibration import expected_calibration_error
from taggram.metrics.macro import Macro, macro
from taggram.metrics.precision_at_k import precision_at_k
from taggram.metrics.roc_auc import roc_auc
from taggram.metrics.spearman import spearman

__all__ = [
    "Interval",
    "Macro",
    "accuracy",
    "average_precision",
    "bootstrap",
    "expected_calibration_error",
    "macro",
    "paired_bootstrap",
    "precision_at_k",
    "roc_auc",
    "spearman",
]
