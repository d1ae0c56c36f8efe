"""A new last layer for a model's ONNX file; everything before it stays as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx.helper import make_node, make_tensor_value_info
from onnx.numpy_helper import from_array
from onnx.utils import Extractor

from taggram.errors import ModelError

EMBEDDING = "embedding"


def replace_head(source: Path, target: Path, weight: NDArray[np.floating], bias: NDArray[np.floating]) -> None:
    """Write a copy of a model's ONNX file with a new last layer: a linear one with sigmoids, on the embedding.

    Parameters
    ----------
    source
        As written by `taggram.models.onnx_export`, whatever its heads; quantized or not.
    target
        The file to write.
    weight : (tags, embedding_size)
        Of the new layer.
    bias : (tags,)
        Likewise.

    Raises
    ------
    ModelError
        If the file has no embedding of this size.
    """
    model = onnx.load(source)
    outputs = {output.name: output for output in model.graph.output}
    shape = list(outputs[EMBEDDING].type.tensor_type.shape.dim) if EMBEDDING in outputs else []
    size = weight.shape[1]
    if len(shape) != 2 or shape[1].dim_value != size:
        raise ModelError(f"{source}: has no embedding of {size} values, so its last layer cannot be replaced")
    new = Extractor(model).extract_model([value.name for value in model.graph.input], [EMBEDDING])
    new.producer_name = model.producer_name
    new.graph.initializer.extend(
        from_array(array.astype(np.float32), name) for array, name in ((weight, "head.weight"), (bias, "head.bias"))
    )
    new.graph.node.extend(
        [
            make_node("Gemm", [EMBEDDING, "head.weight", "head.bias"], ["head.logits"], "head", transB=1),
            make_node("Sigmoid", ["head.logits"], ["scores"], "scores"),
        ]
    )
    scores = make_tensor_value_info("scores", onnx.TensorProto.FLOAT, [shape[0].dim_param or None, len(bias)])
    new.graph.output.insert(0, scores)
    onnx.checker.check_model(new)
    onnx.save(new, target)
