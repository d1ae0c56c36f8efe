"""Names of architectures, models and vocabularies, and errors for unknown ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import taggram
from taggram.errors import CardError, ModelError
from taggram.models import ModelCard, directories, registry
from taggram.models.network import Network
from taggram.models.published import PUBLISHED
from taggram.models.registry import catalogue, load_architectures, register
from taggram.vocabularies import Vocabulary


def test_architectures_are_found_by_their_files() -> None:
    assert {"crnn", "fcn", "fcn4", "musicnn", "musicnn_pons", "vgg_pons"} <= set(taggram.list_architectures())


def test_what_files_state_is_what_is_registered() -> None:
    inside = {
        name: made.paper
        for name, made in load_architectures().items()
        if made.__module__.startswith("taggram.models.architectures.")
    }
    assert catalogue() == inside


def test_one_of_ones_own_is_listed_once_it_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    class Own(Network):
        name = "own_cnn"
        paper = "of our own"

    assert "own_cnn" not in taggram.list_architectures()
    monkeypatch.setitem(registry._REGISTRY, "own_cnn", Own)
    assert "own_cnn" in taggram.list_architectures()
    assert registry.papers()["own_cnn"] == "of our own"


def test_a_name_is_taken_once() -> None:
    class Impostor(Network):
        name = "fcn"

    load_architectures()
    with pytest.raises(ModelError, match=r"taggram\.models\.architectures\.fcn has an architecture named fcn, too"):
        register(Impostor)
    assert taggram.create_model("fcn", ["solo"]).architecture() == "fcn"


def test_models_are_listed_by_pattern() -> None:
    assert taggram.list_models("*won2020") == sorted(name for name in PUBLISHED if name.endswith("won2020"))
    assert len(taggram.list_models("*mtat-pons2019")) == 2
    assert taggram.list_models("nothing*") == []


def test_a_new_network_has_the_vocabulary_it_was_given() -> None:
    network = taggram.create_model("musicnn", vocabulary=["loud", "quiet"], channels=8, units=16)
    logits, embedding = network.eval()(torch.zeros(2, network.segments.samples))
    assert logits.shape == (2, 2)
    assert embedding.shape == (2, 16)
    assert network.vocabulary.names == ("loud", "quiet")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name": "musicnn"}, "needs a vocabulary"),
        ({"name": "nothing"}, "no model is named 'nothing'"),
        ({"name": "fcn.mtat-won2020", "vocabulary": "mtat"}, "has its own vocabulary"),
        (
            {"name": "musicnn", "vocabulary": "klingon"},
            "no vocabulary is named 'klingon'; there are: taggram, audioset, jamendo, msd, mtat",
        ),
        ({"name": "musicnn", "vocabulary": []}, "at least one tag"),
        ({"name": "musicnn", "vocabulary": ["a", "a"]}, "each tag once"),
    ],
)
def test_what_does_not_exist_is_said_in_one_line(arguments: dict, said: str) -> None:
    with pytest.raises(ModelError, match=said) as error:
        taggram.create_model(**arguments)
    assert "\n" not in str(error.value)


def test_weights_that_are_not_here_come_with_the_command_that_fetches_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGRAM_HOME", str(tmp_path))
    with pytest.raises(ModelError, match="taggram models import crnn.msd-won2020"):
        taggram.create_model("crnn.msd-won2020")


def test_home_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TAGGRAM_HOME", str(tmp_path))
    assert directories.data_dir() == tmp_path
    monkeypatch.delenv("TAGGRAM_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert directories.data_dir() == tmp_path / "taggram"


@pytest.mark.parametrize("name", ["jamendo", "msd", "mtat"])
def test_vocabularies_of_music_data_sets_have_fifty_tags_with_categories(name: str) -> None:
    vocabulary = Vocabulary.from_names(name)
    assert len(vocabulary) == 50
    assert set(vocabulary.tags.values()) > {"genre", "instrument", "mood"}


def test_jamendo_is_in_alphabetical_order() -> None:
    names = Vocabulary.from_names("jamendo").names
    assert list(names) == sorted(names)
    assert names[0] == "genre---alternative"


def test_a_card_survives_being_written(published: Callable[[str], Path], tmp_path: Path) -> None:
    card = ModelCard.read(published("musicnn_pons.mtat-pons2019"))
    card.write(tmp_path)
    assert ModelCard.read(tmp_path) == card


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('"format": 1', '"format": 2'),
        ('"samples": 48128', '"samples": -1'),
        ('"architecture"', '"arkitecture"'),
        ('"thresholds": null', '"thresholds": {"f1": {"no such tag": 0.5}}'),
        ('"thresholds": null', '"thresholds": {"median": {"piano": 0.5}}'),
        ('"calibration": {}', '"calibration": {"no such tag": {"calibrated_on": "labels", "error": 0}}'),
        ('"calibration": {}', '"calibration": {"piano": {"calibrated_on": "taste", "error": 0}}'),
        ("{", ""),
    ],
)
def test_a_malformed_card_is_refused_in_one_line(
    change: str, said: str, published: Callable[[str], Path], tmp_path: Path
) -> None:
    text = (published("musicnn_pons.mtat-pons2019") / "card.json").read_text()
    assert change in text
    (tmp_path / "card.json").write_text(text.replace(change, said, 1))
    with pytest.raises(CardError, match="not a usable model card") as error:
        ModelCard.read(tmp_path)
    assert "\n" not in str(error.value)


def test_the_default_model_is_the_packaged_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGGRAM_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for shadow in (tmp_path / "models" / "default", tmp_path / "default"):
        shadow.mkdir(parents=True)
        (shadow / "card.json").touch()
    assert directories.find_model("default") == Path(taggram.__file__).parent / "models" / "default"


def test_models_that_are_here(published: Callable[[str], Path]) -> None:
    published("musicnn_pons.mtat-pons2019")
    assert {"default", "musicnn_pons.mtat-pons2019"} <= set(directories.installed_models())
    assert taggram.list_models("def*") == ["default"]


def test_a_model_without_weights_for_torch(published: Callable[[str], Path], tmp_path: Path) -> None:
    card = (published("musicnn_pons.mtat-pons2019") / "card.json").read_bytes()
    (tmp_path / "card.json").write_bytes(card)
    with pytest.raises(CardError, match=r"has no model\.safetensors beside its card, which torch needs") as error:
        taggram.create_model(str(tmp_path))
    assert "\n" not in str(error.value)


def test_a_folder_without_a_card_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="no model card"):
        ModelCard.read(tmp_path)
