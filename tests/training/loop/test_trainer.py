"""Training: it learns, stops early, keeps the best weights, and resumes bit for bit."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import tones
import torch
from safetensors.torch import load_file
from tones import Tones, recipe

from taggram.errors import RecipeError
from taggram.models import ModelCard
from taggram.models.directories import ONNX_FILE, WEIGHTS_FILE
from taggram.training import Recipe
from taggram.training.export import write_checkpoint
from taggram.training.loop.checkpoint import FILE_NAME, Checkpoint
from taggram.training.loop.devices import Devices, choose_devices, make_fabric
from taggram.training.loop.fit import fit
from taggram.training.loop.optimizers import lr_factor
from taggram.training.loop.trainer import Trainer
from taggram.training.plan import Plan, make_plan

T = TypeVar("T")
CPU = Devices("cpu")
TO_KILL = """
import sys
sys.path.insert(0, {folder!r})
from pathlib import Path
from tones import Tiny, Tones, recipe
from taggram.models import registry
from taggram.training.plan import make_plan
from taggram.training.loop.devices import Devices
from taggram.training.loop.fit import fit
registry._REGISTRY["tiny"] = Tiny

def progress(batches, total, title):
    for i, batch in enumerate(batches):
        print(title, i, flush=True)
        yield batch
        if (title, i) == ("epoch 3/4", 1):
            sys.stdin.read()  # until it is killed

fit(make_plan(recipe(), Tones()), Path({out!r}), Devices("cpu"), progress=progress)
"""


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As many as in the process that is killed: sums depend on how they are split."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def no_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing the ONNX file takes longer than all else here; the test of the command writes one."""
    monkeypatch.setattr("taggram.models.weights.export_onnx", lambda _, file: file.write_bytes(b""))


def plan(store: Tones | None = None, **settings: object) -> Plan:
    return make_plan(recipe(**settings), store or Tones())


class Interrupted:
    """Stops a training like Ctrl-C, in the middle of an epoch."""

    def __init__(self, title: str) -> None:
        self.title = title

    def __call__(self, batches: Iterable[T], total: int, title: str) -> Iterator[T]:
        del total
        for i, batch in enumerate(batches):
            if title == self.title and i == 1:
                raise KeyboardInterrupt
            yield batch


def entries(folder: Path) -> dict[str, Any]:
    """All that a training leaves, without the times."""
    found = torch.load(folder / FILE_NAME, weights_only=True)
    found["history"] = [
        {k: v for k, v in row.items() if k not in ("seconds", "segments_per_second")} for row in found["history"]
    ]
    return {**found, "weights": (folder / WEIGHTS_FILE).read_bytes()}


def assert_same(a: Any, b: Any, where: str = "") -> None:
    assert type(a) is type(b), where
    if isinstance(a, torch.Tensor):
        assert torch.equal(a, b), where
    elif isinstance(a, dict):
        assert a.keys() == b.keys(), where
        for key in a:
            assert_same(a[key], b[key], f"{where}.{key}")
    elif isinstance(a, list | tuple):
        assert len(a) == len(b), where
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            assert_same(x, y, f"{where}[{i}]")
    else:
        assert a == b, where


SCHEDULES: dict[str, dict[str, Any]] = {
    "constant": {},
    "cosine": {"schedule": {"kind": "cosine", "warmup": 0.2}, "optimizer": {"kind": "adamw", "lr": 0.01}, "ema": 0.9},
    "won": {
        "schedule": {
            "kind": "won",
            "steps": [{"epoch": e, "optimizer": {"kind": "sgd", "lr": lr}} for e, lr in ((1, 0.1), (3, 0.01))],
        }
    },
}


@pytest.mark.parametrize("title", ["epoch 3/4", "validation 3/4", "epoch 1/4"])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_interrupted_and_resumed_is_the_same_bit_for_bit(schedule: str, title: str, tmp_path: Path) -> None:
    ready = plan(optim={**SCHEDULES[schedule], "batch_size": 3})
    fit(ready, tmp_path / "whole", CPU)
    with pytest.raises(KeyboardInterrupt):
        fit(ready, tmp_path / "parts", CPU, progress=Interrupted(title))
    assert Checkpoint.read(tmp_path / "parts" / FILE_NAME).epoch == int(title.split()[1][0]) - 1
    assert not (tmp_path / "parts" / "card.json").exists()
    torch.rand(7)  # the generator is used in between
    fit(ready, tmp_path / "parts", CPU)
    assert_same(entries(tmp_path / "whole"), entries(tmp_path / "parts"))


def test_killed_during_an_epoch_and_resumed_is_the_same(tmp_path: Path) -> None:
    program = TO_KILL.format(folder=str(Path(tones.__file__).parent), out=str(tmp_path / "killed"))
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program], stdin=pipe, stdout=pipe, text=True, env=environment) as run:
        assert run.stdout is not None
        for line in run.stdout:
            if line == "epoch 3/4 1\n":
                break
        run.send_signal(signal.SIGKILL)
    assert run.returncode == -signal.SIGKILL
    assert Checkpoint.read(tmp_path / "killed" / FILE_NAME).epoch == 2
    fit(plan(), tmp_path / "killed", CPU)
    fit(plan(), tmp_path / "whole", CPU)
    assert_same(entries(tmp_path / "whole"), entries(tmp_path / "killed"))


def test_a_checkpoint_has_the_best_weights_of_earlier_epochs(tmp_path: Path) -> None:
    ready = plan(optim={"schedule": "cosine"})
    trainer = Trainer(ready, make_fabric(CPU))
    trainer.run_epoch()
    last_step = lr_factor(ready.recipe.optim.schedule, 2 / 3, 4)
    assert trainer.history[0]["lr"] == pytest.approx(0.01 * last_step)
    trainer.best = {name: torch.full_like(tensor, 2) for name, tensor in trainer.best.items()}
    trainer.checkpoint().write(tmp_path / FILE_NAME)
    again = Trainer(ready, make_fabric(CPU))
    again.restore(Checkpoint.read(tmp_path / FILE_NAME))
    assert_same(again.best, trainer.best)
    assert_same(again._weights(), trainer._weights())


def test_the_average_of_the_weights_is_validated_and_kept(tmp_path: Path) -> None:
    trainer = Trainer(plan(optim={"ema": 0.9}), make_fabric(CPU))
    trainer.run_epoch()
    last = trainer._weights()
    assert trainer.average is not None and int(trainer.average.n_averaged) == 3
    assert_same(trainer.best, {name: tensor.clone() for name, tensor in trainer.average.module.state_dict().items()})
    assert not torch.equal(trainer.best["conv.weight"], last["conv.weight"])
    trainer.network.load_state_dict(trainer.best)
    assert trainer.validate().loss == pytest.approx(trainer.history[0]["validation_loss"], rel=1e-6)


def test_a_model_can_be_written_before_the_training_ends(tmp_path: Path) -> None:
    """From the checkpoint alone: with the best weights, and a card that says how far the training was."""
    ready = plan(optim={"epochs": 4}, data={"vocabulary": ["low", "high"]}, model={"options": {"channels": 3}})
    with pytest.raises(KeyboardInterrupt):
        fit(ready, tmp_path / "training", CPU, progress=Interrupted("epoch 3/4"))
    card = write_checkpoint(tmp_path / "training" / FILE_NAME, tmp_path / "model")
    assert card == ModelCard.read(tmp_path / "model")
    assert (card.name, card.vocabulary.names, card.options) == ("tiny.tones", ("low", "high"), {"channels": 3})
    assert card.trained_on == "packed store tones, training split, 2 epochs so far"
    best = torch.load(tmp_path / "training" / FILE_NAME, weights_only=True)["best"]
    assert_same(dict(load_file(tmp_path / "model" / WEIGHTS_FILE)), {name: best[name] for name in sorted(best)})


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    for seed in (0, 1):
        fit(plan(seed=seed, optim={"epochs": 1}), tmp_path / str(seed), CPU)
    with pytest.raises(AssertionError):
        assert_same(entries(tmp_path / "0")["network"], entries(tmp_path / "1")["network"])


def test_it_learns_and_writes_model_recipe_and_history(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    ready = plan(optim={"epochs": 12}, data={"vocabulary": ["low", "high"]})
    card, _ = fit(ready, folder, CPU)
    with (folder / "history.csv").open() as stream:
        rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(stream)]
    losses = [row["validation_loss"] for row in rows]
    assert [row["epoch"] for row in rows] == list(range(1, 13))
    assert min(losses) < 0.2 < losses[0]
    assert card.scores[0].value == min(losses)
    assert card.scores[0].clips == 4
    assert card.trained_on == "packed store tones, training split (10 clips)"
    assert card == ModelCard.read(folder)
    assert Recipe.read(folder / "recipe.yaml") == ready.recipe
    assert list((folder / "tensorboard").glob("events*"))
    assert not list(folder.glob(".*"))


def test_the_exported_file_can_be_quantized(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    monkeypatch.setattr("taggram.models.weights.quantize", lambda file, segments: given.append((file, segments)))
    assert not fit(plan(optim={"epochs": 1}), tmp_path / "plain", CPU)[0].quantized
    assert not given
    assert fit(plan(optim={"epochs": 1}, export={"quantize": True}), tmp_path / "quantized", CPU)[0].quantized
    ((file, segments),) = given
    assert file.name == ONNX_FILE
    assert segments.shape == (10, 40000)  # one of each training clip
    assert segments.std(axis=1).min() > 0.1


def test_it_stops_early_and_keeps_the_best(tmp_path: Path) -> None:
    """A learning rate that is far too high: it gets worse, and the weights of the best epoch are what stays."""
    ready = plan(optim={"epochs": 50, "patience": 3, "optimizer": {"kind": "sgd", "lr": 30.0}})
    card, _ = fit(ready, tmp_path / "m", CPU)
    saved = Checkpoint.read(tmp_path / "m" / FILE_NAME)
    losses = [row["validation_loss"] for row in saved.history]
    best = losses.index(min(losses))
    assert len(losses) == best + 4 < 50
    assert card.scores[0].value == losses[best]
    assert any(not torch.equal(saved.best[name], saved.network[name]) for name in saved.best)
    # They give the loss that was measured for them.
    trainer = Trainer(plan(), make_fabric(CPU))
    trainer.network.load_state_dict(saved.best)
    assert trainer.validate().loss == pytest.approx(losses[best], rel=1e-6)


def test_it_can_keep_the_last_weights(tmp_path: Path) -> None:
    optim = {"epochs": 4, "keep": "last", "optimizer": {"kind": "sgd", "lr": 30.0}}
    card, _ = fit(plan(optim=optim), tmp_path / "m", CPU)
    saved = Checkpoint.read(tmp_path / "m" / FILE_NAME)
    losses = [row["validation_loss"] for row in saved.history]
    assert min(losses) < losses[-1] == card.scores[0].value
    assert_same(saved.best, saved.network)


def test_a_step_of_the_schedule_begins_with_the_best_weights(tmp_path: Path) -> None:
    steps = [
        {"epoch": 2, "optimizer": {"kind": "sgd", "lr": 0.1}},
        {"epoch": 3, "optimizer": {"kind": "sgd", "lr": 0.2}},
    ]
    ready = plan(optim={"schedule": {"kind": "won", "steps": steps}})
    trainer = Trainer(ready, make_fabric(CPU))
    for _ in range(2):
        trainer.run_epoch()
    best = {name: torch.full_like(tensor, 2) for name, tensor in trainer.best.items()}
    trainer.best = best
    trainer._apply_schedule(2)
    assert_same(trainer._weights(), best)
    sgd = trainer.optimizer
    assert isinstance(sgd.optimizer, torch.optim.SGD)
    trainer._apply_schedule(3)
    assert trainer.optimizer is sgd, "only the rate changes: the momentum is kept"
    assert trainer.config.lr == 0.2


@pytest.mark.parametrize("validation", ["clip", "segment"])
def test_the_loss_is_that_of_the_clips_mean_scores_or_of_the_segments(validation: str, tmp_path: Path) -> None:
    ready = plan(optim={"validation": validation})
    trainer = Trainer(ready, make_fabric(CPU))
    network = trainer.network.eval()
    total = []
    for clip, target in zip(ready.valid.clips.tolist(), ready.valid.targets.array, strict=True):
        samples = ready.store.read(clip)
        padded = np.pad(np.resize(samples, max(len(samples), 39488)), 256)
        cuts = np.stack([padded[:40000], padded[-40000:]])[: 1 if len(padded) == 40000 else 2]
        with torch.no_grad():
            scores = torch.sigmoid(network(torch.from_numpy(cuts))[0]).numpy()
        if validation == "clip":
            scores = scores.mean(0, keepdims=True)
        total.extend(-(target * np.log(scores) + (1 - target) * np.log(1 - scores)).mean(1))
    assert trainer.validate().loss == pytest.approx(np.mean(total), rel=1e-5)


def test_bfloat16_leaves_the_front_end_alone(tmp_path: Path) -> None:
    ready = plan(optim={"precision": "bf16"})
    trainer = Trainer(ready, make_fabric(CPU))
    seen: dict[str, torch.dtype] = {}
    trainer.network.conv.register_forward_hook(lambda _, x, y: seen.update(into=x[0].dtype, out=y.dtype))
    trainer.run_epoch()
    assert seen == {"into": torch.float32, "out": torch.bfloat16}
    assert all(parameter.dtype == torch.float32 for parameter in trainer.network.parameters())


def test_the_callers_generator_is_left_alone(tmp_path: Path) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    fit(plan(optim={"epochs": 1}), tmp_path / "m", CPU)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_key_at_its_default_may_be_missing_in_a_checkpoint(tmp_path: Path) -> None:
    fit(plan(optim={"epochs": 1}), tmp_path, CPU)
    saved = torch.load(tmp_path / FILE_NAME, weights_only=True)
    assert "  pos_weight: null\n" in saved["recipe"]
    saved["recipe"] = saved["recipe"].replace("  pos_weight: null\n", "")
    torch.save(saved, tmp_path / FILE_NAME)
    fit(plan(optim={"epochs": 1}), tmp_path, CPU)


def test_what_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    fit(plan(optim={"epochs": 1}), folder, CPU)
    with pytest.raises(RecipeError, match=f"^{folder}: contains a training of another recipe; restart with --fresh"):
        fit(plan(optim={"epochs": 2}), folder, CPU)
    with pytest.raises(RecipeError, match="this recipe with another state of the store"):
        fit(plan(Tones(train=11), optim={"epochs": 1}), folder, CPU)
    fit(plan(optim={"epochs": 2}), folder, CPU, resume=False)
    assert Checkpoint.read(folder / FILE_NAME).epoch == 2
    (folder / FILE_NAME).write_bytes((folder / FILE_NAME).read_bytes()[:1000])
    with pytest.raises(RecipeError, match=r"checkpoint\.pt: not a checkpoint of this version"):
        fit(plan(optim={"epochs": 2}), folder, CPU)
    (folder / FILE_NAME).unlink()
    with pytest.raises(RecipeError, match="contains files that are no training"):
        fit(plan(optim={"epochs": 2}), folder, CPU, resume=False)
    for device in ("tpu", "cuda:99", "cuda:x", "cpu:1"):
        with pytest.raises(RecipeError, match="there is no device"):
            choose_devices(device)
    with pytest.raises(RecipeError, match="not finite in epoch"):
        fit(plan(optim={"optimizer": {"kind": "sgd", "lr": 1e30}}), tmp_path / "n", CPU)


def test_a_checkpoint_runs_nothing(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "trapped"),)

    torch.save({"epoch": Trap()}, tmp_path / FILE_NAME)
    with pytest.raises(RecipeError, match="not a checkpoint"):
        Checkpoint.read(tmp_path / FILE_NAME)
    assert not (tmp_path / "trapped").exists()
