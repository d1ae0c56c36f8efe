"""Changes of files, one at a time: a changed copy takes the place of a file when its audio is proven equal."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import av

from taggram._text import printable
from taggram.audio.pyav import open_container
from taggram.errors import LibraryError
from taggram.library.store import FileState
from taggram.library.writing.file_tags import Field, Sidecar, mutagen_errors, open_tags

__all__ = ["part_of", "read_values", "write_values"]


def read_values(path: str, fields: tuple[Field, ...]) -> dict[Field, list[str]]:
    """Return the values of fields in a file."""
    tags = open_tags(Path(path))
    return {field: tags.get(field) for field in fields}


def part_of(path: str, note: int) -> Path:
    """Return the copy of a file while a change of it is made, which a killed process leaves behind."""
    file = Path(os.path.realpath(path))
    return file.with_name(f".{file.stem[:40]}.{note}.part{file.suffix}")


def write_values(path: str, values: Mapping[Field, list[str]], note: int, *, keep_times: bool = False) -> None:
    """Write the values of fields into a file, and nothing else.

    A copy beside the file is changed and read again: the values must be those wanted, every other tag and every audio
    packet as before. Then it takes the place of the file, which is old or new at any moment, and whole.

    Parameters
    ----------
    path, values
        The file, and the values by field.
    note
        Number of the change in the journal.
    keep_times
        Keep the modification time.

    Raises
    ------
    LibraryError
        If the file cannot be written, changes meanwhile, or the copy would differ in anything else; the file is as
        it was.
    """
    file = Path(os.path.realpath(path))
    with _writable(file):
        tags = open_tags(file)
        if isinstance(tags, Sidecar):
            for field, wanted in values.items():
                tags.set(field, wanted)
            tags.save()
            return
        before = FileState.of(file)
        if not os.access(file, os.W_OK):
            raise PermissionError(13, "Permission denied", str(file))
        copy = part_of(path, note)
        try:
            shutil.copy2(file, copy)
            _change(copy, values, path)
            if audio_digest(copy) != audio_digest(file):
                raise LibraryError(f"{printable(path)} was left alone: its audio would not be the same")
            if FileState.of(file) != before:
                raise LibraryError(f"{printable(path)} was changed by another program meanwhile: try again")
            status = file.stat()
            with contextlib.suppress(PermissionError, AttributeError):  # of another owner; Windows has no chown
                os.chown(copy, status.st_uid, status.st_gid)
            if keep_times:
                os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))
            with copy.open("rb") as stream:
                os.fsync(stream.fileno())
            os.replace(copy, file)
        finally:
            copy.unlink(missing_ok=True)


@contextlib.contextmanager
def _writable(file: Path) -> Iterator[None]:
    try:
        yield
    except (*mutagen_errors(), OSError, av.FFmpegError) as error:
        reason = (getattr(error, "strerror", None) or " ".join(str(error).split())).lower()
        raise LibraryError(f"{printable(str(file))} cannot be written ({reason}); it is as it was") from error


def _change(copy: Path, values: Mapping[Field, list[str]], path: str) -> None:
    tags = open_tags(copy)
    others = tags.others()
    for field, wanted in values.items():
        tags.set(field, wanted)
    tags.save()
    written = open_tags(copy)
    if written.others() != others:
        raise LibraryError(f"{printable(path)} was left alone: other tags would not be the same")
    for field, wanted in values.items():
        if sorted(written.get(field)) != sorted(wanted):  # ASF does not keep the order
            raise LibraryError(f"{printable(path)} was left alone: its {field} would read {written.get(field)}")


def audio_digest(file: Path) -> str:
    """Return the SHA-256 of the packets of the first audio stream, as they are in the file."""
    digest = hashlib.sha256()
    with file.open("rb") as stream, open_container(stream) as container:
        for packet in container.demux(container.streams.audio[0]):
            digest.update(bytes(packet))
    return digest.hexdigest()
