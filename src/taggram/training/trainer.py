"""The trainer: a network, its optimizer and what an epoch does to them, on Lightning Fabric."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor, nn

from taggram._progress import ProgressHook, no_progress
from taggram.errors import RecipeError
from taggram.models import ModelCard
from taggram.models.network import Network
from taggram.training import checkpoint
from taggram.training.augmentation.image import ImageAugmentation
from taggram.training.augmentation.masking import mask_bands
from taggram.training.augmentation.waveform import Augmentation
from taggram.training.averaging import moving_average
from taggram.training.checkpoint import Checkpoint
from taggram.training.cpu import optimize_for_cpu
from taggram.training.data import (
    Batch,
    prefetch,
    training_batches,
    training_steps,
    validation_batches,
    validation_steps,
)
from taggram.training.distillation.ranking import ranking_loss
from taggram.training.distillation.similarity import similarity_loss
from taggram.training.export import write_model, write_recipe
from taggram.training.history import History, Row
from taggram.training.optimizers import build_optimizer, lr_factor, optimizer_at
from taggram.training.plan import Plan
from taggram.training.recipe import Recipe


def fit(
    plan: Plan, folder: Path, *, device: str = "auto", resume: bool = True, progress: ProgressHook = no_progress
) -> ModelCard:
    """Train a network and write the model.

    Only here are torch's generators seeded with the recipe's seed; they are restored afterwards.

    Parameters
    ----------
    plan
        The recipe and its data.
    folder
        For the model, the effective recipe, the checkpoint and the history.
    device
        ``"cpu"``, ``"cuda"``, ``"cuda:1"``; ``"auto"`` is a GPU if there is one.
    resume
        Whether to resume from the folder's checkpoint, if it has one.
    progress
        Shows the progress of each epoch, in batches.

    Returns
    -------
    ModelCard
        Of the model with the lowest validation loss, or of the last epoch.

    Raises
    ------
    RecipeError
        If the folder contains other files, the device does not exist, or the loss is not finite.
    """
    saved = _find_checkpoint(plan, folder, resume)
    fabric = make_fabric(choose_device(device))
    gpus = [fabric.device.index or 0] if fabric.device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        torch.manual_seed(plan.recipe.seed)
        trainer = Trainer(plan, fabric, folder)
        if saved is None:
            folder.mkdir(parents=True, exist_ok=True)
            trainer.save()
            write_recipe(plan, folder)
        else:
            trainer.restore(saved)
        with History(folder, len(trainer.history) + 1) as history:
            while not trainer.is_done:
                trainer.run_epoch(progress)
                trainer.save()
                history.write(trainer.history)
        return write_model(plan, trainer.best, trainer.kept_row, folder)


def _find_checkpoint(plan: Plan, folder: Path, resume: bool) -> Checkpoint | None:
    """Return the checkpoint to resume from, if it belongs to the same training."""
    file = folder / checkpoint.FILE_NAME
    if not file.exists():
        if folder.exists() and any(not name.startswith(".") for name in os.listdir(folder)):
            raise RecipeError(f"{folder}: contains files that are no training; choose another folder with --out")
        return None
    if not resume:
        return None
    saved = Checkpoint.read(file)
    for current, earlier, difference in (
        (plan.recipe.to_yaml(), Recipe.parse(saved.recipe, str(file)).to_yaml(), "another recipe"),
        (plan.fingerprint, saved.store, "this recipe with another state of the store"),
    ):
        if current != earlier:
            raise RecipeError(
                f"{folder}: contains a training of {difference}; restart with --fresh, or choose another --out"
            )
    return saved


def choose_device(device: str) -> str:
    """Return the full name of a device: ``"cpu"`` or ``"cuda:0"`` for ``"auto"``, ``"cuda:0"`` for ``"cuda"``.

    Raises
    ------
    RecipeError
        If it does not exist.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, index = device.partition(":")
    count = {"cpu": 1, "cuda": torch.cuda.device_count()}.get(kind, 0)
    if not (index or "0").isdecimal() or int(index or 0) >= count:
        raise RecipeError(f"there is no device {device!r}; use --device cpu, or cuda where there is a GPU")
    return kind if kind == "cpu" else f"{kind}:{int(index or 0)}"


def make_fabric(device: str) -> Fabric:
    """Set up a device, as named by `choose_device`.

    The precision is 32: Fabric's bfloat16 would round the waveforms, too. `TrainingModule` rounds the layers only.
    """
    kind, _, index = device.partition(":")
    return Fabric(accelerator=kind, devices=[int(index)] if index else 1)


class TrainingModule(nn.Module):
    """A network as it is trained: augmentation and front end in float32, then masking, then the layers.

    Parameters
    ----------
    network
        The network.
    augmentation
        Of the waveforms of a training batch; None: they stay as they are.
    freq_mask
        Maximum number of masked mel bands; 0: none.
    bf16
        Whether the layers compute in bfloat16 where that is safe.
    image
        Augmentation of the spectrograms of a training batch, before masking; None: they stay as they are.
    """

    def __init__(
        self,
        network: Network,
        augmentation: Augmentation | None = None,
        freq_mask: int = 0,
        bf16: bool = False,
        image: ImageAugmentation | None = None,
    ) -> None:
        super().__init__()
        self.network, self.augmentation, self.freq_mask, self.bf16 = network, augmentation, freq_mask, bf16
        self.image = image

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the logits (batch, tags) and the embeddings (batch, size) of segments (batch, samples)."""
        if self.training and self.augmentation is not None:
            waveform = self.augmentation(waveform, self.network.front_end.sample_rate)
        features = self.network.features(waveform)
        if self.training and self.image:
            features = self.image(features)
        if self.training and self.freq_mask:
            features = mask_bands(features, self.freq_mask)
        with torch.autocast(waveform.device.type, torch.bfloat16, enabled=self.bf16):
            embedding = self.network.embed(features)
            logits = self.network.classify(embedding)
        return logits.float(), embedding.float()


class _DeviceBatch(NamedTuple):
    """A `Batch` on the device."""

    segments: Tensor
    targets: Tensor
    similarity: Tensor | None
    labels: Tensor | None


class Trainer:
    """The state of a training between two epochs, and the epoch that changes it.

    Parameters
    ----------
    plan
        The recipe and its data. The initial weights come from torch's current generator.
    fabric
        Device and precision.
    folder
        Folder of the checkpoint.
    """

    def __init__(self, plan: Plan, fabric: Fabric, folder: Path) -> None:
        self.plan, self.fabric = plan, fabric
        self.file = folder / checkpoint.FILE_NAME
        self.network = plan.build_network()
        optimize_for_cpu(self.network)
        augment = plan.recipe.augment
        changes = Augmentation(augment.gain, augment.eq, augment.noise)
        image = ImageAugmentation(augment.rotation, augment.shift, augment.flip)
        bf16 = plan.recipe.optim.precision == "bf16"
        self.module = fabric.setup(TrainingModule(self.network, changes, augment.freq_mask, bf16, image))
        self._start_average()
        self.pos_weight = None if plan.pos_weight is None else torch.from_numpy(plan.pos_weight)
        self.best = self._weights()
        self.history: list[Row] = []
        self._start_optimizer(0)

    @property
    def best_row(self) -> Row:
        """The row of the epoch with the lowest validation loss, the first of several."""
        return min(self.history, key=lambda row: row["validation_loss"])

    @property
    def kept_row(self) -> Row:
        """The row of the epoch whose weights are kept."""
        return self.history[-1] if self.plan.recipe.optim.keep == "last" else self.best_row

    @property
    def is_done(self) -> bool:
        """Whether all epochs are done, or the patience is exhausted."""
        optim, epochs = self.plan.recipe.optim, len(self.history)
        if epochs == 0:
            return False
        return epochs >= optim.epochs or epochs - self.best_row["epoch"] >= (optim.patience or math.inf)

    def run_epoch(self, progress: ProgressHook = no_progress) -> None:
        """Train on the training split once, and validate."""
        start, epoch = time.perf_counter(), len(self.history)
        self._apply_schedule(epoch)
        loss, lr = self._train(epoch, progress)
        with self._averaged():
            validation_loss = self.validate(progress) if math.isfinite(loss) else math.nan
            if not math.isfinite(validation_loss):
                raise RecipeError(f"the loss is not finite in epoch {epoch + 1}; lower optim.optimizer.lr")
            row = {"epoch": epoch + 1, "lr": lr, "training_loss": loss, "validation_loss": validation_loss}
            self.history.append({**row, "seconds": round(time.perf_counter() - start, 3)})
            if self.kept_row is self.history[-1]:
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
            average=None if self.average is None else _cpu_copy(self.average),
            optimizer=self.optimizer.state_dict(),
            generators=generators,
            history=self.history,
        ).write(self.file)

    def restore(self, saved: Checkpoint) -> None:
        """Restore the state of a checkpoint."""
        self.history, self.best = saved.history, saved.best
        self.network.load_state_dict(saved.network)
        if self.average is not None and saved.average is not None:
            self.average.load_state_dict(saved.average)
        self._start_optimizer(max(0, saved.epoch - 1))
        self.optimizer.load_state_dict(saved.optimizer)
        torch.set_rng_state(saved.generators["cpu"])
        if self.fabric.device.type == "cuda" and "cuda" in saved.generators:
            torch.cuda.set_rng_state(saved.generators["cuda"], self.fabric.device)

    def _weights(self) -> dict[str, Tensor]:
        return _cpu_copy(self.network)

    def _start_average(self) -> None:
        """Start the moving average at the current weights, where the recipe has one."""
        decay = self.plan.recipe.optim.ema
        self.average = None if decay is None else moving_average(self.network, decay)

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """Give the network the average of its weights, where there is one; afterwards, its own again."""
        if self.average is None:
            yield
            return
        weights = self._weights()
        self.network.load_state_dict(self.average.module.state_dict())
        yield
        self.network.load_state_dict(weights)

    def _start_optimizer(self, epoch: int) -> None:
        optim = self.plan.recipe.optim
        self.config, _ = optimizer_at(optim.optimizer, optim.schedule, epoch)
        optimizer = self.fabric.setup_optimizers(build_optimizer(self.config, self.network))
        assert not isinstance(optimizer, tuple)
        self.optimizer = optimizer

    def _apply_schedule(self, epoch: int) -> None:
        """Load the best weights and change the optimizer, where a step of the schedule starts."""
        optim = self.plan.recipe.optim
        config, changes = optimizer_at(optim.optimizer, optim.schedule, epoch)
        if changes:
            self.network.load_state_dict(self.best)
            self._start_average()
            if config.model_copy(update={"lr": self.config.lr}) != self.config:
                self._start_optimizer(epoch)
            self.config = config

    def _train(self, epoch: int, progress: ProgressHook) -> tuple[float, float]:
        """Return the mean loss over segments, and the last learning rate."""
        plan, optim = self.plan, self.plan.recipe.optim
        steps = training_steps(len(plan.train.clips), plan.recipe)
        batches = training_batches(plan.store, plan.train, self.network.segments.samples, plan.recipe, epoch)
        losses = [row["validation_loss"] for row in self.history]
        total, count, lr = torch.zeros((), device=self.fabric.device), 0, 0.0
        self.module.train()
        on_device = prefetch(map(self._move_batch, batches))
        for step, batch in enumerate(progress(on_device, steps, f"epoch {epoch + 1}/{optim.epochs}")):
            if len(batch.segments) == 1:
                continue  # batch norm needs two segments
            lr = self.config.lr * lr_factor(optim.schedule, epoch + step / steps, optim.epochs, losses)
            for group in self.optimizer.param_groups:
                group["lr"] = lr
            loss = self._loss(batch)
            self.optimizer.zero_grad()
            self.fabric.backward(loss)
            self.optimizer.step()
            if self.average is not None:
                self.average.update_parameters(self.network)
            total += loss.detach() * len(batch.segments)
            count += len(batch.segments)
        return float(total) / count, lr

    def _move_batch(self, batch: Batch) -> _DeviceBatch:
        similarity, labels = (
            None if array is None else self._move(array) for array in (batch.similarity, batch.labels)
        )
        return _DeviceBatch(self._move(batch.segments), self._move(batch.targets), similarity, labels)

    def _move(self, array: NDArray[np.float32]) -> Tensor:
        """Move an array to the device."""
        tensor = torch.from_numpy(array)
        if self.fabric.device.type == "cuda":
            tensor = tensor.pin_memory()  # for an asynchronous copy
        return tensor.to(self.fabric.device, non_blocking=True)

    def _loss(self, batch: _DeviceBatch) -> Tensor:
        logits, embedding = self.module(batch.segments)
        loss: Tensor = self.network.heads.loss(logits, batch.targets, self._pos_weight_like(logits))
        distill = self.plan.recipe.distill
        if batch.similarity is not None:
            loss = loss + distill.similarity_weight * similarity_loss(embedding, batch.similarity)
        if batch.labels is not None:
            loss = loss + distill.label_weight * ranking_loss(logits, batch.labels)
        return loss

    def _pos_weight_like(self, tensor: Tensor) -> Tensor | None:
        return None if self.pos_weight is None else self.pos_weight.to(tensor)

    @torch.no_grad()
    def validate(self, progress: ProgressHook = no_progress) -> float:
        """Return the loss on the validation split, see ``optim.validation``; NaN if a score is NaN."""
        plan, epochs = self.plan, self.plan.recipe.optim.epochs
        of_clips = plan.recipe.optim.validation == "clip"
        batches = prefetch(validation_batches(plan.store, plan.valid, self.network.segments, plan.recipe))
        clips, total, count = len(plan.valid.clips), 0.0, 0
        steps = validation_steps(clips, plan.recipe)
        self.module.eval()
        for segments, counts, targets in progress(batches, steps, f"validation {len(self.history) + 1}/{epochs}"):
            logits = self.module(self._move(segments))[0]
            scores = self.network.scores(logits.double()).cpu()
            if scores.isnan().any():
                return math.nan
            expected = torch.from_numpy(targets).double()
            if of_clips:
                scores = torch.stack([of_clip.mean(0) for of_clip in scores.split(counts)])
            else:
                expected = expected.repeat_interleave(torch.tensor(counts), dim=0)
            loss = self.network.heads.error(scores, expected, self._pos_weight_like(scores))
            total += float(loss) * len(scores)
            count += len(scores)
        return total / count


def _cpu_copy(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}
