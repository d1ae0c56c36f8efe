"""The results of a sweep: one row per training, and one per trial."""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from taggram._files import atomic_file
from taggram.training.recipe import Recipe
from taggram.training.recipe.recipe import format_values
from taggram.training.recipe.sweep import SweepConfig

METRICS = {"roc_auc": "ROC-AUC", "average_precision": "AP", "validation_loss": "validation loss"}
RUNS_FILE, SUMMARY_FILE = "sweep.csv", "summary.csv"

State = Literal["complete", "pruned", "failed"]


@dataclass(frozen=True)
class RunResult:
    """One training.

    Attributes
    ----------
    seed
        Of the recipe.
    folder
        Folder of the model, relative to that of the sweep.
    metrics
        On the validation split, of the exported epoch; of the last one if the training was pruned.
    epochs
        Number of completed epochs; 0 for a classical model.
    seconds
        Duration of these epochs, or of the fit.
    parameters, macs
        Number of parameters, and multiply-accumulate operations per segment; None for a classical model.
    """

    seed: int
    folder: str
    metrics: dict[str, float]
    epochs: int
    seconds: float
    parameters: int | None = None
    macs: int | None = None


@dataclass(frozen=True)
class TrialResult:
    """A combination of values, trained once with each seed.

    Attributes
    ----------
    number
        From 0, in the order of the study.
    values
        Values by setting.
    state
        ``pruned``: its training with the first seed was stopped; ``failed``: a training raised an error.
    runs
        The trainings, by seed.
    error
        Why it failed; empty if it did not.
    """

    number: int
    values: dict[str, Any]
    state: State
    runs: tuple[RunResult, ...]
    error: str = ""

    @property
    def label(self) -> str:
        """The values on one line."""
        return format_values(self.values)

    def mean(self, metric: str) -> float:
        """Return the mean of a metric over the runs; NaN if one of them does not have it."""
        values = self._values(metric)
        return statistics.fmean(values) if values else math.nan

    def std(self, metric: str) -> float:
        """Return the standard deviation of a metric over the runs; NaN with less than two."""
        values = self._values(metric)
        return statistics.stdev(values) if len(values) > 1 and all(map(math.isfinite, values)) else math.nan

    def _values(self, metric: str) -> list[float]:
        return [run.metrics.get(metric, math.nan) for run in self.runs]


@dataclass(frozen=True)
class SweepResult:
    """All trials of a sweep.

    Attributes
    ----------
    folder
        Folder of the sweep.
    recipe
        With the section ``sweep``.
    trials
        In the order of their numbers.
    """

    folder: Path
    recipe: Recipe
    trials: tuple[TrialResult, ...]

    @property
    def config(self) -> SweepConfig:
        """The section ``sweep`` of the recipe."""
        assert self.recipe.sweep is not None
        return self.recipe.sweep

    @property
    def ranking(self) -> tuple[TrialResult, ...]:
        """The complete trials, best first."""
        metric = self.config.metric
        complete = [trial for trial in self.trials if trial.state == "complete"]
        return tuple(sorted(complete, key=lambda trial: trial.mean(metric), reverse=not is_loss(metric)))

    @property
    def best(self) -> TrialResult | None:
        """The best complete trial; None without any."""
        return next(iter(self.ranking), None)

    @property
    def failed(self) -> tuple[TrialResult, ...]:
        """The trials that failed."""
        return tuple(trial for trial in self.trials if trial.state == "failed")

    @property
    def settings(self) -> tuple[str, ...]:
        """The settings that trials differ in, in the order of the recipe."""
        return tuple(dict.fromkeys(setting for trial in self.trials for setting in trial.values))

    @property
    def names(self) -> dict[str, str]:
        """Short names of the settings: the last key, where no other setting has the same."""
        last = [setting.rpartition(".")[2] for setting in self.settings]
        return {
            setting: setting if last.count(key) > 1 else key for setting, key in zip(self.settings, last, strict=True)
        }

    def write(self) -> None:
        """Write both tables into the folder."""
        _write_csv(self.folder / RUNS_FILE, self._run_rows())
        _write_csv(self.folder / SUMMARY_FILE, self._summary_rows())

    def _run_rows(self) -> Iterable[dict[str, Any]]:
        for trial in self.trials:
            for run in trial.runs:
                yield {
                    "trial": trial.number,
                    "state": trial.state,
                    **self._cells(trial),
                    "seed": run.seed,
                    **{metric: run.metrics.get(metric) for metric in METRICS},
                    "epochs": run.epochs,
                    "seconds": run.seconds,
                    "parameters": run.parameters,
                    "macs": run.macs,
                    "folder": run.folder,
                }

    def _summary_rows(self) -> Iterable[dict[str, Any]]:
        for trial in (*self.ranking, *(trial for trial in self.trials if trial.state != "complete")):
            moments = {
                f"{metric}_{name}": moment(metric)
                for metric in METRICS
                for name, moment in (("mean", trial.mean), ("std", trial.std))
            }
            row = {"trial": trial.number, "state": trial.state, **self._cells(trial), "runs": len(trial.runs)}
            yield {**row, **moments, "error": trial.error}

    def _cells(self, trial: TrialResult) -> dict[str, Any]:
        return {setting: trial.values.get(setting) for setting in self.settings}


def is_loss(metric: str) -> bool:
    """Return whether less of a metric is better."""
    return metric == "validation_loss"


def format_moments(trial: TrialResult, metric: str) -> str:
    """Format mean and standard deviation of a metric, such as ``0.912 ± 0.004``; the mean alone of one run."""
    mean, std = trial.mean(metric), trial.std(metric)
    if math.isnan(mean):
        return "-"
    return f"{mean:.3f}" if math.isnan(std) else f"{mean:.3f} \N{PLUS-MINUS SIGN} {std:.3f}"


def _write_csv(file: Path, rows: Iterable[dict[str, Any]]) -> None:
    rows = list(rows)
    text = io.StringIO()
    if rows:
        table = csv.DictWriter(text, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    with atomic_file(file) as part:
        part.write_text(text.getvalue(), encoding="utf-8")


def _cell(value: Any) -> Any:
    """Return the text of a value; empty for one that does not exist."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else value


def runs_by_seed(attributes: dict[str, Any], seeds: Sequence[int]) -> tuple[RunResult, ...]:
    """Return the runs that are stored in the attributes of an Optuna trial."""
    return tuple(RunResult(**attributes[name]) for seed in seeds if (name := run_attribute(seed)) in attributes)


def run_attribute(seed: int) -> str:
    """Return the name of the attribute of an Optuna trial with the run of a seed."""
    return f"seed-{seed}"
