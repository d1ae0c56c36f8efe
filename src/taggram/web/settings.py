"""Settings of the server: whom it answers, and how much it takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from taggram.errors import TaggramError

__all__ = ["Settings"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of the server.

    Attributes
    ----------
    workers
        Number of processes that decode and tag.
    queue
        Number of uploads and jobs at once, those in progress included; more are refused.
    max_size
        Largest upload, in bytes.
    max_seconds
        Longest audio.
    max_deform_seconds
        Longest audio that is deformed, since that takes all of it in memory.
    max_segments
        Largest number of segments of a taggram.
    max_storage
        Bytes on disk of all tracks; the oldest tracks are removed to keep within it.
    max_tracks
        Number of tracks, likewise.
    stall_seconds
        Longest time without progress: of an upload without a byte, of a job without a second of audio.
    job_seconds
        Longest time of a job.
    worker_memory
        Bytes of data that a worker process may allocate.
    token
        What clients have to know; None: nothing.
    hosts
        Names by which the server is addressed, beside ``localhost`` and IP addresses.
    library
        The library of music that is shown, which may be made later; None: none.
    allow_write
        Whether tags are written into the files of the library on request; needs a token.

    Raises
    ------
    TaggramError
        If tags would be written for everyone.
    """

    workers: int = 2
    queue: int = 64
    max_size: int = 1 << 30
    max_seconds: float = 4 * 3600.0
    max_deform_seconds: float = 900.0
    max_segments: int = 50_000
    max_storage: int = 4 << 30
    max_tracks: int = 500
    stall_seconds: float = 60.0
    job_seconds: float = 1800.0
    worker_memory: int = 2 << 30
    token: str | None = None
    hosts: tuple[str, ...] = ()
    library: Path | None = None
    allow_write: bool = False

    def __post_init__(self) -> None:
        if self.allow_write and not self.token:
            raise TaggramError("writing files needs a secret: add --token TEXT, or set TAGGRAM_TOKEN")
