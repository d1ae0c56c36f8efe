"""Published experiments: their recipes, the figures that these repeat, and the commands that do it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from taggram.errors import MissingExtraError, RecipeError
from taggram.evaluation.predefined import PROTOCOLS
from taggram.evaluation.published import PublishedResult, published_results

if TYPE_CHECKING:
    from taggram.training import Recipe
    from taggram.training.recipe.sections import PublishedConfig

__all__ = ["Cell", "Experiment", "list_experiments", "load_experiment"]

SHOWN_SPLITS = ("test", "validation")


@dataclass(frozen=True)
class Cell:
    """A row of a published table.

    Attributes
    ----------
    row
        The row in words.
    recipe
        The recipe of its training; in a grid, the name of the model ends in the number of the row.
    results
        The published figures, each metric and split once; none, where the paper has none.
    """

    row: str
    recipe: Recipe
    results: tuple[PublishedResult, ...]

    @property
    def figures(self) -> str:
        """The figures of validation and test split in a line, such as ``ROC-AUC 0.905, PR-AUC 0.377``."""
        shown = [result for result in self.results if result.split in SHOWN_SPLITS]
        return ", ".join(f"{each.metric_and_split} {_value(each)}" for each in shown)


def _value(result: PublishedResult) -> str:
    deviation = "" if result.std is None else f" ± {result.std}"
    return f"{result.value}{deviation}{' (doubtful)' if result.doubt else ''}"


@dataclass(frozen=True)
class Experiment:
    """A published experiment.

    Attributes
    ----------
    name
        Name of the recipe.
    about
        What it is, in words: the comment at the beginning of the recipe's file.
    recipe
        The recipe; of several trainings, where it has a sweep.
    cells
        The rows of its table: the combinations of the recipe's grid, without repetitions by other seeds.
    """

    name: str
    about: str
    recipe: Recipe
    cells: tuple[Cell, ...]

    @property
    def trainings(self) -> int:
        """Number of trainings."""
        return self.recipe.sweep.trainings if self.recipe.sweep else 1

    @property
    def published(self) -> PublishedConfig:
        """What is published about it."""
        assert self.recipe.published is not None
        return self.recipe.published

    def recipe_of(self, row: int | None = None) -> Recipe:
        """Return the recipe of a single training: that of a row, counted from 1, or of the only one.

        Raises
        ------
        RecipeError
            If there is no such row, or there are several.
        """
        count = len(self.cells)
        if row is None and count > 1:
            raise RecipeError(f"{self.name} has {count} rows; run: taggram sweep {self.name}, or choose one: --row 1")
        if not 1 <= (row or 1) <= count:
            raise RecipeError(f"{self.name} has the rows 1 to {count}; see: taggram recipes show {self.name}")
        return self.cells[(row or 1) - 1].recipe

    def commands(self) -> list[str]:
        """Return the commands that pack the stores, train, evaluate and compare with the published figures.

        ``FOLDER`` stands for the data set's folder.
        """
        published, out = self.published, f"runs/{self.name}"
        tags = PROTOCOLS[published.evaluation].tags if published.evaluation else None
        options = f"--protocol {published.protocol}{f' --tags {tags}' if tags else ''}"
        packs = [
            f"taggram data pack {published.dataset} FOLDER {store} {options} --sample-rate {rate}"
            for store, rate in self.stores().items()
        ]
        models = f"{out}/trials/*/seed-*" if self.recipe.sweep else out
        train = f"taggram {'sweep' if self.recipe.sweep else 'recipes run'} {self.name} --out {out}"
        if published.evaluation is None:
            return [*packs, train]
        data, results = f"{published.dataset}=FOLDER", f"results/{published.evaluation}"
        evaluate = f"taggram evaluate {models} --data {data} --protocol {published.evaluation} --out {results}"
        return [*packs, train, evaluate, f"taggram compare {results}"]

    def stores(self) -> dict[str, int]:
        """Return the folder of each packed store, and its sample rate in Hz."""
        from taggram.training.preparation import require_extra

        require_extra()
        from taggram.training.plan import required_sample_rate

        stores, rates = {}, dict[tuple[str, object], int]()
        for cell in self.cells:
            model = cell.recipe.model
            key = model.architecture, model.options.get("sample_rate")  # no other option changes the rate
            if key not in rates:
                rates[key] = required_sample_rate(cell.recipe, self.name)
            stores[cell.recipe.data.store.replace("{sample_rate}", str(rates[key]))] = rates[key]
        return stores


def list_experiments(pattern: str = "*") -> list[Experiment]:
    """Return the published experiments.

    Parameters
    ----------
    pattern
        See `taggram.training.list_recipes`.

    Raises
    ------
    MissingExtraError
        Without the [train] extra.
    """
    return list(map(load_experiment, _training().list_recipes(pattern)))


def load_experiment(name: str) -> Experiment:
    """Return a published experiment.

    Parameters
    ----------
    name
        One of `taggram.training.list_recipes`.

    Raises
    ------
    RecipeError
        If there is no recipe of that name.
    MissingExtraError
        Without the [train] extra.

    Examples
    --------
    >>> experiment = load_experiment("ferraro2020/vgg_cnn")
    >>> experiment.trainings, len(experiment.cells)
    (264, 88)
    >>> print(experiment.cells[0].figures)
    ROC-AUC 0.8867 ± 0.0018, PR-AUC 0.3547 ± 0.005
    """
    training = _training()
    recipe = training.load_recipe(name)
    lines = training.recipe_file(name).read_text(encoding="utf-8").splitlines()
    about = " ".join(line.removeprefix("# ") for line in itertools.takewhile(lambda line: line.startswith("#"), lines))
    cells = recipe.cells()
    if len(cells) > 1:
        cells = [cell.replace(name=f"{cell.name}-{number}") for number, cell in enumerate(cells, 1)]
    return Experiment(name, about, recipe, tuple(map(_cell, cells)))


def _training() -> ModuleType:
    """Return the room of training, whose recipes need the train extra."""
    from taggram import training

    try:
        import_module("taggram.training.recipe")
    except ModuleNotFoundError:
        raise MissingExtraError("a recipe", "train") from None
    return training


def _cell(recipe: Recipe) -> Cell:
    published = recipe.published
    assert published is not None
    results: dict[tuple[str, str], PublishedResult] = {}
    if published.model is not None:
        model = recipe.fill(published.model)
        for result in published_results(published.dataset):
            if result.model == model:
                results.setdefault((result.metric, result.split), result)
    return Cell(recipe.fill(published.row), recipe, tuple(results.values()))
