"""An audit from start to end: index the sources, compute fingerprints of their audio, and compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from taggram._progress import ProgressHook, no_progress
from taggram.auditing.audit import Audit, IndexedSource, audit
from taggram.auditing.fingerprints import compute_fingerprints
from taggram.datasets import Dataset

__all__ = ["Source", "run"]


@dataclass(frozen=True)
class Source:
    """A copy of a data set.

    Attributes
    ----------
    dataset
        The data set.
    folder
        Folder with its published files.
    protocol
        Protocol to use; None selects the default.
    """

    dataset: Dataset
    folder: Path
    protocol: str | None = None

    @property
    def name(self) -> str:
        """Name of the data set and, if one is given, of the protocol, as in ``mtat:clean``."""
        return self.dataset.name if self.protocol is None else f"{self.dataset.name}:{self.protocol}"


def run(
    source: Source,
    against: Sequence[Source] = (),
    *,
    audio: bool = True,
    workers: int = 1,
    progress: ProgressHook = no_progress,
) -> Audit:
    """Audit a copy of a data set.

    Fingerprints of audio files, which are hashes and embeddings by the default model, are cached on disk; so an
    interrupted audit resumes, and the next one computes those of new and changed files only.

    Parameters
    ----------
    source
        The copy to audit.
    against
        Copies of other data sets, which may share recordings with it.
    audio
        Whether to search for duplicates in the available audio.
    workers
        Processes that decode and tag.
    progress
        Shows the progress in audio files.

    Returns
    -------
    Audit
        What was found; audio files that cannot be decoded are listed in `Audit.unreadable`.

    Raises
    ------
    DatasetError
        If a source cannot be indexed.
    CacheError
        If the prediction cache cannot be used.
    """
    protocol = source.dataset.protocol(source.protocol).name
    indexes = [(source.dataset.name, source.dataset.index(source.folder, protocol))]
    indexes += [(other.name, other.dataset.index(other.folder, other.protocol)) for other in against]
    vocabulary = source.dataset.vocabulary(source.folder, protocol)
    first, *others = (
        IndexedSource(name, index, compute_fingerprints(index, workers, progress) if audio else None)
        for name, index in indexes
    )
    return audit(first, vocabulary, others)
