"""Lengths in headers, which programs that write to a pipe do not know.

In wav and other uncompressed files they write a placeholder: 0, the largest number, or one near a limit of other
programs. The audio of such a file lasts to its end.
"""

import os
import struct
import uuid
from typing import BinaryIO

__all__ = ["is_asf_broadcast", "is_placeholder", "lacks_length", "riff_size"]

# 2 GiB and 4 GiB are limits of programs; sox writes 0x7f000000 into aiff. Above 4 EiB there is no file.
_LIMITS = (0x7F000000, 1 << 31, 1 << 32)
_LARGEST = 1 << 62
_ASF_PROPERTIES = uuid.UUID("8CABDCA1-A947-11CF-8EE4-00C00C205365").bytes_le
# Bytes from a limit: programs add the size of the header, or round down.
_TOLERANCE = 4096


def is_placeholder(size: int) -> bool:
    """Return whether a size in bytes is a placeholder.

    Examples
    --------
    >>> [is_placeholder(size) for size in (0, 0x7FFFF024, 0x80000024, 0xFFFFFFFF, 3_000_000_000)]
    [True, True, True, True, False]
    """
    return size == 0 or size > _LARGEST or any(abs(size - limit) <= _TOLERANCE for limit in _LIMITS)


def riff_size(file: BinaryIO) -> int:
    """Read the size in bytes that a wav file has by its header; 0 if the header does not state it."""
    marker, size = struct.unpack("<4sI", _head(file, 8).ljust(8, b"\0"))
    return size + 8 if marker == b"RIFF" and not is_placeholder(size) else 0


def lacks_length(file: BinaryIO) -> bool:
    """Return whether the header of a wav file above 4 GiB, or for such sizes, states no size of the samples."""
    head = _head(file, 36)
    return head[:4] in (b"RF64", b"BW64") and head[12:16] == b"ds64" and not any(head[28:36])


def is_asf_broadcast(file: BinaryIO) -> bool:
    """Return whether an asf file (wma) is marked as a broadcast, of which the header states no duration."""
    head = _head(file, 1 << 16)
    properties = head.find(_ASF_PROPERTIES)
    return 0 <= properties < len(head) - 88 and bool(head[properties + 88] & 1)


def _head(file: BinaryIO, size: int) -> bytes:
    position = file.tell()
    file.seek(0, os.SEEK_SET)
    head = file.read(size)
    file.seek(position, os.SEEK_SET)
    return head
