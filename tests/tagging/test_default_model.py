"""The model in the package: complete files, golden scores, and plausible tags for the examples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taggram import Tagger, Vocabulary
from taggram.errors import CardError, ModelError
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
def test_the_pieces_get_sensible_tags(piece: str, expected: list[set[str]], default: Tagger, pieces: Path) -> None:
    passed = {tag for tag, _ in default.tag(pieces / f"{piece}.opus").tags()}
    assert all(passed & any_of for any_of in expected), passed


@pytest.mark.parametrize(
    ("recording", "expected"),
    [
        ("hungarian-dance", {"classical", "violin", "strings"}),
        ("lets-go-fishin", {"female voice", "pop", "guitar", "drums"}),
        ("vibe-ace", {"jazz", "drums", "bass", "piano"}),
    ],
)
def test_the_examples_are_named_right(recording: str, expected: set[str], default: Tagger, project: Path) -> None:
    prediction = default.tag(project / "examples" / f"{recording}.opus")
    assert prediction.metadata["title"] and prediction.metadata["artist"]
    assert expected <= {tag for tag, _ in prediction.tags(level="likely")}


def test_its_levels_hold_on_judgements_of_other_clips(default: Tagger) -> None:
    assert default.card.levels is not None
    sure, likely, maybe = default.card.levels.precision
    assert [row.level for row in (sure, likely, maybe)] == ["sure", "likely", "maybe"]
    assert sum(row.right + row.wrong + row.unknown for row in (sure, likely, maybe)) >= 400
    for row, least in ((sure, 0.9), (likely, 0.7), (maybe, 0.4)):
        assert row.precision is not None and row.precision >= least


def test_moods_are_shown(default: Tagger, pieces: Path) -> None:
    for piece in pieces.glob("*.opus"):
        prediction = default.tag(piece)
        tags = prediction.tags()
        assert 4 <= len(tags) <= 24
        assert any(prediction.vocabulary.tags[tag] == "mood" for tag, _ in tags)
        assert all(prediction.level(tag) for tag, _ in tags)
        likely = prediction.tags(level="likely")
        assert likely == [entry for entry in tags if prediction.level(entry.tag) in ("sure", "likely")]
        assert 0 < len(likely) < len(tags)
        likely = [prediction.probability(tag) for tag, _ in tags]
        assert likely == sorted(likely, reverse=True)  # the order of top()
        assert tags[:3] == [entry for entry in prediction.top(60) if entry in tags][:3]
        by_score = [score for _, score in prediction.top(5, aggregation="max")]
        assert by_score == sorted(by_score, reverse=True)
        with pytest.raises(ModelError, match="no level is named 'certain'; there are: sure, likely, maybe"):
            prediction.tags(level="certain")  # type: ignore[arg-type]
        with pytest.raises(KeyError, match="did you mean piano"):
            prediction.probability("pianos")


def test_probabilities_do_not_depend_on_the_chosen_aggregation(default: Tagger, pieces: Path) -> None:
    piece = pieces / "synth-groove.opus"
    expected = default.tag(piece).probabilities
    np.testing.assert_array_equal(Tagger(aggregation="max").tag(piece).probabilities, expected)


def test_a_picture_shows_the_probability_of_a_tag(default: Tagger, pieces: Path, tmp_path: Path) -> None:
    from taggram.tagging.plot import plot_taggram

    prediction = default.tag(pieces / "synth-groove.opus")
    probabilities = prediction.segment_probabilities
    assert probabilities is not None and probabilities.shape == prediction.scores.shape
    one = default.tag(pieces / "synth-groove.opus", duration=4)
    assert one.segment_probabilities is not None
    np.testing.assert_array_equal(one.segment_probabilities[0], one.probabilities)
    mapped = prediction.in_vocabulary("jamendo").segment_probabilities
    assert mapped is not None and mapped.shape == (len(prediction.scores), 50)
    plot_taggram(prediction, tmp_path / "a.svg", prediction.tags())
    picture = (tmp_path / "a.svg").read_text(encoding="utf-8")
    words = [("default.  Shade: probability that the tag is right; pale: below the threshold of the tag", 1)]
    words += [("Synth groove  ·  The taggram authors", 1), ("instrument", 1), ("party", 1)]
    levels = [prediction.level(tag) for tag, _ in prediction.tags()]
    for word, count in [*words, *((level, levels.count(level)) for level in ("sure", "likely", "maybe"))]:
        assert picture.count(f"<!-- {word} -->") == count


@pytest.mark.parametrize("offset", [0.0, 0.5])
@pytest.mark.parametrize("level", [0.0, 0.0005])
def test_silence_has_no_tags(default: Tagger, offset: float, level: float) -> None:
    noise = np.random.default_rng(0).normal(offset, level, 16000 * 6).astype(np.float32)
    prediction = default.tag(noise, sample_rate=16000)
    assert prediction.silent
    assert prediction.warnings == ("silent: no tags",)
    assert prediction.tags() == prediction.tags("f1") == []
    assert prediction.level("piano") is None
    assert len(prediction.top(94)) == 94
    audible = default.tag(noise + 0.1 * np.sin(np.arange(len(noise)) / 10).astype(np.float32), sample_rate=16000)
    assert not audible.silent


def test_it_answers_as_when_it_was_made() -> None:
    check_golden(find_model("default"))


def test_its_card_is_complete(default: Tagger) -> None:
    card = default.card
    tags, ours = set(card.vocabulary.names), Vocabulary.from_names("taggram").tags
    assert len(tags) == 94 and all(ours[tag] == category for tag, category in card.vocabulary.tags.items())
    assert card.thresholds is not None
    assert set(card.thresholds["f1"]) == set(card.thresholds["balanced"]) == set(card.calibration) == tags
    on_labels = {tag for tag, found in card.calibration.items() if found.calibrated_on == "labels"}
    assert card.levels is not None
    assert set(card.levels.offsets) == tags
    for tag, limit in card.thresholds["precision"].items():
        assert card.levels.probability(tag, limit) == pytest.approx(0.7, abs=1e-3)
    assert all((card.calibration[tag].positives is not None) == (tag in on_labels) for tag in tags)
    assert ONNX_FILE in card.files


def test_it_says_nothing_of_the_machine_that_made_it() -> None:
    assert b"taggram/" not in (find_model("default") / ONNX_FILE).read_bytes()


@pytest.mark.train
def test_torch_has_no_weights_of_it() -> None:
    with pytest.raises(CardError, match="which torch needs; use ONNX Runtime"):
        Tagger(backend="torch")


@pytest.mark.train
def test_the_recipe_beside_it_is_its_own(default: Tagger) -> None:
    from taggram.training import Recipe

    recipe = Recipe.read(find_model("default") / "recipe.yaml")
    assert (recipe.name, recipe.model.options) == (default.card.name, default.card.options)
    assert all(teacher.model in default.card.trained_on for teacher in recipe.distill.teachers)
