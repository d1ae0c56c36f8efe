"""The study of Ferraro et al. (2020) on other data: resolution of the mel-spectrogram against quality and cost.

`resolution` in `run.py` trains the configurations of `grids.py` as a sweep and scores the test split with each run
(`run_scores.py`). `configurations.py` has the results and compares them, and `report.py` writes them as a table, a plot
and a page.
"""

from taggram.evaluation.resolution.configurations import Configuration, ResolutionResult
from taggram.evaluation.resolution.grids import GRIDS, combine
from taggram.evaluation.resolution.report import write_resolution
from taggram.evaluation.resolution.run import load_clips, resolution

__all__ = ["GRIDS", "Configuration", "ResolutionResult", "combine", "load_clips", "resolution", "write_resolution"]
