"""How well models tag: evaluation under protocols, and a student against its teachers.

`evaluate` in `run.py` scores the test clips of a protocol (`protocol.py`, `predefined.py`, `evaluation_data.py`) with
models or files of other programs (`systems.py`, `score_files.py`) or probes of embeddings, and stores the scores
(`evaluation_result.py`), from which all metrics are computed (`summary.py`). `compare` in `compare.py` compares models,
and `report` in `report.py` writes a comparison as a page.

`predictions.py` tags clips. `teachers` has a student and its teachers, `published.py` the table of published results.
"""

from taggram.evaluation.compare import DEFAULT_METRICS, Comparison, ComparisonTable, compare
from taggram.evaluation.evaluation_data import EvaluationData, load_protocol
from taggram.evaluation.evaluation_result import EvaluationInfo, EvaluationResult, LabelledScores, read_result
from taggram.evaluation.predefined import PROTOCOLS
from taggram.evaluation.protocol import Protocol
from taggram.evaluation.report import report
from taggram.evaluation.robustness.grids import GRIDS
from taggram.evaluation.robustness.run import evaluate_robustness
from taggram.evaluation.robustness.summary import Robustness, summarize_robustness
from taggram.evaluation.run import evaluate
from taggram.evaluation.summary import Summary, summarize

__all__ = [
    "DEFAULT_METRICS",
    "GRIDS",
    "PROTOCOLS",
    "Comparison",
    "ComparisonTable",
    "EvaluationData",
    "EvaluationInfo",
    "EvaluationResult",
    "LabelledScores",
    "Protocol",
    "Robustness",
    "Summary",
    "compare",
    "evaluate",
    "evaluate_robustness",
    "load_protocol",
    "read_result",
    "report",
    "summarize",
    "summarize_robustness",
]
