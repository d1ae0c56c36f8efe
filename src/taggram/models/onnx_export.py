"""From a network to an ONNX file that takes the waveform and gives scores."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from pathlib import Path

    from jaxtyping import Float

    from taggram.models.network import Network

OPSET = 20


class _Scores(nn.Module):
    """A network that ends in scores."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, waveform: Float[Tensor, "segments samples"]
    ) -> tuple[Float[Tensor, "segments tags"], Float[Tensor, "segments embedding"]]:
        logits, embedding = self.network(waveform)
        return self.network.scores(logits), embedding


def export_onnx(network: Network, file: Path) -> None:
    """Write a network as one ONNX file, front end included.

    The graph takes ``waveform`` (segments, samples) and gives ``scores`` (segments, tags), probabilities within 0 and
    1, and ``embedding`` (segments, size). The number of segments is free, and that of samples too where the
    architecture takes any length.

    Parameters
    ----------
    network
        In evaluation mode.
    file
        Where to write.
    """
    shape = {0: torch.export.Dim("segments", min=1)}
    if network.segments.any_length:
        shape[1] = torch.export.Dim("samples", min=network.segments.samples)
    # Two segments: a dimension of one would be taken as fixed.
    example = torch.zeros(2, (2 if network.segments.any_length else 1) * network.segments.samples)
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)  # it reports that torchvision, which has no part in this, is not installed
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the exporter about its own parts
            program = torch.onnx.export(
                _Scores(network),
                (example,),
                input_names=["waveform"],
                output_names=["scores", "embedding"],
                dynamic_shapes=(shape,),
                dynamo=True,
                opset_version=OPSET,
                verbose=False,
            )
    finally:
        logger.setLevel(level)
    assert program is not None
    program.model.graph.metadata_props.clear()
    for node in program.model.graph.all_nodes():
        node.metadata_props.clear()  # among them where the source lay on the machine that exported
    program.save(file, external_data=False)
