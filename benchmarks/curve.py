"""The curves of a training as a picture: ``python -m benchmarks.curve history.csv PICTURE.svg``."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot


def main(history: Path, picture: Path) -> None:
    """Draw both losses over the epochs, and mark the epoch whose weights were kept."""
    with history.open(newline="", encoding="utf-8") as stream:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(stream)]
    epochs = [row["epoch"] for row in rows]
    best = min(rows, key=lambda row: row["validation_loss"])
    pyplot.rcParams.update({"svg.hashsalt": "taggram", "svg.fonttype": "none", "font.size": 11})
    figure, axes = pyplot.subplots(figsize=(7, 3.2), layout="constrained")
    axes.plot(epochs, [row["training_loss"] for row in rows], color="#8a8f98", label="training, similarity included")
    axes.plot(epochs, [row["validation_loss"] for row in rows], color="#0b7bb8", label="validation")
    axes.plot(best["epoch"], best["validation_loss"], "o", color="#0b7bb8", label=f"kept: epoch {best['epoch']:.0f}")
    axes.set(xlabel="epoch", ylabel="loss")
    axes.legend(frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(picture, metadata={"Date": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
