"""The recipe: the settings of a training, as nested plain data in YAML."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import ValidationError, model_validator

from taggram.errors import RecipeError
from taggram.training.recipe.optim import Config, OptimConfig, Seed
from taggram.training.recipe.sections import (
    AugmentConfig,
    DataConfig,
    DistillConfig,
    ExportConfig,
    ModelConfig,
    PublishedConfig,
)
from taggram.training.recipe.sweep import SweepConfig

FILE_NAME = "recipe.yaml"


class Recipe(Config):
    """The settings of a training.

    Attributes
    ----------
    name
        Name of the resulting model, ``architecture.tag``.
    seed
        Seed of the initial weights, the dropout, the order of clips and the positions of segments.
    licence
        Licence of the weights, for the model card.
    published
        The published results that the recipe repeats; None: none.
    sweep
        The settings in which the trainings of a sweep differ; None: the recipe is that of one training.
    data, model, optim, augment, distill, export
        The sections.
    """

    name: str
    seed: Seed = 0
    licence: str = "not stated; depends on the training data"
    data: DataConfig
    model: ModelConfig
    optim: OptimConfig = OptimConfig()
    augment: AugmentConfig = AugmentConfig()
    distill: DistillConfig = DistillConfig()
    export: ExportConfig = ExportConfig()
    published: PublishedConfig | None = None
    sweep: SweepConfig | None = None

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        teachers = self.distill.teachers
        if not re.fullmatch(rf"{re.escape(self.model.architecture)}\.[\w.-]+", self.name):
            example = f"{self.model.architecture}.mine"
            raise ValueError(f"name: must be the architecture and a name of letters, digits, . and -, as {example}")
        if teachers and not isinstance(self.data.vocabulary, str):
            raise ValueError("data.vocabulary: distillation needs a vocabulary with a name, such as taggram")
        if self.augment.variants and not (self.data.sources and teachers):
            raise ValueError("augment.variants: needs data.sources and distill.teachers, as variants have no labels")
        if self.augment.deform and not self.augment.variants:
            raise ValueError("augment.deform: needs augment.variants, which are what is deformed")
        if self.augment.mixup and any(teacher.match_similarity for teacher in teachers):
            raise ValueError("augment.mixup: cannot be combined with match_similarity, which needs unmixed segments")
        if self.optim.pos_weight and teachers:
            raise ValueError("optim.pos_weight: cannot be combined with distill.teachers, whose targets are soft")
        return self

    @classmethod
    def parse(cls, text: str | bytes, source: str = "recipe") -> Recipe:
        """Parse a recipe in YAML.

        Parameters
        ----------
        text
            The YAML.
        source
            Name for error messages.

        Raises
        ------
        RecipeError
            If it is not YAML, or a key is unknown or missing, or a value is invalid. The message has the file and the
            key, as in ``a.yaml: optim.optimizer.lr: ...``.
        """
        try:
            data = yaml.safe_load(text)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise RecipeError(f"{source}: not YAML: {' '.join(str(error).split())}") from None
        if not isinstance(data, dict):
            raise RecipeError(f"{source}: a recipe is a mapping of keys to values, such as 'name: fcn.mine'")
        return cls._validate(data, source)

    @classmethod
    def read(cls, file: str | os.PathLike[str]) -> Recipe:
        """Read a recipe from a file; see `parse`."""
        try:
            text = Path(file).read_bytes()
        except OSError as error:
            raise RecipeError(
                f"{file}: {error.strerror}; a recipe is a YAML file, or see: taggram recipes list"
            ) from None
        return cls.parse(text, str(file))

    def to_yaml(self) -> str:
        """Return the recipe as YAML, with all defaults spelled out."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120)

    def replace(self, **settings: Any) -> Recipe:
        """Return a copy with other settings.

        Parameters
        ----------
        **settings
            New values of top-level keys, and new settings by section: ``recipe.replace(seed=1, optim={"epochs": 3})``.
            The others stay.

        Raises
        ------
        RecipeError
            If a key is unknown or a value is invalid.
        """
        data = self.model_dump()
        for key, value in settings.items():
            merges = isinstance(data.get(key), dict) and isinstance(value, Mapping)
            data[key] = {**data[key], **value} if merges else value
        return self._validate(data, self.name)

    def with_values(self, values: Mapping[str, Any]) -> Recipe:
        """Return the recipe of a training of the sweep: this one with other values of some settings.

        Parameters
        ----------
        values
            Values by setting, such as ``{"optim.optimizer.lr": 1e-3}``; see `SweepConfig.cells`. Where the architecture
            is another one, the name begins with it.

        Raises
        ------
        RecipeError
            If a setting does not exist or a value is invalid.
        """
        data = self.model_dump()
        data["sweep"] = None
        for setting, value in values.items():
            *sections, key = setting.split(".")
            section: Any = data
            for part in sections:
                section = section.get(part) if isinstance(section, dict) else None
            if not isinstance(section, dict) or (sections != ["model", "options"] and key not in section):
                raise RecipeError(f"{self.name}: there is no setting {setting}")
            section[key] = value
        if "model.architecture" in values:
            data["name"] = f"{values['model.architecture']}.{self.name.partition('.')[2]}"
        return self._validate(data, f"{self.name}: {format_values(values)}")

    def cells(self) -> list[Recipe]:
        """Return the recipes of the combinations of the grid; without a grid, this recipe alone."""
        cells = self.sweep.cells() if self.sweep else []
        return [self.with_values(cell) for cell in cells] or [self]

    def fill(self, text: str) -> str:
        """Replace the settings that stand in braces in a text by their values, or by the words for these.

        Raises
        ------
        RecipeError
            If a setting does not exist.

        Examples
        --------
        >>> recipe = Recipe.parse("{name: fcn.mine, data: {store: data/mine}, model: {architecture: fcn}}")
        >>> recipe.fill("{model.architecture}, {optim.epochs} epochs")
        'fcn, 200 epochs'
        """
        data, words = self.model_dump(), self.published.words if self.published else {}

        def value(match: re.Match[str]) -> str:
            section: Any = data
            for key in match[1].split("."):
                if not isinstance(section, dict) or key not in section:
                    raise RecipeError(f"{self.name}: published: there is no setting {match[1]}")
                section = section[key]
            return words.get(str(section), str(section))

        return re.sub(r"\{([\w.]+)\}", value, text)

    @classmethod
    def _validate(cls, data: dict[str, Any], source: str) -> Recipe:
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise RecipeError(f"{source}: {_first_error(error, data)}") from None


def format_values(values: Mapping[str, Any]) -> str:
    """Format values of settings on one line, such as ``optim.batch_size=75, optim.optimizer.lr=0.01``."""
    return ", ".join(f"{setting}={format_value(value)}" for setting, value in values.items())


def format_value(value: Any) -> str:
    """Format a value of a setting, with four digits of a number that a search has chosen."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _first_error(error: ValidationError, data: dict[Any, Any]) -> str:
    """Format the first error in one line, with the keys as in the file."""
    errors = error.errors()
    # A list that could have been text, too, is wrong because of one of its items.
    first = next((each for each in errors if not isinstance(each["input"], list)), errors[0])
    keys, inner = [], data
    for part in first["loc"]:  # pydantic also lists the kind of a union, which is no key
        missing = first["type"] == "missing" and part == first["loc"][-1]
        if (
            missing
            or (isinstance(inner, dict) and part in inner)
            or (isinstance(part, int) and isinstance(inner, list))
        ):
            keys.append(str(part))
            inner = inner[part] if not missing and isinstance(inner, dict | list) else inner
    messages = {
        "extra_forbidden": "no such key",
        "missing": "this key is missing",
        "too_short": "must not be empty",
        "tuple_type": "must be a list",
        "model_type": "must be a section, a mapping of keys to values",
        "union_tag_invalid": f"kind must be one of {first.get('ctx', {}).get('expected_tags')}",
        "union_tag_not_found": "the key kind is missing",
    }
    if isinstance(first["input"], bool | int | float | datetime.date):
        value = yaml.safe_dump(first["input"]).partition("\n")[0]
        messages["string_type"] = f"must be text, not {value}: put it in quotes (YAML reads no, on and 80 otherwise)"
    message = messages.get(first["type"], first["msg"].removeprefix("Value error, "))
    return ": ".join([*([".".join(keys)] if keys else []), " ".join(message.split())])
