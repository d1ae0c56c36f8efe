"""Scans: the files of folders are found and tagged, as far as they are not known."""

from __future__ import annotations

import errno
import functools
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from taggram._files import sha256
from taggram._progress import ProgressHook, no_progress
from taggram._text import escape_surrogates, printable
from taggram.audio.discovery.files import audio_files_with_status
from taggram.audio.discovery.playlists import is_url
from taggram.audio.discovery.remote import absolute, read_remote
from taggram.errors import LibraryError, TaggramError
from taggram.library.store import FileState, LibraryStore, Recording, StoredFile, StoredPrediction
from taggram.models.directories import find_model
from taggram.parallel import parallel_map
from taggram.tagging import Prediction, Tagger
from taggram.tagging.cache import PredictionKey
from taggram.tagging.inputs import Audio
from taggram.tagging.result import crash_result, error_result

__all__ = ["ScanSummary", "model_hash", "scan"]

WRITE_EVERY = 2.0  # seconds; what was tagged since then is lost when the program is killed, and tagged again
YEAR = re.compile(r"\d{4}")


@dataclass
class ScanSummary:
    """What a scan found, in numbers of files.

    Attributes
    ----------
    known
        Unchanged since an earlier scan.
    new
        Not seen before.
    changed
        With other contents than before.
    again
        Unchanged, and tagged again: by another model, or in full after a fast scan.
    moved
        Known contents at a new path, moved or copied: they have their scores.
    gone
        Known files that are not there any more: they keep their scores, and are in no result.
    failed
        Why files could not be tagged, by path. They are tried again by the next scan.
    warnings
        Folders that could not be read, one line each; nothing in them is taken for gone.
    """

    known: int = 0
    new: int = 0
    changed: int = 0
    again: int = 0
    moved: int = 0
    gone: int = 0
    failed: dict[str, TaggramError] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def scan(
    store: LibraryStore,
    folders: Iterable[str | os.PathLike[str]],
    tagger: Tagger,
    *,
    fast: bool = False,
    workers: int = 1,
    progress: ProgressHook = no_progress,
    on_error: Callable[[str, TaggramError], None] | None = None,
) -> ScanSummary:
    """Tag the audio files of folders that the library does not know; see `Library.scan`."""
    summary = ScanSummary()
    known, model = store.files(), store.put_model(model_hash(tagger), _name(tagger), tagger.card)
    predicted = store.segmentations(model)
    if not fast:
        segmentation = repr(tagger.segmentation)
        predicted = {content: used for content, used in predicted.items() if used == segmentation}

    to_scan, there_again = [], []
    total = 0
    for path, state in _find(folders, known, store, summary):
        total += 1
        before = known.get(path)
        if before is not None and before.state == state and before.content in predicted:
            summary.known += 1
            if before.gone:
                there_again.append(path)
        else:
            to_scan.append((path, state))
    store.mark_gone(there_again, gone=False)

    by_size: dict[int, set[str]] = {state.size: set() for _, state in to_scan}
    for file in known.values() if to_scan else ():
        if file.content in predicted and file.size in by_size:
            by_size[file.size].add(file.content)
    jobs = [_Job(path, state, frozenset(by_size[state.size])) for path, state in to_scan]
    work = functools.partial(_scan_file, tagger)
    # In the order of the paths, so that tracks have the same numbers with any number of workers.
    results = parallel_map(work, jobs, workers=workers, on_crash=_crashed)
    for batch in _batches(progress(results, total, "scanning", done=total - len(jobs))):
        with store.transaction():
            for result in batch:
                _write(store, model, result, known.get(result.job.path), summary)
                if result.error is not None and on_error is not None:
                    on_error(result.job.path, result.error)
    return summary


class _Job(NamedTuple):
    """A file to scan, and the contents of known files of its size, which need not be tagged."""

    path: str
    state: FileState
    known: frozenset[str]


class _Result(NamedTuple):
    """A scanned file; without a prediction its content is known, or it could not be tagged."""

    job: _Job
    content: str | None = None
    recording: Recording | None = None
    prediction: StoredPrediction | None = None
    error: TaggramError | None = None


def model_hash(tagger: Tagger) -> str:
    """Return the SHA-256 of a tagger's model."""
    return PredictionKey.from_tagger(tagger, "").model


def _name(tagger: Tagger) -> str:
    """Return the name of an installed model, else its folder as an absolute path."""
    folder = find_model(tagger.model)
    return os.path.abspath(folder) if folder == Path(tagger.model) else tagger.model


def _find(
    folders: Iterable[str | os.PathLike[str]],
    known: dict[str, StoredFile],
    store: LibraryStore,
    summary: ScanSummary,
) -> Iterator[tuple[str, FileState]]:
    """Yield the files of the folders, and mark the known ones as gone that are not there any more."""
    found: set[str] = set()
    for folder in folders:
        root = absolute(folder)
        if is_url(root):
            root = os.path.join(root, "")
        elif not os.path.isdir(root):
            raise LibraryError(f"{printable(root)} is no folder: check the path, or mount its drive")
        unread: dict[str, TaggramError] = {}
        empty = True
        for path, status in audio_files_with_status(root, on_error=unread.__setitem__):
            empty = False
            state = _state(path, status)
            if state is not None and path not in found:
                found.add(path)
                yield path, state
        if is_url(root) and root in unread:
            raise unread[root]
        summary.warnings += map(str, unread.values())
        missing = [path for path in known.keys() - found if _is_in(path, root) and not known[path].gone]
        if empty and missing:
            summary.warnings.append(
                f"{printable(root)} is empty, and {len(missing)} files of it are known: is its drive mounted? They are "
                "not taken for gone; taggram library forget removes them"
            )
            continue
        gone = [path for path in missing if not any(_is_in(path, folder) for folder in unread)]
        if not is_url(root):  # what was scanned by the name of a hidden folder, or by another link, is still there
            gone = [path for path in gone if not os.path.isfile(path)]
        store.mark_gone(gone)
        summary.gone += len(gone)


def _state(path: str, status: os.stat_result | None) -> FileState | None:
    """Return the state of a file; None if it was removed meanwhile."""
    if status is not None:
        return FileState(status.st_size, status.st_mtime_ns)
    return FileState.if_any(path) if is_url(path) else None


def _is_in(path: str, folder: str) -> bool:
    return path.startswith(os.path.join(folder, ""))


def _scan_file(tagger: Tagger, job: _Job) -> _Result:
    """Hash a file, and tag it unless its content is known; an exception becomes its error."""
    try:
        if is_url(job.path):
            audio: Audio = (file := read_remote(job.path))
            content = hashlib.sha256(file.getbuffer()).hexdigest()
        elif os.path.exists(job.path) and not os.path.isfile(job.path):  # a pipe would block for ever
            raise OSError(errno.EINVAL, "not a regular file")
        else:
            audio, content = job.path, sha256(Path(job.path))
        if content in job.known:
            return _Result(job, content)
        prediction = tagger.tag(audio)
        stored = StoredPrediction(repr(tagger.segmentation), prediction.clip_scores(), prediction.embedding)
        return _Result(job, content, _recording(content, prediction), stored)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return _Result(job, error=TaggramError(f"{printable(job.path)} cannot be read ({reason})"))
    except Exception as error:
        return _Result(job, error=error_result(job.path, error).error)


def _recording(content: str, prediction: Prediction) -> Recording:
    tags = prediction.metadata
    year = YEAR.search(tags.get("date") or tags.get("year") or "")
    title, artist, album, genre = (
        escape_surrogates(tags[key]) if key in tags else None for key in ("title", "artist", "album", "genre")
    )
    return Recording(
        content=content,
        duration=prediction.duration,
        silent=prediction.silent,
        title=title,
        artist=artist,
        album=album,
        year=int(year[0]) if year else None,
        genre=genre,
    )


def _crashed(job: _Job, reason: str) -> _Result:
    return _Result(job, error=crash_result(job.path, reason).error)


def _batches(results: Iterable[_Result]) -> Iterator[list[_Result]]:
    """Collect what is completed within `WRITE_EVERY`."""
    batch: list[_Result] = []
    start = time.monotonic()
    try:
        for result in results:
            batch.append(result)
            if time.monotonic() - start > WRITE_EVERY:
                yield batch
                batch, start = [], time.monotonic()
    except KeyboardInterrupt:
        yield batch
        raise
    yield batch


def _write(store: LibraryStore, model: int, result: _Result, before: StoredFile | None, summary: ScanSummary) -> None:
    path, state = result.job.path, result.job.state
    if result.error is not None:
        # A drive that is away, or another model that fails, costs no tags that are known.
        content = before.content if before is not None and before.state == state else None
        store.put_file(path, state, content, escape_surrogates(str(result.error)))
        summary.failed[path] = result.error
        return
    if result.recording is not None and result.prediction is not None:
        store.put_prediction(model, result.recording, result.prediction)
    store.put_file(path, state, result.content)
    if before is not None and before.content not in (None, result.content):
        summary.changed += 1
    elif before is not None and before.content is not None:
        if result.prediction is None:
            summary.known += 1  # only its time has changed
        else:
            summary.again += 1
    elif result.prediction is None:
        summary.moved += 1
    else:
        summary.new += 1
