"""Write and load models: a folder with the weights (safetensors), the ONNX file and the card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from taggram._files import atomic_dir, sha256
from taggram.errors import CardError
from taggram.models.card import ModelCard
from taggram.models.directories import ONNX_FILE, WEIGHTS_FILE
from taggram.models.network import Network
from taggram.models.onnx_export import export_onnx
from taggram.models.quantise import quantise


def save_model(
    network: Network, card: ModelCard, folder: Path, quantise_on: NDArray[np.float32] | None = None
) -> ModelCard:
    """Write weights, ONNX file and card into a folder, all or nothing.

    Parameters
    ----------
    network
        The trained network; it is put into evaluation mode.
    card
        Its card; the hashes of the files are filled in.
    folder
        A new folder, or one whose model is replaced.
    quantise_on : (segments, samples) float32
        Segments of music, to quantise the convolutions of the ONNX file; see `taggram.models.quantise`.

    Returns
    -------
    ModelCard
        The card as written.
    """
    network.eval()
    with atomic_dir(folder) as new:
        (new / WEIGHTS_FILE).write_bytes(save(network.state_dict()))
        export_onnx(network, new / ONNX_FILE)
        if quantise_on is not None:
            quantise(new / ONNX_FILE, quantise_on)
        hashes = {name: sha256(new / name) for name in (WEIGHTS_FILE, ONNX_FILE)}
        card = card.replace(files=hashes, quantised=quantise_on is not None)
        card.write(new)
    return card


def load_weights(folder: Path, architectures: Mapping[str, type[Network]]) -> Network:
    """Build the network of a model's folder, in evaluation mode.

    Raises
    ------
    CardError
        If the card names an unknown architecture, or the weights do not match its hash or its architecture.
    """
    card = ModelCard.read(folder)
    file = folder / WEIGHTS_FILE
    if card.architecture not in architectures:
        raise CardError(f"{folder}: the card names an unknown architecture: {card.architecture}")
    network = architectures[card.architecture](card.vocabulary, **card.options)
    if not file.is_file():
        raise CardError(f"{card.name} has no {WEIGHTS_FILE} beside its card, which torch needs; use ONNX Runtime")
    card.check(file)
    try:
        network.load_state_dict(load_file(file))
    except (RuntimeError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise CardError(f"{file}: not the weights of a {card.architecture}: {reason}") from error
    return network.eval()
