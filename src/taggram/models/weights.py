"""Write models: a folder with the weights (safetensors), the ONNX file and the card."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import save

from taggram._files import atomic_dir, sha256
from taggram.models.card import ModelCard
from taggram.models.directories import ONNX_FILE, WEIGHTS_FILE
from taggram.models.network import Network
from taggram.models.onnx_export import export_onnx
from taggram.models.quantize import quantize


def save_model(
    network: Network, card: ModelCard, folder: Path, quantize_on: NDArray[np.float32] | None = None
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
    quantize_on : (segments, samples) float32
        Segments of music, to quantize the convolutions of the ONNX file; see `taggram.models.quantize`.

    Returns
    -------
    ModelCard
        The card as written.
    """
    network.eval()
    with atomic_dir(folder) as new:
        (new / WEIGHTS_FILE).write_bytes(save(network.state_dict()))
        export_onnx(network, new / ONNX_FILE)
        if quantize_on is not None:
            quantize(new / ONNX_FILE, quantize_on)
        hashes = {name: sha256(new / name) for name in (WEIGHTS_FILE, ONNX_FILE)}
        card = card.replace(files=hashes, quantized=quantize_on is not None)
        card.write(new)
    return card
