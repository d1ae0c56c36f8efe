"""The state of a running training: a network, its optimiser and what was measured, epoch by epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor, nn

from taggram.errors import RecipeError
from taggram.training import checkpoint
from taggram.training.ahead import ahead
from taggram.training.checkpoint import Checkpoint, Row
from taggram.training.cpu import optimize_for_cpu
from taggram.training.data import Batch, training_batches, training_steps, validation_batches
from taggram.training.masking import mask_bands
from taggram.training.optimiser import optimiser_at, rate
from taggram.training.similarity import similarity_loss

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from jaxtyping import Float
    from lightning_fabric import Fabric

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


class Drawn(NamedTuple):
    """A `Batch` on the device."""

    segments: Tensor
    targets: Tensor
    likeness: Tensor | None


class Trained(nn.Module):
    """A network as it is trained: front end in float32 whatever the precision of its layers, then masking."""

    def __init__(self, network: Network, mask: int = 0) -> None:
        super().__init__()
        self.network, self.mask = network, mask

    def forward(
        self, waveform: Float[Tensor, "batch samples"]
    ) -> tuple[Float[Tensor, "batch tags"], Float[Tensor, "batch embedding"]]:
        """Compute the logits and the embeddings of segments."""
        with torch.autocast(waveform.device.type, enabled=False):
            features = self.network.features(waveform)
            if self.training and self.mask:
                features = mask_bands(features, self.mask)
        embedding = self.network.embed(features)
        return self.network.classify(embedding), embedding


class Session:
    """A training between two epochs, and what an epoch does to it.

    Parameters
    ----------
    plan
        What to train on what; the network's first values come from torch's current generator.
    fabric
        Device and precision.
    folder
        Where the checkpoint goes.
    """

    def __init__(self, plan: Plan, fabric: Fabric, folder: Path) -> None:
        self.plan, self.fabric = plan, fabric
        self.file = folder / checkpoint.FILE_NAME
        self.network = plan.network()
        self.spec = self.network.segments
        optimize_for_cpu(self.network)
        self.trained = fabric.setup(Trained(self.network, plan.recipe.mask))
        self.positive = None if plan.positive is None else torch.from_numpy(plan.positive)
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
        optimiser = self.fabric.setup_optimizers(self.settings.build(self.trained.parameters()))
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
        self.trained.train()
        there = ahead(map(self._there, batches))
        for step, batch in enumerate(watch(there, steps, f"epoch {epoch + 1}/{recipe.epochs}")):
            if len(batch.segments) == 1:
                continue  # batch norm has nothing to normalise one by
            lr = self.settings.lr * rate(recipe.schedule, (epoch + step / steps) / recipe.epochs)
            for group in self.optimiser.param_groups:
                group["lr"] = lr
            loss = self._loss(batch)
            self.optimiser.zero_grad()
            self.fabric.backward(loss)
            self.optimiser.step()
            total += loss.detach() * len(batch.segments)
            count += len(batch.segments)
        return float(total) / count, lr

    def _there(self, batch: Batch) -> Drawn:
        """Bring a batch to the device."""
        segments, targets, likeness = (None if part is None else self._on_device(part) for part in batch)
        assert segments is not None
        assert targets is not None
        return Drawn(segments, targets, likeness)

    def _on_device(self, array: np.ndarray) -> Tensor:
        tensor = torch.from_numpy(array)
        if self.fabric.device.type == "cuda":
            tensor = tensor.pin_memory()  # which lets the copy go on beside everything else
        return tensor.to(self.fabric.device, non_blocking=True)

    def _loss(self, batch: Drawn) -> Tensor:
        logits, embedding = self.trained(batch.segments)
        loss: Tensor = self.network.heads.loss(logits, batch.targets, self._positive(logits))
        if batch.likeness is None:
            return loss
        return loss + self.plan.recipe.similarity * similarity_loss(embedding.float(), batch.likeness)

    def _positive(self, like: Tensor) -> Tensor | None:
        return None if self.positive is None else self.positive.to(like)

    @torch.no_grad()
    def _validate(self, epoch: int, watch: Watch) -> float:
        """Return the loss of the clips' mean scores, which are what tagging a clip gives."""
        plan, recipe = self.plan, self.plan.recipe
        batches = ahead(validation_batches(plan.store, plan.valid, self.spec, recipe.validation_segments, recipe.batch))
        total, clips = 0.0, len(plan.valid.clips)
        steps = -(-clips // max(1, recipe.batch // recipe.validation_segments))
        self.trained.eval()
        for segments, counts, targets in watch(batches, steps, f"validation {epoch + 1}/{recipe.epochs}"):
            logits = self.trained(self._on_device(segments))[0]
            scores = self.network.scores(logits.double()).cpu()
            means = torch.stack([of_clip.mean(0) for of_clip in scores.split(counts)])
            if means.isnan().any():
                return math.nan
            loss = self.network.heads.error(means, torch.from_numpy(targets).double(), self._positive(means))
            total += float(loss) * len(counts)
        return total / clips
