"""Published weights: source, file, licence and conversion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from taggram.models.card import Score

__all__ = ["DATA_TERMS", "TRAINED_ON", "Entries", "PublishedWeights"]

# From the names of a checkpoint's entries to their values, tensors or arrays.
Entries = dict[str, Any]

TRAINED_ON = {
    "mtat": "MagnaTagATune, training split (folders 0 to b)",
    "msd": "Million Song Dataset, Last.fm top-50 tags, training split (old split)",
    "jamendo": "MTG-Jamendo, top-50 tags, training part of split 0",
}
DATA_TERMS = {
    "mtat": "MagnaTagATune's audio (Magnatune, CC BY-NC-SA)",
    "msd": "Million Song Dataset previews (commercial recordings)",
    "jamendo": "MTG-Jamendo's audio (Creative Commons, differing per track)",
}


@dataclass(frozen=True)
class PublishedWeights:
    """A published checkpoint and how to convert it.

    Attributes
    ----------
    name
        taggram's name of the model: ``architecture.tag``.
    vocabulary
        Name of the published vocabulary, in the order of the model's outputs.
    url
        Where to download the file: an address, or what pip calls it.
    sha256
        Hash of that file; None where it is unknown. An import can then only check that the file has exactly the
        entries of the network; the card says so and records the hash of the file.
    member
        Folder of the checkpoint inside the file, for an archive.
    convert
        Takes the architecture's name and the entries of the checkpoint, and returns them under the names and in the
        shapes of taggram's network.
    paper, trained_on, licence
        As in the card.
    scores
        What the authors report.
    """

    name: str
    vocabulary: str
    url: str
    sha256: str | None
    member: str | None
    convert: Callable[[str, Entries], Entries]
    paper: str
    trained_on: str
    licence: str
    scores: tuple[Score, ...] = ()

    @property
    def architecture(self) -> str:
        """The part of the name before the dot."""
        return self.name.partition(".")[0]

    @property
    def suffix(self) -> str:
        """Suffix of the published file: ``".whl"`` for an archive, else that of its address."""
        return ".whl" if self.member else PurePosixPath(self.url).suffix
