"""The quality benchmark reads its material right, asks each model once, and its figures say what they should."""

import csv

import numpy as np
import pytest
from benchmarks.quality import agreement, calibration, embedding, genre, labels
from benchmarks.quality.__main__ import show, write
from benchmarks.quality.answers import answers
from benchmarks.quality.clips import Clips, names
from benchmarks.quality.comparison import NOT_BELOW, Resampling, at_least, within
from benchmarks.quality.held import held
from benchmarks.quality.panel import TAGS, Panel, Voice

from benchmarks import finalists
from taggram import ModelCard
from taggram.evaluation import Interval
from taggram.models.directories import find_model
from taggram.tagging import DEFAULT_MODEL
from taggram.vocabularies import VocabularyMap

FEW = Resampling(20)


@pytest.fixture
def panel(tmp_path):
    """Made-up clips, and models that know their labels with more or less noise."""
    rng = np.random.default_rng(0)
    n = 240
    words = VocabularyMap.read(labels.MAP)
    has = rng.random((n, len(TAGS))) < 0.25
    genres, moods = [], []
    known = [label for label in words.source.names if label.startswith("mer4q/")]
    for row in has:
        true = {tag for tag, yes in zip(TAGS, row, strict=True) if yes}
        mine = [label for label in known if true.intersection(words.inverse().sources[label])]
        moods.append(frozenset(mine[15:]))
        genres.append(frozenset(mine[:15]))
    four = np.array(["classical", "electronic", "pop", "rock"])
    clips = Clips(
        "mer4q",
        tmp_path,
        tuple(f"{i}.opus" for i in range(n)),
        np.array([f"artist {i // 2}" for i in range(n)]),
        np.array([f"title {i}" for i in range(n)]),
        np.repeat(["train", "valid", "test"], n // 3),
        four[has[:, [TAGS.index(name) for name in four]].argmax(axis=1)],
        tuple(genres),
        tuple(moods),
    )

    def voice(name, noise, columns=slice(None)):
        scores = np.full(has.shape, np.nan, np.float32)
        said = 1 / (1 + np.exp(-(4 * has - 2 + noise * rng.normal(size=has.shape))))
        scores[:, columns] = said[:, columns]
        return Voice(name, scores, (has + noise * rng.normal(size=has.shape)).astype(np.float32))

    half = np.flatnonzero(np.arange(len(TAGS)) % 2)
    teachers = (voice("half", 1, half), voice("good", 2), voice(genre.TEACHER, 4))
    return Panel(clips, voice("student", 2), teachers, (1, 1, 1))


@pytest.fixture
def index(tmp_path):
    file = tmp_path / "index.tsv"
    file.write_text("1\t0/artist_0-album-01-title_0-0-29.mp3\n2\tc/artist_1-album-01-title_2-0-29.mp3\n")
    return file


def test_all_questions_are_answered_and_written(panel, index, tmp_path, capsys):
    rows = [
        *agreement.compare([panel, panel], FEW),
        *labels.compare(panel, FEW),
        *embedding.compare(panel, FEW),
        *genre.compare(panel, index, FEW),
        *calibration.compare(panel, FEW),
    ]
    card = ModelCard.read(find_model(DEFAULT_MODEL)).replace(name="a.model", files={"model.onnx": "123"})
    write(rows, tmp_path / "out" / "quality.csv", card, FEW)
    show(rows)
    assert "precision at 10" in capsys.readouterr().out
    with (tmp_path / "out" / "quality.csv").open(encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert len(found) == len(rows)
    assert len({row["question"] for row in found}) == 5
    for row in found:
        assert float(row["student_low"]) <= float(row["student_figure"]) <= float(row["student_high"])
        assert (row["met"] != "") == (row["target"] != "")
        assert row["seed"] == "0" and row["resamples"] == "20" and row["model"] == "a.model"


def test_a_student_that_says_what_the_ensemble_says_agrees(panel):
    twin = Panel(panel.clips, Voice("twin", panel.ensemble, panel.student.embeddings), panel.teachers, panel.weights)
    for row in agreement.compare([twin], FEW):
        assert row.student.value == pytest.approx(1) and row.met
    ensemble = next(row for row in labels.compare(twin, FEW) if row.other == "ensemble")
    assert ensemble.difference == (0, 0, 0) and ensemble.met


def test_the_best_teacher_is_one_that_knows_enough_labels(panel):
    """The one with the least noise knows half of the labels only."""
    assert labels.best_teacher(panel).name == "good"
    rows = labels.compare(panel, FEW)
    assert {row.tags for row in rows if row.other == "half"} < {row.tags for row in rows}


def test_clips_that_are_held_do_not_count(panel, index):
    test, every = (genre.compare(panel, index, FEW)[i] for i in (0, 2))
    assert (test.clips, every.clips) == (80, 239)


def test_a_genre_that_a_model_does_not_know_is_never_chosen(panel, index):
    scores = panel.student.scores.copy()
    scores[:, TAGS.index("classical")] = np.nan
    student = Voice("student", scores, panel.student.embeddings)
    found = genre.compare(Panel(panel.clips, student, panel.teachers, panel.weights), index, FEW)
    assert found[0].student.value > 0.25


def test_targets():
    figure, difference = Interval(0.9, 0.8, 0.95), Interval(-0.02, -0.05, 0.0)
    assert at_least(0.9).met(figure, None) and not at_least(0.91).met(figure, None)
    assert NOT_BELOW.met(figure, difference) and not NOT_BELOW.met(figure, Interval(-0.02, -0.05, -0.001))
    assert within(0.02).met(figure, difference) and not within(0.01).met(figure, difference)


def test_a_clip_is_held_if_its_title_begins_as_another_does(tmp_path):
    index = tmp_path / "index.tsv"
    lines = ("b/the_artist-some_album-03-a_title_i_allegro-0-29.mp3", "f/the_artist-some_album-04-another-0-29.mp3")
    index.write_text("".join(f"{i}\t{line}\n" for i, line in enumerate(lines)))
    titles = ["A title", "A Title: I. Allegro (2004)", "Another", "Title"]
    assert held(["The Artist"] * 4, titles, index).tolist() == [True, True, False, False]
    assert held(["Other"], ["A title"], index).tolist() == [False]


def test_the_recordings_that_magnatagatune_holds(shared):
    clips = Clips.read(shared / "data", "emotify")
    found = held(clips.artists, clips.titles, shared / "metadata" / "mtat" / "index_mtt.tsv")
    assert (len(found), found.sum(), found[clips.in_splits("test")].sum()) == (325, 169, 38)


def test_the_map_of_labels_fits_the_data(shared):
    words = VocabularyMap.read(labels.MAP)
    mer4q, emotify = (Clips.read(shared / "data", name) for name in ("mer4q", "emotify"))
    assert len(mer4q) == 809 and len(names(mer4q.genres)) == 21
    assert set(names(mer4q.genres) + names(emotify.genres)) <= set(words.source.names)
    assert mer4q.has(words.source.names[:30]).any(axis=0).all()
    assert len(words.inverse().covered()) == 15 + 9 + 4


def test_a_model_is_asked_once(published, examples, tmp_path, capsys):
    model = str(published("musicnn_pons.mtat-pons2019"))
    blank = np.array(["", ""])
    files = tuple(sorted(file.name for file in examples.glob("*.opus")))[:2]
    clips = Clips("mine", examples, files, blank, blank, blank, blank, (frozenset(),) * 2, (frozenset(),) * 2)
    first = answers(model, clips, tmp_path, 1)
    assert first.scores.shape == (2, 50) and first.embeddings.shape == (2, 200)
    assert "tagging 2 clips" in capsys.readouterr().err
    again = answers(model, clips, tmp_path, 1)
    assert not capsys.readouterr().err
    assert np.array_equal(first.scores, again.scores) and np.array_equal(first.embeddings, again.embeddings)


def test_finalists_are_compared_on_validation_clips_only(panel):
    found = finalists.figures([panel, panel])
    assert found["clips"] == 2 * 80
    assert 0.5 < found["label_roc_auc"] <= 1 and 0 < found["spearman"] < 1 and 0.5 < found["top_decile_roc_auc"] <= 1
    elsewhere = ~panel.clips.in_splits("valid")
    panel.student.scores[elsewhere] = 0
    panel.student.embeddings[elsewhere] = 0
    assert finalists.figures([panel, panel]) == found
    panel.student.scores[~elsewhere] *= -1
    assert finalists.figures([panel, panel])["spearman"] == pytest.approx(-found["spearman"], abs=1e-3)
