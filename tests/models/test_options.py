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
        ("vgg_cnn", {"n_mels": 8, "hop": 2560, "channels": (4, 6, 8, 6)}, 6),
        ("four_layer_cnn", {"channels": (4, 6, 8, 6), "normalize": "band"}, 6),
        ("fcn", {"n_mels": 128}, 64),
        ("crnn", {"n_mels": 191}, 32),
        ("musicnn", {"n_mels": 128, "seconds": 15}, 200),
        ("musicnn_ferraro", {"n_mels": 48, "seconds": 1}, 500),
        ("short_chunk_cnn", {"seconds": 2.04}, 512),
        ("genre_mood_cnn", {"kernel": 3, "strides": (1, 2), "channels": (4, 6), "frames": 131, "pooling": "mean"}, 15),
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
        ("vgg_cnn", {"channels": (4,) * 3}, "channels must be 4 numbers above 0"),
        ("four_layer_cnn", {"channels": (4,) * 5}, "channels must be 4 numbers above 0"),
        ("fcn", {"n_mels": 95}, "n_mels must be a number from 96 to 191, not 95"),
        ("crnn", {"n_mels": 192}, "n_mels must be a number from 96 to 191, not 192"),
        ("musicnn", {"n_mels": 2}, "n_mels must be at least 3 and seconds at least 1, not 2 and 3"),
        ("musicnn_ferraro", {"seconds": float("nan")}, "and seconds at least 1, not 96 and nan"),
        ("short_chunk_cnn", {"seconds": 2}, "seconds must be at least 2.04, so that the pools leave a frame, not 2"),
        ("genre_mood_cnn", {"channels": (4,) * 5}, "channels must be 4 numbers above 0"),
        ("genre_mood_cnn", {"pooling": "median"}, "pooling must be one of max, mean, both, not 'median'"),
        ("genre_mood_cnn", {"kernel": 0}, "kernel, strides and units must be numbers above 0"),
        ("genre_mood_cnn", {"units": ()}, "kernel, strides and units must be numbers above 0"),
        ("genre_mood_cnn", {"strides": (1, 1, 1, 0)}, "kernel, strides and units must be numbers above 0"),
        (
            "genre_mood_cnn",
            {"strides": (4, 4, 4, 4)},
            r"strides \(4, 4, 4, 4\) and pooling leave nothing of 128 bands x 128 frames",
        ),
        ("genre_mood_cnn", {"frames": 15}, "leave nothing of 128 bands x 15 frames"),
        ("mse_cnn", {"inputs": "first"}, "inputs must be last or all, not 'first'"),
    ],
)
def test_what_makes_no_network_is_refused(name: str, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        taggram.create_model(name, ["a"], **options)
