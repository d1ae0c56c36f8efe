"""Reader for the constant tensors of TensorFlow Lite files, without TensorFlow.

Such a file is a FlatBuffer (schema.fbs of TensorFlow Lite, version 3). A tensor of a model has a name, a shape, a type
and the number of a buffer, which is empty for an activation. An 8-bit tensor has scales and zero points, per tensor or
per index of one axis.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from flatbuffers import encode, number_types
from flatbuffers.packer import uoffset
from flatbuffers.table import Table
from numpy.typing import NDArray

from taggram.errors import ModelError

_IDENTIFIER = b"TFL3"
# Field numbers in the tables of the schema.
_MODEL_SUBGRAPHS, _MODEL_BUFFERS, _SUBGRAPH_TENSORS, _BUFFER_DATA = 2, 4, 0, 0
_TENSOR_SHAPE, _TENSOR_TYPE, _TENSOR_BUFFER, _TENSOR_NAME, _TENSOR_QUANTIZATION = range(5)
_SCALE, _ZERO_POINT, _QUANTIZED_AXIS = 2, 3, 6
_TYPES = {0: "<f4", 9: "i1"}  # TensorType; tensors of other types are indices and sizes


def read_tflite(data: bytes) -> dict[str, NDArray[np.float32]]:
    """Read the constant float32 and int8 tensors of a file, the latter dequantized.

    Parameters
    ----------
    data
        Contents of the ``.tflite`` file.

    Returns
    -------
    dict
        From name to values.

    Raises
    ------
    ModelError
        If the file is no such model or is damaged.
    """
    if data[4:8] != _IDENTIFIER:
        raise ModelError("not a TensorFlow Lite file (wrong identifier)")
    try:
        return dict(_constants(data))
    except (struct.error, IndexError, UnicodeDecodeError, ValueError, TypeError) as error:
        raise ModelError(f"the TensorFlow Lite file cannot be read ({error}); it is damaged") from error


def _constants(data: bytes) -> Iterator[tuple[str, NDArray[np.float32]]]:
    model = Table(data, encode.Get(uoffset, data, 0))
    buffers = [_vector(buffer, _BUFFER_DATA, number_types.Uint8Flags) for buffer in _tables(model, _MODEL_BUFFERS)]
    for subgraph in _tables(model, _MODEL_SUBGRAPHS):
        for tensor in _tables(subgraph, _SUBGRAPH_TENSORS):
            kind = _TYPES.get(_scalar(tensor, _TENSOR_TYPE, number_types.Int8Flags))
            values = buffers[_scalar(tensor, _TENSOR_BUFFER, number_types.Uint32Flags)]
            if kind and values.size:
                name = tensor.String(tensor.Pos + tensor.Offset(_slot(_TENSOR_NAME))).decode()
                shape = _vector(tensor, _TENSOR_SHAPE, number_types.Int32Flags)
                yield name, _dequantized(tensor, np.frombuffer(values.tobytes(), kind).reshape(shape))


def _dequantized(tensor: Table, values: NDArray[Any]) -> NDArray[np.float32]:
    """Convert values to float32, 8-bit ones by the tensor's scales and zero points."""
    if values.dtype == np.float32:
        return values
    quantization = Table(tensor.Bytes, tensor.Indirect(tensor.Pos + tensor.Offset(_slot(_TENSOR_QUANTIZATION))))
    scale = _vector(quantization, _SCALE, number_types.Float32Flags)
    zero = _vector(quantization, _ZERO_POINT, number_types.Int64Flags)
    shape = [1] * values.ndim
    shape[_scalar(quantization, _QUANTIZED_AXIS, number_types.Int32Flags)] = -1
    dequantized: NDArray[np.float32] = ((values - zero.reshape(shape)) * scale.reshape(shape)).astype(np.float32)
    return dequantized


def _slot(field: int) -> int:
    """Return the position of a field in the list of positions that each table has, in bytes."""
    return 4 + 2 * field


def _scalar(table: Table, field: int, kind: Any) -> int:
    return int(table.GetSlot(_slot(field), 0, kind))


def _vector(table: Table, field: int, kind: Any) -> NDArray[Any]:
    position = table.Offset(_slot(field))
    values: NDArray[Any] = table.GetVectorAsNumpy(kind, position) if position else np.array([])
    return values


def _tables(table: Table, field: int) -> Iterator[Table]:
    position = table.Offset(_slot(field))
    start = table.Vector(position)
    for i in range(table.VectorLen(position)):
        yield Table(table.Bytes, table.Indirect(start + 4 * i))
