"""Links of chained Ogg files: streams one after another in a file, each with headers of its own, as radio captures are.

FFmpeg decodes all links with the headers of the first one. So each link is demuxed as a file of its own.
"""

import itertools
import os
from collections.abc import Iterator
from typing import BinaryIO

__all__ = ["find_links"]

# Begin of a page: capture pattern, version 0, the flag of a stream's first page (RFC 3533, section 6).
FIRST_PAGE = b"OggS\0\2"
HEADER_SIZE = 27
MAX_PAGE_SIZE = HEADER_SIZE + 255 + 255 * 255
CHUNK = 1 << 20


def find_links(file: BinaryIO) -> list[range]:
    """Find the links of a chained Ogg file.

    All of an Ogg file is read, at about 1 GB/s. Its last page does not tell, as links may have equal serial numbers.

    Parameters
    ----------
    file
        A file of any format; its position is 0 afterwards.

    Returns
    -------
    list of range
        The bytes of each link that has samples; empty if the file is no Ogg file, or is not chained.
    """
    file.seek(0, os.SEEK_SET)
    positions = list(_first_pages(file)) if file.read(4) == FIRST_PAGE[:4] else []
    starts, end = [], 0
    for position in positions:
        if position != end or position == 0:  # the first pages of simultaneous streams are adjacent
            starts.append(position)
        end = position + _page_size(file, position)
    size = file.seek(0, os.SEEK_END)
    links = [range(start, stop) for start, stop in itertools.pairwise([*starts, size])]
    links = [link for link in links if _has_samples(file, link)] if len(links) > 1 else []
    file.seek(0, os.SEEK_SET)
    return links


def _first_pages(file: BinaryIO) -> Iterator[int]:
    """Yield the positions of the first pages of all streams."""
    file.seek(0, os.SEEK_SET)
    buffer, offset = b"", 0
    while chunk := file.read(CHUNK):
        buffer += chunk
        position = buffer.find(FIRST_PAGE)
        while position >= 0:
            yield offset + position
            position = buffer.find(FIRST_PAGE, position + 1)
        rest = buffer[1 - len(FIRST_PAGE) :]
        offset, buffer = offset + len(buffer) - len(rest), rest


def _page_size(file: BinaryIO, position: int) -> int:
    file.seek(position + HEADER_SIZE - 1, os.SEEK_SET)
    segments = file.read(1)
    lacing = file.read(segments[0]) if segments else b""
    return HEADER_SIZE + len(lacing) + sum(lacing)


def _has_samples(file: BinaryIO, link: range) -> bool:
    """Return whether the granule position of the last page is not 0, as it is in headers."""
    file.seek(max(link.start, link.stop - MAX_PAGE_SIZE), os.SEEK_SET)
    tail = file.read(link.stop - file.tell())
    granule = tail[tail.rfind(FIRST_PAGE[:4]) :][6:14]
    return any(granule)
