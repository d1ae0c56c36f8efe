"""Export of a network to an ONNX file that takes the waveform and returns scores."""

from __future__ import annotations

import copy
import logging
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from taggram.models.inference import optimize_for_inference
from taggram.models.network import Network

OPSET = 20


class _Scores(nn.Module):
    """A network that returns scores instead of logits."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor]:
        logits, embedding = self.network(waveform)
        return self.network.scores(logits), embedding


def export_onnx(network: Network, file: Path) -> None:
    """Write a network as one ONNX file, front end included.

    The graph takes ``waveform`` (segments, samples) and returns ``scores`` (segments, tags), between 0 and 1, and
    ``embedding`` (segments, embedding_size). The number of segments is free, and so is that of samples where the
    architecture takes any length.

    Parameters
    ----------
    network
        In evaluation mode.
    file
        Where to write.
    """
    network = copy.deepcopy(network)
    optimize_for_inference(network)
    shape = {0: torch.export.Dim("segments", min=1)}
    if network.segments.any_length:
        shape[1] = torch.export.Dim("samples", min=network.segments.samples)
    # Two segments: a dimension of one would be taken as fixed.
    example = torch.zeros(2, (2 if network.segments.any_length else 1) * network.segments.samples)
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)  # it reports that torchvision, which is not needed, is not installed
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about internals of the exporter
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
        node.metadata_props.clear()  # they include paths of source files
    program.save(file, external_data=False)
