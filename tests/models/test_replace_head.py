"""A model's ONNX file gets another last layer, and keeps everything before it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from taggram import ModelCard, create_model
from taggram.errors import ModelError
from taggram.models.directories import ONNX_FILE, find_model
from taggram.models.onnx_export import export_onnx
from taggram.models.replace_head import replace_head
from taggram.tagging.backends import OnnxBackend

HEADS = {
    "genre": {"kind": "softmax", "tags": ["rock", "pop"]},
    "quantity": {"kind": "regression", "tags": ["energy"]},
}


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the default model, quantized, and a network with several heads."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models")
    (folder / "default").symlink_to(find_model("default"))
    network = create_model("zhang_cnn", ["rock", "pop", "energy"], heads=HEADS).eval()
    (folder / "heads").mkdir()
    export_onnx(network, folder / "heads" / ONNX_FILE)
    network.card("zhang_cnn.x", trained_on="nothing", licence="none").write(folder / "heads")
    return folder


def run(folder: Path, segments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return OnnxBackend(folder, ModelCard.read(folder).replace(files={}), threads=1)(segments)


@pytest.mark.parametrize("name", ["default", "heads"])
def test_scores_are_those_of_the_new_layer_and_the_embedding_stays(networks: Path, tmp_path: Path, name: str) -> None:
    card, rng = ModelCard.read(networks / name), np.random.default_rng(0)
    weight, bias = rng.standard_normal((5, card.embedding_size)), rng.standard_normal(5)
    replace_head(networks / name / ONNX_FILE, tmp_path / ONNX_FILE, weight, bias)
    card.write(tmp_path)
    segments = 0.1 * rng.standard_normal((3, card.segments.samples), np.float32)
    _, embedding = run(networks / name, segments)
    scores, unchanged = run(tmp_path, segments)
    assert np.array_equal(unchanged, embedding)
    assert scores == pytest.approx(1 / (1 + np.exp(-(embedding @ weight.T + bias))), abs=1e-4)
    names = [weights.name for weights in onnx.load(tmp_path / ONNX_FILE).graph.initializer]
    assert "network.head.weight" not in names and names[-2:] == ["head.weight", "head.bias"]


def test_a_replaced_layer_can_be_replaced(networks: Path, tmp_path: Path) -> None:
    weight = np.random.default_rng(0).standard_normal((2, 256))
    replace_head(networks / "default" / ONNX_FILE, tmp_path / "once.onnx", weight, np.zeros(2))
    replace_head(tmp_path / "once.onnx", tmp_path / "twice.onnx", weight, np.zeros(2))
    once, twice = (onnx.load(tmp_path / name).graph for name in ("once.onnx", "twice.onnx"))
    assert once.node == twice.node and once.initializer == twice.initializer and once.output == twice.output


@pytest.mark.parametrize("problem", ["size", "output"])
def test_a_file_without_such_an_embedding(networks: Path, tmp_path: Path, problem: str) -> None:
    file, size = networks / "default" / ONNX_FILE, 256
    if problem == "size":
        size = 255
    else:
        model = onnx.load(file)
        del model.graph.output[1]
        file = tmp_path / "other.onnx"
        onnx.save(model, file)
    with pytest.raises(ModelError, match=f"has no embedding of {size} values"):
        replace_head(file, tmp_path / ONNX_FILE, np.zeros((2, size)), np.zeros(2))
