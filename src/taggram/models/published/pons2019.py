"""Weights of the musicnn library, Pons and Serra 2019: TensorFlow checkpoints inside its wheel."""

from __future__ import annotations

import re

import numpy as np

from taggram.models.card import Score
from taggram.models.published.base import DATA_TERMS, TRAINED_ON, Entries, PublishedWeights

__all__ = ["WEIGHTS"]

_PAPER = "Pons and Serra, musicnn: pre-trained convolutional neural networks for music audio tagging, 2019"
_WHEEL = "musicnn-0.1.0-py3-none-any.whl"
_WHEEL_SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"

# taggram's layers in the order in which the library creates its own: TensorFlow numbers them in that order.
_CONVOLUTIONS = [
    f"{part}.{i}" for part, count in (("vertical", 2), ("horizontal", 3), ("middle", 3)) for i in range(count)
]
_LAYERS = {
    "musicnn_pons": {
        "conv2d": [f"{layer}.conv" for layer in _CONVOLUTIONS],
        "batch_normalization": ["bn", *(f"{layer}.bn" for layer in _CONVOLUTIONS), "pooled_bn", "dense_bn"],
        "dense": ["dense", "head"],
    },
    "vgg_pons": {
        "batch_normalization": ["bn", *(f"blocks.{i}.bn" for i in range(5))],
        "dense": ["head"],
    },
}
_PARAMETERS = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def _convert(architecture: str, entries: Entries) -> Entries:
    return dict(_converted(architecture, *entry) for entry in entries.items() if "/" in entry[0])


def _converted(architecture: str, key: str, values: np.ndarray) -> tuple[str, np.ndarray]:
    """Rename an entry and reorder its axes from (time, mel, in, out) to (out, in, mel, time)."""
    name, _, parameter = key.partition("/")
    if numbered := re.fullmatch(r"(\d)CNN", name):
        layer = f"blocks.{int(numbered[1]) - 1}.conv"
    else:
        kind, _, number = name.rpartition("_") if name[-1].isdigit() and "_" in name else (name, "", "0")
        layer = _LAYERS[architecture][kind][int(number)]
    if parameter == "kernel":
        values = values.T  # the middle's is one of (time, in, 1, out)
        if layer.startswith("middle"):
            values = values.squeeze(1)
    return f"{layer}.{_PARAMETERS[parameter]}", values


def _weights(architecture: str, dataset: str, member: str, roc_auc: float, ap: float) -> PublishedWeights:
    protocol, clips = {
        "mtat": ("MagnaTagATune, full split, test, mean over patches", 5329),
        "msd": ("MSD Last.fm-50, old split, test, mean over patches", None),
    }[dataset]
    source = f"{member}/experiment.result in {_WHEEL}; not measured again here"
    return PublishedWeights(
        name=f"{architecture}.{dataset}-pons2019",
        vocabulary=dataset,
        url="musicnn==0.1.0",
        sha256=_WHEEL_SHA256,
        member=f"musicnn/{member}",
        convert=_convert,
        paper=_PAPER,
        trained_on=TRAINED_ON[dataset],
        licence=f"Weights: ISC (Music Technology Group, UPF, 2019). Trained on {DATA_TERMS[dataset]}.",
        scores=(
            Score(metric="roc_auc", value=roc_auc, protocol=protocol, clips=clips, source=source),
            Score(metric="ap", value=ap, protocol=protocol, clips=clips, source=source),
        ),
    )


WEIGHTS = (
    _weights("musicnn_pons", "mtat", "MTT_musicnn", 0.9067, 0.3831),
    _weights("musicnn_pons", "msd", "MSD_musicnn", 0.8802, 0.2891),
    _weights("vgg_pons", "mtat", "MTT_vgg", 0.9030, 0.3823),
    _weights("vgg_pons", "msd", "MSD_vgg", 0.8768, 0.2819),
)
