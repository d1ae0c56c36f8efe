"""The headline: what is stated, what is hedged, what is left out, and how it reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from taggram.models.card import LEVELS
from taggram.tagging import Prediction, Tagger, headline
from taggram.vocabularies import Vocabulary

SCORES = {"sure": 0.95, "likely": 0.8, "maybe": 0.5}


@pytest.fixture(scope="module")
def predict() -> Callable[..., Prediction]:
    """A function that makes a prediction: ``predict(jazz="likely", piano="sure")``; scores decrease."""
    vocabulary = Vocabulary.from_names("taggram")

    def make(silent: bool = False, **levels: str) -> Prediction:
        names = {tag.replace("_", " "): level for tag, level in levels.items()}
        assert names.keys() <= vocabulary.tags.keys(), names
        order = {tag: i for i, tag in enumerate(names)}
        scores = [0.9 - order[tag] / 100 if tag in order else 0.1 for tag in vocabulary.names]
        probabilities = [SCORES[names[tag]] if tag in names else 0.1 for tag in vocabulary.names]
        return Prediction(
            path=None,
            model="default",
            vocabulary=vocabulary,
            scores=np.array([scores], np.float32),
            times=np.array([[0.0, 4.0]]),
            embeddings=np.zeros((1, 2), np.float32),
            duration=4.0,
            thresholds={"balanced": dict.fromkeys(vocabulary.names, 0.5)},
            probabilities=np.array(probabilities, np.float32),
            silent=silent,
        )

    return make


@pytest.mark.parametrize(
    ("levels", "text"),
    [
        ("jazz=likely vibraphone=sure drums=likely slow=likely no_vocals=likely",
         "Jazz with vibraphone and drums; slow, instrumental"),
        ("classical=sure piano=sure strings=likely flute=likely slow=likely relaxing=likely",
         "Classical music with piano, strings and flute; slow, relaxing"),
        ("electronic=sure classical=likely", "Electronic and classical music"),
        ("techno=sure electronic=likely", "Techno and electronic music"),
        ("rock=sure hard_rock=likely metal=likely pop=likely", "Hard rock and metal"),
        ("rock=sure hard_rock=maybe", "Rock"),
        ("rnb=sure", "R&B"),
        ("african=likely", "African music"),
        ("french_horn=sure", "French horn"),
        # One hedge for what is only maybe right, and only where there is nothing better.
        ("jazz=maybe", "Perhaps jazz"),
        ("jazz=maybe piano=maybe", "Perhaps jazz with piano"),
        ("jazz=maybe piano=likely", "Perhaps jazz, with piano"),
        ("jazz=likely piano=maybe", "Jazz, perhaps with piano"),
        ("jazz=likely blues=maybe", "Jazz"),
        ("jazz=likely slow=maybe happy=maybe", "Jazz; perhaps slow"),
        ("piano=maybe slow=maybe", "Perhaps piano; perhaps slow"),
        ("slow=maybe", "Perhaps slow"),
        ("slow=likely happy=maybe", "Slow"),
        # Voices.
        ("pop=sure vocals=sure female_voice=likely", "Pop with a female voice"),
        ("female_voice=likely male_voice=likely", "A female voice and a male voice"),
        ("choir=sure a_cappella=likely", "A choir; a cappella"),
        ("speech=sure", "Speech"),
        ("jazz=likely speech=likely", "Jazz with speech"),
        ("no_vocals=likely vocals=likely", "Instrumental"),
        ("vocals=likely no_vocals=likely", "Vocals"),
        # Contradictions, and one era.
        ("fast=sure slow=likely", "Fast"),
        ("60s=sure 70s=likely", "From the 1960s"),
        ("happy=likely sad=likely party=likely", "Happy, for a party"),
        # Too many.
        ("piano=sure drums=sure bass=sure harp=sure", "Piano, drums and bass"),
        ("valence=sure", "Nothing certain"),
        ("", "Nothing certain"),
    ],
)  # fmt: skip
def test_texts(predict: Callable[..., Prediction], levels: str, text: str) -> None:
    assert headline(predict(**dict(part.split("=") for part in levels.split()))) == text


def test_silence(predict: Callable[..., Prediction]) -> None:
    assert headline(predict(silent=True, jazz="sure")) == "Silence"


def test_tags_below_their_threshold_are_left_out(predict: Callable[..., Prediction]) -> None:
    prediction = predict(jazz="sure", piano="sure")
    limits = {**prediction.thresholds["balanced"], "piano": 0.99}
    assert headline(replace(prediction, thresholds={"balanced": limits})) == "Jazz"


def test_model_without_levels(predict: Callable[..., Prediction]) -> None:
    assert headline(replace(predict(jazz="sure"), probabilities=None)) is None
    assert headline(replace(predict(jazz="sure"), thresholds={})) is None


def test_only_maybe_is_always_hedged(predict: Callable[..., Prediction]) -> None:
    """Each tag alone, and beside others, is well formed; one that is only maybe right follows "perhaps"."""
    vocabulary = Vocabulary.from_names("taggram")
    names = [tag.replace(" ", "_") for tag, category in vocabulary.tags.items() if category != "scale"]
    for tag in names:
        stated, hedged = headline(predict(**{tag: "likely"})), headline(predict(**{tag: "maybe"}))
        assert hedged.startswith("Perhaps ")
        assert hedged.removeprefix("Perhaps ").casefold() == stated.casefold()
        for other in {*names[::25]} - {tag}:
            text = headline(predict(**{tag: "likely", other: "maybe"}))
            added = text.casefold().replace(stated.casefold(), "", 1)
            assert not added or "perhaps" in added, text
            assert re.fullmatch(r"[A-Z0-9][^;]*(; [^;]+)?", text), text


def test_real_music() -> None:
    tagger = Tagger()
    folder = Path(__file__).parents[1] / "pieces"
    folder = folder if folder.is_dir() else Path(__file__).parents[2] / "examples"
    texts = {}
    for file in folder.glob("*.opus"):
        prediction = tagger.tag(file)
        text = texts[file.stem] = headline(prediction)
        for tag in prediction.vocabulary.names:
            certain = text.partition("erhaps")[0]
            assert prediction.probability(tag) >= LEVELS["likely"] or not re.search(rf"\b{tag}\b", certain, re.I)
    assert "iano" in texts["piano-prelude"]
    assert "harpsichord" in texts["strings-and-harpsichord"]
    assert texts["synth-groove"].startswith("Electronic music")
