"""Quantization of convolutions to 8-bit integers: a smaller and faster ONNX file with nearly the same scores."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from taggram._files import atomic_file


class _Segments(CalibrationDataReader):  # type: ignore[misc]
    """Segments one by one."""

    def __init__(self, segments: Iterable[NDArray[np.float32]]) -> None:
        self._segments = iter(segments)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        segment = next(self._segments, None)
        return None if segment is None else {"waveform": segment[None]}


def quantize(file: Path, segments: NDArray[np.float32]) -> None:
    """Quantize the convolutions of a model's ONNX file to 8-bit integers, and the layers between them.

    Weights have a scale per channel and 7 bits: two products then fit into 16 bits, so that results are the same on
    processors with and without 8-bit dot products. Front end, dense layers and convolutions of one channel, which is
    the spectrogram, stay in float32: they take little time.

    Parameters
    ----------
    file
        As written by `taggram.models.onnx_export`; it is replaced.
    segments : (segments, samples) float32
        Music that is typical of what will be tagged: it determines the range of each map.
    """
    graph = onnx.load(file).graph
    channels = {weight.name: weight.dims[1] for weight in graph.initializer if len(weight.dims) > 2}
    convolved = {node.output[0] for node in graph.node if node.op_type == "Conv"}
    nodes = [
        node.name
        for node in graph.node
        if (node.op_type == "Conv" and channels.get(node.input[1], 1) > 1)
        or (node.op_type == "Relu" and node.input[0] in convolved)
        or node.op_type == "MaxPool"
    ]
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)  # it recommends a preparation that these files do not need
    try:
        with atomic_file(file) as scratch:
            quantize_static(
                file,
                scratch,
                _Segments(segments),
                quant_format=QuantFormat.QDQ,
                nodes_to_quantize=nodes,
                per_channel=True,
                reduce_range=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
    finally:
        logger.setLevel(level)
