"""Encrypted files: shops and streaming services bind them to their own players, so they cannot be decoded here."""

import os
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

__all__ = ["is_encrypted", "is_encrypted_stream"]

# First bytes of the files of NetEase and Kuwo.
_MAGIC = (b"CTENFDAM", b"yeelion-kuwo")
# Sample entries of mp4: Common Encryption, FairPlay (iTunes until 2009), Audible.
_SAMPLE_ENTRIES = {b"enca", b"drms", b"aavd"}
_PATH = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")


def is_encrypted(file: BinaryIO) -> bool:
    """Return whether a file is encrypted by its first bytes, or as an mp4.

    Parameters
    ----------
    file
        An open file; its position is 0 afterwards.
    """
    file.seek(0, os.SEEK_SET)
    head = file.read(12)
    found = head.startswith(_MAGIC)
    if head[4:8] == b"ftyp":
        size = file.seek(0, os.SEEK_END)
        found = not _SAMPLE_ENTRIES.isdisjoint(_sample_entries(file, 0, size, _PATH))
    file.seek(0, os.SEEK_SET)
    return found


def is_encrypted_stream(container: Any, stream: Any) -> bool:
    """Return whether a stream of asf (wma) or Matroska is encrypted, which FFmpeg's metadata tell."""
    keys = {"ASF_Protection_Type", "encryption"} & set(container.metadata) if container.format.name == "asf" else set()
    return bool(keys) or "enc_key_id" in stream.metadata


def _sample_entries(file: BinaryIO, start: int, end: int, path: tuple[bytes, ...]) -> Iterator[bytes]:
    """Yield the types of the boxes below the boxes of a path."""
    while start + 8 <= end:
        file.seek(start, os.SEEK_SET)
        size, kind, large = struct.unpack(">I4sQ", file.read(16).ljust(16, b"\0"))
        header = 16 if size == 1 else 8
        stop = end if size == 0 else start + (large if size == 1 else size)
        if not path:
            yield kind
        elif kind == path[0]:
            fields = 8 if kind == b"stsd" else 0  # version, flags, number of entries
            yield from _sample_entries(file, start + header + fields, min(stop, end), path[1:])
        if stop < start + header:
            return
        start = stop
