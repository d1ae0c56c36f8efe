"""Where models lie: one folder each, with the ONNX file, the weights and the card."""

from __future__ import annotations

import os
from pathlib import Path

from taggram.errors import ModelError
from taggram.models import card
from taggram.models.published import PUBLISHED

ONNX_FILE = "model.onnx"
WEIGHTS_FILE = "model.safetensors"


def home() -> Path:
    """Return the folder of taggram's own files: ``$TAGGRAM_HOME``, else ``taggram`` in the user's data folder."""
    if chosen := os.environ.get("TAGGRAM_HOME"):
        return Path(chosen)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "taggram"


def place(name: str) -> Path:
    """Return the folder that a model of this name has, whether it is there or not."""
    return home() / "models" / name


def installed() -> list[str]:
    """Return the names of the models that are here."""
    return sorted(folder.parent.name for folder in place("").glob(f"*/{card.FILE_NAME}"))


def find(name: str) -> Path:
    """Return the folder of a model that is here.

    Parameters
    ----------
    name
        A model's name, or the path of a folder with a card.

    Raises
    ------
    ModelError
        If it is not here; the text says how to get it.
    """
    for folder in (place(name), Path(name)):
        if (folder / card.FILE_NAME).is_file():
            return folder
    if name in PUBLISHED:
        raise ModelError(f"the weights of {name} are not here yet; fetch them with: taggram models import {name}")
    raise ModelError(f"no model is named {name!r}, and no folder of that name holds a card; see: taggram models list")
