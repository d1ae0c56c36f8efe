"""A probe is a linear layer on embeddings as they are."""

from __future__ import annotations

import numpy as np
import pytest

from taggram.metrics import accuracy
from taggram.training.probing.probe import choose_probe, fit_probe


@pytest.fixture
def embeddings() -> np.ndarray:
    rng = np.random.default_rng(0)
    return (100 * rng.standard_normal((60, 8)) + 50).astype(np.float32)


@pytest.mark.parametrize("tags", [1, 3])
def test_its_layer_computes_its_outputs(embeddings: np.ndarray, tags: int) -> None:
    labels = embeddings[:, :tags] > 50
    probe = fit_probe(embeddings, labels)
    weight, bias = probe.linear_layer()
    assert weight.shape == (tags, 8) and probe.outputs(embeddings).shape == (60, tags)
    assert embeddings @ weight.T + bias == pytest.approx(probe.outputs(embeddings), abs=1e-4)
    assert np.isnan(probe.value)


def test_the_regularisation_is_chosen_on_validation_clips(embeddings: np.ndarray) -> None:
    classes = (embeddings[:, 0] > 50).astype(int) + (embeddings[:, 1] > 50)
    train, valid = (embeddings[:40], classes[:40]), (embeddings[40:], classes[40:])
    probe = choose_probe(train, valid, accuracy)
    assert (
        probe.value
        == accuracy(probe.outputs(valid[0]), valid[1])
        >= accuracy(fit_probe(*train, 1e-5).outputs(valid[0]), valid[1])
    )
