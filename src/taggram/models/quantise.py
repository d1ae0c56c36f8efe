"""Convolutions in 8-bit integers: a smaller ONNX file that runs faster and answers nearly the same."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

if TYPE_CHECKING:
    from pathlib import Path

    from jaxtyping import Float32
    from numpy import ndarray


class _Segments(CalibrationDataReader):  # type: ignore[misc]
    """Gives segments one by one."""

    def __init__(self, segments: Float32[ndarray, "segments samples"]) -> None:
        self._left = iter(segments)

    def get_next(self) -> dict[str, ndarray] | None:
        segment = next(self._left, None)
        return None if segment is None else {"waveform": segment[None]}


def quantise(file: Path, segments: Float32[ndarray, "segments samples"]) -> None:
    """Let the convolutions of a model's ONNX file compute with 8-bit integers, and what lies between them.

    Weights have a scale per channel and are kept within 7 bits: two products then fit into 16 bits, so that processors
    with and without instructions for 8-bit dot products get the same. Those that see a single channel, which is the
    spectrogram itself, stay as they are, and so do front end and dense layers: they take little time.

    Parameters
    ----------
    file
        As `taggram.models.onnx_export` wrote it; it is replaced.
    segments
        Music like that which will be tagged: the range of each map is taken from it.
    """
    graph = onnx.load(file).graph
    channels = {weight.name: weight.dims[1] for weight in graph.initializer if len(weight.dims) > 2}
    convolved = {node.output[0] for node in graph.node if node.op_type == "Conv"}
    chosen = [
        node.name
        for node in graph.node
        if (node.op_type == "Conv" and channels.get(node.input[1], 1) > 1)
        or (node.op_type == "Relu" and node.input[0] in convolved)
        or node.op_type == "MaxPool"
    ]
    scratch = file.with_name(f".{file.name}.int8")
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)  # it recommends a preparation that these files do not need
    try:
        quantize_static(
            file,
            scratch,
            _Segments(segments),
            quant_format=QuantFormat.QDQ,
            nodes_to_quantize=chosen,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
    finally:
        logger.setLevel(level)
    os.replace(scratch, file)
