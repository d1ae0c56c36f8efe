"""What every architecture must do; a new one is tested by being registered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

import taggram
from taggram.errors import CardError
from taggram.models import ModelCard, Vocabulary
from taggram.models.card import sha256
from taggram.models.network import Network
from taggram.models.weights import save_model

ARCHITECTURES = taggram.list_architectures()
TAGS = ["loud", "quiet", "slow"]


def fresh(architecture: str, seed: int = 0) -> Network:
    """A network with random weights and running statistics that are not the initial ones."""
    torch.manual_seed(seed)
    network = taggram.create_model(architecture, vocabulary=TAGS)
    with torch.no_grad():
        network.train()(noise(network, 2))
    return network.eval()


def noise(network: Network, segments: int, seed: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 0.1 * torch.randn(segments, network.segments.samples, generator=generator)


def card_of(architecture: str, network: Network) -> ModelCard:
    return network.card(f"{architecture}.test", trained_on="nothing", licence="MIT")


@pytest.fixture(params=ARCHITECTURES, scope="module")
def saved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Network, Path]:
    network = fresh(request.param)
    folder = tmp_path_factory.mktemp("models") / request.param
    save_model(network, card_of(request.param, network), folder)
    return network, folder


def test_shapes_and_batch_invariance(saved: tuple[Network, Path]) -> None:
    network, _ = saved
    segments = noise(network, 3)
    with torch.inference_mode():
        logits, embedding = network(segments)
        alone = torch.cat([network(segment[None])[0] for segment in segments])
    assert logits.shape == (3, len(TAGS))
    assert embedding.shape == (3, network.embedding_size)
    torch.testing.assert_close(alone, logits, atol=1e-4, rtol=1e-4)


def test_silence_and_full_scale_noise_are_finite(saved: tuple[Network, Path]) -> None:
    network, _ = saved
    segments = torch.stack([torch.zeros(network.segments.samples), 10 * noise(network, 1)[0].clamp(-0.1, 0.1)])
    with torch.inference_mode():
        logits, embedding = network(segments)
    assert torch.isfinite(logits).all()
    assert torch.isfinite(embedding).all()


def test_gradient_reaches_every_parameter(saved: tuple[Network, Path]) -> None:
    network = fresh(saved[1].name, seed=2).train()
    network(noise(network, 2))[0].square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


def test_onnx_equals_torch_for_any_number_of_segments(saved: tuple[Network, Path]) -> None:
    network, folder = saved
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    lengths = [network.segments.samples]
    if network.segments.any_length:
        lengths.append(network.segments.samples + 12345)
    for count, length in [(1, lengths[0]), (3, lengths[0]), (2, lengths[-1])]:
        segments = torch.nn.functional.pad(noise(network, count), (0, length - lengths[0]), mode="circular")
        with torch.inference_mode():
            logits, embedding = network(segments)
        scores, onnx_embedding = session.run(["scores", "embedding"], {"waveform": segments.numpy()})
        np.testing.assert_allclose(scores, torch.sigmoid(logits).numpy(), atol=1e-4)
        np.testing.assert_allclose(onnx_embedding, embedding.numpy(), atol=1e-3, rtol=1e-3)


def test_a_saved_model_comes_back_the_same(saved: tuple[Network, Path]) -> None:
    network, folder = saved
    again = taggram.create_model(str(folder))
    assert not again.training
    for (name, tensor), (other_name, other) in zip(
        network.state_dict().items(), again.state_dict().items(), strict=True
    ):
        assert name == other_name
        assert torch.equal(tensor, other), name
    card = ModelCard.read(folder)
    assert card.architecture == folder.name
    assert card.vocabulary == Vocabulary.of(TAGS)
    assert card.files == {name: sha256(folder / name) for name in ("model.safetensors", "model.onnx")}


def test_weights_that_do_not_fit_are_refused(saved: tuple[Network, Path], tmp_path: Path) -> None:
    _, folder = saved
    for name in ("card.json", "model.onnx"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with pytest.raises(CardError, match="missing"):
        taggram.create_model(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"not weights at all")
    with pytest.raises(CardError, match="not the file that its card describes"):
        taggram.create_model(str(tmp_path))
    ModelCard.read(folder).model_copy(update={"files": {}}).write(tmp_path)
    with pytest.raises(CardError, match="does not hold the weights"):
        taggram.create_model(str(tmp_path))
