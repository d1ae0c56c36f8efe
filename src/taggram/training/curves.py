"""The curves of trainings as a picture: losses, and ROC-AUC on the validation split, over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from taggram._files import atomic_file
from taggram.training.history import Row

COLOURS = ("#0b7bb8", "#c2571a", "#2a8f5b", "#8a4fb0", "#b5316a", "#6b6b00")


def draw_curves(histories: Mapping[str, Sequence[Row]], file: Path) -> bool:
    """Draw the history of each training as an SVG file, where Matplotlib is installed.

    The kept epoch, that with the lowest validation loss, has a dot.

    Parameters
    ----------
    histories
        Rows of epochs by the name of the training.
    file
        The picture.

    Returns
    -------
    bool
        Whether it was drawn.
    """
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        return False
    measured = any("roc_auc" in row for rows in histories.values() for row in rows)
    with mpl.rc_context({"svg.hashsalt": "taggram", "svg.fonttype": "none", "font.size": 10}):
        figure = Figure(figsize=(8 if measured else 5, 3.2), layout="constrained")
        FigureCanvasSVG(figure)
        panels = figure.subplots(1, 2 if measured else 1, squeeze=False)[0]
        for i, (name, rows) in enumerate(histories.items()):
            epochs, colour = [row["epoch"] for row in rows], COLOURS[i % len(COLOURS)]
            best = min(rows, key=lambda row: row["validation_loss"])
            label = "" if len(histories) == 1 else f"{name}, "
            training = [row["training_loss"] for row in rows]
            panels[0].plot(epochs, training, color=colour, alpha=0.5, ls="--", label=f"{label}training")
            for panel, key in zip(panels, ("validation_loss", "roc_auc"), strict=False):
                if key in best:
                    panel.plot(epochs, [row[key] for row in rows], color=colour, label=f"{label}validation")
                    panel.plot(best["epoch"], best[key], "o", color=colour)
        panels[0].set(xlabel="epoch", ylabel="loss")
        if measured:
            panels[1].set(xlabel="epoch", ylabel="ROC-AUC, validation")
        panels[0].legend(frameon=False)
        for panel in panels:
            panel.spines[["top", "right"]].set_visible(False)
        with atomic_file(file) as part:
            figure.savefig(part, format="svg", metadata={"Date": None})
    return True
