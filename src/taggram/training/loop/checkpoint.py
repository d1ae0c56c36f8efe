"""Checkpoints: the complete state of a training between two epochs."""

from __future__ import annotations

import dataclasses
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from taggram._files import atomic_file
from taggram.errors import RecipeError
from taggram.training.loop.history import Row

FILE_NAME = "checkpoint.pt"


@dataclass
class Checkpoint:
    """The state of a training between two epochs: tensors, numbers and text only.

    The schedule has no state, as it is a function of the epoch. Random generators have none, either: each epoch seeds
    them with the recipe's seed and its own number.

    Attributes
    ----------
    recipe
        The effective recipe, as YAML.
    store
        Fingerprint of the store.
    epoch
        Number of completed epochs.
    network, best
        Current weights, and those of the epoch with the lowest validation loss.
    average
        Moving average of the weights; None without one.
    optimizer
        State dict of torch's optimizer.
    history
        One row per epoch.
    """

    recipe: str
    store: str
    epoch: int
    network: dict[str, Tensor]
    best: dict[str, Tensor]
    average: dict[str, Tensor] | None
    optimizer: dict[str, Any]
    history: list[Row] = field(default_factory=list)

    def write(self, file: Path) -> None:
        """Write it atomically: after a kill the previous checkpoint is still intact."""
        with atomic_file(file) as part, part.open("wb") as stream:
            torch.save({entry.name: getattr(self, entry.name) for entry in dataclasses.fields(self)}, stream)

    @classmethod
    def read(cls, file: Path) -> Checkpoint:
        """Read it; no code in the pickle is run.

        Raises
        ------
        RecipeError
            If it is damaged, or was written by another version.
        """
        try:
            return cls(**torch.load(file, map_location="cpu", weights_only=True))
        except (OSError, RuntimeError, EOFError, TypeError, ValueError, pickle.UnpicklingError):
            raise RecipeError(f"{file}: not a checkpoint of this version of taggram; restart with --fresh") from None
