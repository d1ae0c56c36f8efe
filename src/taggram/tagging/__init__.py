"""Inference: a `Tagger` predicts the scores of files and arrays.

ONNX Runtime runs the models by default, torch on request. `taggram.tagging.cache`, which caches predictions on disk, is
imported from its own module, so that tagging a file does not load SQLite.
"""

from taggram.models.directories import DEFAULT_MODEL
from taggram.tagging.headline import headline
from taggram.tagging.prediction import Prediction, TagScore
from taggram.tagging.result import TagResult
from taggram.tagging.tagger import Tagger

__all__ = ["DEFAULT_MODEL", "Prediction", "TagResult", "TagScore", "Tagger", "headline"]
