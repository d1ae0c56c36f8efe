"""Classical models: fitted with scikit-learn, stored as arrays, with the same predictions."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from tones import Tones, recipe

import taggram
from taggram.errors import CardError, RecipeError
from taggram.features import FrontEnd
from taggram.features.numpy_log_mel import log_mel
from taggram.metrics import roc_auc
from taggram.models import ModelCard
from taggram.models.baselines import NearestNeighbours, Votes, load_baseline, read_arrays
from taggram.models.directories import BASELINE_FILE
from taggram.training import Recipe, baselines
from taggram.training.plan import Plan, make_plan
from taggram.vocabularies import Vocabulary

TAGS = ["low", "high", "rare", "never"]
KINDS = ["random_forest", "knn"]


@pytest.fixture(scope="module")
def store() -> Tones:
    return Tones(train=20, valid=6)


def plan(kind: str, store: Tones, tags: list[str] = TAGS, **settings: object) -> Plan:
    named = {"name": f"{kind}.tones", "model": {"architecture": kind}, "data": {"vocabulary": tags}}
    return make_plan(recipe(**{**named, **settings}), store)


@pytest.fixture(params=KINDS, scope="module")
def folder(request: pytest.FixtureRequest, store: Tones, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "model"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baselines, "NEIGHBOURS", 5)
        baselines.fit_baseline(plan(request.param, store), folder)
    return folder


def features(store: Tones, split: str, card: ModelCard) -> np.ndarray:
    assert isinstance(card.front_end, FrontEnd)
    clips = store.select(split=split)
    segments = store.segments(clips, np.zeros(len(clips), np.int64), card.segments.samples)
    return log_mel(segments, card.front_end).reshape(len(clips), -1)


def labels(store: Tones, split: str) -> np.ndarray:
    return np.array([[tag in store.clips[i].labels for tag in TAGS] for i in store.select(split=split)], np.uint8)


def probabilities(oracle: RandomForestClassifier | KNeighborsClassifier, x: np.ndarray) -> np.ndarray:
    """Probability of each tag; scikit-learn leaves out classes without examples."""
    columns = zip(oracle.predict_proba(x), oracle.classes_, strict=True)
    return np.stack([values[:, classes == 1].sum(1) for values, classes in columns], axis=1)


def test_scores_are_those_of_scikit_learn(folder: Path, store: Tones) -> None:
    card = ModelCard.read(folder)
    x, y = features(store, "train", card), labels(store, "train")
    assert abs(x.mean()) < 1e-3
    assert abs(x.std() - 1) < 1e-3
    if card.architecture == "knn":
        assert card.options == {"k": 5}
        oracle = KNeighborsClassifier(5).fit(x.astype(np.float16).astype(np.float32), y)
    else:
        assert card.options == {"trees": 100}
        oracle = RandomForestClassifier(100, random_state=0).fit(x, y)
    new = features(store, "valid", card)
    scores = load_baseline(folder, card)(new)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, probabilities(oracle, new), atol=1e-6)
    assert 0 < scores.max() <= 1
    assert not scores[:, TAGS.index("never")].any()


@pytest.mark.parametrize("kind", KINDS)
def test_hard_scores_are_the_predictions_of_scikit_learn(kind: str, store: Tones, tmp_path: Path) -> None:
    ready = plan(kind, store, model={"architecture": kind, "options": {"hard": True}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baselines, "NEIGHBOURS", 5)
        card = baselines.fit_baseline(ready, tmp_path / "m")
    assert card.options["hard"] is True
    new = features(store, "valid", card)
    x, y = features(store, "train", card), labels(store, "train")
    oracle = RandomForestClassifier(100, random_state=0) if kind == "random_forest" else KNeighborsClassifier(5)
    scores = load_baseline(tmp_path / "m", card)(new)
    assert scores.dtype == np.float32
    np.testing.assert_array_equal(scores, oracle.fit(x, y).predict(new))
    prediction = taggram.Tagger(tmp_path / "m").tag(store.read(0), sample_rate=store.sample_rate)
    assert set(prediction.scores.ravel().tolist()) <= {0.0, 1.0}


def test_the_roc_auc_of_hard_scores_is_lower() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((600, 4)).astype(np.float32)
    y = (x[:, :2] + rng.standard_normal((600, 2)) > 1.5).astype(np.uint8)  # rare, and noisy
    soft = NearestNeighbours({"examples": x[:400].astype(np.float16), "labels": y[:400]}, 25)
    hard = Votes(soft)
    assert set(hard(x[400:]).ravel().tolist()) == {0.0, 1.0}
    soft_auc, hard_auc = (np.mean(roc_auc(scores(x[400:]), y[400:])) for scores in (soft, hard))
    assert soft_auc > 0.84
    assert 0.51 < hard_auc < 0.52, "the paper has .51"


def test_whoever_may_read_the_card_may_read_the_arrays(folder: Path) -> None:
    modes = {file.stat().st_mode for file in (folder / "card.json", folder / "baseline.safetensors")}
    assert len(modes) == 1


def test_they_tag_like_any_model(folder: Path, store: Tones) -> None:
    tagger = taggram.Tagger(folder)
    for i in store.select(split="valid").tolist():
        prediction = tagger.tag(store.read(i), sample_rate=store.sample_rate)
        assert prediction.top(1)[0][0] == ("low" if "low" in store.clips[i].labels else "high")
        assert prediction.embedding.shape == (tagger.card.embedding_size,)
    assert tagger.score_segments(np.zeros((3, tagger.card.segments.samples), np.float32)).shape == (3, len(TAGS))


def test_they_need_neither_torch_nor_scikit_learn(folder: Path, pieces: Path) -> None:
    program = f"""
import sys
for name in ("torch", "sklearn", "safetensors"):
    sys.modules[name] = None
import taggram
print(len(taggram.Tagger({str(folder)!r}).tag({str(pieces / "piano-prelude.opus")!r}).scores) > 0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "True", done.stderr


def test_they_are_no_networks(folder: Path) -> None:
    with pytest.raises(CardError, match="names an unknown architecture"):
        taggram.create_model(str(folder))


def test_a_single_tag(store: Tones, tmp_path: Path) -> None:
    card = baselines.fit_baseline(plan("random_forest", store, ["low"]), tmp_path / "m")
    scores = load_baseline(tmp_path / "m", card)(features(store, "valid", card))
    assert ((scores[:, 0] > 0.5) == (labels(store, "valid")[:, 0] == 1)).all()


def test_fewer_clips_than_neighbours(store: Tones, tmp_path: Path) -> None:
    card = baselines.fit_baseline(plan("knn", store), tmp_path / "m")
    assert card.options == {"k": 20}


def test_a_recipe_names_one(folder: Path, store: Tones, tmp_path: Path) -> None:
    kind = ModelCard.read(folder).architecture
    ready = plan(kind, store, ["low", "high"], licence="CC0")
    card = baselines.fit_baseline(ready, tmp_path / "model")
    assert card == ModelCard.read(tmp_path / "model")
    assert (card.licence, card.vocabulary.names) == ("CC0", ("low", "high"))
    assert Recipe.read(tmp_path / "model" / "recipe.yaml") == ready.recipe
    assert baselines.fit_baseline(ready, tmp_path / "model") == card, "it is replaced"
    (tmp_path / "model" / "notes.txt").write_text("of a person")
    with pytest.raises(RecipeError, match=f"contains files that are no {kind}"):
        baselines.fit_baseline(ready, tmp_path / "model")
    with pytest.raises(RecipeError, match=r"takes no model\.options but hard, and no teachers"):
        plan(kind, store, model={"architecture": kind, "options": {"k": 3}})
    with pytest.raises(RecipeError, match=f"packed at 22050 Hz and {kind} takes 16000 Hz"):
        plan(kind, Tones(sample_rate=22050))


def test_the_nearest_are_found_among_many() -> None:
    rng = np.random.default_rng(0)
    examples, tags = rng.standard_normal((500, 30)).astype(np.float16), rng.integers(0, 2, (500, 3)).astype(np.uint8)
    new = rng.standard_normal((7, 30)).astype(np.float32)
    oracle = KNeighborsClassifier(125).fit(examples.astype(np.float32), tags)
    found = NearestNeighbours({"examples": examples, "labels": tags}, 125)(new)
    np.testing.assert_allclose(found, probabilities(oracle, new), atol=1e-6)


def damaged(folder: Path, data: bytes) -> None:
    (folder / BASELINE_FILE).write_bytes(data)


def written(**arrays: np.ndarray) -> bytes:
    header, blob = {}, b""
    for name, array in arrays.items():
        kind = {"float32": "F32", "int32": "I32", "float64": "F64"}[array.dtype.name]
        offsets = [len(blob), len(blob) + array.nbytes]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": offsets}
        blob += array.tobytes()
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + blob


LEAF = {key: np.array([-1], np.int32) for key in ("left", "right")}
ONE = {
    **LEAF,
    **{key: np.array([0], np.int32) for key in ("feature", "answer", "roots")},
    "threshold": np.array([0.0]),
    "answers": np.array([[0.25]], np.float32),
}


def test_our_reader_reads_what_is_there(tmp_path: Path) -> None:
    damaged(tmp_path, written(**ONE))
    found = read_arrays(tmp_path / BASELINE_FILE)
    assert found.keys() == ONE.keys()
    assert all(np.array_equal(found[key], ONE[key]) for key in ONE)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not weights at all, but long enough",
        struct.pack("<Q", 4) + b"[1]]" + b"0",
        written(**LEAF),
        written(**{**ONE, "left": np.array([0], np.int32)}),  # a circle
        written(**{**ONE, "left": np.array([7], np.int32), "right": np.array([7], np.int32)}),
        written(**{**ONE, "roots": np.array([3], np.int32)}),
        written(**ONE)[:-2],
    ],
)
def test_damaged_files_are_refused_in_one_line(data: bytes, tmp_path: Path) -> None:
    card = ModelCard(
        name="random_forest.damaged",
        architecture="random_forest",
        paper="",
        vocabulary=Vocabulary.from_names(["a"]),
        front_end=FrontEnd(n_mels=40, hop=512, padding="none"),
        segments={"samples": 465600, "hop": 465600},
        embedding_size=40,
        trained_on="",
        licence="",
    )
    damaged(tmp_path, data)
    with pytest.raises(CardError, match="not a usable random_forest") as error:
        load_baseline(tmp_path, card)
    assert "\n" not in str(error.value)
    card.write(tmp_path)
    ModelCard.read(tmp_path).replace(files={BASELINE_FILE: "0" * 64}).write(tmp_path)
    with pytest.raises(CardError, match="not the file that its card describes"):
        taggram.Tagger(tmp_path)


def test_threads_share_a_tagger(folder: Path) -> None:
    tagger = taggram.Tagger(folder)
    tones = [np.sin(np.arange(3 * 16000) * pitch).astype(np.float32) for pitch in np.linspace(0.01, 2, 16)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda tone: tagger.tag(tone, sample_rate=16000), tones))
    for tone, prediction in zip(tones, together, strict=True):
        np.testing.assert_array_equal(prediction.scores, tagger.tag(tone, sample_rate=16000).scores)
