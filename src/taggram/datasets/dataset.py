"""What a data set is: where it comes from, which clips it has, what holds for them, and how it is split."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from taggram.datasets.listing import Listing
from taggram.errors import DatasetError

if TYPE_CHECKING:
    from taggram.vocabularies import Vocabulary

__all__ = ["Dataset", "Protocol", "PublishedFile"]


@dataclass(frozen=True)
class PublishedFile:
    """A file as the authors of a data set publish it.

    Attributes
    ----------
    name
        Its path below the folder of the data set.
    sha256
        What it must hash to; empty where that is not known.
    url
        Where it may be fetched; empty where it has to be asked for.
    size
        In bytes; 0 where that is not known.
    required
        Whether no clip can be listed without it.
    """

    name: str
    sha256: str = ""
    url: str = ""
    size: int = 0
    required: bool = True

    def fault(self, file: Path) -> str:
        """Say why a file is not this one, as far as size and checksum tell; empty if it is."""
        size = file.stat().st_size
        if self.size and size != self.size:
            return f"it has {size} bytes, not {self.size}"
        if self.sha256:
            with file.open("rb") as content:
                if hashlib.file_digest(content, "sha256").hexdigest() != self.sha256:
                    return "its SHA-256 differs"
        return ""


@dataclass(frozen=True)
class Protocol:
    """One way in which a data set is used: which clips, which tags, which split.

    Attributes
    ----------
    name
        Such as ``"clean"``.
    about
        Who split it and how, and what is wrong with it.
    sizes
        Published number of clips of each split, which a complete copy must have.
    leaky
        Whether its splits share recordings or artists by construction.
    """

    name: str
    about: str
    sizes: Mapping[str, int] = field(default_factory=dict)
    leaky: bool = False


class Dataset(ABC):
    """A data set as it is published, one class in one file of `taggram.datasets.sets`.

    Attributes
    ----------
    name
        By which commands and recipes know it.
    title, about
        What it is called, and what it is, in a sentence or two.
    citation
        The paper that it is to be cited by.
    licence
        What may be done with audio and annotations.
    homepage
        Where it is described.
    audio
        Whether ``taggram data get`` fetches the audio, or it is to be had by hand as `obtain` says, or not at all.
    obtain
        What a person has to do to get it, step by step, as far as it may not be fetched.
    traps
        What is known to be wrong with it, one sentence each.
    files
        Published files other than audio, with checksums.
    protocols
        In which ways it is used, the usual one first.
    seconds
        Length of a sound clip of it, shortest and longest.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str]
    citation: ClassVar[str]
    licence: ClassVar[str]
    homepage: ClassVar[str]
    audio: ClassVar[Literal["get", "by hand", "not to be had"]] = "by hand"
    obtain: ClassVar[str]
    traps: ClassVar[tuple[str, ...]] = ()
    files: ClassVar[tuple[PublishedFile, ...]] = ()
    protocols: ClassVar[tuple[Protocol, ...]]
    seconds: ClassVar[tuple[float, float]] = (0.0, float("inf"))

    def protocol(self, name: str | None = None) -> Protocol:
        """Return a protocol by name, or the usual one.

        Raises
        ------
        DatasetError
            If there is none of that name.
        """
        known = {protocol.name: protocol for protocol in self.protocols}
        if name is None:
            return self.protocols[0]
        if name not in known:
            raise DatasetError(f"{self.name} has no protocol {name!r}; it has {', '.join(known)}")
        return known[name]

    @abstractmethod
    def vocabulary(self, folder: Path, protocol: str | None = None) -> Vocabulary:
        """Return the tags of a protocol, each with its category, in the order in which models answer."""

    @abstractmethod
    def listing(self, folder: Path, protocol: str | None = None) -> Listing:
        """List the clips of a protocol; no audio is looked at.

        Parameters
        ----------
        folder
            Where the published files lie.
        protocol
            One of `protocols`; None: the usual one.

        Returns
        -------
        Listing
            In an order that is always the same. Labels are of the protocol's vocabulary.

        Raises
        ------
        DatasetError
            If a file is missing or is not what the authors publish.
        """

    @abstractmethod
    def write_sample(self, folder: Path) -> None:
        """Write a few clips of noise, with annotations, as the authors lay theirs out: for trying things and tests."""

    def validate(self, folder: Path) -> Iterator[str]:
        """Say what is wrong with the published files in a folder, one line each; audio is not looked at."""
        for published in self.files:
            file = folder / published.name
            if not file.is_file():
                if published.required:
                    yield f"{file} is missing: see taggram data describe {self.name}"
            elif fault := published.fault(file):
                yield f"{file} is not the published file: {fault}"

    def find(self, folder: Path, *names: str) -> Path:
        """Return the first of several files that is there: distributions differ in where they put one.

        Raises
        ------
        DatasetError
            If none is.
        """
        for name in names:
            if (folder / name).is_file():
                return folder / name
        wanted = " or ".join(names)
        raise DatasetError(f"{folder} has no {wanted}: taggram data describe {self.name} says how to get it")
