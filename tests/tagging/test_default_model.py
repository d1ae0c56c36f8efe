"""The model in the package: complete files, golden scores, and plausible tags for the examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from taggram import Tagger, Vocabulary
from taggram.errors import CardError
from taggram.models.directories import ONNX_FILE, find_model
from taggram.tagging.golden import check_golden


@pytest.fixture(scope="module")
def default() -> Tagger:
    return Tagger()


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        ("piano-prelude", [{"piano"}]),
        ("strings-and-harpsichord", [{"classical"}, {"strings", "harpsichord", "violin"}]),
        ("synth-groove", [{"electronic"}, {"synthesizer", "drum machine", "computer"}]),
    ],
)
def test_the_example_pieces_get_sensible_tags(
    piece: str, expected: list[set[str]], default: Tagger, examples: Path
) -> None:
    passed = {tag for tag, _ in default.tag(examples / f"{piece}.opus").tags()}
    assert all(passed & any_of for any_of in expected), passed


def test_it_answers_as_when_it_was_made() -> None:
    check_golden(find_model("default"))


def test_its_card_is_complete(default: Tagger) -> None:
    card = default.card
    tags = set(Vocabulary.from_names("taggram").names)
    assert card.vocabulary == Vocabulary.from_names("taggram")
    assert card.thresholds is not None
    assert set(card.thresholds["f1"]) == set(card.thresholds["balanced"]) == set(card.calibration) == tags
    on_labels = {tag for tag, found in card.calibration.items() if found.calibrated_on == "labels"}
    assert set(card.thresholds["precision"]) <= on_labels
    assert all((card.calibration[tag].positives is not None) == (tag in on_labels) for tag in tags)
    assert ONNX_FILE in card.files


def test_it_says_nothing_of_the_machine_that_made_it() -> None:
    assert b"taggram/" not in (find_model("default") / ONNX_FILE).read_bytes()


@pytest.mark.train
def test_torch_has_no_weights_of_it() -> None:
    with pytest.raises(CardError, match="which torch needs; use ONNX Runtime"):
        Tagger(backend="torch")


@pytest.mark.train
def test_the_recipe_beside_it_is_the_one_in_recipes(examples: Path) -> None:
    from taggram.training import Recipe

    assert Recipe.read(find_model("default") / "recipe.yaml") == Recipe.read(
        examples.parent / "recipes" / "default.yaml"
    )
