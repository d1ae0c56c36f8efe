"""``taggram models show``: a page for people, and the card for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import run

from taggram.features import HarmonicFrontEnd, RawFrontEnd
from taggram.models import ModelCard
from taggram.tagging import Tagger

MODEL = "musicnn_pons.mtat-pons2019"


def page(model: object) -> dict[str, str]:
    """Return the values of the page by name, on one line each."""
    values: dict[str, str] = {}
    name = ""
    for line in run("models", "show", model).stdout.splitlines():
        assert len(line) <= 80
        name = line[:12].strip() or name
        values[name] = f"{values.get(name, '')} {line[12:].strip()}".strip()
    return values


def test_the_page_of_a_model(published: Callable[[str], Path]) -> None:
    folder = published(MODEL)
    card, shown = ModelCard.read(folder), page(MODEL)
    assert shown["model"] == MODEL
    assert shown["tags"].startswith("50, vocabulary mtat: MagnaTagATune")
    assert shown["mood"] == "weird"
    assert shown["tempo"] == "slow, fast, loud, quiet, soft"
    assert shown["thresholds"] == "none"
    assert shown["front end"] == (
        "log-mel-spectrogram, 96 bands, 0 to 8000 Hz, frames of 512 samples every 256, of a waveform at 16000 Hz"
    )
    assert shown["segments"] == "3.01 s or longer, every 2.99 s; aggregated by mean"
    assert (shown["licence"], shown["trained on"], shown["paper"]) == (card.licence, card.trained_on, card.paper)
    assert card.provenance is not None
    assert card.provenance.sha256 in shown["SHA-256"]
    assert "ROC-AUC 0.9067: " in shown["scores"]
    assert "average precision 0.3831: " in shown["scores"]
    assert page(folder) == shown


def test_the_page_of_the_default_model() -> None:
    shown = page("default")
    assert shown["runs in"] == "ONNX Runtime, with 8-bit integers"
    assert "harpsichord" in shown["instrument"]
    assert "balanced (94 tags)" in shown["thresholds"]


def test_the_card() -> None:
    done = run("models", "show", "default", "--json")
    assert json.loads(done.stdout)["name"] == "small_vgg.default"


@pytest.mark.parametrize(
    ("front_end", "text"),
    [
        (RawFrontEnd(sample_rate=22050), "waveform at 22050 Hz"),
        (HarmonicFrontEnd(), "6 harmonics of 128 pitches, frames of 512 samples every 256, of a waveform at 16000 Hz"),
    ],
)
def test_other_front_ends(front_end: RawFrontEnd | HarmonicFrontEnd, text: str, tmp_path: Path) -> None:
    Tagger().card.replace(front_end=front_end).write(tmp_path)
    assert page(tmp_path)["front end"] == text
