"""A quantized ONNX file is smaller, computes with integers, and predicts nearly the same scores."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from taggram import ModelCard, Tagger, create_model
from taggram.models.directories import ONNX_FILE
from taggram.models.weights import save_model

SAMPLES = 128 * 512


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same network twice, as it is and quantized; exported once."""
    torch.manual_seed(0)
    network = create_model("small_vgg", "mtat")
    music = 0.1 * np.random.default_rng(0).standard_normal((16, SAMPLES), np.float32)
    network.train()
    with torch.no_grad():
        for _ in range(20):
            network(torch.from_numpy(music))  # so that batch norm has seen something
    card = network.card("small_vgg.x", trained_on="nothing", licence="none")
    base = tmp_path_factory.mktemp("models")
    save_model(network, card, base / "plain")
    with pytest.MonkeyPatch.context() as patch:
        plain = base / "plain" / ONNX_FILE
        patch.setattr("taggram.models.weights.export_onnx", lambda _, file: shutil.copy(plain, file))
        save_model(network, card, base / "quantized", music)
    return base / "plain", base / "quantized"


def test_convolutions_over_many_channels_are_quantized_and_nothing_else(folders: tuple[Path, Path]) -> None:
    plain, quantized = (onnx.load(folder / ONNX_FILE).graph for folder in folders)
    kinds = Counter(weight.data_type for weight in quantized.initializer if len(weight.dims) == 4)
    assert kinds == {onnx.TensorProto.INT8: 4, onnx.TensorProto.FLOAT: 1}  # the first sees one channel
    for weight in quantized.initializer:
        if len(weight.dims) == 4 and weight.data_type == onnx.TensorProto.INT8:
            assert np.abs(onnx.numpy_helper.to_array(weight)).max() <= 64  # 7 bits
    dense = [node.op_type for node in quantized.node if node.op_type in ("Gemm", "MatMul")]
    assert dense == [node.op_type for node in plain.node if node.op_type in ("Gemm", "MatMul")]
    sizes = [(folder / ONNX_FILE).stat().st_size for folder in folders]
    assert sizes[1] < 0.6 * sizes[0]


def test_scores_stay_nearly_the_same(folders: tuple[Path, Path]) -> None:
    noise = 0.1 * np.random.default_rng(1).standard_normal((8, SAMPLES), np.float32)
    plain, quantized = (Tagger(folder).score_segments(noise) for folder in folders)
    assert 0 < np.abs(plain - quantized).max() < 0.02


def test_the_card_says_so(folders: tuple[Path, Path]) -> None:
    plain, quantized = map(ModelCard.read, folders)
    assert (plain.quantized, quantized.quantized) == (False, True)
    quantized.check(folders[1] / ONNX_FILE)
