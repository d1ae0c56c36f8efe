"""What a training writes down for people: a table of its epochs, and the same for TensorBoard."""

from __future__ import annotations

import csv
import os
from typing import TYPE_CHECKING, Self

from torch.utils.tensorboard import SummaryWriter

if TYPE_CHECKING:
    from pathlib import Path

    from taggram.training.checkpoint import Row

HISTORY = "history.csv"
TENSORBOARD = "tensorboard"


class Journal:
    """Writes ``history.csv`` and ``tensorboard/`` into a folder; a context manager.

    Parameters
    ----------
    folder
        Where to write.
    epoch
        The first epoch that is going to be written; what TensorBoard has of it and later ones no longer counts.
    """

    def __init__(self, folder: Path, epoch: int) -> None:
        self._file = folder / HISTORY
        self._board = SummaryWriter(str(folder / TENSORBOARD), purge_step=epoch)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._board.close()

    def write(self, history: list[Row]) -> None:
        """Write the whole table anew, and the latest epoch for TensorBoard."""
        scratch = self._file.with_name(f".{self._file.name}.part")
        with scratch.open("w", newline="", encoding="utf-8") as stream:
            table = csv.DictWriter(stream, history[0], lineterminator="\n")
            table.writeheader()
            table.writerows(history)
        os.replace(scratch, self._file)
        for name, value in history[-1].items():
            if name != "epoch":
                self._board.add_scalar(name, value, int(history[-1]["epoch"]))
        self._board.flush()
