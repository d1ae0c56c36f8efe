"""`calibrate` on a model that was trained on labels: only its card changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from taggram import ModelCard, Tagger, train
from taggram.datasets import PackedStore
from taggram.errors import DatasetError
from taggram.training import Recipe
from taggram.training.calibration.run import calibrate

RATE = 16000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classical model in `model`, and judgements of its tags, by which the higher scores are right."""
    folder = tmp_path_factory.mktemp("calibration")
    rng = np.random.default_rng(0)
    rows = ["id,path,labels,split"]
    for i in range(24):
        tone = np.sin(2 * np.pi * (220, 2500)[i % 2] * np.arange(2 * RATE) / RATE)
        soundfile.write(folder / f"{i}.wav", 0.3 * tone + 0.01 * rng.standard_normal(len(tone)), RATE)
        label, split = ("low", "high")[i % 2], "train" if i < 8 else "valid"
        rows.append(f"{i},{i}.wav,{label},{split}")
    (folder / "clips.csv").write_text("\n".join(rows))
    (folder / "other.tsv").write_text("clip\ttag\tjudgement\nmine/0\tmine/low\tright\n")
    recipe = f"""
name: random_forest.mine
data: {{store: {folder}/store, sources: [{{name: mine, path: {folder}/clips.csv}}]}}
model: {{architecture: random_forest}}
"""
    train(Recipe.parse(recipe), folder / "model")
    (folder / "recipe.yaml").write_text(recipe)
    predictions = {i: Tagger(folder / "model").tag(folder / f"{i}.wav") for i in range(8, 24)}
    for name, verdicts in (("judged", ("right", "wrong")), ("reversed", ("wrong", "right"))):
        rows = ["clip\ttag\tjudgement"]
        for i, prediction in predictions.items():
            best, worst = prediction.top(2)
            rows += [f"mine/{i}\t{best.tag}\t{verdicts[0]}", f"mine/{i}\t{worst.tag}\t{verdicts[1]}"]
        (folder / f"{name}.tsv").write_text("\n".join(rows))
    return folder


def test_thresholds_by_the_labels_and_levels_by_the_judgements(folder: Path) -> None:
    before = Tagger(folder / "model").tag(folder / "20.wav")
    result = calibrate(folder / "model", folder / "recipe.yaml", judgements=folder / "judged.tsv")
    card = ModelCard.read(folder / "model")
    assert card == result.card
    assert result.clips == 16
    assert card.thresholds is not None and set(card.thresholds["balanced"]) == {"mine/low", "mine/high"}
    assert card.levels is not None
    assert sum(row.right + row.wrong for row in card.levels.precision) <= 32
    after = Tagger(folder / "model").tag(folder / "20.wav")
    assert (before.scores == after.scores).all()
    assert before.probabilities is None
    for tag in card.vocabulary.names:
        assert after.probability(tag) == pytest.approx(card.levels.probability(tag, after[tag]), abs=1e-6)


def test_without_judgements_there_are_no_levels(folder: Path) -> None:
    assert calibrate(folder / "model", folder / "recipe.yaml").card.levels is None


def test_a_store_is_packed_from_the_validation_clips(folder: Path) -> None:
    result = calibrate(folder / "model", folder / "recipe.yaml", store=folder / "valid-store")
    assert result.clips == 16


@pytest.mark.parametrize(
    ("table", "message"),
    [("other", "mine/0 is no validation clip of"), ("reversed", "do not have the higher scores")],
)
def test_judgements_that_do_not_fit_are_refused(folder: Path, table: str, message: str) -> None:
    before = (folder / "model" / "card.json").read_bytes()
    with pytest.raises(DatasetError, match=message):
        calibrate(folder / "model", folder / "recipe.yaml", judgements=folder / f"{table}.tsv")
    assert (folder / "model" / "card.json").read_bytes() == before


def test_neither_training_nor_calibration_reads_a_test_clip(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, *rows = (folder / "clips.csv").read_text().replace(",valid", ",test", 6).splitlines()
    (tmp_path / "clips.csv").write_text("\n".join([head, *(row.replace(",", f",{folder}/", 1) for row in rows)]))
    splits: list[str] = []

    def watched(method: str) -> None:
        read = getattr(PackedStore, method)

        def record(store: PackedStore, clips: object, *arguments: object) -> object:
            splits.extend(store.clips[int(clip)].split for clip in np.atleast_1d(clips))
            return read(store, clips, *arguments)

        monkeypatch.setattr(PackedStore, method, record)

    watched("read")
    watched("segments")
    recipe = Recipe.parse(f"""
name: random_forest.mine
data: {{store: {tmp_path}/store, sources: [{{name: mine, path: {tmp_path}/clips.csv}}]}}
model: {{architecture: random_forest}}
""")
    train(recipe, tmp_path / "model")
    assert set(splits) <= {"train", "valid"} and "train" in splits
    splits.clear()
    assert calibrate(tmp_path / "model", recipe).clips == 10
    assert set(splits) == {"valid"}
    assert sum(clip.split == "test" for clip in PackedStore(tmp_path / "store").clips) == 6
