"""Published weights, made ours: fetch, check, rename, save with a card and an ONNX file."""

from __future__ import annotations

import pickle
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

# From the entries of Won et al.'s state dicts to ours, one after another. What their front ends hold is not loaded.
_WON_FRONT_END = re.compile(r"(hstft\.)?spec\.")
_Rename = tuple[str, "str | Callable[[re.Match[str]], str]"]
_WON_BLOCKS: list[_Rename] = [
    (r"^layer(\d+)\.", lambda m: f"blocks.{int(m[1]) - 1}."),
    (r"\.conv_3\.", ".around.0."),
    (r"\.bn_3\.", ".around.1."),
    (r"\.(conv|bn)_([12])\.", r".\1\2."),
]
_WON_ONE_DENSE: list[_Rename] = [(r"^spec_bn\.", "bn."), (r"^dense\.", "head.")]
_WON_TWO_DENSE: list[_Rename] = [
    (r"^bn\.", "dense_bn."),
    (r"^(spec|hstft)_bn\.", "bn."),
    (r"^dense1\.", "dense."),
    (r"^dense2\.", "head."),
]
_WON_RENAMED: dict[str, list[_Rename]] = {
    "fcn": [*_WON_BLOCKS, *_WON_ONE_DENSE],
    "crnn": [(r"^layer5\.", "gru."), *_WON_BLOCKS, *_WON_ONE_DENSE],
    "musicnn": [
        *_WON_TWO_DENSE,
        (r"^layers\.([01])\.", r"vertical.\1."),
        (r"^layers\.(\d)\.", lambda m: f"horizontal.{int(m[1]) - 2}."),
        (r"^layer(\d)\.", lambda m: f"middle.{int(m[1]) - 1}."),
    ],
    "sample_cnn": [*_WON_BLOCKS, *_WON_ONE_DENSE],
    "sample_cnn_se": [*_WON_TWO_DENSE, *_WON_BLOCKS, (r"\.(dense[12])\.", r".excitation.\1.")],
    "self_attention": [
        *_WON_BLOCKS,
        *_WON_ONE_DENSE,
        (r"^pooler\.", ""),
        (r"^encoder\.layer\.", "transformer."),
        (r"\.attention\.self\.", "."),
        (r"\.attention\.output\.dense\.", ".attended."),
        (r"\.attention\.output\.LayerNorm\.", ".attended_norm."),
        (r"\.intermediate\.dense\.", ".inner."),
        (r"\.output\.dense\.", ".outer."),
        (r"\.output\.LayerNorm\.", ".outer_norm."),
    ],
    "harmonic_cnn": [*_WON_TWO_DENSE, *_WON_BLOCKS, (r"^hstft\.bw_Q$", "features.quality")],
    "short_chunk_cnn": [*_WON_TWO_DENSE, *_WON_BLOCKS],
    "short_chunk_cnn_res": [*_WON_TWO_DENSE, *_WON_BLOCKS],
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
        If the name is unknown, the file cannot be fetched, or it is not the published one, as far as one can tell: by
        its hash where that is known, else by its entries.
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
        provenance=Provenance(
            url=entry.url,
            sha256=sha256(file),
            verified_by="sha256" if entry.sha256 else "entries",
            member=entry.member,
        ),
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
        state = {_renamed(key, architecture): value for key, value in state.items() if not _WON_FRONT_END.match(key)}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError(f"these are not the weights of a {architecture}: {' '.join(str(error).split())}") from error


def _renamed(key: str, architecture: str) -> str:
    for pattern, replacement in _WON_RENAMED[architecture]:
        key = re.sub(pattern, replacement, key)
    return key


def _read(entry: PublishedWeights, file: Path) -> State:
    if entry.member is None:
        return _read_torch(file)
    with zipfile.ZipFile(file) as archive:
        index, data = (archive.read(f"{entry.member}/{part}") for part in (".index", ".data-00000-of-00001"))
    return dict(
        _pons_entry(entry.architecture, *item) for item in read_checkpoint(index, data).items() if "/" in item[0]
    )


def _read_torch(file: Path) -> State:
    """Read a PyTorch checkpoint that is a state dict; nothing that its pickle says is run."""
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, ValueError):
        state = None
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ModelError(f"{file}: not a PyTorch state dict; if it was fetched, delete it and fetch it again")
    return state


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
    """Return the published file that a path is, or that a folder holds; its hash decides, where it is known."""
    if source.is_file():
        if entry.sha256 in (None, sha256(source)):
            return source
        raise ModelError(f"{source}: not the published file of {entry.name} (its SHA-256 is not {entry.sha256})")
    if not source.is_dir():
        raise ModelError(f"{source}: no such file or folder")
    if entry.sha256 is None:
        place = "/".join(entry.url.split("/")[-3:])  # as in a copy of the authors' repository
        if found := sorted(source.rglob(place)):
            return found[0]
        raise ModelError(f"{source}: holds no {place}; the hash of {entry.name} is not known, so name the file itself")
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
    pip = ["pip", "download", entry.url, "--no-deps", "--only-binary", ":all:"]
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

    pooch.get_logger().setLevel("WARNING")  # what it says below is for programmers
    try:
        return Path(
            pooch.retrieve(
                entry.url,
                known_hash=f"sha256:{entry.sha256}" if entry.sha256 else None,
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
