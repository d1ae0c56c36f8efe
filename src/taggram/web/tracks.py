"""Tracks: pieces of audio that the server holds, each in a folder of its own."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from taggram.web.errors import RequestError, UnknownNameError, no_space
from taggram.web.settings import Settings
from taggram.web.work.inspect import AudioFacts

__all__ = ["Draft", "Track", "TrackStore", "deformed_id"]

AUDIO_FILE = "audio"
ID_DIGITS = 16
TRACK_GONE = "this track is no longer on the server: add it again"
SPARE = 64 << 20  # bytes of the disk that are left free


@dataclass(eq=False)
class Track:
    """A piece of audio.

    Attributes
    ----------
    id
        From the content, and from the deformation of a deformed track.
    name
        The client's name of the file.
    folder
        Holds the audio and what is computed from it.
    size
        Bytes of the folder, as last measured.
    facts
        Length, format and so on.
    parent
        Identifier of the track that was deformed; None for an upload.
    deformation
        Text form of the chain.
    created
        When the server got it.
    embeddings
        Mean embedding by model, for the models that have tagged the track; None for silence.
    """

    id: str
    name: str
    folder: Path
    size: int
    facts: AudioFacts
    parent: str | None = None
    deformation: str | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    embeddings: dict[str, NDArray[np.float32] | None] = field(default_factory=dict)

    @property
    def audio(self) -> Path:
        """The file."""
        return self.folder / AUDIO_FILE

    def measure(self) -> None:
        """Measure the bytes of the folder."""
        with contextlib.suppress(OSError):
            self.size = sum(file.stat().st_size for file in self.folder.iterdir())


class Draft:
    """A folder with a file that is being written, and may become a track.

    Attributes
    ----------
    file
        The file.
    size
        Bytes written.
    """

    def __init__(self, store: TrackStore, folder: Path) -> None:
        self._store = store
        self.folder, self.file = folder, folder / AUDIO_FILE
        self.size = 0

    def reserve(self, size: int) -> None:
        """Count more bytes; older tracks make room for them.

        Raises
        ------
        RequestError
            With status 503, if there is no room.
        """
        self.size += size
        self._store.make_room()


class TrackStore:
    """The tracks of a server; the oldest ones are removed where their number or space on disk is exceeded.

    Parameters
    ----------
    root
        Folder for the folders of tracks.
    settings
        The bounds.
    """

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root, self._settings = root, settings
        self._tracks: dict[str, Track] = {}
        self._drafts: set[Draft] = set()

    def __len__(self) -> int:
        return len(self._tracks)

    def __iter__(self) -> Iterator[Track]:
        return iter(list(self._tracks.values()))

    def __contains__(self, track: Track) -> bool:
        return self._tracks.get(track.id) is track

    def get(self, identifier: str) -> Track | None:
        """Return a track; None if there is none."""
        return self._tracks.get(identifier)

    def find(self, identifier: str) -> Track:
        """Return a track.

        Raises
        ------
        UnknownNameError
            If there is none.
        """
        if identifier not in self._tracks:
            raise UnknownNameError(TRACK_GONE)
        return self._tracks[identifier]

    @contextlib.contextmanager
    def draft(self) -> Iterator[Draft]:
        """Provide a folder for a new file; it is removed after the block unless it became a track.

        Raises
        ------
        RequestError
            With status 503, if another program has removed the folder of the server.
        """
        try:
            draft = Draft(self, Path(tempfile.mkdtemp(dir=self.root)))
        except FileNotFoundError:
            raise RequestError(503, "the server's temporary folder has been removed: restart the server") from None
        self._drafts.add(draft)
        try:
            yield draft
        finally:
            self._drafts.discard(draft)
            if not any(track.folder == draft.folder for track in self._tracks.values()):
                shutil.rmtree(draft.folder, ignore_errors=True)

    def add(self, track: Track) -> Track:
        """Add a track; return the one with its identifier if another request has added that meanwhile."""
        track = self._tracks.setdefault(track.id, track)
        self.make_room(keep=track)
        return track

    def remove(self, identifier: str) -> None:
        """Remove a track and its files."""
        shutil.rmtree(self.find(identifier).folder, ignore_errors=True)
        del self._tracks[identifier]

    def make_room(self, keep: Track | None = None) -> None:
        """Remove the oldest tracks, but not the one to keep, while there are too many or the disk gets full.

        Raises
        ------
        RequestError
            With status 503, if files that are being written alone take too much.
        """
        drafts = {draft.folder: draft.size for draft in self._drafts}
        held = {track.folder: track.size for track in self._tracks.values()}
        used = sum((held | drafts).values())
        room = min(self._settings.max_storage, used + shutil.disk_usage(self.root).free - SPARE)
        for track in [track for track in self if track is not keep]:
            if used <= room and len(self._tracks) <= self._settings.max_tracks:
                return
            used -= track.size
            self.remove(track.id)
        if used > room:
            raise no_space()


def deformed_id(parent: str, chain: str) -> str:
    """Return the identifier of a deformed track."""
    return hashlib.sha256(f"{parent} {chain}".encode()).hexdigest()[:ID_DIGITS]
