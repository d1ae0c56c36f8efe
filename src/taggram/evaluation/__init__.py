"""How good scores are: figures per tag and per clip, and what chance alone could make of them.

Every function takes plain arrays, one row for each clip, and needs numpy alone.
"""

from taggram.evaluation.accuracy import accuracy
from taggram.evaluation.bootstrap import Interval, bootstrap, paired_bootstrap
from taggram.evaluation.calibration import expected_calibration_error
from taggram.evaluation.macro import Macro, macro
from taggram.evaluation.per_tag import average_precision, roc_auc, spearman
from taggram.evaluation.retrieval import precision_at_k

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
