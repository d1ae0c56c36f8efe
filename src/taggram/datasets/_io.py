"""Reading the text files of data sets."""

from __future__ import annotations

from pathlib import Path

from taggram.errors import DatasetError

__all__ = ["read_lines"]


def read_lines(file: Path) -> list[str]:
    """Return the lines of a UTF-8 text file without line ends.

    Raises
    ------
    DatasetError
        If it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise DatasetError(f"{file} cannot be read ({error.strerror or error}): check the path") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{file} is not UTF-8 text: download it again") from error
