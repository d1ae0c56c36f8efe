"""Checking a copy of a data set: its published files, its splits, and each sound file from end to end."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TextIO

from taggram.audio import AudioStream
from taggram.datasets.dataset import Dataset
from taggram.datasets.listing import Listing
from taggram.datasets.protocols import difference
from taggram.errors import DatasetError, TaggramError
from taggram.parallel import parallel_map

__all__ = ["Fault", "Tally", "check", "default_record"]

Kind = Literal["index", "split", "missing", "corrupt", "damaged", "short", "long"]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Attributes
    ----------
    kind
        ``index``: a published file; ``split``: the number of clips; of a sound file ``missing``; ``corrupt``, where
        nothing can be decoded; ``damaged``, where not all can be, or not as it stands; ``short`` and ``long``.
    path
        The sound file, as the listing names it; empty for the other kinds.
    message
        A line that names the file.
    """

    kind: Kind
    path: str
    message: str


@dataclass
class Tally:
    """How far a check has come.

    Attributes
    ----------
    total, done
        Sound files to check, and those checked so far.
    kept
        Those of them that are known to be sound from an earlier check.
    seconds
        Duration of those that could be decoded.
    """

    total: int
    done: int = 0
    kept: int = 0
    seconds: float = 0.0


def check(
    dataset: Dataset,
    folder: str | os.PathLike[str],
    protocol: str | None = None,
    *,
    record: Path | None = None,
    workers: int = 1,
    report: Callable[[Tally], None] | None = None,
) -> Iterator[Fault]:
    """Yield what is wrong with a copy of a data set.

    Every sound file is decoded to its end. What could be decoded is written down, and a later check does not decode it
    again as long as its size and time of change are the same; so a check that was stopped goes on where it was.

    Parameters
    ----------
    dataset
        What the copy is of.
    folder
        Where it lies.
    protocol
        Whose clips are looked at; None: those of the usual one.
    record
        File in which to write down what could be decoded; None: `default_record`.
    workers
        Processes that decode; with 1 it is this one, and a file that crashes the decoder ends it.
    report
        Called before the first sound file and after each.

    Yields
    ------
    Fault
        First those of the published files, then of the split, then of the sound files in the order of the listing.

    Raises
    ------
    DatasetError
        If there is nothing at that place, no such protocol, or the record cannot be written.
    """
    folder = Path(folder)
    declared = dataset.protocol(protocol)
    if not folder.exists():
        raise DatasetError(f"{folder} does not exist: check the path")
    wrong = list(dataset.validate(folder))
    yield from (Fault("index", "", line) for line in wrong)
    try:
        listing = dataset.listing(folder, protocol)
    except DatasetError as error:
        if not wrong:
            yield Fault("index", "", str(error))
        return
    if line := difference(listing, declared):
        yield Fault("split", "", f"{folder} is not all of {dataset.name}, protocol {declared.name}: {line}")
    place = record or default_record(dataset.name, folder)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("a+", encoding="utf-8") as lines:
            yield from _sounds(listing, dataset.seconds, lines, workers, report or (lambda _: None))
    except OSError as error:
        raise DatasetError(f"{place} cannot be written ({error.strerror or error}): name another file") from error


def default_record(name: str, folder: str | os.PathLike[str]) -> Path:
    """Return where the checks of a folder are written down: in ``$TAGGRAM_HOME``, else in the user's cache folder."""
    key = hashlib.sha256(os.fsencode(Path(folder).resolve())).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "taggram"
    return Path(os.environ.get("TAGGRAM_HOME") or cache) / "checks" / f"{name}-{key}.jsonl"


@dataclass(frozen=True)
class _Sound:
    """What a sound file was when it could be decoded."""

    path: str
    size: int
    mtime_ns: int
    seconds: float
    warning: str


def _sounds(
    listing: Listing,
    limits: tuple[float, float],
    record: TextIO,
    workers: int,
    report: Callable[[Tally], None],
) -> Iterator[Fault]:
    known = _read(record)
    tally = Tally(len(listing.clips))
    report(tally)
    rows = []
    for clip in listing.clips:
        state, sound = _state(listing.file(clip)), known.get(clip.path)
        rows.append((clip, state, sound if sound and (sound.size, sound.mtime_ns) == state else None))
    todo = [listing.file(clip) for clip, state, sound in rows if state and not sound]
    decoded = parallel_map(_decode, todo, workers=workers, on_crash=_crash_result)
    for clip, state, sound in rows:
        file = listing.file(clip)
        if state is None:
            yield Fault("missing", clip.path, f"{file} does not exist")
        elif sound is None:
            found = next(decoded)
            if isinstance(found, str):
                yield Fault("corrupt", clip.path, found)
            else:
                sound = _Sound(clip.path, *state, *found)
                record.write(json.dumps(asdict(sound)) + "\n")
                record.flush()
        else:
            tally.kept += 1
        if sound is not None:
            tally.seconds += sound.seconds
            yield from _faults(file, sound, limits)
        tally.done += 1
        report(tally)


def _faults(file: Path, sound: _Sound, limits: tuple[float, float]) -> Iterator[Fault]:
    shortest, longest = limits
    if sound.warning:
        yield Fault("damaged", sound.path, f"{file}: {sound.warning}")
    if sound.seconds < shortest:
        yield Fault("short", sound.path, f"{file} lasts {sound.seconds:.2f} s, and should last {shortest:g} s at least")
    elif sound.seconds > longest:
        yield Fault("long", sound.path, f"{file} lasts {sound.seconds:.2f} s, and should last {longest:g} s at most")


def _state(file: Path) -> tuple[int, int] | None:
    """Return size and time of change, or None if there is no such file."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _decode(file: Path) -> tuple[float, str] | str:
    """Return the length of a file in seconds and what is wrong with it; if it cannot be decoded, why."""
    try:
        with AudioStream(file) as stream:
            seconds = sum(block.size for block in stream) / stream.info.sample_rate
        return seconds, "; ".join(stream.warnings)
    except TaggramError as error:
        return str(error)
    except Exception as error:  # a fault of ours, and no reason to leave the rest unchecked
        return f"{file}: {type(error).__name__}: {error}"


def _crash_result(file: Path, reason: str) -> tuple[float, str] | str:
    return f"{file}: {reason}; is the file sound?"


def _read(record: TextIO) -> dict[str, _Sound]:
    """Read what is written down, the newest of each path; a line that a kill has torn is passed over."""
    known = {}
    record.seek(0)
    line = "\n"
    for line in record:
        try:
            sound = _Sound(**json.loads(line))
        except (ValueError, TypeError):
            continue
        known[sound.path] = sound
    if not line.endswith("\n"):
        record.write("\n")
    return known
