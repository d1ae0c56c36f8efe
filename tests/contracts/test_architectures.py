"""What every architecture must do; a new one is tested by being registered."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

import taggram
from taggram._files import sha256
from taggram.errors import AudioError, CardError
from taggram.features import RawFrontEnd
from taggram.models import ModelCard
from taggram.models.analysis.receptive_field import receptive_field
from taggram.models.network import Network
from taggram.models.weights import save_model
from taggram.vocabularies import Vocabulary

TAGS = ["loud", "quiet", "slow"]
# Instead of the defaults, where these take long: the contract does not depend on the width of a network.
OPTIONS: dict[str, dict[str, int]] = {
    "vgg_cnn": {"n_mels": 48, "hop": 2560},
    "musicnn": {"channels": 16, "units": 50},
    "musicnn_ferraro": {"n_mels": 48},
    "musicnn_pons": {"channels": 16, "units": 50},
}
# Their export and their bfloat16 take 5 to 30 s each; what they are made of is exported with the others, too,
# musicnn_pons with its published weights, and genre_mood_cnn with its heads.
SLOW = {
    *("crnn", "fcn", "fcn4", "fcn5", "four_layer_cnn", "genre_mood_cnn", "harmonic_cnn", "musicnn"),
    *("musicnn_ferraro", "musicnn_pons", "sample_cnn_se", "self_attention", "short_chunk_cnn", "short_chunk_cnn_res"),
    *("yamnet", "zhang_cnn"),
}
EXPENSIVE = pytest.mark.parametrize(
    "network",
    [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in taggram.list_architectures()],
    indirect=True,
    scope="module",
)


def noise(network: Network, segments: int, *, longer: int = 0, seed: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 0.1 * torch.randn(segments, network.segments.samples + longer, generator=generator)


def card_of(network: Network) -> ModelCard:
    name = f"{network.architecture()}.test"
    options = OPTIONS.get(network.architecture(), {})
    return network.card(name, options=options, trained_on="nothing", licence="MIT")


@pytest.fixture(params=taggram.list_architectures(), scope="module")
def network(request: pytest.FixtureRequest) -> Network:
    """A network in evaluation mode with random weights and running statistics that are not the initial ones."""
    torch.manual_seed(0)
    made = taggram.create_model(request.param, vocabulary=TAGS, **OPTIONS.get(request.param, {}))
    with torch.no_grad():
        made.train()(noise(made, 2))
    return made.eval()


@dataclass(frozen=True)
class Answers:
    """Outputs of a network for three segments, together and one by one."""

    segments: torch.Tensor
    logits: torch.Tensor
    embedding: torch.Tensor
    alone: tuple[torch.Tensor, ...]


@pytest.fixture(scope="module")
def answers(network: Network) -> Answers:
    segments = noise(network, 3)
    with torch.inference_mode():
        logits, embedding = network(segments)
        return Answers(segments, logits, embedding, tuple(network(segment[None])[0] for segment in segments))


def test_receptive_field_is_within_the_segment(network: Network) -> None:
    field = receptive_field(network)
    assert 0 < field.seconds <= network.segments.samples / network.front_end.sample_rate
    assert (field.bands is None) == isinstance(network.front_end, RawFrontEnd)
    assert field.bands is None or 0 < field.bands <= network.features(noise(network, 1)).shape[-2]


def test_segments_are_independent(network: Network, answers: Answers) -> None:
    logits = answers.logits
    assert logits.shape == (3, len(TAGS))
    assert answers.embedding.shape == (3, network.embedding_size)
    torch.testing.assert_close(torch.cat(answers.alone), logits, atol=1e-4, rtol=1e-4)
    assert not torch.equal(logits[0], logits[1]), "all segments are answered alike"


@pytest.mark.parametrize("vocabulary", [["solo"], "mtat"], ids=["1 tag", "50 tags"])
@torch.inference_mode()
def test_any_vocabulary(network: Network, vocabulary: str | list[str]) -> None:
    other = taggram.create_model(network.architecture(), vocabulary=vocabulary).eval()
    assert other.classify(torch.zeros(2, other.embedding_size)).shape == (2, len(Vocabulary.from_names(vocabulary)))


@torch.inference_mode()
def test_prediction_is_deterministic(network: Network, answers: Answers) -> None:
    assert torch.equal(network(answers.segments[:1])[0], answers.alone[0])


@torch.inference_mode()
def test_silence_and_full_scale_noise_are_finite(network: Network) -> None:
    segments = torch.stack([torch.zeros(network.segments.samples), (100 * noise(network, 1)[0]).clamp(-1, 1)])
    for output in network(segments):
        assert torch.isfinite(output).all()


@torch.inference_mode()
def test_longer_segments_are_accepted_or_refused(network: Network) -> None:
    segments = noise(network, 1, longer=network.segments.samples + 123)
    if network.segments.any_length:
        logits, embedding = network(segments)
        assert torch.isfinite(logits).all()
        assert embedding.shape == (1, network.embedding_size)
    else:
        with pytest.raises(AudioError, match="takes floats of shape"):
            network(segments)


def test_other_shapes_and_types_are_refused(network: Network) -> None:
    segments = noise(network, 1)
    for wrong in (segments[:, :-1], segments[0], segments[None], segments.to(torch.int16)):
        with pytest.raises(
            AudioError, match=rf"\(segments, {segments.shape[1]}.* at {network.front_end.sample_rate} Hz"
        ):
            network(wrong)


@EXPENSIVE
@torch.inference_mode()
def test_bfloat16_is_near_float32(network: Network, answers: Answers) -> None:
    exact = torch.sigmoid(answers.alone[0])
    features = network.features(answers.segments[:1])  # in float32, as in training
    with torch.autocast("cpu", torch.bfloat16):
        logits = network.classify(network.embed(features))
    torch.testing.assert_close(torch.sigmoid(logits.float()), exact, atol=0.02, rtol=0)


def test_a_training_step_reaches_every_parameter_and_lowers_the_loss(network: Network) -> None:
    trained = copy.deepcopy(network).train()
    segments = noise(network, 4, seed=3)  # batch norm over two would only see which is greater
    targets = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.0]])

    def loss() -> torch.Tensor:
        torch.manual_seed(4)  # the same units are dropped
        return torch.nn.functional.binary_cross_entropy_with_logits(trained(segments)[0], targets)

    before = loss()
    before.backward()
    size = 0.0
    for name, parameter in trained.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.any(), name
        size += parameter.grad.square().sum().item()
    with torch.no_grad():
        for parameter in trained.parameters():
            parameter -= 0.001 * before.item() / size * parameter.grad  # for a thousandth of the loss, by its slope
        assert loss() < (1 - 0.0005) * before


@EXPENSIVE
def test_saved_model_is_equal_in_torch_and_onnx_runtime(network: Network, answers: Answers, tmp_path: Path) -> None:
    save_model(network, card_of(network), tmp_path)
    comes_back(network, tmp_path)
    equals_onnx(network, answers, tmp_path)
    assert b"taggram/" not in (tmp_path / "model.onnx").read_bytes()  # nothing of where it was exported
    resamples_and_refuses(network, tmp_path)


def comes_back(network: Network, folder: Path) -> None:
    """Weights from safetensors, everything else from the card."""
    again = taggram.create_model(str(folder))
    assert not again.training
    for (name, tensor), (other_name, other) in zip(
        network.state_dict().items(), again.state_dict().items(), strict=True
    ):
        assert name == other_name
        assert torch.equal(tensor, other), name
    card = ModelCard.read(folder)
    assert card.architecture == network.architecture()
    assert card.front_end == network.front_end
    assert card.segments == network.segments
    assert card.vocabulary == Vocabulary.from_names(TAGS)
    assert card.files == {name: sha256(folder / name) for name in ("model.safetensors", "model.onnx")}


def equals_onnx(network: Network, answers: Answers, folder: Path) -> None:
    """The ONNX file gives the scores and the embedding of torch, for any number of segments of any length it takes."""
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    longer = noise(network, 1, longer=12345 if network.segments.any_length else 0)
    with torch.inference_mode():
        expected = [(answers.segments, answers.logits, answers.embedding), (longer, *network(longer))]
    for segments, logits, embedding in expected:
        scores, onnx_embedding = session.run(["scores", "embedding"], {"waveform": segments.numpy()})
        np.testing.assert_allclose(scores, network.scores(logits).numpy(), atol=1e-4, rtol=0)
        np.testing.assert_allclose(onnx_embedding, embedding.numpy(), atol=1e-4 * embedding.abs().max().item(), rtol=0)


def resamples_and_refuses(network: Network, folder: Path) -> None:
    """A clip at another rate is resampled; without a rate, or as segments that do not fit, it is refused in words."""
    tagger, rate = taggram.Tagger(folder), network.front_end.sample_rate
    clip = noise(network, 1)[0].numpy()
    assert tagger.card.sample_rate == rate
    half = tagger.tag(clip, sample_rate=rate // 2)
    assert half.duration == pytest.approx(2 * len(clip) / rate)
    assert half.scores.shape[1] == len(TAGS)
    with pytest.raises(AudioError, match="needs its sample rate"):
        tagger.tag(clip)
    with pytest.raises(AudioError, match="takes segments of shape"):
        tagger.score_segments(clip[None, :-1])
    with pytest.raises(AudioError, match="takes segments of shape"):
        tagger.score_segments(clip[None].astype(np.float64))


def test_weights_that_do_not_fit_are_refused(network: Network, tmp_path: Path) -> None:
    card = card_of(network).replace(files={"model.safetensors": "another"})
    card.write(tmp_path)
    with pytest.raises(CardError, match=r"has no model\.safetensors"):
        taggram.create_model(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"not weights at all")
    with pytest.raises(CardError, match="not the file that its card describes"):
        taggram.create_model(str(tmp_path))
    card.replace(files={}).write(tmp_path)
    with pytest.raises(CardError, match="not the weights of a"):
        taggram.create_model(str(tmp_path))
