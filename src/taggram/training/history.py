"""The history of a training: one row per epoch, as CSV and for TensorBoard."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Self

from torch.utils.tensorboard import SummaryWriter

from taggram._files import atomic_file

FILE_NAME = "history.csv"
TENSORBOARD = "tensorboard"

Row = dict[str, float]


class History:
    """Writes ``history.csv`` and ``tensorboard/`` into a folder; a context manager.

    Parameters
    ----------
    folder
        Where to write.
    epoch
        The first epoch that will be written; TensorBoard discards what it has of this and later epochs.
    """

    def __init__(self, folder: Path, epoch: int) -> None:
        self._file = folder / FILE_NAME
        self._board = SummaryWriter(str(folder / TENSORBOARD), purge_step=epoch)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._board.close()

    def write(self, rows: list[Row]) -> None:
        """Rewrite the table, and add the latest epoch to TensorBoard."""
        with atomic_file(self._file) as part, part.open("w", newline="", encoding="utf-8") as stream:
            table = csv.DictWriter(stream, rows[0], lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
        for name, value in rows[-1].items():
            if name != "epoch":
                self._board.add_scalar(name, value, int(rows[-1]["epoch"]))
        self._board.flush()
