"""Options of architectures: the ONNX file computes the same as torch, and what makes no network is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

import taggram
from taggram.models.onnx_export import export_onnx

NARROW = (4, 6, 8, 6, 4)


@pytest.mark.parametrize(
    ("name", "options", "size"),
    [
        ("fcn5", {"log": "amplitude_db", "channels": NARROW}, 4),
        ("mse_cnn", {"log": "amplitude_db", "channels": NARROW, "inputs": "all"}, 29),
    ],
)
def test_onnx_equals_torch(name: str, options: dict, size: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = taggram.create_model(name, ["a", "b"], **options)
    segments = 0.1 * torch.randn(3, network.segments.samples)
    segments[:, network.segments.samples // 2 :] *= 1e-5  # far below the maximum
    with torch.no_grad():
        network.train()(segments)  # running statistics that are not the initial ones
        logits, embedding = network.eval()(segments)
    export_onnx(network, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    scores, onnx_embedding = session.run(["scores", "embedding"], {"waveform": segments.numpy()})
    assert embedding.shape == (3, size)
    np.testing.assert_allclose(scores, network.scores(logits).numpy(), atol=1e-4)
    np.testing.assert_allclose(onnx_embedding, embedding.numpy(), atol=1e-4 * float(embedding.abs().max()))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("fcn5", {"channels": (4, 4, 4, 4)}, r"channels must be 5 numbers above 0, not \(4, 4, 4, 4\)"),
        ("fcn5", {"channels": (4, 4, 0, 4, 4)}, "channels must be 5 numbers above 0"),
        ("fcn5", {"log": "ln"}, "log must be db or amplitude_db, not 'ln'"),
        ("mse_cnn", {"channels": "wide"}, "channels must be numbers or one of paper, code, not 'wide'"),
        ("mse_cnn", {"channels": (4,) * 4}, "channels must be 5 numbers above 0"),
        ("mse_cnn", {"inputs": "first"}, "inputs must be last or all, not 'first'"),
    ],
)
def test_what_makes_no_network_is_refused(name: str, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        taggram.create_model(name, ["a"], **options)
