"""The map of a library: how well it keeps neighbours, beside other projections, and its time."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness

from benchmarks.measure import BenchmarkError, interleaved
from benchmarks.record import Row
from benchmarks.setting import Setting
from taggram.library import Library
from taggram.library.map import project
from taggram.tagging import DEFAULT_MODEL

MODELS = (DEFAULT_MODEL,)
FOLDERS = ("music", "games", "originals")  # of the data folder, those that exist
LARGE = 20_000  # random points
NEIGHBOURS = 10
OURS = "taggram"


def measure(setting: Setting) -> list[Row]:
    """Trustworthiness and seconds for the embeddings of real music, by three projections; seconds for random points."""
    folders = [folder for name in FOLDERS if (folder := (setting.data or Path()) / name).is_dir()]
    if not folders:
        raise BenchmarkError(f"there is no music in {setting.data}: name its folder with --data")
    with tempfile.TemporaryDirectory() as scratch, Library(Path(scratch, "library.sqlite")) as library:
        library.scan(folders, fast=True, workers=2)
        embeddings = library.collection().embeddings
    projections: dict[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
        OURS: project,
        "principal components": PCA(2).fit_transform,
        "t-SNE": TSNE(metric="cosine", init="pca", random_state=0).fit_transform,
    }
    kept = {
        name: float(trustworthiness(embeddings, projection(embeddings), n_neighbors=NEIGHBOURS, metric="cosine"))
        for name, projection in projections.items()
    }
    works = {name: partial(_seconds, projection, embeddings) for name, projection in projections.items()}
    seconds = interleaved(works, setting.runs, warm_up=False)
    points = np.random.default_rng(0).standard_normal((LARGE, embeddings.shape[1])).astype(np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    benchmark = f"map of {len(embeddings)} tracks"
    return [
        *(Row(benchmark, f"{name}, trustworthiness of {NEIGHBOURS} neighbours", "", [kept[name]]) for name in kept),
        *(Row(benchmark, name, "s", seconds[name]) for name in seconds),
        Row(f"map of {LARGE} points", OURS, "s", [_seconds(project, points)]),
    ]


def _seconds(projection: Callable[[NDArray[np.float32]], NDArray[np.float32]], points: NDArray[np.float32]) -> float:
    began = time.perf_counter()
    projection(points)
    return time.perf_counter() - began
