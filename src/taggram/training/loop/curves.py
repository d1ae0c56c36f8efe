"""The curves of a training as a picture: losses, and ROC-AUC on the validation split, over the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from taggram._files import atomic_file
from taggram.training.loop.history import Row

COLOUR = "#0b7bb8"


def draw_curves(history: Sequence[Row], kept: Row, file: Path) -> None:
    """Draw the history of a training as an SVG file, where Matplotlib is installed.

    Parameters
    ----------
    history
        One row per epoch.
    kept
        The row of the epoch whose weights are kept; it gets a dot.
    file
        The picture.
    """
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator
    except ModuleNotFoundError:
        return
    keys = [key for key in ("validation_loss", "roc_auc") if key in kept]
    epochs = [row["epoch"] for row in history]
    with mpl.rc_context({"svg.hashsalt": "taggram", "svg.fonttype": "none", "font.size": 10}):
        figure = Figure(figsize=(1 + 3.5 * len(keys), 3.2), layout="constrained")
        FigureCanvasSVG(figure)
        panels = figure.subplots(1, len(keys), squeeze=False)[0]
        training = [row["training_loss"] for row in history]
        marker = "o" if len(history) == 1 else ""  # a line of one epoch is invisible
        panels[0].plot(epochs, training, color=COLOUR, alpha=0.5, ls="--", marker=marker, label="training")
        for panel, key, label in zip(panels, keys, ("loss", "ROC-AUC, validation"), strict=False):
            panel.plot(epochs, [row[key] for row in history], color=COLOUR, label="validation")
            panel.plot(kept["epoch"], kept[key], "o", color=COLOUR)
            panel.set(xlabel="epoch", ylabel=label)
            panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
            panel.spines[["top", "right"]].set_visible(False)
        panels[0].legend(frameon=False)
        with atomic_file(file) as part:
            figure.savefig(part, format="svg", metadata={"Date": None})
