"""Where models lie: one folder each, with the ONNX file, the card and, all but the default one, the weights."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from taggram.errors import ModelError
from taggram.models import card
from taggram.models.published import PUBLISHED

ONNX_FILE = "model.onnx"
WEIGHTS_FILE = "model.safetensors"
BASELINE_FILE = "baseline.safetensors"  # in place of both, for a model that is no network
DEFAULT_MODEL = "default"  # part of the package
_PACKAGED = Path(__file__).with_name(DEFAULT_MODEL)


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
    cards = [*place("").glob(f"*/{card.FILE_NAME}"), *_PACKAGED.glob(card.FILE_NAME)]
    return sorted({file.parent.name for file in cards})


def find(name: str) -> Path:
    """Return the folder of a model that is here.

    Parameters
    ----------
    name
        A model's name, or the path of a folder with a card. ``"default"`` is always the one in the package.

    Raises
    ------
    ModelError
        If it is not here; the text says how to get it.
    """
    if name == DEFAULT_MODEL:
        return _PACKAGED
    for folder in (place(name), Path(name)):
        if (folder / card.FILE_NAME).is_file():
            return folder
    if name in PUBLISHED:
        raise ModelError(f"the weights of {name} are not here yet; fetch them with: taggram models import {name}")
    raise ModelError(f"no model is named {name!r}, and no folder of that name holds a card; see: taggram models list")


@contextlib.contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """Give an empty folder to write a model into, which takes the place of `folder` when all is written."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        made = Path(scratch) / "model"
        made.mkdir()
        yield made
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(made, folder)
