"""The recipe: everything that decides what a training gives, read from YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from taggram.errors import ModelError, RecipeError
from taggram.training.material import Material
from taggram.training.optimiser import Adam, Constant, Optimiser, Schedule
from taggram.training.teaching import Teacher
from taggram.vocabularies import Vocabulary

FILE_NAME = "recipe.yaml"


class Recipe(BaseModel):
    """What is trained, on what and how.

    Attributes
    ----------
    name
        Of the model that comes of it, ``architecture.tag``.
    architecture, options
        One of `taggram.list_architectures`, and its arguments beside the vocabulary; or ``random_forest`` or ``knn``,
        for which only names, store, vocabulary, seed and licence count.
    store
        Folder of the packed store; a relative path begins at the current folder.
    material
        Sources that are packed into the store first, as far as they are not in it yet; none: the store is there.
    copies
        Of each training clip of the material, packed beside it at other speeds; see `taggram.training.copies`.
    vocabulary
        Name of a published vocabulary or a list of labels; None: the labels of the training split with at least
        `min_positives` clips, the most frequent ones first. Other labels of the store are ignored.
    min_positives
        See `vocabulary`.
    teachers
        Models that say what is learnt, in place of the store's labels: the weighted mean of their scores for the
        stretch of audio that a segment is, in the tags of `vocabulary`, which must be named then.
    sharpness
        Deviation of the log odds that a student learns for each tag, see `taggram.training.targets.Scale`.
    similarity
        Weight of the similarity loss beside the cross-entropy, where teachers have `neighbours`.
    similarity_of_labels
        Whether clips of the training split are to be alike by their labels, too.
    labels
        A table that maps the store's labels to tags (`taggram.VocabularyMap.read`), for calibrating a student on the
        validation labels.
    seed
        Of the weights' first values, the dropout, the order of clips and the places of segments.
    epochs
        At most so many.
    batch
        Segments per step, at most; batches are made as even as possible.
    segments_per_clip
        Random segments that an epoch draws from each clip.
    mixup
        Parameter of the beta distribution by which segments are averaged in pairs; 0: they are not.
    mask
        How many mel bands are silenced in each segment at most; see `taggram.training.masking`.
    validation_segments
        Evenly spaced segments of each validation clip, whose scores are averaged.
    balance
        Whether the positives of a tag weigh as much as its negatives together in the cross-entropy of sigmoids, which
        makes rare tags heavier.
    optimiser, schedule
        See `taggram.training.optimiser`; defaults are Adam as in Won et al. 2020, and a constant rate.
    precision
        32, or ``"bf16"``: layers in bfloat16 where that is safe, front end and weights in float32.
    quantise
        Whether the convolutions of the ONNX file are to compute with 8-bit integers; see `taggram.models.quantise`.
    patience
        Stop after so many epochs in which the validation loss did not fall; None: never.
    licence
        What the model's card says of the terms of the weights.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^\w+\.[\w.-]+$")
    architecture: str
    options: dict[str, Any] = {}
    store: str
    material: tuple[Material, ...] = ()
    copies: NonNegativeInt = 0
    vocabulary: str | tuple[str, ...] | None = None
    min_positives: PositiveInt = 1
    teachers: tuple[Teacher, ...] = ()
    sharpness: PositiveFloat = 1.5
    similarity: NonNegativeFloat = 1.0
    similarity_of_labels: bool = False
    labels: str | None = None
    seed: NonNegativeInt = 0
    epochs: PositiveInt = 200
    batch: int = Field(default=16, ge=2)
    segments_per_clip: PositiveInt = 1
    mixup: NonNegativeFloat = 0.0
    mask: NonNegativeInt = 0
    validation_segments: PositiveInt = 8
    balance: bool = False
    optimiser: Optimiser = Adam(kind="adam")
    schedule: Schedule = Constant()
    precision: Literal[32, "bf16"] = 32
    quantise: bool = False
    patience: PositiveInt | None = None
    licence: str = "not stated; see what it was trained on"

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.name.partition(".")[0] != self.architecture:
            raise ValueError(f"name: must begin with the architecture, as in {self.architecture}.mine")
        try:
            self.vocabulary is None or Vocabulary.from_names(self.vocabulary)
        except ModelError as error:
            raise ValueError(f"vocabulary: {error}") from None
        if self.teachers and not isinstance(self.vocabulary, str):
            raise ValueError("vocabulary: teachers answer in a vocabulary that has a name, such as taggram")
        if self.copies and not (self.material and self.teachers):
            raise ValueError("copies: are made of material, and only teachers know what is true of them; name both")
        if self.mixup and any(teacher.neighbours for teacher in self.teachers):
            raise ValueError("mixup: an average of two segments has no neighbours; leave out one or the other")
        if self.balance and self.teachers:
            raise ValueError("balance: teachers say no positives and negatives; leave out one or the other")
        if len({source.name for source in self.material}) < len(self.material):
            raise ValueError("material: each source needs a name of its own")
        return self

    @classmethod
    def parse(cls, text: str | bytes, source: str = "recipe") -> Recipe:
        """Read a recipe from YAML.

        Parameters
        ----------
        text
            The YAML.
        source
            What errors call it.

        Raises
        ------
        RecipeError
            If it is no YAML, or has an unknown key, a missing one or an impossible value.
        """
        try:
            data = yaml.safe_load(text)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise RecipeError(f"{source}: not YAML: {' '.join(str(error).split())}") from None
        if not isinstance(data, dict):
            raise RecipeError(f"{source}: a recipe is a list of keys with values, such as 'architecture: fcn'")
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise RecipeError(f"{source}: {_first(error, data)}") from None

    @classmethod
    def read(cls, file: Path) -> Recipe:
        """Read a recipe from a file; see `parse`."""
        try:
            text = file.read_bytes()
        except OSError as error:
            raise RecipeError(f"{file}: {error.strerror}; a recipe is a YAML file, see recipes/") from None
        return cls.parse(text, str(file))

    def to_yaml(self) -> str:
        """Write the recipe with every default spelled out."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120)


def _first(error: ValidationError, data: dict[Any, Any]) -> str:
    """Say in one line what is wrong first, naming keys as they stand in the file."""
    found = error.errors()[0]
    keys, inside = [], data
    for part in found["loc"]:  # pydantic also names the kind of a union, which is no key
        missing = found["type"] == "missing" and part == found["loc"][-1]
        if missing or (isinstance(inside, dict) and part in inside) or isinstance(part, int):
            keys.append(str(part))
            inside = inside[part] if not missing and isinstance(inside, dict | list) else inside
    kinds = f"kind must be one of {found.get('ctx', {}).get('expected_tags')}"
    known = {
        "extra_forbidden": "no such key",
        "missing": "this key is missing",
        "union_tag_invalid": kinds,
        "union_tag_not_found": "the key kind is missing",
    }
    said = known.get(found["type"], found["msg"].removeprefix("Value error, "))
    return ": ".join([*([".".join(keys)] if keys else []), " ".join(said.split())])
