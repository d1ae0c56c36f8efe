"""The loop: epochs on Lightning Fabric, a checkpoint after each, and a model at the end."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, TypeVar

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

from taggram.errors import RecipeError
from taggram.models import ModelCard
from taggram.training import checkpoint
from taggram.training.checkpoint import Checkpoint, Row
from taggram.training.data import training_batches, training_steps, validation_batches
from taggram.training.journal import Journal
from taggram.training.optimiser import optimiser_at, rate
from taggram.training.output import write_model, write_recipe
from taggram.training.speed import channels_last

if TYPE_CHECKING:
    from pathlib import Path

    from jaxtyping import Float

    from taggram.models.network import Network
    from taggram.training.plan import Plan

T = TypeVar("T")


class Watch(Protocol):
    """Somebody who sees batches go by: gives back what it is given, in order."""

    def __call__(self, batches: Iterable[T], total: int, title: str) -> Iterable[T]:
        """Go through the batches of half an epoch."""
        ...


def unwatched(batches: Iterable[T], total: int, title: str) -> Iterable[T]:
    """Show nothing."""
    del total, title
    return batches


def train(
    plan: Plan, folder: Path, *, device: str = "auto", resume: bool = True, watch: Watch = unwatched
) -> ModelCard:
    """Train a network and write the model.

    Torch's generators are seeded with the recipe's seed here and nowhere else, and are put back afterwards.

    Parameters
    ----------
    plan
        What to train on what.
    folder
        For the model, the effective recipe, the checkpoint and the journal.
    device
        ``"cpu"``, ``"cuda"``, ``"cuda:1"``; ``"auto"`` is a GPU where there is one.
    resume
        Whether to go on from the folder's checkpoint, if it has one.
    watch
        Sees the batches of each epoch.

    Returns
    -------
    ModelCard
        Of the model with the lowest validation loss.

    Raises
    ------
    RecipeError
        If the folder holds something else, the device does not exist, or the loss is no longer a number.
    """
    before = _before(plan, folder, resume)
    fabric = _fabric(device, plan)
    gpus = [fabric.device.index or 0] if fabric.device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        torch.manual_seed(plan.recipe.seed)
        training = _Training(plan, fabric, folder)
        if before is None:
            folder.mkdir(parents=True, exist_ok=True)
            training.save()
            write_recipe(plan, folder)
        else:
            training.restore(before)
        with Journal(folder, len(training.history) + 1) as journal:
            while not training.done:
                training.epoch(watch)
                training.save()
                journal.write(training.history)
        return write_model(plan, training.best, training.best_row, folder)


def _before(plan: Plan, folder: Path, resume: bool) -> Checkpoint | None:
    """Return what there is to go on from, if it is of the same training."""
    file = folder / checkpoint.FILE_NAME
    if not file.exists():
        if folder.exists() and any(not name.startswith(".") for name in os.listdir(folder)):
            raise RecipeError(f"{folder}: holds something else than a training; choose another folder with --out")
        return None
    if not resume:
        return None
    found = Checkpoint.read(file)
    for mine, there, what in (
        (plan.recipe.to_yaml(), found.recipe, "another recipe"),
        (plan.fingerprint, found.store, "this recipe, but the store was another then"),
    ):
        if mine != there:
            raise RecipeError(f"{folder}: holds a training of {what}; start anew with --fresh, or choose another --out")
    return found


def _fabric(device: str, plan: Plan) -> Fabric:
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, index = device.partition(":")
    here = {"cpu": 1, "cuda": torch.cuda.device_count()}.get(kind, 0)
    if not (index or "0").isdecimal() or int(index or 0) >= here:
        raise RecipeError(f"there is no device {device!r} here; use --device cpu, or cuda where there is a GPU")
    devices = 1 if kind == "cpu" else [int(index or 0)]
    return Fabric(accelerator=kind, devices=devices, precision="bf16-mixed" if plan.recipe.precision == "bf16" else 32)


class _Logits(nn.Module):
    """A network as it is trained: front end in float32 whatever the precision of its layers."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch tags"]:
        with torch.autocast(waveform.device.type, enabled=False):
            spectrogram = self.network.log_mel(waveform)
        return self.network.classify(self.network.embed(spectrogram))


class _Training:
    """A training between two epochs, and what an epoch does to it."""

    def __init__(self, plan: Plan, fabric: Fabric, folder: Path) -> None:
        self.plan, self.fabric = plan, fabric
        self.file = folder / checkpoint.FILE_NAME
        self.network = plan.network()
        self.spec = self.network.segments
        channels_last(self.network)
        self.logits = fabric.setup(_Logits(self.network))
        self.best = self._weights()
        self.history: list[Row] = []
        self._start_optimiser(0)

    @property
    def best_row(self) -> Row:
        """What was measured in the epoch with the lowest validation loss, the first of several."""
        return min(self.history, key=lambda row: row["validation_loss"])

    @property
    def done(self) -> bool:
        """Whether all epochs are done, or too many went by without a better one."""
        recipe, epochs = self.plan.recipe, len(self.history)
        if epochs == 0:
            return False
        return epochs >= recipe.epochs or epochs - self.best_row["epoch"] >= (recipe.patience or math.inf)

    def epoch(self, watch: Watch) -> None:
        """Train once through the training split and validate."""
        began, epoch = time.perf_counter(), len(self.history)
        self._begin_step(epoch)
        loss, lr = self._train(epoch, watch)
        validation_loss = self._validate(epoch, watch) if math.isfinite(loss) else math.nan
        if not math.isfinite(validation_loss):
            raise RecipeError(f"the loss is no longer a number in epoch {epoch + 1}; lower the recipe's optimiser.lr")
        row = {"epoch": epoch + 1, "lr": lr, "training_loss": loss, "validation_loss": validation_loss}
        self.history.append({**row, "seconds": round(time.perf_counter() - began, 3)})
        if self.best_row is self.history[-1]:
            self.best = self._weights()

    def save(self) -> None:
        """Write the checkpoint."""
        generators = {"cpu": torch.get_rng_state()}
        if self.fabric.device.type == "cuda":
            generators["cuda"] = torch.cuda.get_rng_state(self.fabric.device)
        Checkpoint(
            recipe=self.plan.recipe.to_yaml(),
            store=self.plan.fingerprint,
            epoch=len(self.history),
            network=self._weights(),
            best=self.best,
            optimiser=self.optimiser.state_dict(),
            generators=generators,
            history=self.history,
        ).write(self.file)

    def restore(self, saved: Checkpoint) -> None:
        """Become what was saved."""
        self.history, self.best = saved.history, saved.best
        self.network.load_state_dict(saved.network)
        self._start_optimiser(max(0, saved.epoch - 1))
        self.optimiser.load_state_dict(saved.optimiser)
        torch.set_rng_state(saved.generators["cpu"])
        if self.fabric.device.type == "cuda" and "cuda" in saved.generators:
            torch.cuda.set_rng_state(saved.generators["cuda"], self.fabric.device)

    def _weights(self) -> dict[str, Tensor]:
        return {name: tensor.detach().cpu().clone() for name, tensor in self.network.state_dict().items()}

    def _start_optimiser(self, epoch: int) -> None:
        self.settings, _ = optimiser_at(self.plan.recipe.optimiser, self.plan.recipe.schedule, epoch)
        optimiser = self.fabric.setup_optimizers(self.settings.build(self.logits.parameters()))
        assert not isinstance(optimiser, tuple)
        self.optimiser = optimiser

    def _begin_step(self, epoch: int) -> None:
        """Where a step of the schedule begins, go back to the best weights, and change the optimiser."""
        settings, begins = optimiser_at(self.plan.recipe.optimiser, self.plan.recipe.schedule, epoch)
        if begins:
            self.network.load_state_dict(self.best)
            if settings.model_copy(update={"lr": self.settings.lr}) != self.settings:
                self._start_optimiser(epoch)
            self.settings = settings

    def _train(self, epoch: int, watch: Watch) -> tuple[float, float]:
        """Return the mean loss over segments, and the learning rate at the end."""
        plan, recipe = self.plan, self.plan.recipe
        steps = training_steps(len(plan.train.clips), recipe)
        batches = training_batches(plan.store, plan.train, self.spec.samples, recipe, epoch)
        total, count, lr = torch.zeros((), device=self.fabric.device), 0, 0.0
        self.logits.train()
        for step, (segments, targets) in enumerate(watch(batches, steps, f"epoch {epoch + 1}/{recipe.epochs}")):
            if len(segments) == 1:
                continue  # batch norm has nothing to normalise one by
            lr = self.settings.lr * rate(recipe.schedule, (epoch + step / steps) / recipe.epochs)
            for group in self.optimiser.param_groups:
                group["lr"] = lr
            x, y = self.fabric.to_device((torch.from_numpy(segments), torch.from_numpy(targets)))
            loss = functional.binary_cross_entropy_with_logits(self.logits(x), y)
            self.optimiser.zero_grad()
            self.fabric.backward(loss)
            self.optimiser.step()
            total += loss.detach() * len(segments)
            count += len(segments)
        return float(total) / count, lr

    @torch.no_grad()
    def _validate(self, epoch: int, watch: Watch) -> float:
        """Return the loss of the clips' mean scores, which are what tagging a clip gives."""
        plan, recipe = self.plan, self.plan.recipe
        batches = validation_batches(plan.store, plan.valid, self.spec, recipe.validation_segments, recipe.batch)
        total, clips = 0.0, len(plan.valid.clips)
        steps = -(-clips // max(1, recipe.batch // recipe.validation_segments))
        self.logits.eval()
        for segments, counts, targets in watch(batches, steps, f"validation {epoch + 1}/{recipe.epochs}"):
            scores = torch.sigmoid(self.logits(self.fabric.to_device(torch.from_numpy(segments))).double()).cpu()
            means = torch.stack([of_clip.mean(0) for of_clip in scores.split(counts)])
            if means.isnan().any():
                return math.nan
            loss = functional.binary_cross_entropy(means, torch.from_numpy(targets).double())
            total += float(loss) * len(counts)
        return total / clips
