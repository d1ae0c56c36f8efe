"""A trial of a sweep in a worker: one training with each seed."""

from __future__ import annotations

import csv
import dataclasses
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from taggram.datasets import PackedStore
from taggram.errors import RecipeError, TaggramError
from taggram.models import ModelCard, create_model
from taggram.models.card import BASELINES
from taggram.training.recipe import Recipe
from taggram.training.recipe.sweep import SweepConfig
from taggram.training.run import train
from taggram.training.split_scores import score_split
from taggram.training.sweep.results import METRICS, RunResult, State, run_attribute
from taggram.training.sweep.study import load_trial

if TYPE_CHECKING:
    from optuna import Trial

TRIALS = "trials"  # folder of all trainings
HISTORY = "history.csv"
WARNING = "warning: "  # how such a line of a training begins


class Job(NamedTuple):
    """A trial to run.

    Attributes
    ----------
    number
        Of the trial.
    recipe
        Of its training with any seed.
    """

    number: int
    recipe: Recipe


class Outcome(NamedTuple):
    """How a trial ended.

    Attributes
    ----------
    number
        Of the trial.
    state
        How it ended.
    error
        Why it failed; empty if it did not.
    warnings
        Those of its trainings, each once.
    """

    number: int
    state: State
    error: str = ""
    warnings: tuple[str, ...] = ()


class _Pruned(Exception):  # noqa: N818 - no error
    """Ends a training that is pruned."""


@dataclass(frozen=True)
class TrialRunner:
    """Trains the recipe of a trial with each seed, as far as that has not been done.

    The study has each run as soon as it is complete; an interrupted training resumes from its checkpoint.

    Parameters
    ----------
    folder
        Folder of the sweep.
    config
        The section ``sweep`` of its recipe.
    device, threads
        See `taggram.train`.
    """

    folder: Path
    config: SweepConfig
    device: str
    threads: int | None

    def __call__(self, job: Job) -> Outcome:
        """Run a trial. An error of a training is its outcome, and does not stop the other trials."""
        lines: list[str] = []
        state, error = self._run(job, lines.append)
        warnings = dict.fromkeys(line.removeprefix(WARNING) for line in lines if line.startswith(WARNING))
        return Outcome(job.number, state, error, tuple(warnings))

    def _run(self, job: Job, report: Callable[[str], None]) -> tuple[State, str]:
        """Run a trial; return how it ended, and the reason of a failure."""
        trial = load_trial(self.folder, self.config, job.number)
        try:
            for seed in self.config.seeds:
                if run_attribute(seed) in trial.user_attrs:
                    continue
                run, is_pruned = self._train(trial, job, seed, report)
                trial.set_user_attr(run_attribute(seed), dataclasses.asdict(run))
                if is_pruned:
                    return "pruned", ""
        except TaggramError as error:
            return "failed", str(error)
        except (RuntimeError, MemoryError) as error:  # of torch, such as a network that does not fit into the memory
            return "failed", f"{type(error).__name__}: {' '.join(str(error).split())}"
        return "complete", ""

    def _train(self, trial: Trial, job: Job, seed: int, report: Callable[[str], None]) -> tuple[RunResult, bool]:
        """Train with a seed; return the run, and whether it was pruned."""
        name = f"{TRIALS}/{job.number}/{run_attribute(seed)}"
        folder, start = self.folder / name, time.perf_counter()
        recipe = job.recipe.replace(name=f"{job.recipe.name}-{job.number}-{seed}", seed=seed)
        last: dict[str, float] = {}

        def on_epoch(row: Mapping[str, float]) -> None:
            last.update(row)
            if self.config.prune and seed == self.config.seeds[0]:
                epoch = int(row["epoch"])
                if epoch not in trial.study.trials[trial.number].intermediate_values:  # else it was, before a kill
                    trial.report(row[self.config.metric], epoch)
                if trial.should_prune():
                    raise _Pruned

        try:
            result = train(recipe, folder, device=self.device, threads=self.threads, report=report, on_epoch=on_epoch)
        except _Pruned:
            return RunResult(seed, name, _select(last), int(last["epoch"]), _history(folder)[1]), True
        metrics = _select(result.metrics)
        if result.card.architecture in BASELINES:
            metrics |= _baseline_metrics(folder, recipe)
        if not math.isfinite(metrics.get(self.config.metric, math.nan)):
            raise RecipeError(f"{recipe.name}: sweep.metric: there is no {self.config.metric} on the validation split")
        epochs, seconds = _history(folder)
        parameters, macs = _cost(result.card)
        return RunResult(
            seed, name, metrics, epochs, seconds or round(time.perf_counter() - start, 3), parameters, macs
        ), False


def _select(row: Mapping[str, float]) -> dict[str, float]:
    return {metric: row[metric] for metric in METRICS if metric in row}


def _baseline_metrics(folder: Path, recipe: Recipe) -> dict[str, float]:
    """Return the metrics of a classical model, whose training does not see the validation split."""
    scores = score_split(folder, PackedStore(recipe.data.store), "valid")
    return {"roc_auc": scores.roc_auc, "average_precision": scores.average_precision}


def _history(folder: Path) -> tuple[int, float]:
    """Return the number of epochs of a training, and their seconds; 0 for a classical model."""
    file = folder / HISTORY
    if not file.exists():
        return 0, 0.0
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return len(rows), round(sum(float(row["seconds"]) for row in rows), 3)


def _cost(card: ModelCard) -> tuple[int | None, int | None]:
    """Return parameters and operations per segment of a network."""
    if card.architecture in BASELINES:
        return None, None
    from taggram.models.analysis.cost import cost

    network = cost(create_model(card.architecture, card.vocabulary, **card.options))
    return network.parameters, network.macs
