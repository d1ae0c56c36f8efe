"""`taggram.train`: a complete training from files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import soundfile

import taggram
from taggram.datasets import PackedStore
from taggram.errors import DatasetError, RecipeError
from taggram.training import Recipe, dry_run
from taggram.training.sources import list_sources

T = TypeVar("T")
RATE = 16000


@pytest.fixture(autouse=True)
def no_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the ONNX export, the slowest part; the test of the command has it."""
    monkeypatch.setattr("taggram.models.weights.export_onnx", lambda _, file: file.write_bytes(b""))


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    rows = ["path,split,labels", "broken.wav,valid,low"]
    for i in range(8):
        tone = 0.3 * np.sin(2 * np.pi * (220, 2500)[i % 2] * np.arange(2 * RATE) / RATE)
        soundfile.write(tmp_path / f"{i}.wav", tone + 0.01 * rng.standard_normal(len(tone)), RATE)
        rows.append(f"{i}.wav,{'train' if i < 4 else 'valid'},{('low', 'high')[i % 2]}")
    (tmp_path / "broken.wav").write_bytes(b"no audio")
    (tmp_path / "clips.csv").write_text("\n".join(rows))
    return Recipe.parse("""
name: tiny.tones
data:
  store: store
  sources: [{name: a, path: clips.csv}]
  vocabulary: [a/low, a/high]
model: {architecture: tiny}
optim: {epochs: 2, batch_size: 4}
""")


@pytest.mark.parametrize("split", ["train", "valid"])
def test_a_source_cannot_train_on_its_test_clips(recipe: Recipe, split: str, tmp_path: Path) -> None:
    table = tmp_path / "clips.csv"
    table.write_text(table.read_text().replace("3.wav,train", "3.wav,test"))
    sources = [{"name": "a", "path": "clips.csv", "all": split}]
    with pytest.raises(DatasetError, match=f"clips.csv: all: {split} would train on its 1 test clips"):
        taggram.train(recipe.replace(data={"sources": sources}), tmp_path / "model", device="cpu")
    assert not (tmp_path / "store").exists()


class Progress:
    """Records what is shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, int | None, int]] = []

    def __call__(self, items: Iterable[T], total: int | None, title: str) -> Iterator[T]:
        count = 0
        for item in items:
            yield item
            count += 1
        self.shown.append((title, total, count))


def test_sources_are_packed_and_the_model_is_written(recipe: Recipe, tmp_path: Path) -> None:
    progress, lines = Progress(), []
    result = taggram.train(recipe, "model", device="cpu", progress=progress, report=lines.append)
    assert result.folder == Path("model")
    assert result.card == taggram.ModelCard.read(tmp_path / "model")
    assert result.card.trained_on == "packed store store of a, training split (4 clips)"
    titles = ["packing", "epoch 1/2", "validation 1/2", "epoch 2/2", "validation 2/2"]
    assert [title for title, _, _ in progress.shown] == titles
    assert all(total == count for _, total, count in progress.shown)
    assert len(lines) == 4
    assert lines[0].startswith("error: ") and "broken.wav" in lines[0]
    assert lines[1].startswith("store: 8 packed, 0 kept, 1 failed")
    assert [line.partition(":")[0] for line in lines[2:]] == ["epoch 1/2", "epoch 2/2"]
    assert 0 <= result.metrics["roc_auc"] <= 1


def test_labels_of_another_table_are_added(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "voices.tsv").write_text("clip\tlabels\na/1.wav\tmale; loud\na/1.wav\tmale\na/2.wav\t\n")
    recipe = recipe.replace(data={"labels": [{"name": "voices", "path": "voices.tsv"}]})
    clips = {clip.id: clip.labels for clip in list_sources(recipe, RATE).clips}
    assert clips["a/1.wav"] == ("a/high", "voices/male", "voices/loud")
    assert clips["a/2.wav"] == ("a/low",)
    (tmp_path / "voices.tsv").write_text("clip\tlabels\na/9.wav\tmale\n")
    with pytest.raises(DatasetError, match="voices.tsv: a/9.wav is no clip of the sources"):
        list_sources(recipe, RATE)
    (tmp_path / "voices.tsv").write_text("labels\nmale\n")
    with pytest.raises(DatasetError, match="voices.tsv cannot be read: "):
        list_sources(recipe, RATE)


def test_a_model_goes_where_models_of_its_name_are_found(recipe: Recipe, taggram_home: Path) -> None:
    result = taggram.train(recipe, device="cpu")
    assert result.folder == taggram_home / "models" / "tiny.tones"


@pytest.mark.parametrize(("architecture", "rate"), [("musicnn_ferraro", 12000), ("genre_mood_cnn", 22050)])
def test_sources_are_packed_at_the_rate_of_the_architecture(
    architecture: str, rate: int, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taggram.training.loop.fit.fit", lambda plan, *_, **__: (plan, {}))
    recipe = recipe.replace(name=f"{architecture}.tones", model={"architecture": architecture})
    taggram.train(recipe, "model", device="cpu")
    assert PackedStore("store").sample_rate == rate
    assert PackedStore("store").clips[0].duration == pytest.approx(2, abs=1e-3)


def test_a_file_of_a_recipe_is_named_in_errors(recipe: Recipe, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(recipe.replace(model={"options": {"width": 3}}).to_yaml())
    with pytest.raises(RecipeError, match=f"^{file}: model.options: "):
        taggram.train(file, "model", device="cpu")
    with pytest.raises(RecipeError, match=f"^{file}: model.options: "):
        taggram.train(file, "model", device="cpu")
    assert not (tmp_path / "store").exists(), "found before packing"


def test_a_dry_run_writes_nothing(recipe: Recipe, tmp_path: Path, taggram_home: Path) -> None:
    recipe = recipe.replace(data={"vocabulary": ["a/low", "a/high", "a/other"]})
    with pytest.raises(DatasetError, match="store"):
        dry_run(recipe)
    taggram.train(recipe, "model", device="cpu")
    before = sorted(tmp_path.rglob("*"))
    result = dry_run(recipe)
    assert (result.train_clips, result.valid_clips, result.unlabelled_tags) == (4, 4, ("a/other",))
    network = taggram.create_model("tiny", result.vocabulary)
    assert result.parameters == sum(parameter.numel() for parameter in network.parameters())
    assert (result.folder, dry_run(recipe, "x").folder) == (taggram_home / "models" / "tiny.tones", Path("x"))
    assert result.recipe == recipe
    assert sorted(tmp_path.rglob("*")) == before


def test_threads_are_set_for_the_training_only(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    threads = []
    before = torch.get_num_threads()
    monkeypatch.setattr("taggram.training.loop.fit.fit", lambda *_, **__: (threads.append(torch.get_num_threads()), {}))
    taggram.train(recipe, "model", device="cpu", threads=before + 1)
    assert threads == [before + 1]
    assert torch.get_num_threads() == before


def test_the_extra_is_named_and_importing_loads_no_torch() -> None:
    program = """
import sys
for name in {hidden!r}:
    sys.modules[name] = None
from taggram import Tagger, TaggramError, list_models, train
print("torch" in sys.modules)
{code}
"""
    code = """
try:
    train("a.yaml")
except TaggramError as error:
    print(error)
"""
    for hidden in ([], ["pydantic", "yaml"]):
        text = program.format(hidden=hidden, code=code if hidden else "")
        done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
        assert done.stdout.splitlines()[:1] == ["False"], done.stderr
    assert "training needs the [train] extra: pip install 'taggram[train]'" in done.stdout
