"""Scores of published weights equal those of the authors' code, for real clips and for generated weights.

Those of YAMNet are near: its file computes with 8-bit integers.

Every set of weights is compared in torch. That the ONNX file of an architecture answers like torch is its contract,
with random weights; with published ones, one model shows it here, and the slow tests the others.
"""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

import taggram
from taggram.audio.segments import EvenlySpacedWon, Sliding, cut
from taggram.models import ModelCard
from taggram.models.importing import import_model, load_published
from taggram.models.network import Network
from taggram.models.published import PUBLISHED
from taggram.vocabularies import Vocabulary

WON = [f"{a}.{d}-won2020" for a in ("fcn", "crnn", "musicnn") for d in ("mtat", "msd", "jamendo")]
FOLDERS = {  # the authors' names
    **{name: name for name in ("fcn", "crnn", "musicnn")},
    "sample_cnn": "sample",
    "sample_cnn_se": "se",
    "self_attention": "attention",
    "harmonic_cnn": "hcnn",
    "short_chunk_cnn": "short",
    "short_chunk_cnn_res": "short_res",
}
WON.remove("musicnn.msd-won2020")  # never published
PONS = {
    "MTT_musicnn": "musicnn_pons.mtat-pons2019",
    "MTT_vgg": "vgg_pons.mtat-pons2019",
    "MSD_musicnn": "musicnn_pons.msd-pons2019",
    "MSD_vgg": "vgg_pons.msd-pons2019",
}
YAMNET = "yamnet.audioset-google"
# What the published file computes in LiteRT 2.3.0: mean scores of the clips in reference/wave, and of three segments
# the scores and the log-mel-spectrogram.
YAMNET_REFERENCE = Path(__file__).with_name("yamnet_reference.npz")
EXPORTED = "musicnn_pons.mtat-pons2019"  # other tests use it, too
ONNX = [
    name if name == EXPORTED else pytest.param(name, marks=pytest.mark.slow) for name in (*WON, *PONS.values(), YAMNET)
]
EVERY = pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.slow)])  # file counts


@pytest.fixture(scope="module")
def in_torch(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Callable[[str], tuple[ModelCard, Network]]:
    """A function that imports published weights without their ONNX file, which takes longer than all else."""
    home = tmp_path_factory.mktemp("home")

    @cache
    def get(name: str) -> tuple[ModelCard, Network]:
        source = request.getfixturevalue("wheels" if PUBLISHED[name].member else "shared")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TAGGRAM_HOME", str(home))
            patch.setattr("taggram.models.weights.export_onnx", lambda _, file: file.write_bytes(b""))
            card, network = import_model(name, source), taggram.create_model(name)
        return card, network.to(memory_format=torch.channels_last)  # twice as fast

    return get


@torch.inference_mode()
def torch_scores(network: Network, segments: np.ndarray) -> np.ndarray:
    return torch.cat([torch.sigmoid(network(batch)[0]) for batch in torch.from_numpy(segments).split(4)]).numpy()


def onnx_outputs(folder: Path, segments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    parts = [session.run(None, {"waveform": segments[i : i + 4]}) for i in range(0, len(segments), 4)]
    scores, embedding = (np.concatenate(part) for part in zip(*parts, strict=True))
    return scores, embedding


@pytest.mark.parametrize("name", ONNX)
def test_onnx_gives_the_scores_of_torch(name: str, shared: Path, published: Callable[[str], Path]) -> None:
    folder = published(name)
    network, spec = taggram.create_model(name), ModelCard.read(folder).segments
    for file in sorted((shared / "reference/wave").glob("*.npz")):
        padded = np.pad(np.load(file)["y"], spec.clip_padding)
        segments = cut(padded, Sliding(spec.hop).starts(len(padded), spec.samples)[:4], spec.samples)
        np.testing.assert_allclose(
            onnx_outputs(folder, segments)[0], torch_scores(network, segments), atol=1e-4, rtol=0
        )


@EVERY
@pytest.mark.parametrize("name", WON)
def test_won2020_chunk_scores(
    name: str, every: int, shared: Path, in_torch: Callable[[str], tuple[ModelCard, Network]]
) -> None:
    card, network = in_torch(name)
    architecture, _, tag = name.partition(".")
    dataset = tag.removesuffix("-won2020")
    files = sorted((shared / "reference/won2020").glob(f"*__{dataset}_{architecture}.npz"))
    assert files
    assert list(card.vocabulary.names) == json.loads((shared / f"reference/tags_won2020_{dataset}.json").read_text())
    for file in files[::every]:
        samples = np.load(shared / "reference/wave" / f"{file.name.partition('__')[0]}.npz")["y"]
        reference = np.load(file)
        starts = EvenlySpacedWon(16).starts(len(samples), card.segments.samples)
        np.testing.assert_array_equal(starts, reference["starts"])
        segments = cut(samples, starts, card.segments.samples)
        scores = torch_scores(network, segments)
        np.testing.assert_allclose(scores, reference["chunks"], atol=1e-4, rtol=0)
        np.testing.assert_allclose(scores.mean(0), reference["mean"], atol=1e-4, rtol=0)


@pytest.mark.parametrize("member", PONS)
def test_pons2019_from_the_reference_log_mel(
    member: str, shared: Path, in_torch: Callable[[str], tuple[ModelCard, Network]]
) -> None:
    _, network = in_torch(PONS[member])
    files = sorted((shared / "reference/musicnn").glob(f"*__{member}.npz"))
    assert files
    for file in files:
        reference = np.load(file)
        frames = np.load(shared / "reference/musicnn/logmel" / f"{file.name.partition('__')[0]}.npz")["logmel"]
        patches = [frames[i : i + 187].T for i in range(0, len(frames) - 186, 187)]
        with torch.inference_mode():
            embedding = network.embed(torch.from_numpy(np.stack(patches).astype(np.float32)))
            logits = network.classify(embedding)
        np.testing.assert_allclose(torch.sigmoid(logits).numpy(), reference["taggram"], atol=1e-5, rtol=0)
        key = "penultimate" if "musicnn" in member else "pool5"
        np.testing.assert_allclose(embedding.numpy(), reference[key].reshape(embedding.shape), atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("member", PONS)
def test_pons2019_from_the_waveform(
    member: str, shared: Path, in_torch: Callable[[str], tuple[ModelCard, Network]]
) -> None:
    card, network = in_torch(PONS[member])
    segments = card.segments
    tags = json.loads((shared / f"reference/tags_musicnn_{member[:3].lower()}.json").read_text())
    assert list(card.vocabulary.names) == tags
    files = sorted((shared / "reference/musicnn").glob(f"*__{member}.npz"))
    assert files
    for file in files:
        samples = np.load(shared / "reference/wave" / f"{file.name.partition('__')[0]}.npz")["y"]
        reference = np.load(file)
        padded = np.pad(samples, segments.clip_padding)
        starts = Sliding(segments.hop).starts(len(padded), segments.samples)[: len(reference["taggram"])]
        clip = cut(padded, starts, segments.samples)
        scores = torch_scores(network, clip)
        np.testing.assert_allclose(scores.mean(0), reference["mean"], atol=1e-3, rtol=0)


def test_yamnet_from_the_reference_log_mel(in_torch: Callable[[str], tuple[ModelCard, Network]]) -> None:
    """The published file rounds the inputs of layers to 8 bits: within 0.0093 of scores up to 0.999."""
    _, network = in_torch(YAMNET)
    reference = np.load(YAMNET_REFERENCE)
    names = [name for name in reference if name.endswith(".log_mel")]
    assert len(names) == 3
    for name in names:
        log_mel = torch.from_numpy(reference[name].T[None].astype(np.float32))
        with torch.inference_mode():
            scores = torch.sigmoid(network.classify(network.embed(log_mel)))[0].numpy()
        expected = reference[name.replace("log_mel", "scores")]
        np.testing.assert_allclose(scores, expected.astype(np.float32), atol=0.015, rtol=0)


def test_yamnet_from_the_waveform(shared: Path, in_torch: Callable[[str], tuple[ModelCard, Network]]) -> None:
    """The published file rounds the Fourier transform and its inputs, too: within 0.032, with the same best class."""
    card, network = in_torch(YAMNET)
    with (shared / "weights/yamnet_class_map.csv").open(encoding="utf-8") as file:
        assert list(card.vocabulary.names) == [row["display_name"] for row in csv.DictReader(file)]
    reference = np.load(YAMNET_REFERENCE)
    files = sorted((shared / "reference/wave").glob("*.npz"))
    assert len(files) == 6
    for file in files:
        samples = np.load(file)["y"]
        starts = Sliding(card.segments.hop).starts(len(samples), card.segments.samples)[:60]
        scores = torch_scores(network, cut(samples, starts, card.segments.samples)).mean(0)
        expected = reference[f"{file.stem}.mean"].astype(np.float32)
        np.testing.assert_allclose(scores, expected, atol=0.04, rtol=0)
        assert scores.argmax() == expected.argmax()


def known_filling(entries: dict) -> dict[str, torch.Tensor]:
    """A published state dict with the values that the reference folder's README states."""
    state: dict[str, torch.Tensor] = {}
    for name, shape in entries["entries"]:
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        if name in entries["front_end_entries_not_filled"] or name.endswith("num_batches_tracked"):
            values = np.zeros(shape)
        elif name.endswith("bw_Q"):
            values = np.full(shape, 1.3)
        elif name.endswith("running_var"):
            values = rng.uniform(0.5, 1.5, shape)
        elif name.endswith("running_mean"):
            values = rng.normal(0, 0.1, shape)
        elif name.endswith("weight") and len(shape) == 1:
            values = rng.uniform(0.5, 1.5, shape)
        elif name.endswith("bias"):
            values = rng.normal(0, 0.1, shape)
        else:
            values = rng.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape)
        if name.startswith(("spec_bn.running", "hstft_bn.running")):
            values[:] = -20 if name.endswith("mean") else 400
        state[name] = torch.from_numpy(np.asarray(values, dtype=np.float32))
    return state


def distance(found: np.ndarray, reference: np.ndarray) -> float:
    """The relative error of the logits of a segment, norm by norm, in the worst segment."""
    errors = np.linalg.norm(found - reference, axis=1) / np.linalg.norm(reference, axis=1)
    return float(errors.max())


@pytest.mark.parametrize("architecture", FOLDERS)
@torch.inference_mode()
def test_the_published_code_with_a_known_filling(architecture: str, shared: Path) -> None:
    """All nine of Won et al. 2020, through the mapping that imports real weights: within 1e-4, relative.

    That holds for the logits of a segment as a vector (7e-6 in the worst case), and for each logit that is at least a
    tenth of the greatest. Of the 1800 logits, 10 that are nearer to 0 miss it one by one on some processor, because the
    published code answers in float32: in float64, our network is as far from its answers as from our own in float32.
    """
    key = FOLDERS[architecture]
    entries = json.loads((shared / "reference/won2020_random/state_dicts.json").read_text())[key]
    saved = np.load(shared / f"reference/won2020_random/{key}.npz")
    reference = saved["logits"].astype(np.float64)
    network = taggram.create_model(architecture, vocabulary=Vocabulary.from_names("mtat")).eval()
    load_published(network, PUBLISHED[f"{architecture}.mtat-won2020"], known_filling(entries))
    assert network.segments.samples == entries["segment_samples"]
    samples = np.load(shared / "reference/wave/mtat_joram_solipsism-59-88.npz")["y"]
    segments = torch.from_numpy(cut(samples, saved["starts"], entries["segment_samples"]))
    logits = network(segments)[0].double().numpy()
    exact = network.double()(segments[:1].double())[0].numpy()

    assert distance(logits, reference) <= 1e-4
    large = np.abs(reference) >= 0.1 * np.abs(reference).max()
    np.testing.assert_allclose(logits[large], reference[large], rtol=1e-4, atol=0)
    rounding = distance(reference[:1], exact)
    assert distance(logits[:1], reference[:1]) <= 2e-6 + 2 * rounding, "it is not rounding alone"
