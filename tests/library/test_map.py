"""The map of a library: positions that keep neighbours, and the genre of each track."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from taggram.library.collection import Collection
from taggram.library.map import make_map, project
from taggram.library.store import LibraryStore


def test_a_map_keeps_neighbours_better_than_principal_components() -> None:
    """Of twenty groups in 32 dimensions, neighbours in the plane are of the same group."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(20), 15)
    points = rng.standard_normal((20, 32))[group] + 0.5 * rng.standard_normal((300, 32))
    points = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)

    def purity(places: np.ndarray) -> float:
        distance = np.linalg.norm(places[:, None] - places[None], axis=2)
        np.fill_diagonal(distance, np.inf)
        return float((group[distance.argsort(axis=1)[:, :10]] == group[:, None]).mean())

    centred = points - points.mean(0)
    components = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
    places = project(points)
    assert purity(places) > 0.95 > 0.8 > purity(components)
    np.testing.assert_array_equal(places, project(points))
    assert project(points[:1]).tolist() == [[0.0, 0.0]]
    assert np.isfinite(project(points[[0, 0, 0]])).all()


def test_the_colour_is_the_characteristic_genre(store: LibraryStore, add: Callable[..., str]) -> None:
    """Where all tracks are electronic, what else they are tells them apart."""
    for i in range(6):
        add(f"/plain{i}.mp3", "electronic", embedding=(1, i))
    add("/a.mp3", "electronic", "jazz", embedding=(2, 0))
    add("/b.mp3", "jazz", embedding=(3, 1))
    add("/c.mp3", "piano", embedding=(0, 1))
    made = make_map(Collection.of_model(store), genres=2)
    assert made.genres == ("electronic", "jazz")
    assert made.genre.tolist() == [0] * 6 + [1, 1, -1]
    assert make_map(Collection.of_model(store), genres=1).genre.tolist() == [0] * 7 + [-1, -1]
    assert made.positions.shape == (9, 2)


def test_an_empty_library_has_an_empty_map(store: LibraryStore, add: Callable[..., str]) -> None:
    add("/silent.mp3", silent=True)
    made = make_map(Collection.of_model(store))
    assert (len(made.ids), made.genres, made.genre.tolist()) == (0, (), [])
