"""Labelled clips of the data sets mer4q and Emotify, which no published model was trained on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taggram.datasets import dataset

__all__ = ["LabelledClips", "label_names"]


class Protocols(NamedTuple):
    """Protocols of a data set by the kind of their labels; empty if it has none of a kind."""

    genres: str
    moods: str
    classes: str


PROTOCOLS = {"mer4q": Protocols("genres", "moods", "quadrant"), "emotify": Protocols("genres", "", "genres")}


@dataclass(frozen=True, eq=False)
class LabelledClips:
    """Clips of a data set with their labels, in the order of its index.

    Attributes
    ----------
    name
        Of the data set; labels begin with it, as in ``mer4q/jazz``.
    files
        Audio of each clip.
    artists, titles, splits : (clips,)
        Of each clip; splits are ``train``, ``valid`` and ``test``, and have no artist in common.
    classes : (clips,)
        The one class of each clip: its quadrant of valence and arousal, or its genre.
    genres, moods
        Labels of each clip.
    """

    name: str
    files: tuple[Path, ...]
    artists: NDArray[np.str_]
    titles: NDArray[np.str_]
    splits: NDArray[np.str_]
    classes: NDArray[np.str_]
    genres: tuple[frozenset[str], ...]
    moods: tuple[frozenset[str], ...]

    def __len__(self) -> int:
        return len(self.files)

    @classmethod
    def from_dataset(cls, name: str, folder: Path) -> LabelledClips:
        """Read the clips of ``mer4q`` or ``emotify``.

        Parameters
        ----------
        name
            Of the data set.
        folder
            Folder with its published files.

        Raises
        ------
        DatasetError
            If a file is missing or malformed.
        """
        protocols = PROTOCOLS[name]
        indexes = {protocol: dataset(name).index(folder, protocol) for protocol in {*protocols} - {""}}
        index = indexes[protocols.classes]

        def labels(protocol: str) -> tuple[frozenset[str], ...]:
            if not protocol:
                return (frozenset(),) * len(index.clips)
            return tuple(frozenset(f"{name}/{label}" for label in clip.labels) for clip in indexes[protocol].clips)

        return cls(
            name,
            tuple(index.file(clip) for clip in index.clips),
            np.array([clip.artist for clip in index.clips]),
            np.array([clip.title for clip in index.clips]),
            np.array([clip.split for clip in index.clips]),
            np.array([clip.labels[0] for clip in index.clips]),
            labels(protocols.genres),
            labels(protocols.moods),
        )

    def label_matrix(self, labels: Iterable[str]) -> NDArray[np.bool_]:
        """Return which clips have which labels, shape (clips, labels)."""
        clips = [genres | moods for genres, moods in zip(self.genres, self.moods, strict=True)]
        return np.array([[label in clip for clip in clips] for label in labels]).T

    def in_splits(self, *splits: str) -> NDArray[np.bool_]:
        """Return which clips are in one of some splits, shape (clips,)."""
        return np.isin(self.splits, splits)


def label_names(labels: Sequence[frozenset[str]]) -> list[str]:
    """Return every label that occurs, sorted."""
    return sorted(frozenset[str]().union(*labels))
