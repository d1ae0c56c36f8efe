"""Models on disk: a folder with the weights (safetensors), the ONNX file and the card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safetensors import SafetensorError
from safetensors.torch import load_file, save

from taggram.errors import CardError
from taggram.models.card import ModelCard, sha256
from taggram.models.onnx_export import export_onnx
from taggram.models.quantise import quantise
from taggram.models.store import ONNX_FILE, WEIGHTS_FILE, replaced

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jaxtyping import Float32
    from numpy import ndarray

    from taggram.models.network import Network


def save_model(
    network: Network,
    card: ModelCard,
    folder: Path,
    quantise_on: Float32[ndarray, "segments samples"] | None = None,
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
    quantise_on
        Segments of music, for an ONNX file whose convolutions are quantised; see `taggram.models.quantise`.

    Returns
    -------
    ModelCard
        The card as written.
    """
    network.eval()
    with replaced(folder) as made:
        (made / WEIGHTS_FILE).write_bytes(save(network.state_dict()))
        export_onnx(network, made / ONNX_FILE)
        if quantise_on is not None:
            quantise(made / ONNX_FILE, quantise_on)
        hashes = {name: sha256(made / name) for name in (WEIGHTS_FILE, ONNX_FILE)}
        card = card.replace(files=hashes, quantised=quantise_on is not None)
        card.write(made)
    return card


def load_weights(folder: Path, architectures: Mapping[str, type[Network]]) -> Network:
    """Build the network of a model's folder, in evaluation mode.

    Raises
    ------
    CardError
        If the card names an unknown architecture, or the weights are not those it describes or do not fit it.
    """
    card = ModelCard.read(folder)
    file = folder / WEIGHTS_FILE
    if card.architecture not in architectures:
        raise CardError(f"{folder}: its card names an architecture that does not exist here: {card.architecture}")
    network = architectures[card.architecture](card.vocabulary, **card.options)
    if not file.is_file():
        raise CardError(f"{card.name} has no {WEIGHTS_FILE} beside its card, which torch needs; use ONNX Runtime")
    card.check(file)
    try:
        network.load_state_dict(load_file(file))
    except (RuntimeError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise CardError(f"{file}: does not hold the weights of a {card.architecture}: {reason}") from error
    return network.eval()
