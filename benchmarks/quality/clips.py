"""Labelled clips: Panda et al.'s 4Q set (``mer4q``) and Emotify."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Clips:
    """The clips of a data set, in the order of its table.

    Attributes
    ----------
    name
        Of the data set; its labels begin with it, as in ``mer4q/jazz``.
    folder
        Where the files are.
    paths
        Of the files, within the folder.
    artists, titles, splits
        Of each clip; splits are ``train``, ``valid`` and ``test``, and share no artist.
    classes
        The one class that each clip has: its quadrant of valence and arousal, or its genre.
    genres, moods
        The labels of each clip.
    """

    name: str
    folder: Path
    paths: tuple[str, ...]
    artists: npt.NDArray[np.str_]
    titles: npt.NDArray[np.str_]
    splits: npt.NDArray[np.str_]
    classes: npt.NDArray[np.str_]
    genres: tuple[frozenset[str], ...]
    moods: tuple[frozenset[str], ...]

    def __len__(self) -> int:
        return len(self.paths)

    @classmethod
    def read(cls, material: Path, name: str) -> Clips:
        """Read ``labels.tsv`` of a data set."""
        with (material / name / "labels.tsv").open(encoding="utf-8", newline="") as text:
            rows = list(csv.DictReader(text, delimiter="\t"))

        def labels(row: dict[str, str], column: str) -> frozenset[str]:
            return frozenset(f"{name}/{label}" for label in filter(None, row.get(column, "").split(";")))

        genre, kind = ("genres", "quadrant") if "genres" in rows[0] else ("genre", "genre")
        return cls(
            name,
            material / name,
            tuple(row["path"] for row in rows),
            np.array([row["artist"] for row in rows]),
            np.array([row["title"] for row in rows]),
            np.array([row["split"] for row in rows]),
            np.array([row[kind] for row in rows]),
            tuple(labels(row, genre) for row in rows),
            tuple(labels(row, "moods") for row in rows),
        )

    def has(self, labels: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Return which clips have which labels, shape (clips, labels)."""
        both = [genres | moods for genres, moods in zip(self.genres, self.moods, strict=True)]
        return np.array([[label in each for each in both] for label in labels]).T

    def in_splits(self, *splits: str) -> npt.NDArray[np.bool_]:
        """Return which clips are in one of some splits."""
        return np.isin(self.splits, splits)


def names(labels: Sequence[frozenset[str]]) -> list[str]:
    """Return every label that occurs, sorted."""
    return sorted(frozenset().union(*labels))
