"""Several processes train as one does; accumulated parts of a step are the step."""

from __future__ import annotations

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
from taggram.training.checkpoint import FILE_NAME, Checkpoint
from taggram.training.devices import Devices, choose_devices
from taggram.training.fit import fit
from taggram.training.history import Row
from taggram.training.plan import Plan, make_plan

RECIPE = """
name: four_layer_cnn.noise
data: {store: STORE, validation_segments: 1}
model:
  architecture: four_layer_cnn
  options: {batch_norm: false, dropout: 0.0, mean: -40.0, std: 20.0, channels: [4, 4, 8, 8]}
optim: {epochs: 2, batch_size: 4, optimizer: {kind: sgd, lr: 0.05, weight_decay: 0.0}}
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise of two levels: 9 clips, so that a step has an odd number of segments."""
    folder = tmp_path_factory.mktemp("noise")
    rows = ["path,labels,split"]
    for i in range(12):
        write_noise(folder / f"{i}.wav", seconds=1, seed=i)
        rows.append(f"{i}.wav,{('a', 'b', 'a;b')[i % 3]},{'train' if i < 9 else 'valid'}")
    (folder / "clips.csv").write_text("\n".join(rows))
    pack(list_table(folder / "clips.csv"), folder / "store", sample_rate=RATE)
    return folder / "store"


def plan(store: Path, **optim: Any) -> Plan:
    return make_plan(Recipe.parse(RECIPE.replace("STORE", str(store))).replace(optim=optim), PackedStore(store))


def train(ready: Plan, folder: Path, devices: Devices, **options: Any) -> tuple[list[Row], dict[str, torch.Tensor]]:
    fit(ready, folder, devices, **options)
    saved = Checkpoint.read(folder / FILE_NAME)
    return saved.history, saved.network


def assert_equal_training(first: Any, second: Any) -> None:
    for row, other in zip(first[0], second[0], strict=True):
        for key in ("epoch", "lr", "training_loss", "validation_loss", "roc_auc", "average_precision"):
            assert row[key] == pytest.approx(other[key], rel=1e-4), key
    for name, tensor in first[1].items():
        torch.testing.assert_close(tensor, second[1][name], rtol=1e-3, atol=1e-6)


def test_two_processes_train_as_one_does(store: Path, tmp_path: Path) -> None:
    ready = plan(store)
    one = train(ready, tmp_path / "one", Devices("cpu"))
    two = train(ready, tmp_path / "two", Devices("cpu", 2))
    assert_equal_training(one, two)
    losses = [row["training_loss"] for row in one[0]]
    assert abs(losses[0] - losses[1]) > 1e-3 * losses[0], "a training that changes nothing would be equal, too"
    assert (tmp_path / "two" / "model.onnx").is_file()


class Stop:
    """Ends a training after an epoch; it can be sent to other processes."""

    def __call__(self, row: Row) -> None:
        if row["epoch"] == 1:
            raise RecipeError("stopped")


def test_several_processes_resume_exactly(store: Path, tmp_path: Path) -> None:
    ready = plan(store)
    whole = train(ready, tmp_path / "whole", Devices("cpu", 2))
    with pytest.raises(RecipeError, match="^stopped$"):
        fit(ready, tmp_path / "parts", Devices("cpu", 2), on_epoch=Stop())
    assert Checkpoint.read(tmp_path / "parts" / FILE_NAME).epoch == 1
    parts = train(ready, tmp_path / "parts", Devices("cpu", 2))
    for name, tensor in whole[1].items():
        assert torch.equal(tensor, parts[1][name]), name


def test_accumulated_parts_are_the_step(store: Path, tmp_path: Path) -> None:
    whole = train(plan(store), tmp_path / "whole", Devices("cpu"))
    parts = train(plan(store, accumulate=2), tmp_path / "parts", Devices("cpu"))
    assert_equal_training(whole, parts)


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
