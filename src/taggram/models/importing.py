"""Published weights, made ours: fetch, check, rename, save with a card and an ONNX file."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from taggram.errors import ModelError
from taggram.models import store
from taggram.models.card import ModelCard, Provenance, sha256
from taggram.models.published import PUBLISHED, PublishedWeights
from taggram.models.registry import create_model
from taggram.models.tf_checkpoint import read_checkpoint
from taggram.models.weights import save_model

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from torch import Tensor

    from taggram.models.network import Network

State = dict[str, "Tensor"]

# From the entries of Won et al.'s state dicts to ours, tried in this order.
_WON_FRONT_END = "spec."
_Rename = tuple[str, "str | Callable[[re.Match[str]], str]"]
_WON_COMMON: list[_Rename] = [(r"^spec_bn\.", "bn.")]
_WON_RENAMED: dict[str, list[_Rename]] = {
    "fcn": [*_WON_COMMON, (r"^layer(\d)\.", lambda m: f"blocks.{int(m[1]) - 1}."), (r"^dense\.", "head.")],
    "crnn": [
        *_WON_COMMON,
        (r"^layer5\.", "gru."),
        (r"^layer(\d)\.", lambda m: f"blocks.{int(m[1]) - 1}."),
        (r"^dense\.", "head."),
    ],
    "musicnn": [
        (r"^bn\.", "dense_bn."),
        *_WON_COMMON,
        (r"^layers\.([01])\.", r"vertical.\1."),
        (r"^layers\.(\d)\.", lambda m: f"horizontal.{int(m[1]) - 2}."),
        (r"^layer(\d)\.", lambda m: f"middle.{int(m[1]) - 1}."),
        (r"^dense1\.", "dense."),
        (r"^dense2\.", "head."),
    ],
}

# Our layers in the order in which the musicnn library creates its own, which is how TensorFlow numbers them.
_PONS_LAYERS = {
    "musicnn_pons": {
        "conv2d": [
            f"{part}.{i}.conv" for part, n in (("vertical", 2), ("horizontal", 3), ("middle", 3)) for i in range(n)
        ],
        "batch_normalization": [
            "bn",
            *(f"{part}.{i}.bn" for part, n in (("vertical", 2), ("horizontal", 3), ("middle", 3)) for i in range(n)),
            "pooled_bn",
            "dense_bn",
        ],
        "dense": ["dense", "head"],
    },
    "vgg_pons": {
        "batch_normalization": ["bn", *(f"blocks.{i}.bn" for i in range(5))],
        "dense": ["head"],
    },
}
_PONS_PARAMETERS = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def import_model(name: str, source: Path | None = None) -> ModelCard:
    """Turn published weights into a model of ours, in the folder where taggram keeps its models.

    Parameters
    ----------
    name
        One of the published names.
    source
        The published file, or a folder that holds it under any name; None fetches it.

    Returns
    -------
    ModelCard
        The card of the model, as written.

    Raises
    ------
    ModelError
        If the name is unknown, the file cannot be fetched, or it is not the published one.
    """
    entry = PUBLISHED.get(name)
    if entry is None:
        raise ModelError(f"no published weights are named {name!r}; there are: {', '.join(PUBLISHED)}")
    file = fetch(entry) if source is None else _locate(entry, source)
    network = create_model(entry.architecture, vocabulary=entry.vocabulary)
    load_published(network, entry.architecture, _read(entry, file))
    card = network.card(
        name,
        paper="; ".join(dict.fromkeys([network.paper, entry.paper])),
        trained_on=entry.trained_on,
        scores=entry.scores,
        licence=entry.licence,
        provenance=Provenance(url=entry.url, sha256=entry.sha256, member=entry.member),
    )
    return save_model(network, card, store.place(name))


def load_published(network: Network, architecture: str, state: State) -> None:
    """Load the entries of a published state dict, under our names, into a network.

    Raises
    ------
    ModelError
        If an entry is missing, left over or of another shape.
    """
    if architecture in _WON_RENAMED:
        state = {
            _renamed(key, architecture): value for key, value in state.items() if not key.startswith(_WON_FRONT_END)
        }
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError(f"these are not the weights of a {architecture}: {' '.join(str(error).split())}") from error


def _renamed(key: str, architecture: str) -> str:
    for pattern, replacement in _WON_RENAMED[architecture]:
        key, found = re.subn(pattern, replacement, key)
        if found:
            return key
    return key


def _read(entry: PublishedWeights, file: Path) -> State:
    if entry.member is None:
        state: State = torch.load(file, map_location="cpu", weights_only=True)
        return state
    with zipfile.ZipFile(file) as archive:
        index, data = (archive.read(f"{entry.member}/{part}") for part in (".index", ".data-00000-of-00001"))
    return dict(
        _pons_entry(entry.architecture, *item) for item in read_checkpoint(index, data).items() if "/" in item[0]
    )


def _pons_entry(architecture: str, key: str, values: np.ndarray) -> tuple[str, Tensor]:
    """Rename one TensorFlow entry and turn its axes from (time, mel, in, out) to ours."""
    layer, _, parameter = key.partition("/")
    if numbered := re.fullmatch(r"(\d)CNN", layer):
        ours = f"blocks.{int(numbered[1]) - 1}.conv"
    else:
        kind, _, number = layer.rpartition("_") if layer[-1].isdigit() and "_" in layer else (layer, "", "0")
        ours = _PONS_LAYERS[architecture][kind][int(number)]
    tensor = torch.from_numpy(values.copy())
    if parameter == "kernel":
        if ours.startswith("middle"):
            tensor = tensor.squeeze(2).permute(2, 1, 0)  # (time, channels, out) -> (out, channels, time)
        elif tensor.ndim == 4:
            tensor = tensor.permute(3, 2, 1, 0)
        else:
            tensor = tensor.T
    return f"{ours}.{_PONS_PARAMETERS[parameter]}", tensor.contiguous()


def _locate(entry: PublishedWeights, source: Path) -> Path:
    """Return the published file that a path is, or that a folder holds; its hash decides."""
    if source.is_file():
        if sha256(source) == entry.sha256:
            return source
        raise ModelError(f"{source}: not the published file of {entry.name} (its SHA-256 is not {entry.sha256})")
    if not source.is_dir():
        raise ModelError(f"{source}: no such file or folder")
    suffix = ".whl" if entry.member else ".pth"
    for file in sorted(source.rglob(f"*{suffix}")):
        if sha256(file) == entry.sha256:
            return file
    raise ModelError(f"{source}: holds no *{suffix} file with the SHA-256 of {entry.name} ({entry.sha256})")


def fetch(entry: PublishedWeights) -> Path:
    """Download the published file into taggram's folder, or return it if it is there already.

    Raises
    ------
    ModelError
        If it cannot be fetched, or is not the published file; the text has the command that would fetch it.
    """
    folder = store.home() / "downloads"
    folder.mkdir(parents=True, exist_ok=True)
    return _fetch_wheel(entry, folder) if entry.member else _fetch_url(entry, folder)


def _fetch_wheel(entry: PublishedWeights, folder: Path) -> Path:
    pip = ["pip", "download", entry.url, "--no-deps"]
    for file in folder.glob("musicnn-*.whl"):
        if sha256(file) == entry.sha256:
            return file
    done = subprocess.run(
        [sys.executable, "-m", *pip, "--quiet", "--dest", str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        raise ModelError(
            f"{entry.name}: pip could not fetch the weights; where it can: {' '.join(pip)} && "
            f"taggram models import {entry.name} --from ."
        )
    return _locate(entry, folder)


def _fetch_url(entry: PublishedWeights, folder: Path) -> Path:
    import pooch

    try:
        return Path(
            pooch.retrieve(
                entry.url,
                known_hash=f"sha256:{entry.sha256}",
                fname=f"{entry.name}.pth",
                path=folder,
                progressbar=False,
            )
        )
    except Exception as error:  # whatever the network has to say
        raise ModelError(
            f"{entry.name}: the weights could not be fetched ({type(error).__name__}); where the network allows it: "
            f"curl -LO {entry.url} && taggram models import {entry.name} --from best_model.pth"
        ) from error
