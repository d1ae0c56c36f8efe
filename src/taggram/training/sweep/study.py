"""The Optuna study of a sweep: its file, and the values of its trials."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from taggram.errors import MissingExtraError, RecipeError
from taggram.training.recipe.sweep import Range, SweepConfig
from taggram.training.sweep.results import is_loss

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.samplers import BaseSampler
    from optuna.storages import JournalStorage

FILE_NAME = "study.log"
NAME = "sweep"
VALUES, CELL = "values", "cell"  # attributes of a trial

Choice = str | int | float | bool | None


def require_optuna() -> None:
    """Raise `MissingExtraError` if Optuna is not installed; else silence its log."""
    try:
        import optuna
    except ModuleNotFoundError:
        raise MissingExtraError("a sweep", "sweep") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def open_study(folder: Path, config: SweepConfig) -> Study:
    """Open the study in a folder, or create it; the trials of a grid are enqueued.

    Parameters
    ----------
    folder
        Folder of the sweep.
    config
        The section ``sweep`` of its recipe.

    Raises
    ------
    RecipeError
        If the file of the study is damaged.
    """
    import optuna

    file = folder / FILE_NAME
    _cut_incomplete_line(file)
    try:
        storage = _storage(folder)
    except (ValueError, TypeError, KeyError):
        raise RecipeError(f"{file} is damaged: restore it, or choose another --out") from None
    study = optuna.create_study(
        storage=storage,
        study_name=NAME,
        load_if_exists=True,
        direction="minimize" if is_loss(config.metric) else "maximize",
        pruner=optuna.pruners.MedianPruner() if config.prune else optuna.pruners.NopPruner(),
    )
    enqueued = {trial.user_attrs.get(CELL) for trial in study.get_trials(deepcopy=False)}
    for number, cell in enumerate(config.cells()):
        if number not in enqueued:
            encoded = {setting: _encode(value) for setting, value in cell.items()}
            study.enqueue_trial(encoded, user_attrs={CELL: number})
    return study


def _cut_incomplete_line(file: Path) -> None:
    """Cut off the last line if a full disk has left it incomplete: the next one would be appended to it."""
    if file.exists():
        with file.open("rb+") as stream:
            stream.truncate(stream.read().rfind(b"\n") + 1)


def load_trial(folder: Path, config: SweepConfig, number: int) -> Trial:
    """Load a trial that has been started, in any process, to store its results."""
    import optuna

    require_optuna()
    storage = _storage(folder)
    study = optuna.load_study(
        storage=storage,
        study_name=NAME,
        sampler=optuna.samplers.RandomSampler(),  # values are not chosen here
        pruner=optuna.pruners.MedianPruner() if config.prune else optuna.pruners.NopPruner(),
    )
    study_id = storage.get_study_id_from_name(NAME)
    return optuna.Trial(study, storage.get_trial_id_from_study_id_trial_number(study_id, number))


def start_trial(study: Study, config: SweepConfig, seed: int) -> Trial:
    """Start the next trial of a study.

    The sampler is seeded with the number of the trial, so that a resumed search does not repeat its first values.
    """
    sequence = np.random.SeedSequence([seed, len(study.get_trials(deepcopy=False))])
    study.sampler = _sampler(config, int(sequence.generate_state(1)[0]))
    return study.ask()


def choose_values(trial: Trial, config: SweepConfig) -> dict[str, Any]:
    """Return the values of a trial by setting, and store them."""
    values: dict[str, Any] = trial.user_attrs.get(VALUES, {})
    if not values:
        if config.grid:
            values = config.cells()[trial.user_attrs[CELL]]
            for setting in values:  # so that programs that read the study find the values as parameters
                trial.suggest_categorical(setting, _choices(config, setting))
        else:
            values = {setting: _suggest(trial, setting, space) for setting, space in config.search.items()}
        trial.set_user_attr(VALUES, values)
    return values


def _storage(folder: Path) -> JournalStorage:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    file = str(folder / FILE_NAME)
    return JournalStorage(JournalFileBackend(file, lock_obj=JournalFileOpenLock(file)))  # a lock for every system


def _sampler(config: SweepConfig, seed: int) -> BaseSampler:
    from optuna.samplers import RandomSampler, TPESampler

    return TPESampler(seed=seed) if config.sampler == "tpe" and config.search else RandomSampler(seed=seed)


def _suggest(trial: Trial, setting: str, space: Range | tuple[Any, ...]) -> Any:
    if isinstance(space, Range):
        if isinstance(space.low, int) and isinstance(space.high, int):
            return trial.suggest_int(setting, space.low, space.high, log=space.log)
        return trial.suggest_float(setting, space.low, space.high, log=space.log)
    encoded = [_encode(value) for value in space]
    return space[encoded.index(trial.suggest_categorical(setting, encoded))]


def _choices(config: SweepConfig, setting: str) -> list[Choice]:
    """Return the values of a setting in all grids."""
    return list(dict.fromkeys(_encode(value) for grid in config.grid for value in grid.get(setting, ())))


def _encode(value: Any) -> Choice:
    """Return a value as Optuna takes it: a list or a section as JSON."""
    return value if value is None or isinstance(value, str | int | float) else json.dumps(value)
