"""Several processes train as one does; accumulated parts of a step are the step."""

from __future__ import annotations

import errno
import os
import shutil
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tones import RATE, Tones

from taggram.datasets import PackedStore, list_table, pack
from taggram.datasets.synthetic import write_noise
from taggram.errors import RecipeError
from taggram.training import Recipe
from taggram.training.loop.checkpoint import FILE_NAME, Checkpoint
from taggram.training.loop.devices import Devices, choose_devices, launch
from taggram.training.loop.fit import fit
from taggram.training.loop.history import Row
from taggram.training.plan import Plan, make_plan

RECIPE = """
name: four_layer_cnn.noise
data: {store: STORE, validation_segments: 1}
model:
  architecture: four_layer_cnn
  options: {batch_norm: false, dropout: 0.0, mean: -40.0, std: 20.0, channels: [4, 4, 8, 8]}
optim: {epochs: 2, batch_size: 5, optimizer: {kind: sgd, lr: 0.05, weight_decay: 0.0}}
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise: 9 training clips, so that a step has 5 segments and the next one 4."""
    folder = tmp_path_factory.mktemp("noise")
    rows = ["path,labels,split"]
    for i in range(12):
        write_noise(folder / f"{i}.wav", seconds=1, seed=i)
        rows.append(f"{i}.wav,{('a', 'b', 'a;b')[i % 3]},{'train' if i < 9 else 'valid'}")
    (folder / "clips.csv").write_text("\n".join(rows))
    pack(list_table(folder / "clips.csv"), folder / "store", sample_rate=RATE)
    return folder / "store"


@pytest.fixture(scope="module")
def two(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training by two processes; beside it lies a copy of its first checkpoint."""
    folder = tmp_path_factory.mktemp("two") / "model"
    fit(plan(store), folder, Devices("cpu", 2), on_epoch=CopyCheckpoint(folder))
    return folder


class CopyCheckpoint:
    """Copies the checkpoint after the first epoch; it can be sent to other processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, row: Row) -> None:
        if row["epoch"] == 1:
            shutil.copy(self.folder / FILE_NAME, self.folder.parent)


def plan(store: Path, **optim: Any) -> Plan:
    return make_plan(Recipe.parse(RECIPE.replace("STORE", str(store))).replace(optim=optim), PackedStore(store))


def assert_same_training(first: Path, second: Path) -> list[Row]:
    one, other = Checkpoint.read(first / FILE_NAME), Checkpoint.read(second / FILE_NAME)
    for row, other_row in zip(one.history, other.history, strict=True):
        for key in ("epoch", "lr", "training_loss", "validation_loss", "roc_auc", "average_precision"):
            assert row[key] == pytest.approx(other_row[key], rel=1e-4), key
    for name, tensor in one.network.items():
        torch.testing.assert_close(tensor, other.network[name], rtol=1e-3, atol=1e-6)
    return one.history


def test_two_processes_train_as_one_does(store: Path, two: Path, tmp_path: Path) -> None:
    fit(plan(store), tmp_path / "one", Devices("cpu"))
    losses = [row["training_loss"] for row in assert_same_training(tmp_path / "one", two)]
    assert abs(losses[0] - losses[1]) > 1e-3 * losses[0], "a training that changes nothing would be the same, too"
    assert (two / "model.onnx").is_file()


@pytest.mark.slow
def test_several_processes_resume_exactly(store: Path, two: Path, tmp_path: Path) -> None:
    ready = plan(store)
    (tmp_path / "parts").mkdir()
    shutil.copy(two.parent / FILE_NAME, tmp_path / "parts" / FILE_NAME)
    assert Checkpoint.read(tmp_path / "parts" / FILE_NAME).epoch == 1
    fit(ready, tmp_path / "parts", Devices("cpu", 2))
    parts = Checkpoint.read(tmp_path / "parts" / FILE_NAME).network
    for name, tensor in Checkpoint.read(two / FILE_NAME).network.items():
        assert torch.equal(tensor, parts[name]), name


def fill_the_disk(row: Row) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_of_the_first_process_ends_all(store: Path, tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    with pytest.raises(OSError, match="No space left on device: .*model"):
        fit(plan(store), tmp_path / "model", Devices("cpu", 2), on_epoch=fill_the_disk)
    assert capfd.readouterr() == ("", "")
    assert Checkpoint.read(tmp_path / "model" / FILE_NAME).epoch == 1


def test_processes_start_without_a_word(capfd: pytest.CaptureFixture[str]) -> None:
    assert launch(Devices("cpu", 2), attrgetter("world_size")) == 2
    assert capfd.readouterr() == ("", "")


def test_accumulated_parts_are_the_step(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taggram.models.weights.export_onnx", lambda _, file: file.write_bytes(b""))
    fit(plan(store), tmp_path / "whole", Devices("cpu"))
    fit(plan(store, accumulate=2), tmp_path / "parts", Devices("cpu"))
    assert_same_training(tmp_path / "whole", tmp_path / "parts")


def test_steps_too_small_for_their_parts_are_an_error(store: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"fewer than two segments for each of 4 parts; raise it, or lower optim\."):
        fit(plan(store, accumulate=4), tmp_path / "m", Devices("cpu"))


def test_devices_that_do_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    for device in ("tpu", "cuda:99", "cuda:x", "cpu:1"):
        with pytest.raises(RecipeError, match="there is no device"):
            choose_devices(device)
    monkeypatch.setenv("MASTER_ADDR", "first")
    monkeypatch.setenv("MASTER_PORT", "29500")
    monkeypatch.delenv("NODE_RANK", raising=False)
    with pytest.raises(RecipeError, match="^NODE_RANK is not set; on each machine set MASTER_ADDR"):
        choose_devices("cpu", 1, 2)
    monkeypatch.setenv("NODE_RANK", "0")
    assert choose_devices("cpu", 2, 2).processes == 4


def test_each_process_has_its_part_of_the_same_step() -> None:
    from taggram.training.data import Split, training_batches

    store = Tones()
    split = Split.from_store(store, "train", ["low", "high"])
    for mixup in (0.0, 0.4):
        recipe = Recipe.parse(RECIPE).replace(augment={"mixup": mixup}, data={"segments_per_clip": 2})
        whole = list(training_batches(store, split, RATE, recipe, 3))
        for rank in range(3):
            for all_of_step, own in zip(whole, training_batches(store, split, RATE, recipe, 3, rank, 3), strict=True):
                assert own.total == len(all_of_step.segments)
                assert np.array_equal(own.segments, all_of_step.segments[rank::3])
                assert np.array_equal(own.targets, all_of_step.targets[rank::3])
