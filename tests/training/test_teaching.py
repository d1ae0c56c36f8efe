"""Teachers score clips once, and what they say is lined up in time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from taggram.datasets import ClipIndex, PackedStore, list_folder, pack
from taggram.errors import ModelError, RecipeError
from taggram.models import create_model
from taggram.models.weights import save_model
from taggram.tagging import Tagger
from taggram.training.distillation import taught
from taggram.training.plan import plan
from taggram.training.recipe import Recipe
from taggram.training.teaching import Lesson, Teacher, teach, together
from taggram.vocabularies import Vocabulary

RATE = 16000


def test_segments_are_laid_on_cells_by_how_much_they_overlap() -> None:
    # One clip of 2.5 s, whose two segments end at 2.0 s; one of 1 s with one segment.
    scores = np.array([[0.0], [0.6], [0.9]], np.float32)
    times = np.array([[0.0, 0.75], [0.75, 2.0], [0.0, 1.0]])
    lesson = Lesson(scores, times, np.array([2, 1]), scores[:, :0])
    cells = lesson.on_cells(lesson.scores, np.array([5, 2]))
    np.testing.assert_allclose(cells[:, 0], [0.0, 0.3, 0.6, 0.6, 0.6, 0.9, 0.9], atol=1e-6)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Teacher:
    folder = tmp_path_factory.mktemp("models") / "teacher"
    network = create_model("musicnn_pons", "mtat", channels=4, units=8)
    save_model(network, network.card("musicnn_pons.teacher", trained_on="nothing", licence="none"), folder)
    return Teacher(model=str(folder), weight=2)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> PackedStore:
    folder = tmp_path_factory.mktemp("store")
    for i in range(4):
        noise = np.random.default_rng(i).normal(0, 0.1, (4 + i) * RATE)
        soundfile.write(folder / f"{i}.wav", noise, RATE)
    index = list_folder(folder)
    train, valid = ClipIndex(folder, index.clips[:2]), ClipIndex(folder, index.clips[2:])
    pack(ClipIndex(folder, train.with_split("train").clips + valid.with_split("valid").clips), folder / "store")
    return PackedStore(folder / "store")


def test_scores_are_those_of_tagging_and_are_computed_once(teacher, store, tmp_path: Path) -> None:
    said: list[str] = []
    (lesson,) = teach(store, np.arange(4), [teacher], tmp_path, report=said.append)
    prediction = Tagger(teacher.model).tag(store.read(1), sample_rate=RATE)
    first = int(lesson.counts[0])
    np.testing.assert_array_equal(lesson.scores[first : first + lesson.counts[1]], prediction.scores)
    np.testing.assert_array_equal(lesson.times[first : first + lesson.counts[1]], prediction.times)
    assert len(said) == 1
    (again,) = teach(store, np.arange(4), [teacher], tmp_path, report=said.append)
    np.testing.assert_array_equal(again.scores, lesson.scores)
    assert len(said) == 1
    teach(store, np.arange(3), [teacher], tmp_path, report=said.append)  # other clips
    assert len(said) == 2


def test_a_plan_is_taught(teacher, store) -> None:
    recipe = Recipe(
        name="musicnn_pons.x", architecture="musicnn_pons", store="x", vocabulary="mtat", teachers=(teacher,)
    )
    made = taught(plan(recipe, store), store)
    rows = np.arange(2)
    expected = [Tagger(teacher.model).tag(store.read(i), sample_rate=RATE).song_scores() for i in (2, 3)]
    # A clip of 6 or 7 s and a segment of 3 s: cells weigh the last stretch a little differently.
    np.testing.assert_allclose(made.valid.targets.probabilities(rows), expected, atol=0.02)
    targets = made.train.targets.of_segments(rows, rows * 0, 3 * RATE)
    assert targets.shape == (2, 50) and targets.min() > 0 and targets.max() < 1


def test_tags_that_no_teacher_knows_are_named(teacher) -> None:
    lesson = Lesson(
        np.full((1, 50), 0.5, np.float32), np.array([[0.0, 1.0]]), np.array([1]), np.zeros((1, 0), np.float32)
    )
    with pytest.raises(RecipeError, match="none of them knows .*reggae.*; add one"):
        together([lesson], [teacher], Vocabulary.from_names("taggram"), np.array([2]))


def test_a_teacher_that_is_not_there_is_named(store, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model is named 'nobody'"):
        teach(store, np.arange(1), [Teacher(model="nobody")], tmp_path)
