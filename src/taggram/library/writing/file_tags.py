"""Genres, moods and all tags in audio files; genre and mood in the frames that Picard and Navidrome read."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from taggram._files import atomic_file
from taggram._text import printable
from taggram.errors import LibraryError, MissingExtraError

__all__ = ["ALL_TAGS", "FIELDS", "SIDECAR", "Field", "FileTags", "mutagen_errors", "open_tags", "require_mutagen"]

Field = str
ALL_TAGS = "tags"  # the field for tags of every category
FIELDS: tuple[Field, ...] = ("genre", "mood", ALL_TAGS)
SIDECAR = ".tags.json"  # follows the name of the file whose tags it holds
FRAMES = {  # of each field: ID3 (the text frame, and that of ID3v2.3), Vorbis comment, MP4, ASF
    "genre": ("TCON", "TCON", "genre", "\xa9gen", "WM/Genre"),
    "mood": ("TMOO", "TXXX:MOOD", "mood", "----:com.apple.iTunes:MOOD", "WM/Mood"),
    ALL_TAGS: (
        "TXXX:TAGGRAM_TAGS",
        "TXXX:TAGGRAM_TAGS",
        "taggram_tags",
        "----:com.apple.iTunes:TAGGRAM_TAGS",
        "TAGGRAM/Tags",
    ),
}


class FileTags(Protocol):
    """The tags of one file, in memory until they are saved."""

    def get(self, field: Field) -> list[str]:
        """Return the values of a field."""
        ...

    def set(self, field: Field, values: list[str]) -> None:
        """Set the values of a field; none remove it."""
        ...

    def others(self) -> dict[str, str]:
        """Return everything but the fields, to compare."""
        ...

    def save(self) -> None:
        """Write the tags into the file."""
        ...


def require_mutagen() -> None:
    """Raise `MissingExtraError` if mutagen is not installed."""
    if not mutagen_errors():
        raise MissingExtraError("tags in files", "tags")


def mutagen_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions of mutagen, where it is installed."""
    try:
        from mutagen import MutagenError
    except ImportError:
        return ()
    return (MutagenError,)


def open_tags(file: Path, *, sidecar: bool = False) -> FileTags:
    """Open the tags of a file, or of the sidecar that `file` is.

    Parameters
    ----------
    file
        The file.
    sidecar
        Whether to use the sidecar of any file. A file that cannot hold tags has one in any case.

    Raises
    ------
    LibraryError
        If the file cannot be read, or its tags cannot be written without changing others.
    MissingExtraError
        Without mutagen; a sidecar does not need it.
    """
    if file.name.endswith(SIDECAR):
        return _sidecar(file)
    if sidecar:
        return _sidecar(file.with_name(file.name + SIDECAR))
    require_mutagen()
    import mutagen
    from mutagen.aiff import AIFF
    from mutagen.asf import ASF
    from mutagen.id3 import ID3FileType
    from mutagen.mp4 import MP4
    from mutagen.wave import WAVE

    with _readable(file):
        opened = mutagen.File(file)
        if isinstance(opened, WAVE | AIFF | ID3FileType):
            return _Id3(file, type(opened))
        if isinstance(opened, MP4):
            return _Mp4(opened)
        if isinstance(opened, ASF):
            return _Mapping(opened, {field: frames[4] for field, frames in FRAMES.items()})
        if opened is not None and opened.tags is None:
            opened.add_tags()
        if opened is not None and hasattr(opened.tags, "vendor"):  # Vorbis comments: FLAC, Ogg Vorbis, Opus, Speex
            return _Mapping(opened, {field: frames[2] for field, frames in FRAMES.items()})
    return _sidecar(file.with_name(file.name + SIDECAR))


def _sidecar(file: Path) -> Sidecar:
    with _readable(file):
        return Sidecar(file)


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    errors: tuple[type[Exception], ...] = (*mutagen_errors(), OSError, ValueError)
    try:
        yield
    except errors as error:
        reason = " ".join(str(error).split())
        raise LibraryError(f"the tags of {printable(str(file))} cannot be read ({reason})") from error


class _Mapping:
    """Tags that map names to lists of texts: Vorbis comments and ASF."""

    def __init__(self, opened: Any, names: dict[Field, str]) -> None:
        self._file, self._names = opened, names

    def get(self, field: Field) -> list[str]:
        return [str(value) for value in self._file.tags.get(self._names[field], [])]

    def set(self, field: Field, values: list[str]) -> None:
        if values:
            self._file.tags[self._names[field]] = values
        elif self._names[field] in self._file.tags:
            del self._file.tags[self._names[field]]

    def others(self) -> dict[str, str]:
        own = {name.casefold() for name in self._names.values()}
        return {key: repr(self._file.tags[key]) for key in self._file.tags.keys() if key.casefold() not in own}  # noqa: SIM118

    def save(self) -> None:
        self._file.save()


class _Mp4:
    """Tags of MP4."""

    def __init__(self, opened: Any) -> None:
        self._file = opened
        if opened.tags is None:
            opened.add_tags()

    def get(self, field: Field) -> list[str]:
        values = self._file.tags.get(FRAMES[field][3], [])
        return [value if isinstance(value, str) else bytes(value).decode("utf-8", "replace") for value in values]

    def set(self, field: Field, values: list[str]) -> None:
        from mutagen.mp4 import MP4FreeForm

        name = FRAMES[field][3]
        if not values:
            self._file.tags.pop(name, None)
        elif name.startswith("----"):
            self._file.tags[name] = [MP4FreeForm(value.encode()) for value in values]  # type: ignore[no-untyped-call]
        else:
            self._file.tags[name] = values

    def others(self) -> dict[str, str]:
        own = {frames[3] for frames in FRAMES.values()}
        return {key: repr(value) for key, value in self._file.tags.items() if key not in own}

    def save(self) -> None:
        self._file.save()


class _Id3:
    """ID3 tags in mp3, WAV, AIFF and others, in the version that the file has; a new tag is ID3v2.4."""

    def __init__(self, file: Path, kind: type[Any]) -> None:
        self._path = file
        self._file = kind(file, **({} if kind.__name__ in ("WAVE", "AIFF") else {"translate": False}))
        if self._file.tags is None:
            self._file.add_tags()
        version = self._file.tags.version
        if version[:2] == (2, 2):
            raise ValueError("they are ID3v2.2, which can only be written as another version: convert them first")
        self._column = 1 if version[:2] == (2, 3) else 0
        self._old = _id3v1(file)

    def get(self, field: Field) -> list[str]:
        frames = self._file.tags.getall(FRAMES[field][self._column])
        return [text for frame in frames for text in (frame.genres if field == "genre" else map(str, frame.text))]

    def set(self, field: Field, values: list[str]) -> None:
        from mutagen.id3 import TCON, TMOO, TXXX, Encoding

        name = FRAMES[field][self._column]
        self._file.tags.delall(name)
        if not values:
            return
        # ID3v2.3 knows no UTF-8.
        encoding = Encoding.UTF16 if self._column else Encoding.UTF8
        kind, _, description = name.partition(":")
        frame: Any = functools.partial(TXXX, desc=description) if description else {"TCON": TCON, "TMOO": TMOO}[kind]
        self._file.tags.add(frame(encoding=encoding, text=values))

    def others(self) -> dict[str, str]:
        own = {frames[self._column] for frames in FRAMES.values()}
        return {key: repr(frame) for key, frame in self._file.tags.items() if key not in own}

    def save(self) -> None:
        version = 3 if self._column else 4
        self._file.tags.save(self._path, v2_version=version, v23_sep=None)
        if self._old is not None:  # mutagen renews it from the new frames
            with self._path.open("rb+") as stream:
                stream.seek(-len(self._old), 2)
                stream.write(self._old)


def _id3v1(file: Path) -> bytes | None:
    with file.open("rb") as stream:
        stream.seek(0, 2)
        if stream.tell() < 128:
            return None
        stream.seek(-128, 2)
        end = stream.read()
    return end if end.startswith(b"TAG") else None


class Sidecar:
    """Tags as JSON beside a file: one that cannot hold tags, or is to stay as it is."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._tags: dict[str, Any] = {}
        if file.exists():
            self._tags = json.loads(file.read_text(encoding="utf-8"))
            if not isinstance(self._tags, dict):
                raise ValueError(f"{file.name} is no object")

    def get(self, field: Field) -> list[str]:
        return [str(value) for value in self._tags.get(field, [])]

    def set(self, field: Field, values: list[str]) -> None:
        self._tags[field] = values
        if not values:
            del self._tags[field]

    def others(self) -> dict[str, str]:
        return {key: repr(value) for key, value in self._tags.items() if key not in FIELDS}

    def save(self) -> None:
        if self._tags:
            with atomic_file(self.file) as part:
                part.write_text(json.dumps(self._tags, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        else:
            self.file.unlink(missing_ok=True)
