"""Devices: the processor or the GPUs that a network is trained on, of one machine or several."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch
import torch.distributed
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import nn

from taggram.errors import RecipeError, TaggramError
from taggram.training.speed import prepare_cpu

T = TypeVar("T")

logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # no lines about each process that starts


@dataclass(frozen=True)
class Devices:
    """The devices of a training.

    Attributes
    ----------
    device
        ``"cpu"``, or the name of a GPU, as from `choose_device`.
    count
        Number of processes on this machine; on GPUs one for each, starting at the first.
    nodes
        Number of machines, each with as many processes.
    """

    device: str
    count: int = 1
    nodes: int = 1

    @property
    def processes(self) -> int:
        """Number of processes on all machines."""
        return self.count * self.nodes


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


def choose_devices(device: str, count: int = 1, nodes: int = 1) -> Devices:
    """Choose the devices of a training.

    Parameters
    ----------
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:1"``.
    count
        Number of processes on this machine.
    nodes
        Number of machines.

    Raises
    ------
    RecipeError
        If there are fewer GPUs, or the other machines cannot be reached because the environment does not name the first
        one.
    """
    device = choose_device(device)
    if device != "cpu" and count > torch.cuda.device_count():
        raise RecipeError(f"there are {torch.cuda.device_count()} GPUs here, not {count}; lower --devices")
    if nodes > 1 and (missing := {"MASTER_ADDR", "MASTER_PORT", "NODE_RANK"} - os.environ.keys()):
        raise RecipeError(
            f"{min(missing)} is not set; on each machine set MASTER_ADDR and MASTER_PORT, the address of the first "
            "machine and a free port of it, and NODE_RANK, 0 on the first machine, 1 on the second, and so on"
        )
    return Devices(device, count, nodes)


def make_fabric(devices: Devices) -> Fabric:
    """Set up devices.

    The precision is 32: Fabric's bfloat16 would round the waveforms, too. `TrainingModule` rounds the layers only.
    """
    kind, _, index = devices.device.partition(":")
    if devices.processes == 1:
        return Fabric(accelerator=kind, devices=[int(index)] if index else 1)
    strategy = DDPStrategy(start_method="spawn", process_group_backend="gloo" if kind == "cpu" else "nccl")
    return Fabric(accelerator=kind, devices=devices.count, num_nodes=devices.nodes, strategy=strategy)


def launch(devices: Devices, function: Callable[..., T], *arguments: Any) -> T:
    """Call a function with a `Fabric` and arguments: here, or in one process for each of several devices.

    Parameters
    ----------
    devices
        The devices.
    function, *arguments
        Picklable where there are several devices, and so is what it returns.

    Returns
    -------
    object
        What it returned in the first process.

    Raises
    ------
    TaggramError, OSError
        What the first process raised.
    """
    fabric = make_fabric(devices)
    if devices.processes == 1:
        return function(fabric, *arguments)
    threads = torch.get_num_threads()
    # One argument, because Fabric looks for tensors in all of them, and fails on frozen dataclasses.
    process = _Process(max(1, threads // devices.count), function, *arguments)
    result: T | TaggramError | OSError = fabric.launch(process.run)
    if isinstance(result, TaggramError | OSError):
        raise result
    return result


class _Process(Generic[T]):
    """What each process runs; errors of users are returned, as Fabric would wrap them in a traceback."""

    def __init__(self, threads: int, function: Callable[..., T], *arguments: Any) -> None:
        self.threads, self.function, self.arguments = threads, function, arguments

    def run(self, fabric: Fabric) -> T | TaggramError | OSError:
        prepare_cpu()
        torch.set_num_threads(self.threads)
        try:
            return self.function(fabric, *self.arguments)
        except (TaggramError, OSError) as error:
            return error


def gather(fabric: Fabric, value: T) -> list[T]:
    """Return the values of all processes, in the order of their ranks."""
    if fabric.world_size == 1:
        return [value]
    values: list[Any] = [None] * fabric.world_size
    torch.distributed.all_gather_object(values, value)
    return values


@contextlib.contextmanager
def shared_errors(fabric: Fabric) -> Iterator[None]:
    """Raise an error of the block in all processes: the others would else wait for one that has ended."""
    error: TaggramError | OSError | None = None
    try:
        yield
    except (TaggramError, OSError) as caught:
        error = caught
    if errors := [each for each in gather(fabric, error) if each is not None]:
        raise errors[0]


def synchronize_batch_norm(module: nn.Module, fabric: Fabric) -> nn.Module:
    """Let batch norm on several GPUs use the statistics of all of them; on processors, torch has no such layer."""
    if fabric.world_size == 1 or fabric.device.type != "cuda":
        return module
    synchronized: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(module)
    return synchronized
