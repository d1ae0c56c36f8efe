"""A complete sweep: an Optuna study whose trials run in workers."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from taggram._files import atomic_file, named_errors
from taggram._progress import ProgressHook, no_progress
from taggram._system import cpu_count
from taggram._text import counted
from taggram.datasets import PackedStore
from taggram.errors import RecipeError, TaggramError
from taggram.parallel import parallel_map
from taggram.training.plan import required_sample_rate
from taggram.training.preparation import pack_sources, read_recipe, require_extra
from taggram.training.recipe import FILE_NAME, Recipe, find_recipe
from taggram.training.recipe.sweep import Range
from taggram.training.sweep.results import METRICS, SweepResult, TrialResult, format_moments, runs_by_seed
from taggram.training.sweep.study import VALUES, choose_values, load_trial, open_study, require_optuna, start_trial

if TYPE_CHECKING:
    from optuna import Study, Trial

    from taggram.training.sweep.trial import Job, Outcome

LOCK_NAME = "sweep.lock"
STORES = "stores"  # attribute of the study


def sweep(
    recipe: Recipe | str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    device: str = "auto",
    threads: int | None = None,
    workers: int = 1,
    progress: ProgressHook = no_progress,
    report: Callable[[str], None] | None = None,
) -> SweepResult:
    r"""Train a recipe with different settings, each combination once with each seed.

    The section ``sweep`` of the recipe has the values: those of a grid, or those that Optuna chooses one after another.
    After an interruption the same call resumes: what is trained is not trained again. A trial that failed is tried
    again.

    Parameters
    ----------
    recipe
        The recipe, its YAML file, or the name of one of `list_recipes`.
    out
        Folder of the sweep. Gets the models, ``sweep.csv`` with a row per training, ``summary.csv`` with a row per
        trial, and Optuna's study in ``study.log``.
    device
        See `taggram.train`.
    threads
        Threads of each training on the CPU; None: one with several workers, else the number of cores.
    workers
        Number of trials at a time, in processes; within `taggram.parallel.use_ray` in actors, which need the folders at
        the same paths.
    progress
        Shows the number of trials.
    report
        Called with a line for each trial, and for each new warning of its trainings.

    Returns
    -------
    SweepResult
        All trials. Those that failed have the reason, and did not stop the others.

    Raises
    ------
    RecipeError
        If the recipe is invalid, has no section ``sweep`` or one with a setting that does not exist, or `out` contains
        something else, such as trainings on another state of the store.
    MissingExtraError
        Without the [train] or [sweep] extra.

    Examples
    --------
    >>> import tempfile
    >>> from taggram.datasets.synthetic import write_noise
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     rows = ["path,labels,split"]
    ...     for i, split in enumerate(["train", "train", "train", "valid", "valid"]):
    ...         write_noise(Path(folder, f"{i}.wav"), seconds=2, seed=i)
    ...         rows.append(f"{i}.wav,{('odd', 'even')[i % 2]},{split}")
    ...     _ = Path(folder, "clips.csv").write_text("\n".join(rows))
    ...     recipe = Recipe.parse(f'''
    ...         name: knn.mine
    ...         data: {{store: {folder}/store, sources: [{{name: mine, path: {folder}/clips.csv}}]}}
    ...         model: {{architecture: knn}}
    ...         sweep: {{grid: {{model.architecture: [knn, random_forest]}}}}
    ...     ''')
    ...     result = sweep(recipe, f"{folder}/sweep")
    >>> [trial.label for trial in result.trials]
    ['model.architecture=knn', 'model.architecture=random_forest']
    """
    require_extra()
    require_optuna()
    source = recipe.name if isinstance(recipe, Recipe) else os.fspath(recipe)
    recipe = recipe if isinstance(recipe, Recipe) else find_recipe(recipe)
    if recipe.sweep is None:
        raise RecipeError(f"{source}: sweep: this key is missing; taggram train trains a recipe without it")
    if recipe.distill.teachers and workers > 1:
        raise RecipeError(f"{source}: distill.teachers: trials share the scores of teachers: use one worker")
    _check_settings(recipe, source)
    folder = Path(out).resolve()
    if threads is None and workers > 1:
        threads = 1
    if folder.exists() and not (folder / FILE_NAME).exists() and set(os.listdir(folder)) - {LOCK_NAME}:
        raise RecipeError(f"{source}: {folder} contains files that are no sweep; choose another --out")
    with named_errors(folder), _locked(folder):
        _write_recipe(recipe, folder, source)
        run = _Sweep(recipe, folder, report or _ignore)
        run.run(device, threads, workers, progress)
        result = run.result()
        result.write()
        return result


class _Sweep:
    """A sweep in its folder."""

    def __init__(self, recipe: Recipe, folder: Path, report: Callable[[str], None]) -> None:
        assert recipe.sweep is not None
        self._recipe, self._config, self._folder, self._report = recipe, recipe.sweep, folder, report
        self._study: Study = open_study(folder, self._config)
        self._errors: dict[int, str] = {}
        self._warnings: set[str] = set()
        self._packed: set[str] = set()
        for store in filter(os.path.exists, self._study.user_attrs.get(STORES, {})):
            self._check_store(store)

    def run(self, device: str, threads: int | None, workers: int, progress: ProgressHook) -> None:
        """Run all trials that are not finished."""
        from taggram.training.sweep.trial import Outcome, TrialRunner

        def crash(job: Job, reason: str) -> Outcome:
            return Outcome(job.number, "failed", reason)

        interrupted, new = self._interrupted(), self._new()
        if count := len(interrupted) + new:
            trainings = count * len(self._config.seeds)
            self._report(f"trials: {count}, trainings: {trainings}; the figures of trials are of the validation split")
        runner = TrialRunner(self._folder, self._config, device, threads)
        jobs = self._jobs(interrupted, new)
        outcomes = parallel_map(
            runner, jobs, workers=min(workers, len(interrupted) + new), on_crash=crash, ordered=False
        )
        for outcome in progress(outcomes, len(interrupted) + new, "trials"):
            self._finish(outcome)

    def result(self) -> SweepResult:
        """Return all trials."""
        from optuna.trial import TrialState

        states = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned"}
        trials = tuple(
            TrialResult(
                trial.number,
                trial.user_attrs[VALUES],
                states.get(trial.state, "failed"),  # type: ignore[arg-type]
                runs_by_seed(trial.user_attrs, self._config.seeds),
                self._errors.get(trial.number, ""),
            )
            for trial in self._study.trials
            if VALUES in trial.user_attrs
        )
        return SweepResult(self._folder, self._recipe, trials)

    def _interrupted(self) -> list[int]:
        """Return the numbers of trials that an earlier call has started and not finished, or that failed."""
        from optuna.trial import TrialState

        return [trial.number for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))]

    def _new(self) -> int:
        """Return the number of trials that have not been started."""
        from optuna.trial import TrialState

        if self._config.grid:
            return len(self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,)))
        return max(0, self._config.trials - len(self._study.trials))

    def _jobs(self, interrupted: list[int], new: int) -> Iterator[Job]:
        """Yield the trials to run; a new one starts when a worker is idle, with what the earlier ones have shown."""
        for number in interrupted:
            yield from self._job(load_trial(self._folder, self._config, number))
        for _ in range(new):
            yield from self._job(start_trial(self._study, self._config, self._recipe.seed))

    def _job(self, trial: Trial) -> Iterator[Job]:
        """Yield a trial, unless its recipe is invalid; pack its sources, as only one process can write a store."""
        from taggram.training.sweep.trial import Job, Outcome

        values = choose_values(trial, self._config)
        try:
            recipe, source = read_recipe(self._recipe.with_values(values))
            if recipe.data.sources and recipe.data.store not in self._packed:
                pack_sources(recipe, source, cpu_count(), no_progress, self._report)
                self._packed.add(recipe.data.store)
            store = os.path.abspath(recipe.data.store)  # a worker may have another current folder
            self._check_store(store)
        except TaggramError as error:
            self._finish(Outcome(trial.number, "failed", str(error)))
            return
        data: dict[str, object] = {"store": store}
        if recipe.data.sources and not recipe.distill.teachers:
            data["sources"] = ()
        yield Job(trial.number, recipe.replace(data=data))

    def _check_store(self, store: str) -> None:
        """Store the state of the clips that the trials have; raise an error if it has changed since."""
        from taggram.training.data import fingerprint

        stores, state = self._study.user_attrs.get(STORES, {}), fingerprint(PackedStore(store))
        if stores.get(store) == state:
            return
        is_trained = any(runs_by_seed(trial.user_attrs, self._config.seeds) for trial in self._study.trials)
        if store in stores and is_trained:
            raise RecipeError(
                f"{store}: its clips have changed since the sweep in {self._folder} began; choose another --out"
            )
        self._study.set_user_attr(STORES, {**stores, store: state})

    def _finish(self, outcome: Outcome) -> None:
        """Store how a trial ended, and report it. One that failed stays open: the next call tries it again."""
        from optuna.trial import TrialState

        number, metric = outcome.number, self._config.metric
        attributes = self._study.trials[number].user_attrs
        trial = TrialResult(
            number, attributes[VALUES], outcome.state, runs_by_seed(attributes, self._config.seeds), outcome.error
        )
        for warning in outcome.warnings:
            if warning not in self._warnings:  # those of the labels are the same in each trial
                self._warnings.add(warning)
                self._report(f"warning: trial {number}: {warning}")
        match outcome.state:
            case "complete":
                self._study.tell(number, trial.mean(metric))
                self._report(f"trial {number}: {METRICS[metric]} {format_moments(trial, metric)}: {trial.label}")
            case "pruned":
                self._study.tell(number, state=TrialState.PRUNED)
                self._report(f"trial {number}: pruned after {counted(trial.runs[0].epochs, 'epoch')}: {trial.label}")
            case "failed":
                self._errors[number] = outcome.error
                self._report(f"error: trial {number}: {outcome.error}")


def _check_settings(recipe: Recipe, source: str) -> None:
    """Raise an error for a setting, an option or an architecture that does not exist, before the first training."""
    assert recipe.sweep is not None
    first = {
        setting: space.low if isinstance(space, Range) else space[0] for setting, space in recipe.sweep.search.items()
    }
    checked = set()
    for values in recipe.sweep.cells() or [first]:
        model = recipe.with_values(values).model
        if (names := (model.architecture, *sorted(model.options))) not in checked:  # not each value: networks are large
            required_sample_rate(recipe.with_values(values), source)
            checked.add(names)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Create the folder, and lock it until the end of the block or of this process."""
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK_NAME)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise RecipeError(f"{folder}: another process runs this sweep: wait for its end") from None
    try:
        yield
    finally:
        lock.release()


def _write_recipe(recipe: Recipe, folder: Path, source: str) -> None:
    """Write the recipe, unless the folder has it already; a search may get more trials.

    Raises
    ------
    RecipeError
        If the folder contains another sweep.
    """
    file = folder / FILE_NAME
    if file.exists():
        earlier = Recipe.read(file)
        if earlier.sweep is None or _with_one_trial(earlier) != _with_one_trial(recipe):
            raise RecipeError(f"{source}: {folder} contains a sweep of another recipe; choose another --out")
    with atomic_file(file) as part:
        part.write_text(recipe.to_yaml(), encoding="utf-8")


def _with_one_trial(recipe: Recipe) -> str:
    """Return a recipe as text, without the number of trials."""
    assert recipe.sweep is not None
    return recipe.model_copy(update={"sweep": recipe.sweep.model_copy(update={"trials": 1})}).to_yaml()


def _ignore(line: str) -> None:
    del line
