"""The standard streams: usable whatever they are connected to, with text in the terminal's encoding."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
import warnings
from collections.abc import Iterator

from taggram._text import printable

__all__ = ["describe", "encodable", "prepare", "print_warnings"]

# What writing to a stream that is full, closed or gone raises.
_FULL = {errno.ENOSPC, errno.EDQUOT}
_WRITE_ERRORS = {*_FULL, errno.EIO, errno.EBADF, errno.EPIPE, errno.EFBIG, errno.EINVAL}


def prepare() -> None:
    """Open closed streams as the null device, and let no character be an error.

    A closed stream's number would be given to the next file that is opened, and messages would be written into that. A
    character that the encoding of a stream lacks is printed as an escape. On Windows, the encoding of files and pipes
    is UTF-8 unless PYTHONIOENCODING is set, since the usual one lacks the characters of tags and bars.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free number is given out: since those below are open, it is this one.
            os.open(os.devnull, os.O_RDONLY if descriptor == 0 else os.O_WRONLY)
    force_utf8 = sys.platform == "win32" and not os.environ.get("PYTHONIOENCODING")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8" if force_utf8 else None, errors="backslashreplace")
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115


def encodable(text: str) -> bool:
    """Return whether stdout has all characters of a text."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def describe(error: OSError) -> str | None:
    """Return a line for a file or folder that cannot be used, or for stdout; None if the error names no cause.

    After an error of stdout, what is still buffered for it is dropped, as Python would try to write it again at exit.
    """
    reason = (error.strerror or str(error)).lower()
    if error.filename is not None:
        name = printable(os.fsdecode(error.filename))
        remedy = "free space" if error.errno in _FULL else "check the path and its permissions"
        return f"{name} cannot be used ({reason}): {remedy}"
    if error.errno not in _WRITE_ERRORS:
        return None
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
    return f"standard output cannot be written ({reason}): free space or redirect it"


@contextlib.contextmanager
def print_warnings() -> Iterator[None]:
    """Print each warning of a block as one line on stderr, after the block."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for line in dict.fromkeys(str(warning.message) for warning in caught):
        print(f"warning: {printable(line)}", file=sys.stderr)
