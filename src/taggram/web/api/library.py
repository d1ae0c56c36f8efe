"""Endpoints of the library: search, hear, compare, map, and write into the files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Query, Request
from fastapi import Path as PathParameter
from starlette.responses import FileResponse

from taggram._text import printable
from taggram.library import Change, Library, Policy, WriteSummary
from taggram.library.collection import Collection
from taggram.models.card import LEVELS, Level, level_of
from taggram.vocabularies import label
from taggram.web.api.common import NewFile, Shared
from taggram.web.api.schemas import (
    LibraryGenre,
    LibraryHit,
    LibraryInfo,
    LibraryMapInfo,
    LibraryNeighbour,
    LibraryRun,
    LibrarySearch,
    LibraryTag,
    LibraryTerm,
    LibraryTrack,
    LibraryTrackTag,
    TrackInfo,
    UndoRequest,
    WriteChange,
    WriteFailure,
    WriteField,
    WriteInfo,
    WriteRequest,
)
from taggram.web.api.tracks import add_file
from taggram.web.errors import RequestError, UnknownNameError
from taggram.web.library import without_folders
from taggram.web.services import Services
from taggram.web.uploads import read_json

__all__ = ["router"]

TAGS_WITHOUT_LEVELS = 5  # of a track, as `taggram tag` shows them
MAX_JSON = 1 << 23  # bytes: the numbers of half a million tracks
# By the ending of the name, since a header is not to be trusted more; browsers look into the audio themselves.
PLAYABLE = {
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".mp4": "audio/mp4",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
}


async def _place(shared: Shared) -> Any:
    """Hold a place, so that requests do not pile up before the library."""
    with shared.places.take():
        yield


router = APIRouter(prefix="/library", tags=["library"])
Place = Depends(_place)
Number = Annotated[int, PathParameter(ge=0, lt=1 << 63)]
Least = Annotated[Level | None, Query(description="Each word is at least this, and each unwanted one below.")]


@router.get("", dependencies=[Place])
async def get_library(shared: Shared) -> LibraryInfo:
    """Return how large the library is, its tags with the number of tracks that have them, and the runs to undo."""
    allow_write = shared.settings.allow_write
    if not shared.library.exists:
        return LibraryInfo(exists=False, allow_write=allow_write)
    return await shared.library.read(lambda library: _describe_library(library, allow_write))


@router.get("/search", dependencies=[Place])
async def search(
    shared: Shared,
    q: Annotated[str, Query(max_length=1000, description="Words, as for taggram search; empty: all tracks.")] = "",
    min: Least = None,
    offset: Annotated[int, Query(ge=0, lt=1 << 31)] = 0,
    limit: Annotated[int, Query(ge=0, le=200)] = 50,
    ids: Annotated[bool, Query(description="Whether the numbers of all tracks are in the answer.")] = False,
) -> LibrarySearch:
    """Find tracks by words, the best first."""
    return await shared.library.read(lambda library: _search(library, q, min, offset, limit, ids))


@router.get("/map", dependencies=[Place])
async def get_map(shared: Shared) -> LibraryMapInfo:
    """Return the tracks in a plane, where those that sound alike are neighbours; computed once."""
    music = await shared.library.map()
    x, y = music.positions.astype(np.float64).round(4).T.tolist()
    genres = [LibraryGenre(tag=tag, title=label(tag)) for tag in music.genres]
    return LibraryMapInfo(
        ids=music.ids.tolist(), x=x, y=y, genre=music.genre.tolist(), genres=genres, method=music.method
    )


@router.get("/tracks/{id}", dependencies=[Place])
async def get_library_track(id: Number, shared: Shared) -> LibraryTrack:
    """Return a track of the library."""
    return await shared.library.read(lambda library: _describe(library.collection(), [id])[0])


@router.get("/tracks/{id}/similar", dependencies=[Place])
async def list_library_similar(
    id: Number,
    shared: Shared,
    n: Annotated[int, Query(ge=1, le=200)] = 20,
    other_artists: Annotated[bool, Query(description="Leave out tracks of the same artist.")] = False,
) -> list[LibraryNeighbour]:
    """List the tracks that sound most like one; copies of one recording are one entry."""

    def find(library: Library) -> list[LibraryNeighbour]:
        _rows(library.collection(), [id])
        found = library.similar(id, n=n, other_artists=other_artists)
        tracks = _describe(library.collection(), [neighbour.track.id for neighbour in found])
        return [
            LibraryNeighbour(**dict(track), similarity=round(neighbour.similarity, 4), copies=len(neighbour.copies))
            for track, neighbour in zip(tracks, found, strict=True)
        ]

    return await shared.library.read(find)


@router.get("/tracks/{id}/audio", dependencies=[Place], response_class=FileResponse)
async def get_library_audio(id: Number, shared: Shared) -> FileResponse:
    """Return the file of a track, if browsers play its format; ranges are supported."""
    file = await _file(shared, id)
    media_type = PLAYABLE.get(file.suffix.lower())
    if media_type is None:
        raise RequestError(415, f"browsers do not play {printable(file.name)}: open the track, which converts it")
    return FileResponse(file, media_type=media_type, headers={"Cache-Control": "private, no-cache"})


@router.post("/tracks/{id}/open", status_code=201)
async def open_library_track(id: Number, request: Request, shared: Shared, draft: NewFile) -> TrackInfo:
    """Add a track of the library to the tracks of this server, for its tags over time and all else."""
    file = await _file(shared, id)
    if file.stat().st_size > shared.settings.max_size:
        raise RequestError(413, f"{printable(file.name)} is larger than this server takes: start it with --max-size")
    return await add_file(request, shared, draft, file, printable(file.name))


@router.post(
    "/write",
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": WriteRequest.model_json_schema()}}}
    },
)
async def write(request: Request, shared: Shared) -> WriteInfo:
    """Say what would be written into the files; with the plan that was answered, write it."""
    _require_write(shared)
    body = await read_json(request, WriteRequest, shared.settings, MAX_JSON)
    policy = Policy(tuple(body.fields), body.min, body.most, body.mode)

    def run(library: Library) -> WriteInfo:
        collection = library.collection()
        rows = range(len(collection)) if body.ids is None else _rows(collection, body.ids)
        paths = [track.path for track in collection.tracks(rows)]
        check = _stop_if_closing(shared)
        summary = library.write(paths, policy, on_change=check)
        plan = _plan(summary.changes)
        if body.plan is None:
            return _describe_write(summary, plan if summary.changes else None)
        if body.plan != plan:
            raise RequestError(409, "something else would be written now: look at it again before you write")
        return _describe_write(library.write(paths, policy, apply=True, on_change=check))

    return await shared.library.write(run)


@router.post(
    "/undo",
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": UndoRequest.model_json_schema()}}}
    },
)
async def undo(request: Request, shared: Shared) -> WriteInfo:
    """Restore the values that files had before a run; files that were changed since are left alone."""
    _require_write(shared)
    body = await read_json(request, UndoRequest, shared.settings)
    check = _stop_if_closing(shared)
    return await shared.library.write(lambda library: _describe_write(library.undo(body.run, on_change=check)))


def _require_write(shared: Services) -> None:
    if not shared.settings.allow_write:
        raise RequestError(403, "this server writes no files: start it with --allow-write and --token TEXT")


def _stop_if_closing(shared: Services) -> Callable[[Change], None]:
    """Return what ends a run between two files when the server ends; what is written can be undone."""

    def check(_: Change) -> None:
        if shared.library.closing:
            raise RequestError(503, "the server is shutting down; what was written can be undone")

    return check


async def _file(shared: Services, id: int) -> Path:
    """Return the file of a track, which must be there."""

    def find(library: Library) -> Path:
        collection = library.collection()
        return Path(collection.tracks(_rows(collection, [id]))[0].path)

    file = await shared.library.read(find)
    if not file.is_file():
        raise UnknownNameError(f"{printable(file.name)} is not there any more: scan its folder again")
    return file


def _rows(collection: Collection, ids: Iterable[int]) -> list[int]:
    """Return the rows of tracks by their numbers.

    Raises
    ------
    UnknownNameError
        If there is no such track.
    """
    wanted = np.fromiter(ids, np.int64)
    rows = np.searchsorted(collection.ids, wanted)
    is_known = rows < len(collection)
    is_known[is_known] = collection.ids[rows[is_known]] == wanted[is_known]
    if not is_known.all():
        raise UnknownNameError(f"the library has no track {wanted[~is_known][0]}")
    return list(map(int, rows))


def _describe_library(library: Library, allow_write: bool) -> LibraryInfo:
    if not library.status().tracks:
        return LibraryInfo(exists=False, allow_write=allow_write)
    collection = library.collection()
    card, probabilities = collection.card, collection.probabilities
    counts = {level: (probabilities >= least).sum(0).tolist() for level, least in LEVELS.items()} if card.levels else {}
    tags = [
        LibraryTag(
            tag=tag,
            title=label(tag),
            category=card.vocabulary.tags[tag],
            tracks={level: values[i] for level, values in counts.items()},
        )
        for i, tag in enumerate(card.vocabulary.names)
    ]
    runs = [
        LibraryRun(
            run=run.id,
            started=datetime.fromtimestamp(run.started, UTC).isoformat(timespec="seconds"),
            files=run.changes,
        )
        for run in (library.runs() if allow_write else [])
    ]
    return LibraryInfo(
        exists=True,
        tracks=len(collection),
        hours=round(sum(collection.column("duration")) / 3600, 2),
        model=card.name,
        levels=card.levels is not None,
        tags=tags,
        allow_write=allow_write,
        runs=runs,
    )


def _search(library: Library, q: str, least: Level | None, offset: int, limit: int, with_ids: bool) -> LibrarySearch:
    collection = library.collection()
    if not q.strip():
        ids = collection.ids
        part = _describe(collection, ids[offset : offset + limit].tolist())
        hits, terms, unknown = [LibraryHit(**dict(track), words={}) for track in part], [], {}
    else:
        result = library.search(q, n=offset + limit, level=least)
        ids, found = result.ids, result.hits[offset:]
        part = _describe(collection, [hit.track.id for hit in found])
        words = [{word: round(p, 4) for word, p in hit.probabilities.items()} for hit in found]
        hits = [LibraryHit(**dict(track), words=some) for track, some in zip(part, words, strict=True)]
        query = result.query
        terms = [
            LibraryTerm(word=term.word, tags=list(map(label, term.tags)), negative=term.negative)
            for term in query.terms
        ]
        unknown = {word: list(near) for word, near in query.unknown.items()}
    return LibrarySearch(
        total=len(ids), tracks=hits, terms=terms, unknown=unknown, ids=ids.tolist() if with_ids else None
    )


def _describe(collection: Collection, ids: list[int]) -> list[LibraryTrack]:
    rows = _rows(collection, ids)
    return [
        LibraryTrack(
            id=track.id,
            name=track.title or printable(Path(track.path).stem),
            artist=track.artist,
            album=track.album,
            year=track.year,
            duration=round(track.duration, 2),
            tags=list(_tags(collection, row)),
        )
        for row, track in zip(rows, collection.tracks(rows), strict=True)
    ]


def _tags(collection: Collection, row: int) -> Iterator[LibraryTrackTag]:
    card, probabilities = collection.card, collection.probabilities[row]
    names = card.vocabulary.names
    order = np.argsort(-probabilities, kind="stable")
    shown = order[probabilities[order] >= LEVELS["maybe"]] if card.levels else order[:TAGS_WITHOUT_LEVELS]
    for i in shown.tolist():
        p = float(probabilities[i])
        yield LibraryTrackTag(
            tag=names[i],
            title=label(names[i]),
            category=card.vocabulary.tags[names[i]],
            probability=round(p, 4),
            level=level_of(p) if card.levels else None,
        )


def _plan(changes: list[Change]) -> str:
    """Return a digest of changes."""
    text = json.dumps([(change.path, change.before, change.after) for change in changes])
    return hashlib.sha256(text.encode()).hexdigest()


def _describe_write(summary: WriteSummary, plan: str | None = None) -> WriteInfo:
    return WriteInfo(
        plan=plan,
        run=summary.run,
        changes=[
            WriteChange(
                name=printable(Path(change.path).name),
                fields=[
                    WriteField(field=field, before=change.before[field], after=after)
                    for field, after in change.after.items()
                ],
            )
            for change in summary.changes
        ],
        failed=[
            WriteFailure(name=printable(Path(path).name), error=without_folders(str(error), Path(path)))
            for path, error in summary.failed.items()
        ],
    )
