"""Teachers score clips once, and their scores are aligned in time."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
import torch

from taggram.datasets import ClipIndex, PackedStore, list_folder, pack
from taggram.errors import ModelError, RecipeError
from taggram.models import create_model
from taggram.models.weights import save_model
from taggram.tagging import Tagger
from taggram.training.distillation.plan import with_teachers
from taggram.training.distillation.teacher_scores import TeacherScores, combine, teacher_scores
from taggram.training.plan import make_plan
from taggram.training.recipe import Recipe
from taggram.training.recipe.sections import Teacher
from taggram.vocabularies import Vocabulary

RATE = 16000


def test_segments_are_resampled_to_frames_by_overlap() -> None:
    # One clip of 2.5 s, whose two segments end at 2.0 s; one of 1 s with one segment.
    scores = np.array([[0.0], [0.6], [0.9]], np.float32)
    times = np.array([[0.0, 0.75], [0.75, 2.0], [0.0, 1.0]])
    on_frames = TeacherScores(scores, times, np.array([2, 1]), scores[:, :0]).on_frames(scores, np.array([5, 2]))
    np.testing.assert_allclose(on_frames[:, 0], [0.0, 0.3, 0.6, 0.6, 0.6, 0.9, 0.9], atol=1e-6)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Teacher:
    folder = tmp_path_factory.mktemp("models") / "teacher"
    network = create_model("small_vgg", "mtat", channels=(4, 4, 4, 4, 4), embedding_size=8)
    save_model(network, network.card("small_vgg.teacher", trained_on="nothing", licence="none"), folder)
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


def test_scores_are_those_of_tagging_and_are_computed_once(teacher, store, monkeypatch) -> None:
    lines: list[str] = []
    (scores,) = teacher_scores(store, np.arange(4), [teacher], report=lines.append)
    prediction = Tagger(teacher.model).tag(store.read(1), sample_rate=RATE)
    first = int(scores.counts[0])
    np.testing.assert_array_equal(scores.scores[first : first + scores.counts[1]], prediction.scores)
    np.testing.assert_array_equal(scores.times[first : first + scores.counts[1]], prediction.times)
    assert len(lines) == 1
    monkeypatch.setattr(Tagger, "tag", None)  # calling it is an error
    (again,) = teacher_scores(store, np.arange(4), [teacher], report=lines.append)
    np.testing.assert_array_equal(again.scores, scores.scores)
    (fewer,) = teacher_scores(store, np.arange(3), [teacher], report=lines.append)
    np.testing.assert_array_equal(fewer.scores, scores.scores[: len(fewer.scores)])
    assert len(lines) == 1


def test_the_targets_of_a_plan_are_the_scores_of_its_teachers(teacher, store) -> None:
    recipe = Recipe(
        name="small_vgg.x",
        model={"architecture": "small_vgg"},
        data={"store": "x", "vocabulary": "mtat"},
        distill={"teachers": (teacher,)},
    )
    plan = with_teachers(make_plan(recipe, store))
    rows = np.arange(2)
    expected = [Tagger(teacher.model).tag(store.read(i), sample_rate=RATE).clip_scores() for i in (2, 3)]
    # A clip of 6 or 7 s and a segment of 3 s: frames weigh the end a little differently.
    np.testing.assert_allclose(plan.valid.targets.probabilities(rows), expected, atol=0.02)
    targets = plan.train.targets.of_segments(rows, rows * 0, 3 * RATE)
    assert targets.shape == (2, 50) and targets.min() > 0 and targets.max() < 1


def test_the_weight_of_a_teacher_differs_between_categories(teacher) -> None:
    scores = [
        TeacherScores(
            np.full((1, 50), score, np.float32), np.array([[0.0, 1.0]]), np.array([1]), np.zeros((1, 0), np.float32)
        )
        for score in (0.2, 0.8)
    ]
    teachers = [teacher.model_copy(update={"weights": {"voice": 6}}), teacher]
    vocabulary = Vocabulary.from_names("taggram")
    combined = combine(scores, teachers, vocabulary, np.array([2]))
    mean = dict(zip(vocabulary.names, combined[0].tolist(), strict=True))
    assert mean["rock"] == pytest.approx(0.5)  # both weigh 2
    assert mean["female voice"] == pytest.approx(1 / (1 + 4**0.5))  # 6 against 2
    assert np.isnan(mean["reggae"])  # no tag of MagnaTagATune


def test_tags_without_teachers_and_labels_are_not_learned(teacher, store, monkeypatch) -> None:
    recipe = Recipe(
        name="small_vgg.x",
        model={"architecture": "small_vgg"},
        data={"store": "x", "vocabulary": "taggram"},
        distill={"teachers": (teacher,), "label_weight": 1.0},
    )
    lines: list[str] = []
    plan = with_teachers(make_plan(recipe, store), report=lines.append)
    assert "reggae" not in plan.vocabulary.tags and plan.vocabulary.tags["guitar"] == "instrument"
    assert lines[-1].startswith("not learned") and "reggae" in lines[-1]
    rows = np.arange(2)
    assert plan.train.targets.of_clips(rows).shape == plan.train.labels[rows].shape == (2, len(plan.vocabulary))
    assert plan.build_network().eval()(torch.zeros(1, 65536))[0].shape == (1, len(plan.vocabulary))
    nobody = np.full((1, 50), np.nan, np.float32)
    monkeypatch.setattr("taggram.training.distillation.plan.combine", lambda *_: nobody)
    with pytest.raises(RecipeError, match="no teacher has any tag"):
        with_teachers(make_plan(recipe.replace(data={"vocabulary": "mtat"}), store))


def test_a_missing_teacher_is_named(store) -> None:
    with pytest.raises(ModelError, match="no model is named 'nobody'"):
        teacher_scores(store, np.arange(1), [Teacher(model="nobody")])
