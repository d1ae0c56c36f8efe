"""Filters of FFmpeg."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

__all__ = ["apply_filter"]


def apply_filter(x: NDArray[np.float32], sample_rate: int, name: str, arguments: str) -> NDArray[np.float32]:
    """Apply a filter of FFmpeg.

    Parameters
    ----------
    x : (samples,) float32
        Mono samples.
    sample_rate
        In Hz.
    name, arguments
        As in ``"lowpass"`` and ``"f=4000"``.

    Returns
    -------
    (samples,) float32
        As many as the filter returns.
    """
    graph: Any = av.filter.Graph()
    base = Fraction(1, sample_rate)
    nodes = [
        graph.add_abuffer(format="flt", sample_rate=sample_rate, layout="mono", time_base=base),
        graph.add(name, arguments),
        graph.add("aformat", "sample_fmts=flt:channel_layouts=mono"),
        graph.add("abuffersink"),
    ]
    graph.link_nodes(*nodes).configure()
    frame: Any = av.AudioFrame.from_ndarray(x[None], format="flt", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = sample_rate, 0, base
    graph.push(frame)
    graph.push(None)
    blocks = []
    while True:
        try:
            blocks.append(graph.pull().to_ndarray()[0])
        except (av.EOFError, av.BlockingIOError):
            return np.concatenate(blocks)
