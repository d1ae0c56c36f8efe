"""The history of a training: one row per epoch, as CSV and for TensorBoard."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from torch.utils.tensorboard import SummaryWriter

from taggram._files import atomic_file

FILE_NAME = "history.csv"
TENSORBOARD = "tensorboard"

Row = dict[str, float]


def describe(history: Sequence[Row], epochs: int) -> str:
    """Describe the latest of so many epochs on one line."""
    row = history[-1]
    losses = f"loss {row['training_loss']:.4f}, validation loss {row['validation_loss']:.4f}"
    metrics = f", ROC-AUC {row['roc_auc']:.3f}" if "roc_auc" in row else ""
    seconds = round(sum(row["seconds"] for row in history) / len(history) * (epochs - len(history)))
    left = f", {datetime.timedelta(seconds=seconds)} left" if seconds else ""
    speed = f"learning rate {row['lr']:.2g}, {row['segments_per_second']:g} segments/s"
    return f"epoch {row['epoch']:.0f}/{epochs}: {losses}{metrics}; {speed}{left}"


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
