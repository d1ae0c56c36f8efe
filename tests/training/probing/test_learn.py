"""Tags are learned from labelled clips, and the model that is written is one like any other."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from labelled_tones import HERTZ, write, write_tone, write_tones

import taggram
from taggram.errors import DatasetError, ModelError
from taggram.models.card import BASELINES
from taggram.models.directories import model_dir
from taggram.tagging import Tagger
from taggram.training import LearnResult
from taggram.training.probing.probe import fit_probe


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache") / "predictions.sqlite"


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tones(tmp_path_factory.mktemp("tones") / "pitch")


@pytest.fixture(scope="module")
def learned(tones: Path, cache: Path) -> LearnResult:
    return taggram.learn(tones, tones.parent / "model", cache=cache)


@pytest.fixture
def learn(tmp_path: Path, cache: Path):
    """Learn into a folder of the test; return the result and the lines of the report."""

    def learn(data: Path, **options: object) -> tuple[LearnResult, list[str]]:
        lines: list[str] = []
        return taggram.learn(data, **{"out": tmp_path / "model", "cache": cache, **options}, report=lines.append), lines

    return learn


def write_table(file: Path, rows: list[tuple[object, ...]], columns: str = "path,labels,artist") -> Path:
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([columns.split(","), *rows])
    return file


@pytest.mark.parametrize("tag", HERTZ)
def test_the_model_tags_new_clips(learned: LearnResult, tmp_path: Path, tag: str) -> None:
    prediction = Tagger(learned.folder).tag(write_tone(tmp_path / "new.flac", HERTZ[tag], seed=99))
    assert [entry.tag for entry in prediction.tags()] == [tag]
    assert prediction[tag] > 0.5


def test_its_embedding_is_that_of_the_default_model(learned: LearnResult, project: Path) -> None:
    file = project / "examples" / "vibe-ace.opus"
    assert np.array_equal(Tagger(learned.folder).tag(file).embeddings, Tagger().tag(file).embeddings)


def test_its_scores_are_those_of_the_probe(learned: LearnResult, tones: Path, project: Path) -> None:
    files = sorted(tones.rglob("*.flac"))
    embeddings = np.stack([Tagger().tag(file).embedding for file in files])
    labels = np.array([[tag in file.parts for tag in learned.card.vocabulary.names] for file in files])
    weight, bias = fit_probe(embeddings, labels).linear_layer()
    prediction = Tagger(learned.folder).tag(project / "examples" / "vibe-ace.opus")
    logits = prediction.embeddings @ weight.T + bias
    assert prediction.scores == pytest.approx(1 / (1 + np.exp(-logits)), abs=2e-4)
    assert np.ptp(prediction.scores) > 0.01


def test_the_card_says_what_was_learned_and_measured(learned: LearnResult) -> None:
    card, default = learned.card, Tagger().card
    assert card == Tagger(learned.folder).card
    assert card.name == "pitch" and card.vocabulary.names == ("high", "low")
    assert card.trained_on.startswith("12 clips of pitch (the last layer") and default.trained_on in card.trained_on
    assert default.licence in card.licence
    assert (card.front_end, card.segments, card.quantized) == (default.front_end, default.segments, default.quantized)
    assert card.levels is None and not card.calibration
    assert {*card.thresholds} == {"f1", "balanced", "precision"} and {*card.thresholds["balanced"]} == {"high", "low"}
    roc_auc, ap = card.scores
    assert (roc_auc.metric, roc_auc.value, roc_auc.clips, ap.metric) == ("roc_auc", 1.0, 12, "ap")
    assert "cross-validation by artist in at most 5 folds (3 artists)" in roc_auc.protocol
    assert "thresholds are fitted on the same scores" in roc_auc.protocol
    assert roc_auc.interval == (1.0, 1.0)


def test_a_threshold_lets_as_many_clips_pass_as_have_the_tag(learned: LearnResult, tones: Path) -> None:
    tagger = Tagger(learned.folder)
    for file in tones.rglob("*.flac"):
        assert [entry.tag for entry in tagger.tag(file).tags()] == [file.parts[-3]]


def test_the_tables_have_the_tags_and_what_they_are_confused_with(learned: LearnResult) -> None:
    rows = [*csv.DictReader((learned.folder / "tags.csv").read_text(encoding="utf-8").splitlines())]
    assert [(row["tag"], row["clips"], row["artists"], row["roc_auc"]) for row in rows] == [
        ("high", "6", "3", "1.0"),
        ("low", "6", "3", "1.0"),
    ]
    assert (learned.folder / "confusion.csv").read_text() == "tag,high,low\nhigh,6,0\nlow,0,6\n"


def test_it_is_the_same_each_time(learned: LearnResult, tones: Path, learn) -> None:
    again, _ = learn(tones)
    assert {file.name: file.read_bytes() for file in again.folder.iterdir()} == {
        file.name: file.read_bytes() for file in learned.folder.iterdir()
    }


def test_a_learned_model_is_replaced_and_can_be_learned_from(learned: LearnResult, tones: Path, learn) -> None:
    first, _ = learn(tones, model=learned.folder, name="again")
    second, _ = learn(tones, name="again")
    assert second.folder == first.folder and Tagger(second.folder).card.name == "again"
    assert first.card.thresholds["f1"] == pytest.approx(second.card.thresholds["f1"], abs=1e-5)


def test_without_a_folder_it_is_installed(tones: Path, cache: Path) -> None:
    result = taggram.learn(tones, name="Höhe = 1", cache=cache)
    assert result.folder == model_dir("Höhe = 1") and "Höhe = 1" in taggram.list_models()
    assert Tagger("Höhe = 1").card.vocabulary.names == ("high", "low")


def test_a_table_may_have_several_tags_per_clip(tones: Path, tmp_path: Path, learn) -> None:
    files = sorted(tones.rglob("*.flac"))
    rows = [
        (file, f"a/b = ü;{'high' if 'high' in file.parts else ''}", file.parent.name)
        if number % 2
        else (file, "high" if "high" in file.parts else "", file.parent.name)
        for number, file in enumerate(files)
    ]
    result, lines = learn(write_table(tmp_path / "clips.csv", rows))
    assert result.card.name == "clips" and {*result.card.vocabulary.names} == {"a/b = ü", "high"}
    assert lines == ["warning: 3 clips without tags: examples of what none of the tags applies to"]
    assert {tag.name: tag.clips for tag in result.cross_validation.tags} == {"a/b = ü": 6, "high": 6}


def test_artists_are_read_from_the_files_if_the_data_has_none(tmp_path: Path, learn) -> None:
    for number in range(8):
        tag = ("low", "high")[number % 2]
        write_tone(tmp_path / "music" / tag / f"{number}.flac", HERTZ[tag], number, artist=f"The Band {number // 4}")
    result, _ = learn(tmp_path / "music")
    assert "by artist in at most 5 folds (2 artists)" in result.cross_validation.protocol


def test_clips_of_unknown_artists_are_divided_by_file_and_the_protocol_says_so(tmp_path: Path, learn) -> None:
    for number in range(6):
        tag = ("low", "high")[number % 2]
        write_tone(tmp_path / "music" / tag / f"{number}.flac", HERTZ[tag], number)
    result, _ = learn(tmp_path / "music")
    assert "by file in at most 5 folds; no artist is known" in result.card.scores[0].protocol
    assert [tag.artists for tag in result.cross_validation.tags] == [3, 3]
    write_tone(tmp_path / "music" / "low" / "A" / "a.flac", HERTZ["low"], 7)
    result, _ = learn(tmp_path / "music")
    assert "(1 artist, and by file for 6 clips of unknown artists)" in result.card.scores[0].protocol


def test_a_tag_of_one_artist_is_left_out(tones: Path, tmp_path: Path, learn) -> None:
    files = sorted(tones.rglob("*.flac"))
    rows = [(file, file.parts[-3], file.parent.name) for file in files]
    rows[0] = (files[0], "high;once", "artist 0")
    result, _ = learn(write_table(tmp_path / "clips.csv", rows))
    assert result.card.vocabulary.names == ("high", "low")
    assert result.omitted_tags == {"once": "only 1 clip, of one artist: add clips of others"}


def test_unusable_files_are_reported_and_left_out(tones: Path, tmp_path: Path, learn) -> None:
    silent = write(tmp_path / "silent.flac", np.zeros(32000))
    damaged = tmp_path / "damaged.flac"
    damaged.write_bytes(b"fLaC and nothing else")
    rows = [(file, file.parts[-3], file.parent.name) for file in sorted(tones.rglob("*.flac"))]
    rows += [(silent, "low", "x"), (damaged, "low", "y"), (tmp_path / "missing.flac", "gone", "z")]
    result, lines = learn(write_table(tmp_path / "clips.csv", rows))
    assert result.failed == 3 and result.cross_validation.clips == 12
    assert len(lines) == 3 and all(line.startswith(f"error: {tmp_path}") for line in lines)
    assert result.omitted_tags == {"gone": "none of its files can be used"}
    assert lines[0] == f"error: {silent} is silent"
    assert "missing.flac does not exist" in lines[2]


def test_copies_of_a_clip_are_one_clip_with_the_tags_of_all(tones: Path, tmp_path: Path, learn) -> None:
    for file in sorted(tones.rglob("*.flac")):
        copies = [file.parts[-3], *(["both"] if file.name == "0.flac" else [])]
        for tag in copies:
            copy = tmp_path / "music" / tag / file.parent.name / f"{file.parts[-3]} {file.name}"
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    result, lines = learn(tmp_path / "music")
    assert result.cross_validation.clips == 12
    assert {tag.name: tag.clips for tag in result.cross_validation.tags} == {"both": 6, "high": 6, "low": 6}
    (line,) = lines
    assert line.startswith("warning: 6 clips with the samples of another clip, such as high/artist 0/high 0.flac")


def test_a_few_clips_are_called_few(learned: LearnResult) -> None:
    assert all(tag.few for tag in learned.cross_validation.tags)


@pytest.mark.parametrize(
    ("labels", "artists", "message"),
    [
        (("low", "low", "low", "low"), "abcd", "no tag can be learned; low: all clips have it"),
        (("low", "high", "low", "high"), "abab", "of one artist: add clips of others"),
        (("", "", "", ""), "abcd", "has no labels"),
        (("valence=0.3", "valence=0.7", "low", "low"), "abcd", "'valence=0.3' is graded"),
    ],
)
def test_data_that_nothing_can_be_learned_from(
    tones: Path, tmp_path: Path, learn, labels: tuple[str, ...], artists: str, message: str
) -> None:
    files = sorted(tones.rglob("*.flac"))
    table = write_table(tmp_path / "clips.csv", [*zip(files, labels, artists, strict=False)])
    with pytest.raises(DatasetError, match=message):
        learn(table)
    assert not (tmp_path / "model").exists()


def test_a_folder_without_audio(tmp_path: Path, learn) -> None:
    (tmp_path / "music" / "jazz").mkdir(parents=True)
    with pytest.raises(DatasetError, match="contains no audio files"):
        learn(tmp_path / "music")


def test_a_folder_of_damaged_files(tmp_path: Path, learn) -> None:
    for tag in HERTZ:
        (tmp_path / "music" / tag).mkdir(parents=True)
        (tmp_path / "music" / tag / "a.flac").write_bytes(b"nothing")
    with pytest.raises(DatasetError, match="none of the 2 files has an embedding"):
        learn(tmp_path / "music")


def test_other_files_are_never_replaced(tones: Path, tmp_path: Path, learn) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "notes.txt").write_text("mine")
    with pytest.raises(ModelError, match="contains files that are no learned model"):
        learn(tones)
    with pytest.raises(ModelError, match="contains files that are no learned model"):
        learn(tones, out=tmp_path / "model" / "notes.txt")
    assert (tmp_path / "model" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["default", "a/b", "..", "a\nb"])
def test_names_that_no_model_can_be_installed_by(tones: Path, cache: Path, name: str) -> None:
    with pytest.raises(ModelError, match="choose another name with --name"):
        taggram.learn(tones, name=name, cache=cache)


def test_a_classical_baseline_has_no_last_layer(tones: Path, tmp_path: Path, learn) -> None:
    baseline = tmp_path / "forest"
    baseline.mkdir()
    Tagger().card.replace(architecture=BASELINES[0]).write(baseline)
    (baseline / "baseline.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="is a classical baseline"):
        learn(tones, model=baseline)
