"""The interface of a data set: source, files, protocols, tags and clips."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from taggram._files import sha256
from taggram.datasets.index import ClipIndex
from taggram.errors import DatasetError
from taggram.vocabularies import Vocabulary

__all__ = ["Dataset", "DatasetProtocol", "PublishedFile"]


@dataclass(frozen=True)
class PublishedFile:
    """A file that the authors of a data set publish.

    Attributes
    ----------
    name
        Path relative to the folder of the data set.
    sha256
        SHA-256 in hexadecimal; empty if unknown.
    url
        Download address; empty if the file must be requested from the authors.
    size
        In bytes; 0 if unknown.
    required
        Whether clips cannot be listed without it.
    """

    name: str
    sha256: str = ""
    url: str = ""
    size: int = 0
    required: bool = True

    def mismatch(self, file: Path) -> str:
        """Return how a file differs from the published one in size or checksum; empty if it does not."""
        size = file.stat().st_size
        if self.size and size != self.size:
            return f"it has {size} bytes, not {self.size}"
        if self.sha256 and sha256(file) != self.sha256:
            return "its SHA-256 differs"
        return ""


@dataclass(frozen=True)
class DatasetProtocol:
    """One way to use a data set: a choice of clips, tags and split.

    `taggram.evaluation.Protocol` adds how the clips are cut, decoded and scored.

    Attributes
    ----------
    name
        Such as ``"clean"``.
    about
        Origin of the split, and its weaknesses.
    sizes
        Published number of clips per split.
    leaky
        Whether the splits share recordings or artists by construction.
    """

    name: str
    about: str
    sizes: Mapping[str, int] = field(default_factory=dict)
    leaky: bool = False


class Dataset(ABC):
    """Base class of data sets; each subclass lives in a file of its own in `taggram.datasets.published`.

    Attributes
    ----------
    name
        Identifier in commands and recipes.
    title, about
        Full name, and a description in a sentence or two.
    citation
        The paper to cite.
    licence
        Terms of use of audio and annotations.
    homepage
        Address of the description.
    audio
        ``"download"`` if ``taggram data download`` gets the audio, ``"manual"`` if `how_to_get` describes the steps,
        ``"unavailable"`` if it is not distributed.
    how_to_get
        Manual steps for everything that cannot be downloaded automatically.
    known_issues
        Known problems of the data set, one sentence each.
    files
        Published files other than audio, with checksums.
    protocols
        Ways to use the data set; the first is the default.
    seconds
        Shortest and longest duration of an intact clip.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str]
    citation: ClassVar[str]
    licence: ClassVar[str]
    homepage: ClassVar[str]
    audio: ClassVar[Literal["download", "manual", "unavailable"]] = "manual"
    how_to_get: ClassVar[str]
    known_issues: ClassVar[tuple[str, ...]] = ()
    files: ClassVar[tuple[PublishedFile, ...]] = ()
    protocols: ClassVar[tuple[DatasetProtocol, ...]]
    seconds: ClassVar[tuple[float, float]] = (0.0, float("inf"))

    def protocol(self, name: str | None = None) -> DatasetProtocol:
        """Return a protocol by name; None selects the default.

        Raises
        ------
        DatasetError
            If the data set has no such protocol.
        """
        by_name = {protocol.name: protocol for protocol in self.protocols}
        if name is None:
            return self.protocols[0]
        if name not in by_name:
            raise DatasetError(f"{self.name} has no protocol {name!r}; it has {', '.join(by_name)}")
        return by_name[name]

    @abstractmethod
    def vocabulary(self, folder: Path, protocol: str | None = None) -> Vocabulary:
        """Return the tags of a protocol with their categories, in the order of a model's outputs."""

    @abstractmethod
    def index(self, folder: Path, protocol: str | None = None) -> ClipIndex:
        """List the clips of a protocol without reading any audio.

        Parameters
        ----------
        folder
            Folder with the published files.
        protocol
            Name of one of `protocols`; None selects the default.

        Returns
        -------
        ClipIndex
            In a deterministic order. All labels belong to the protocol's vocabulary.

        Raises
        ------
        DatasetError
            If a file is missing or is not as published.
        """

    @abstractmethod
    def write_sample(self, folder: Path) -> None:
        """Write a few clips of noise with annotations in the published layout, for trying commands and for tests."""

    def check_files(self, folder: Path) -> Iterator[str]:
        """Yield one line per published file that is missing or differs; audio is not checked."""
        for published in self.files:
            file = folder / published.name
            if not file.is_file():
                if published.required:
                    yield f"{file} is missing: see taggram data info {self.name}"
            elif mismatch := published.mismatch(file):
                yield f"{file} is not the published file: {mismatch}"

    def find(self, folder: Path, *names: str) -> Path:
        """Return the first of several files that exists; distributions place some files differently.

        Raises
        ------
        DatasetError
            If none exists.
        """
        for name in names:
            if (folder / name).is_file():
                return folder / name
        raise DatasetError(f"{folder} has no {' or '.join(names)}: taggram data info {self.name} says how to get it")
