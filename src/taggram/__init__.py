"""taggram tags music: instruments, genres, moods, voices, eras.

Importing it is cheap: neither torch nor ONNX Runtime is loaded before it is needed.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

# ONNX Runtime reports its use to its maker from 1.32 on, unless this is set before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from taggram.audio import probe as probe
    from taggram.audio import read as read
    from taggram.datasets import PackedStore as PackedStore
    from taggram.datasets import dataset as dataset
    from taggram.datasets import pack as pack
    from taggram.errors import TaggramError as TaggramError
    from taggram.evaluation import evaluate as evaluate
    from taggram.models import ModelCard as ModelCard
    from taggram.models import create_model as create_model
    from taggram.models import list_architectures as list_architectures
    from taggram.models import list_models as list_models
    from taggram.tagging import Prediction as Prediction
    from taggram.tagging import Tagger as Tagger
    from taggram.tagging import TagResult as TagResult
    from taggram.tagging import TagScore as TagScore
    from taggram.training import learn as learn
    from taggram.training import train as train
    from taggram.vocabularies import Vocabulary as Vocabulary
    from taggram.vocabularies import VocabularyMap as VocabularyMap

__version__ = "0.1.0"

_ROOMS = {
    "probe": "audio",
    "read": "audio",
    "PackedStore": "datasets",
    "dataset": "datasets",
    "pack": "datasets",
    "TaggramError": "errors",
    "evaluate": "evaluation",
    "ModelCard": "models",
    "create_model": "models",
    "list_architectures": "models",
    "list_models": "models",
    "Prediction": "tagging",
    "TagResult": "tagging",
    "TagScore": "tagging",
    "Tagger": "tagging",
    "learn": "training",
    "train": "training",
    "Vocabulary": "vocabularies",
    "VocabularyMap": "vocabularies",
}
__all__ = ["__version__", *_ROOMS]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
