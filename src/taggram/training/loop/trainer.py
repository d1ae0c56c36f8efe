"""The trainer: a network, its optimizer and what an epoch does to them, on Lightning Fabric."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor, nn

from taggram._progress import ProgressHook, no_progress
from taggram.errors import RecipeError
from taggram.training.augmentation.image import ImageAugmentation
from taggram.training.augmentation.waveform import Augmentation
from taggram.training.cpu import optimize_for_cpu
from taggram.training.data import Batch, prefetch, training_batches, training_steps
from taggram.training.distillation.ranking import ranking_loss
from taggram.training.distillation.similarity import similarity_loss
from taggram.training.loop import health
from taggram.training.loop.averaging import moving_average
from taggram.training.loop.checkpoint import Checkpoint
from taggram.training.loop.devices import gather, synchronize_batch_norm
from taggram.training.loop.history import Row
from taggram.training.loop.module import TrainingModule
from taggram.training.loop.optimizers import build_optimizer, lr_factor, optimizer_at
from taggram.training.loop.validation import Validation, validate
from taggram.training.plan import Plan


class _DeviceBatch(NamedTuple):
    """A `Batch` on the device."""

    total: int
    segments: Tensor
    targets: Tensor
    similarity: Tensor | None
    labels: Tensor | None

    def split(self, count: int) -> Iterator[_DeviceBatch]:
        """Yield parts of about the same size."""
        if count == 1:
            yield self
            return
        for part in torch.arange(len(self.segments)).tensor_split(count):
            rows = slice(int(part[0]), int(part[-1]) + 1)
            similarity = None if self.similarity is None else self.similarity[rows, rows]
            labels = None if self.labels is None else self.labels[rows]
            yield _DeviceBatch(self.total, self.segments[rows], self.targets[rows], similarity, labels)


class _Trained(NamedTuple):
    """An epoch on the training split: mean loss over segments, last learning rate, and segments per second."""

    loss: float
    lr: float
    speed: float


class Trainer:
    """The state of a training between two epochs, and the epoch that changes it.

    Parameters
    ----------
    plan
        The recipe and its data. The initial weights come from torch's current generator.
    fabric
        The device, and the processes.
    compile_layers
        Whether to compile the network with `torch.compile`.

    Attributes
    ----------
    best
        The weights that are kept so far.
    history
        One row per epoch.
    warnings
        Of the latest epoch.
    """

    def __init__(self, plan: Plan, fabric: Fabric, *, compile_layers: bool = False) -> None:
        self.plan, self.fabric = plan, fabric
        self.network = plan.build_network()
        optimize_for_cpu(self.network)
        augment = plan.recipe.augment
        changes = Augmentation(augment.gain, augment.eq, augment.noise)
        image = ImageAugmentation(augment.rotation, augment.shift, augment.flip)
        bf16 = plan.recipe.optim.precision == "bf16"
        frozen = plan.recipe.model.freeze == "trunk"
        module = TrainingModule(self.network, changes, image, augment.freq_mask, bf16, frozen)
        if compile_layers:
            module.compile_layers()
        self.module = fabric.setup(synchronize_batch_norm(module, fabric))
        self._start_average()
        self.pos_weight = None if plan.pos_weight is None else torch.from_numpy(plan.pos_weight)
        self.best = self._weights()
        self.history: list[Row] = []
        self.warnings: list[str] = []
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

    def run_epoch(self, progress: ProgressHook = no_progress) -> Row:
        """Train on the training split once, validate, and return the row of the epoch."""
        start, epoch = time.perf_counter(), len(self.history)
        self._apply_schedule(epoch)
        before = self._trained_weights() if epoch == 0 else {}
        trained = self._train(epoch, progress)
        with self._averaged():
            validation = self.validate(progress) if math.isfinite(trained.loss) else Validation(math.nan, {})
            if not math.isfinite(validation.loss):
                raise RecipeError(f"the loss is not finite in epoch {epoch + 1}; lower optim.optimizer.lr")
            losses = {"training_loss": trained.loss, "validation_loss": validation.loss}
            speed = {"segments_per_second": trained.speed, "seconds": round(time.perf_counter() - start, 3)}
            self.history.append({"epoch": epoch + 1, "lr": trained.lr, **losses, **validation.metrics, **speed})
            if self.kept_row is self.history[-1]:
                self.best = self._weights()
        self.warnings = health.check_scores(validation.constant_tags)
        if before:
            self.warnings += health.check_change(before, self._trained_weights(), trained.lr)
        return self.history[-1]

    def checkpoint(self) -> Checkpoint:
        """Return the state."""
        return Checkpoint(
            recipe=self.plan.recipe.to_yaml(),
            store=self.plan.fingerprint,
            epoch=len(self.history),
            network=self._weights(),
            best=self.best,
            average=None if self.average is None else _cpu_copy(self.average),
            optimizer=self.optimizer.state_dict(),
            history=self.history,
        )

    def restore(self, saved: Checkpoint) -> None:
        """Restore the state of a checkpoint."""
        self.history, self.best = saved.history, saved.best
        self.network.load_state_dict(saved.network)
        if self.average is not None and saved.average is not None:
            self.average.load_state_dict(saved.average)
        self._start_optimizer(max(0, saved.epoch - 1))
        self.optimizer.load_state_dict(saved.optimizer)

    def _weights(self) -> dict[str, Tensor]:
        return _cpu_copy(self.network)

    def _trained_weights(self) -> dict[str, Tensor]:
        trained = (item for item in self.network.named_parameters() if item[1].requires_grad)
        return {name: parameter.detach().cpu().clone() for name, parameter in trained}

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
        optimizer = self.fabric.setup_optimizers(build_optimizer(self.config, self.network, optim.layer_decay))
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

    def _train(self, epoch: int, progress: ProgressHook) -> _Trained:
        """Train on the training split once."""
        plan, optim, fabric = self.plan, self.plan.recipe.optim, self.fabric
        start, rank, processes = time.perf_counter(), fabric.global_rank, fabric.world_size
        seed = np.random.SeedSequence([plan.recipe.seed, epoch, rank]).generate_state(1)
        torch.manual_seed(int(seed[0]))
        steps = training_steps(len(plan.train.clips), plan.recipe)
        samples = self.network.segments.samples
        batches = training_batches(plan.store, plan.train, samples, plan.recipe, epoch, rank, processes)
        losses = [row["validation_loss"] for row in self.history]
        total, count, lr = torch.zeros((), device=fabric.device), 0, 0.0
        self.module.train()
        on_device = prefetch(map(self._move_batch, batches))
        for step, batch in enumerate(progress(on_device, steps, f"epoch {epoch + 1}/{optim.epochs}")):
            if batch.total < 2 * processes * optim.accumulate:
                continue  # batch norm needs two segments
            lr = self.config.lr * lr_factor(optim.schedule, epoch + step / steps, optim.epochs, losses)
            for group in self.optimizer.param_groups:
                group["lr"] = lr * group["scale"]
            self.optimizer.zero_grad()
            total += self._add_gradients(batch) * batch.total
            self.optimizer.step()
            if self.average is not None:
                self.average.update_parameters(self.network)
            count += batch.total
        if not count:
            parts = processes * optim.accumulate
            raise RecipeError(
                f"optim.batch_size: a step has fewer than two segments for each of {parts} parts; raise it, or lower "
                "optim.accumulate or --devices"
            )
        loss = sum(gather(fabric, float(total))) / count
        return _Trained(loss, lr, round(count / (time.perf_counter() - start), 1))

    def _add_gradients(self, batch: _DeviceBatch) -> Tensor:
        """Compute the gradients of a step; returns the share of its loss that this process has."""
        parts, processes = self.plan.recipe.optim.accumulate, self.fabric.world_size
        share = torch.zeros((), device=self.fabric.device)
        for i, part in enumerate(batch.split(parts)):
            with self.fabric.no_backward_sync(self.module, enabled=processes > 1 and i + 1 < parts):
                loss = self._loss(part) * (len(part.segments) / part.total)
                self.fabric.backward(loss * processes)  # of which the mean over processes is taken
            share += loss.detach()
        return share

    def _move_batch(self, batch: Batch) -> _DeviceBatch:
        similarity, labels = (
            None if array is None else self._move(array) for array in (batch.similarity, batch.labels)
        )
        return _DeviceBatch(batch.total, self._move(batch.segments), self._move(batch.targets), similarity, labels)

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

    def validate(self, progress: ProgressHook = no_progress) -> Validation:
        """Score the validation split with the current weights."""
        title = f"validation {len(self.history) + 1}/{self.plan.recipe.optim.epochs}"
        return validate(self.module, self.network, self.plan, self.fabric, self._move, progress, title)


def _cpu_copy(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}
