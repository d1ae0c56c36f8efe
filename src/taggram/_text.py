"""Paths as text: file names may hold bytes that no text encoding has."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["counted", "decode_path", "encode_path", "escape_surrogates", "printable"]

_ESCAPE = re.compile(r"\\u(005c|d[89a-f][0-9a-f]{2})")


def encode_path(path: str) -> str:
    r"""Return a path as text that is valid UTF-8, for outputs and tables.

    Python's form of a name that is not valid UTF-8 holds a lone surrogate for each byte that cannot be decoded
    (`os.fsdecode`, PEP 383), and no UTF-8 text can hold those. They are written as ``\udcXX``, where ``XX`` is the byte
    in hexadecimal. Other paths stay as they are, unless they contain such six characters themselves: then the backslash
    is written as ``\u005c``, so that `decode_path` is exact.

    Examples
    --------
    >>> import os
    >>> print(encode_path(os.fsdecode(b"caf\xe9.opus")))
    caf\udce9.opus
    """
    return escape_surrogates(_ESCAPE.sub(r"\\u005cu\1", path))


def decode_path(text: str) -> str:
    r"""Return the path of a text of `encode_path`; `os.fsencode` gives its bytes.

    Examples
    --------
    >>> import os
    >>> print(os.fsencode(decode_path(r"caf\udce9.opus")))
    b'caf\xe9.opus'
    """
    return _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)


def printable(text: str) -> str:
    r"""Return a text that may contain paths, for messages of one line.

    Line breaks, other control characters, marks that change the direction of writing, and bytes that cannot be decoded
    are escaped. Letters, spaces and emoji of any script stay as they are.

    Examples
    --------
    >>> print(printable("two\nlines.mp3"))
    two\nlines.mp3
    """
    if text.isprintable():
        return text
    return "".join(character if _is_harmless(character) else repr(character)[1:-1] for character in text)


def _is_harmless(character: str) -> bool:
    joiners = "\u200c\u200d"  # parts of words and emoji
    return character.isprintable() or character in joiners or unicodedata.category(character) == "Zs"


def escape_surrogates(text: str) -> str:
    """Return a text that may mention paths, such as an error message, as valid UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def counted(number: int, noun: str) -> str:
    """Return a number and what there are so many of: ``1 file``, ``2 files``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
