"""Folders of models: each has the card, and beside it the ONNX file and the weights, or a baseline's arrays."""

from __future__ import annotations

import os
from pathlib import Path

from taggram.errors import ModelError, did_you_mean
from taggram.models import card
from taggram.models.published import PUBLISHED

ONNX_FILE = "model.onnx"
WEIGHTS_FILE = "model.safetensors"
BASELINE_FILE = "baseline.safetensors"
DEFAULT_MODEL = "default"  # part of the package
_PACKAGED = Path(__file__).with_name(DEFAULT_MODEL)


def data_dir() -> Path:
    """Return taggram's own folder: ``$TAGGRAM_HOME``, else ``taggram`` in the user's data folder."""
    if chosen := os.environ.get("TAGGRAM_HOME"):
        return Path(chosen)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "taggram"


def model_dir(name: str) -> Path:
    """Return the folder of an installed model, whether it exists or not."""
    return data_dir() / "models" / name


def installed_models() -> list[str]:
    """Return the names of the models that are installed."""
    cards = [*model_dir("").glob(f"*/{card.FILE_NAME}"), *_PACKAGED.glob(card.FILE_NAME)]
    return sorted({file.parent.name for file in cards})


def find_model(name: str) -> Path:
    """Return the folder of a model.

    Parameters
    ----------
    name
        Name of an installed model, or path of a folder with a card. ``"default"`` is always the one in the package.

    Raises
    ------
    ModelError
        If there is none; the text has similar names or, for published weights, the command that imports them.
    """
    if name == DEFAULT_MODEL:
        return _PACKAGED
    for folder in (model_dir(name), Path(name)):
        if (folder / card.FILE_NAME).is_file():
            return folder
    if name in PUBLISHED:
        raise ModelError(f"{name} is not installed; import its weights with: taggram models import {name}")
    near = did_you_mean(name, {*PUBLISHED, *installed_models()}) or "; see: taggram models list"
    raise ModelError(f"no model is named {name!r}, and no folder of that name has a card{near}")
