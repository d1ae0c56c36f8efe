"""Quantities, such as valence and energy, are numbers beside the tags, and no tags."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files

import jsonschema
import numpy as np
import pytest

from taggram import ModelCard
from taggram.cli.render import table
from taggram.models.card import Levels
from taggram.models.directories import find_model
from taggram.tagging import Prediction
from taggram.tagging.headline import headline
from taggram.training.calibration.thresholds import fit_thresholds
from taggram.training.calibration.truth import Truth
from taggram.vocabularies import Vocabulary

SCHEMA = json.loads(files("taggram.tagging").joinpath("prediction.schema.json").read_text(encoding="utf-8"))
VOCABULARY = Vocabulary(name="mine", source="a test", tags={"energy": "scale", "jazz": "genre", "valence": "scale"})


@pytest.fixture
def prediction() -> Prediction:
    return Prediction(
        path="a.wav",
        model="mine",
        vocabulary=VOCABULARY,
        scores=np.array([[0.2, 0.6, 0.9], [0.4, 0.8, 0.9]], np.float32),
        times=np.array([[0.0, 3.0], [3.0, 6.0]]),
        embeddings=np.zeros((2, 2), np.float32),
        duration=6.0,
        thresholds={"balanced": {"jazz": 0.5}},
        probabilities=np.array([0.25, 0.95, 0.875], np.float32),
        segment_probabilities=np.array([[0.2, 0.9, 0.8], [0.3, 0.9, 0.9]], np.float32),
    )


def test_quantities_are_no_tags(prediction: Prediction) -> None:
    assert [tag for tag, _ in prediction.top(3)] == ["jazz"]
    assert [tag for tag, _ in prediction.tags()] == ["jazz"]
    assert prediction.scales == {"energy": 0.25, "valence": 0.875}
    assert headline(prediction) == "Jazz"
    assert replace(prediction, silent=True).scales == {}
    without = replace(prediction, probabilities=None, segment_probabilities=None)
    assert without.scales == pytest.approx({"energy": 0.3, "valence": 0.9})


def test_they_are_numbers_in_each_output(prediction: Prediction) -> None:
    lines = table(prediction, prediction.tags()).splitlines()
    assert [line.split()[0] for line in lines] == ["jazz", "energy", "valence"]
    assert lines[0].endswith("sure    95 %  genre")
    assert lines[1].split()[-2:] == ["0.25", "scale"] and lines[1].index("0.25") == lines[0].index("95 %")
    data = json.loads(prediction.to_json(prediction.tags()))
    assert data["scales"] == {"energy": 0.25, "valence": 0.875}
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid({**data, "scales": {"energy": 2}})


def test_the_page_gets_them_over_time(prediction: Prediction) -> None:
    pytest.importorskip("fastapi")
    from taggram.web.work.tag import _describe

    levels = Levels(slope=1.0, offsets={"jazz": 0.0, "energy": 0.0, "valence": 0.0})
    card = ModelCard.read(find_model("default")).replace(
        vocabulary=VOCABULARY, thresholds=None, levels=levels, calibration={}
    )
    tags = {entry["tag"]: entry for entry in _describe(prediction, card, 3.0)["tags"]}
    assert list(tags) == ["jazz", "energy", "valence"]
    assert tags["energy"]["score"] == 0.25 and tags["energy"]["over_time"] == [0.2, 0.3]
    assert tags["jazz"]["over_time"] == [0.6, 0.8]
    assert not tags["energy"]["shown"]


def test_they_have_no_thresholds() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random((20, 3)) < 0.5).astype(np.float32)
    thresholds = fit_thresholds(rng.random((20, 3)), Truth(labels, labels), VOCABULARY.tags)
    assert all(set(limits) <= {"jazz"} for limits in thresholds.values())
