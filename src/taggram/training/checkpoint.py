"""A training as a file, from which it goes on as if it had never stopped."""

from __future__ import annotations

import dataclasses
import os
import pickle
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from taggram.errors import RecipeError

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

FILE_NAME = "checkpoint.pt"
Row = dict[str, float]


@dataclass
class Checkpoint:
    """The state of a training between two epochs: tensors, numbers and text only.

    The schedule has no entry, as it is a function of the epoch, and neither has NumPy's generator, which each epoch
    makes anew of the seed and its number.

    Attributes
    ----------
    recipe
        The effective recipe, as YAML.
    store
        The store's fingerprint.
    epoch
        How many epochs are done.
    network, best
        Weights now, and those of the epoch with the lowest validation loss.
    optimiser
        The state dict of torch's optimiser.
    generators
        States of torch's random generators, ``"cpu"`` and, on a GPU, ``"cuda"``.
    history
        What was measured in each epoch.
    """

    recipe: str
    store: str
    epoch: int
    network: dict[str, Tensor]
    best: dict[str, Tensor]
    optimiser: dict[str, Any]
    generators: dict[str, Tensor]
    history: list[Row] = field(default_factory=list)

    def write(self, file: Path) -> None:
        """Write it, all or nothing: a kill in the middle leaves the one before."""
        scratch = file.with_name(f".{file.name}.part")
        with scratch.open("wb") as stream:
            torch.save({entry.name: getattr(self, entry.name) for entry in dataclasses.fields(self)}, stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(scratch, file)

    @classmethod
    def read(cls, file: Path) -> Checkpoint:
        """Read it; nothing that a pickle could run is run.

        Raises
        ------
        RecipeError
            If it is damaged, or was written by another version.
        """
        try:
            return cls(**torch.load(file, map_location="cpu", weights_only=True))
        except (OSError, RuntimeError, EOFError, TypeError, ValueError, pickle.UnpicklingError):
            raise RecipeError(f"{file}: not a checkpoint of this version of taggram; start anew with --fresh") from None
