"""Validation of a copy of a data set: published files, split sizes, and every audio file from start to end."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TextIO

from taggram._progress import ProgressHook, no_progress
from taggram.audio import AudioStream
from taggram.datasets.base import Dataset
from taggram.datasets.index import ClipIndex
from taggram.datasets.split_hash import size_mismatch
from taggram.errors import DatasetError, TaggramError
from taggram.parallel import parallel_map

__all__ = ["CheckProgress", "Issue", "validate", "validation_record"]

Kind = Literal["index", "split", "missing", "corrupt", "damaged", "short", "long"]


@dataclass(frozen=True)
class Issue:
    """One problem of a copy.

    Attributes
    ----------
    kind
        ``index`` (a published file), ``split`` (the number of clips) or, of an audio file, ``missing``, ``corrupt``
        (nothing can be decoded), ``damaged`` (decoded in part or sanitized), ``short`` or ``long``.
    path
        The audio file as in the index; empty for ``index`` and ``split``.
    message
        One line that names the file.
    """

    kind: Kind
    path: str
    message: str


@dataclass
class CheckProgress:
    """Counts of a validation in progress.

    Attributes
    ----------
    total, done
        Audio files in all, and those checked so far.
    cached
        Checked files that an earlier validation decoded.
    seconds
        Duration of the files that could be decoded.
    """

    total: int
    done: int = 0
    cached: int = 0
    seconds: float = 0.0


def validate(
    dataset: Dataset,
    folder: str | os.PathLike[str],
    protocol: str | None = None,
    *,
    record: Path | None = None,
    workers: int = 1,
    report: Callable[[CheckProgress], None] | None = None,
    progress: ProgressHook = no_progress,
) -> Iterator[Issue]:
    """Yield the issues of a copy of a data set.

    Every audio file is decoded to its end. Files that could be decoded are recorded, and decoded again only if their
    size or modification time changes; so an interrupted validation resumes.

    Parameters
    ----------
    dataset
        The data set.
    folder
        Folder of the copy.
    protocol
        Protocol whose clips are checked; None selects the default.
    record
        File with the decoded files; None selects `validation_record`.
    workers
        Decoding processes. With 1, files are decoded in this process, and one that crashes the decoder ends it.
    report
        Called with the counts before the first audio file and after each.
    progress
        Shows the progress in audio files.

    Yields
    ------
    Issue
        First those of published files, then of splits, then of audio files in the order of the index.

    Raises
    ------
    DatasetError
        If the folder or the protocol does not exist, or the record cannot be written.
    """
    folder = Path(folder)
    declared = dataset.protocol(protocol)
    if not folder.exists():
        raise DatasetError(f"{folder} does not exist: check the path")
    file_issues = list(dataset.check_files(folder))
    yield from (Issue("index", "", line) for line in file_issues)
    try:
        index = dataset.index(folder, protocol)
    except DatasetError as error:
        if not file_issues:
            yield Issue("index", "", str(error))
        return
    if line := size_mismatch(index, declared):
        yield Issue("split", "", f"{folder} is not all of {dataset.name}, protocol {declared.name}: {line}")
    record = record or validation_record(dataset.name, folder)
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        with record.open("a+", encoding="utf-8") as lines:
            yield from _check_audio(index, dataset.seconds, lines, workers, report or (lambda _: None), progress)
    except OSError as error:
        raise DatasetError(f"{record} cannot be written ({error.strerror or error}): name another file") from error


def validation_record(name: str, folder: str | os.PathLike[str]) -> Path:
    """Return the default record of a folder's validations, in ``$TAGGRAM_HOME`` or the user's cache folder."""
    key = hashlib.sha256(os.fsencode(Path(folder).resolve())).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "taggram"
    return Path(os.environ.get("TAGGRAM_HOME") or cache) / "checks" / f"{name}-{key}.jsonl"


@dataclass(frozen=True)
class _DecodedFile:
    """State of an audio file when it was decoded."""

    path: str
    size: int
    mtime_ns: int
    seconds: float
    warning: str


def _check_audio(
    index: ClipIndex,
    limits: tuple[float, float],
    record: TextIO,
    workers: int,
    report: Callable[[CheckProgress], None],
    progress: ProgressHook,
) -> Iterator[Issue]:
    recorded = _read_record(record)
    counts = CheckProgress(len(index.clips))
    report(counts)
    rows = []
    for clip in index.clips:
        state, entry = _state(index.file(clip)), recorded.get(clip.path)
        rows.append((clip, state, entry if entry and (entry.size, entry.mtime_ns) == state else None))
    todo = [index.file(clip) for clip, state, entry in rows if state and not entry]
    decoded = parallel_map(_decode, todo, workers=workers, on_crash=_crash_result)
    for clip, state, entry in progress(rows, len(rows), "validating"):
        file = index.file(clip)
        if state is None:
            yield Issue("missing", clip.path, f"{file} does not exist")
        elif entry is None:
            result = next(decoded)
            if isinstance(result, str):
                yield Issue("corrupt", clip.path, result)
            else:
                entry = _DecodedFile(clip.path, *state, *result)
                record.write(json.dumps(asdict(entry)) + "\n")
                record.flush()
        else:
            counts.cached += 1
        if entry is not None:
            counts.seconds += entry.seconds
            yield from _audio_issues(file, entry, limits)
        counts.done += 1
        report(counts)


def _audio_issues(file: Path, entry: _DecodedFile, limits: tuple[float, float]) -> Iterator[Issue]:
    shortest, longest = limits
    if entry.warning:
        yield Issue("damaged", entry.path, f"{file}: {entry.warning}")
    if entry.seconds < shortest:
        yield Issue("short", entry.path, f"{file} lasts {entry.seconds:.2f} s instead of at least {shortest:g} s")
    elif entry.seconds > longest:
        yield Issue("long", entry.path, f"{file} lasts {entry.seconds:.2f} s instead of at most {longest:g} s")


def _state(file: Path) -> tuple[int, int] | None:
    """Return size and modification time, or None if the file does not exist."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _decode(file: Path) -> tuple[float, str] | str:
    """Return duration in seconds and warnings of a file, or the error if it cannot be decoded."""
    try:
        with AudioStream(file) as stream:
            seconds = sum(block.size for block in stream) / stream.info.sample_rate
        return seconds, "; ".join(stream.warnings)
    except TaggramError as error:
        return str(error)
    except Exception as error:  # a bug of ours must not end the validation
        return f"{file}: {type(error).__name__}: {error}"


def _crash_result(file: Path, reason: str) -> tuple[float, str] | str:
    return f"{file}: {reason}; is the file sound?"


def _read_record(record: TextIO) -> dict[str, _DecodedFile]:
    """Read the newest entry of each path; a line that an interruption truncated is skipped."""
    entries = {}
    record.seek(0)
    line = "\n"
    try:
        for line in record:
            if not line.startswith("{"):
                raise ValueError
            with contextlib.suppress(ValueError, TypeError):
                entry = _DecodedFile(**json.loads(line))
                entries[entry.path] = entry
    except ValueError:  # UnicodeDecodeError, too
        raise DatasetError(f"{record.name} is no record of a validation: name another file") from None
    if not line.endswith("\n"):
        record.write("\n")
    return entries
