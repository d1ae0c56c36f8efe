"""A sweep: trainings of one recipe with different settings and seeds, as an Optuna study.

`sweep` in `run.py` does all of it: `study.py` chooses the values of a trial, `trial.py` trains it once with each seed
in a worker, and `results.py` has the tables. Needs the [sweep] extra.
"""

from taggram.training.sweep.results import RunResult, SweepResult, TrialResult
from taggram.training.sweep.run import sweep

__all__ = ["RunResult", "SweepResult", "TrialResult", "sweep"]
