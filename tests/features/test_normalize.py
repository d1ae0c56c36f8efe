"""Normalizations of a spectrogram: as NumPy and librosa compute them, and finite for silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import onnxruntime
import pytest
import torch

from taggram.features import FrontEnd
from taggram.features.log_mel import LogMel
from taggram.models.card import Segments
from taggram.models.network import Network
from taggram.models.onnx_export import export_onnx
from taggram.vocabularies import Vocabulary

KINDS = ["data", "band", "segment", "power", "peak"]
SETTINGS = {"n_mels": 20, "hop": 512, "padding": "none"}
WAVEFORM = 0.1 * np.random.default_rng(0).standard_normal((2, 16000)).astype(np.float32) * [[1], [0.01]]


def spectrogram(waveform: np.ndarray = WAVEFORM, **settings: object) -> np.ndarray:
    front_end = FrontEnd(**{**SETTINGS, **settings})
    return LogMel(front_end)(torch.from_numpy(waveform.astype(np.float32))).numpy()


def standardised(x: np.ndarray, axis: int | None) -> np.ndarray:
    return (x - x.mean(axis, keepdims=True)) / x.std(axis, keepdims=True)


def before_the_log(power: np.ndarray) -> np.ndarray:
    return 10 * np.log10(np.maximum(standardised(power, None), 1e-10))


@pytest.mark.parametrize(
    ("settings", "log", "expected"),
    [
        ({"normalize": "none"}, "db", lambda x: x),
        ({"normalize": "data", "mean": -30.0, "std": 12.5}, "db", lambda x: (x + 30.0) / 12.5),
        ({"normalize": "band"}, "db", lambda x: standardised(x, 1)),
        ({"normalize": "segment"}, "db", lambda x: standardised(x, None)),
        ({"normalize": "segment", "log": "log10"}, "log10", lambda x: standardised(x, None)),
        ({"normalize": "power"}, "power", before_the_log),
    ],
)
def test_as_numpy_computes_them(settings: dict, log: str, expected: Callable[[np.ndarray], np.ndarray]) -> None:
    plain = spectrogram(log=log).astype(np.float64)
    np.testing.assert_allclose(spectrogram(**settings), np.stack([expected(x) for x in plain]), atol=2e-3)


def test_peak_is_what_librosa_calls_ref_max() -> None:
    quiet = WAVEFORM.copy()
    quiet[:, 8000:] *= 1e-5  # beyond the 80 dB
    expected = [librosa.power_to_db(power, ref=np.max) for power in spectrogram(quiet, log="power")]
    found = spectrogram(quiet, normalize="peak")
    assert found.min() == -80
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_top_db_raises_what_is_far_below_the_maximum_of_its_segment() -> None:
    plain = spectrogram()
    expected = np.stack([np.maximum(x, x.max() - 10) for x in plain])
    assert not np.array_equal(expected, plain)
    np.testing.assert_array_equal(spectrogram(top_db=10.0), expected)


@pytest.mark.parametrize("normalize", KINDS)
def test_loudness_counts_only_with_figures_of_a_training_set(normalize: str) -> None:
    quieter = spectrogram(0.5 * WAVEFORM, normalize=normalize)
    differs = np.abs(quieter - spectrogram(normalize=normalize)).max()
    assert (differs > 1) == (normalize == "data")


@pytest.mark.parametrize("normalize", KINDS)
def test_silence_is_finite(normalize: str) -> None:
    silent = spectrogram(np.zeros((1, 16000)), normalize=normalize)
    assert np.isfinite(silent).all()
    assert np.ptp(silent) == 0


@pytest.mark.parametrize(
    "settings",
    [
        *({"mean": 1.0}, {"normalize": "segment", "std": 2.0}, {"normalize": "peak", "log": "ln"}, {"std": 0.0}),
        *({"top_db": 80.0, "log": "ln"}, {"top_db": 0.0}),
    ],
)
def test_settings_that_say_nothing_are_refused(settings: dict) -> None:
    with pytest.raises(ValueError, match=r"mean and std|needs log|> 0"):
        FrontEnd(**settings)


class Seen(Network):
    """A network whose embedding is what it sees, with every normalization side by side, so that one export has all."""

    paper = "none"
    front_end = FrontEnd(**{**SETTINGS, "hop": 256})
    segments = Segments(samples=4096, hop=4096)

    def __init__(self) -> None:
        super().__init__(Vocabulary.from_names(["a"]), len(KINDS) * 20 * 15)
        settings = {**SETTINGS, "hop": 256}
        self.kinds = torch.nn.ModuleList(LogMel(FrontEnd(**{**settings, "normalize": kind})) for kind in KINDS)
        self.features = torch.nn.Identity()

    def embed(self, features: torch.Tensor) -> torch.Tensor:
        return torch.cat([kind(features).flatten(1) for kind in self.kinds], dim=1)


@pytest.mark.slow
def test_normalization_is_part_of_the_exported_model(tmp_path: Path) -> None:
    network = Seen().eval()
    export_onnx(network, tmp_path / "model.onnx")
    segments = WAVEFORM[:, :4096].astype(np.float32)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    (seen,) = session.run(["embedding"], {"waveform": segments})
    expected = network(torch.from_numpy(segments))[1].detach().numpy()
    for kind, ours, theirs in zip(KINDS, np.split(seen, len(KINDS), 1), np.split(expected, len(KINDS), 1), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-3, err_msg=kind)
