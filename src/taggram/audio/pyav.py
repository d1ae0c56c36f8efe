"""One interface to different releases of PyAV."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, BinaryIO

import av

__all__ = ["open_container", "text_tags", "time_base"]

# Up to 18, `av.open` raises on metadata that is not UTF-8 unless it is told how to decode it. From 19 on it always
# decodes with "surrogateescape" and refuses the argument.
_DECODING = {} if int(av.__version__.split(".")[0]) >= 19 else {"metadata_errors": "surrogateescape"}


def open_container(file: BinaryIO, *, ignore_length: bool = False) -> Any:
    """Open a file for demuxing, without reading any other file that it refers to.

    Parameters
    ----------
    file
        An open, seekable file.
    ignore_length
        Whether the samples of a wav file last to its end, whatever its header states.

    Returns
    -------
    av.container.InputContainer
        Its metadata holds undecodable bytes as surrogates; see `text_tags`.
    """
    options = {"protocol_whitelist": "none", "ignore_length": str(int(ignore_length))}
    return av.open(file, mode="r", container_options=options, **_DECODING)


def text_tags(metadata: dict[str, str]) -> dict[str, str]:
    """Make metadata printable: keys in lower case, bytes that are not UTF-8 as U+FFFD."""
    return {_printable(key).lower(): _printable(value) for key, value in metadata.items()}


def time_base(stream: Any) -> Fraction:
    """Return the length of a stream's time unit in seconds (a Fraction before PyAV 19, its own type since)."""
    return Fraction(stream.time_base.numerator, stream.time_base.denominator)


def _printable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
