"""Content inside a page: files as data URIs, arrays as pictures."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray

from taggram.reporting.figure import require_matplotlib

__all__ = ["data_uri", "picture"]


def data_uri(content: bytes, media_type: str) -> str:
    """Return a file as the address of itself, for example of the type ``audio/ogg``."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def picture(values: NDArray[np.floating], columns: int) -> bytes:
    """Return a PNG file with a pixel for each value, the first row at the bottom.

    Parameters
    ----------
    values : (rows, columns) float
        Shown by brightness.
    columns
        Maximum width; more columns are averaged.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.image import imsave

    width = min(columns, values.shape[1])
    starts = np.arange(width) * values.shape[1] // width
    means = np.add.reduceat(values, starts, axis=1) / np.diff(starts, append=values.shape[1])
    file = io.BytesIO()
    imsave(file, means, format="png", cmap="magma", origin="lower", vmin=float(np.quantile(means, 0.02)))
    return file.getvalue()
