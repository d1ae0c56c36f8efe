"""Evaluation of models on deformed clips, into stored results."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TypeVar

from taggram._progress import ProgressHook, no_progress
from taggram.deform import Chain
from taggram.errors import TaggramError
from taggram.evaluation.evaluation_data import EvaluationData, load_folder, load_protocol
from taggram.evaluation.evaluation_result import EvaluationResult, Mode
from taggram.evaluation.robustness.grids import DEFAULT_GRID, chains
from taggram.evaluation.robustness.predictions import DeformedSystem, Errors, predict_deformed
from taggram.evaluation.run import Paths, Report, SystemRun
from taggram.evaluation.systems import System, TaggerSystem, open_model
from taggram.tagging.cache import PredictionCache

__all__ = ["evaluate_robustness"]

T = TypeVar("T")


def evaluate_robustness(
    models: str | os.PathLike[str] | Paths,
    data: str,
    folder: str | os.PathLike[str] | None = None,
    *,
    deformations: str | Iterable[Chain | str] = DEFAULT_GRID,
    clips: int | None = None,
    protocol: str | None = None,
    out: str | os.PathLike[str] = "results",
    all_splits: bool = False,
    without: Mapping[str, str | os.PathLike[str]] | None = None,
    cache: str | os.PathLike[str] | None = None,
    workers: int = 1,
    progress: ProgressHook = no_progress,
    report: Report | None = None,
    on_error: Callable[[str, TaggramError], None] | None = None,
) -> list[EvaluationResult]:
    """Evaluate models on clips and on deformed copies of them, and store their scores.

    Each model has results in up to two modes: by the labels, as in `evaluate`, and without labels, by all of its own
    tags. Results and predictions that exist are not computed again, so an interrupted run is resumed.

    Parameters
    ----------
    models
        Names or folders of models, checkpoints of trainings or their folders.
    data
        Name of a data set; without `folder` a folder of audio without labels.
    folder
        Folder of the data set as published; of ``"table"``: a table or a folder.
    deformations
        Name of a grid in `GRIDS`, or deformations, also in their text form such as ``"time_stretch=1.2"``.
    clips
        Number of clips, drawn at random; None: all. A larger number has the clips of a smaller one and more.
    protocol, all_splits, without
        As of `evaluate`.
    out
        Folder that gets a folder for each model, deformation and mode.
    cache
        Prediction cache; None: the one in taggram's data folder.
    workers
        Processes that deform and tag.
    progress, report, on_error
        As of `evaluate`.

    Returns
    -------
    list of EvaluationResult
        Of each model: the clips as they are, then each deformation. Pass them to `summarize_robustness`.

    Raises
    ------
    DeformationError
        If a grid, deformation or strength is unknown.
    DatasetError, EvaluationError, TaggramError, MissingExtraError
        As of `evaluate`; time stretch and pitch shift need the [deform] extra.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     results = evaluate_robustness(
    ...         "default", "examples", deformations=["gain=-12"], out=folder, cache=Path(folder, "cache")
    ...     )
    >>> [(result.info.mode, result.info.protocol.deformation) for result in results]
    [('unlabelled', ''), ('unlabelled', 'gain=-12')]
    """
    report = report or (lambda _: None)
    strengths = chains(deformations)
    names = [models] if isinstance(models, str | os.PathLike) else models
    if folder is None:
        evaluation_data = load_folder(Path(data))
    else:
        others = {name: Path(path) for name, path in (without or {}).items()}
        evaluation_data = load_protocol(data, Path(folder), protocol, all_splits=all_splits, without=others)
    for line in evaluation_data.warnings:
        report(line)
    if clips is not None:
        evaluation_data = evaluation_data.sample(clips)

    results: list[EvaluationResult] = []
    with PredictionCache(None if cache is None else Path(cache)) as predictions, ExitStack() as stack:

        def protect(name: str, step: Callable[[], T]) -> T | None:
            """Run a step for a model; an error does not stop the other models."""
            try:
                return step()
            except TaggramError as error:
                if on_error is None:
                    raise
                on_error(name, error)
                return None

        runs = []
        for name in [os.fspath(name) for name in names]:
            system = protect(
                name,
                partial(
                    open_model,
                    name,
                    evaluation_data.protocol,
                    predictions,
                    stack,
                    workers=workers,
                    progress=progress,
                ),
            )
            if system is not None:
                runs.append((name, _ModelRun(system, evaluation_data, folder is not None, Path(out), report)))
        incomplete = {run: missing for _, run in runs if (missing := run.missing(strengths))}
        errors = predict_deformed(
            [run.system.tagger for run in incomplete],
            evaluation_data.test,
            [chain for chain in strengths if any(chain in missing for missing in incomplete.values())],
            predictions,
            workers=workers,
            progress=progress,
        )
        for name, run in runs:
            results += protect(name, partial(run.results, strengths, predictions, errors)) or []
    return results


class _ModelRun:
    """The evaluation of a model on clips and on deformed copies of them, in each mode."""

    def __init__(self, system: TaggerSystem, data: EvaluationData, has_labels: bool, out: Path, report: Report) -> None:
        self.system, self._out, self._report = system, out, report
        self._modes: list[tuple[Mode, EvaluationData]] = []
        if has_labels:
            run = SystemRun(system, data, False, report)
            run.report_training_clips()
            if mode := run.labelled_mode():
                self._modes.append((mode, data))
        assert system.vocabulary is not None
        self._modes.append(("unlabelled", data.without_labels(system.vocabulary)))

    def missing(self, deformations: Iterable[Chain]) -> set[Chain]:
        """Return the deformations without a stored result."""
        return {
            chain
            for chain in deformations
            for mode, data in self._modes
            if not self._deformed(self.system, data, chain).stored(mode, self._out)
        }

    def results(self, deformations: Iterable[Chain], cache: PredictionCache, errors: Errors) -> list[EvaluationResult]:
        """Read the results, or compute and write them."""
        results = []
        for mode, data in self._modes:
            results.append(SystemRun(self.system, data, False, self._report).result(mode, self._out))
            for chain in deformations:
                system = DeformedSystem(self.system, chain, data.protocol, cache, errors)
                results.append(self._deformed(system, data, chain).result(mode, self._out))
        return results

    def _deformed(self, system: System, data: EvaluationData, chain: Chain) -> SystemRun:
        return SystemRun(system, data.with_deformation(str(chain)), False, lambda _: None)
