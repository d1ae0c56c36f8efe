"""Weights of YAMNet, trained on AudioSet by Google: a TensorFlow Lite file with 8-bit weights.

TensorFlow Hub and Kaggle publish it as ``google/yamnet/tfLite/tflite/1``. Whether the address below leads to the file
with the hash below has not been verified: that file comes from a copy in another public repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from taggram.models.published.base import Entries, PublishedWeights

__all__ = ["WEIGHTS"]

_EPS = 1e-4  # of batch norm
_LAYER = re.compile(r"yamnet_frames/layer(\d+)/(?:(depthwise|pointwise)_)?conv/")


def _convert(_architecture: str, entries: Entries) -> Entries:
    return {name: value for key, values in entries.items() for name, value in _converted(key, values)}


def _converted(key: str, values: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Rename an entry and reorder its axes; what the front end computes from its settings has no new name.

    Batch norm is part of the published filters and biases. So here it only adds the bias: its mean is 0, and its
    variance such that it divides by 1.
    """
    if key.startswith("yamnet_frames/dense/"):
        yield ("head.weight" if values.ndim == 2 else "head.bias"), values
    elif match := _LAYER.match(key):
        layer = ".".join(filter(None, (f"layers.{int(match[1]) - 1}", match[2])))
        if values.ndim == 4:  # (1, time, mel, channels) of a depthwise convolution, (out, time, mel, in) of others
            depthwise = match[2] == "depthwise"
            yield f"{layer}.conv.weight", values.transpose((3, 0, 2, 1) if depthwise else (0, 3, 2, 1))
        else:
            yield f"{layer}.bn.weight", np.ones_like(values)
            yield f"{layer}.bn.bias", values
            yield f"{layer}.bn.running_mean", np.zeros_like(values)
            yield f"{layer}.bn.running_var", np.full_like(values, 1 - _EPS)


WEIGHTS = (
    PublishedWeights(
        name="yamnet.audioset-google",
        vocabulary="audioset",
        url="https://storage.googleapis.com/tfhub-lite-models/google/lite-model/yamnet/tflite/1.tflite",
        sha256="469be6a3421cbc52cf97e9f2f966cba984198e8e7af9854d68b3e3ebb1e04194",
        member=None,
        convert=_convert,
        paper="Plakal and Ellis, YAMNet, github.com/tensorflow/models/tree/master/research/audioset/yamnet, 2019",
        trained_on="AudioSet, 521 classes of all kinds of sounds",
        licence="Weights: Apache-2.0 (Google). Trained on AudioSet (YouTube videos).",
    ),
)
