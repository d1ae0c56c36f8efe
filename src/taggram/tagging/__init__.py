"""A model and audio in, a prediction out.

`Tagger` holds a model ready for thousands of files; a `Prediction` is what it says of one. Inference is ONNX Runtime's
unless torch is asked for. `taggram.tagging.cache` keeps predictions on disk; it is imported from there, so that tagging
a file does not load SQLite.
"""

from taggram.models.directories import DEFAULT_MODEL
from taggram.tagging.prediction import Prediction
from taggram.tagging.tagged import Tagged
from taggram.tagging.tagger import Tagger

__all__ = ["DEFAULT_MODEL", "Prediction", "Tagged", "Tagger"]
