"""Endpoints of tracks: add, list, remove, hear, see, deform, compare."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import av
import numpy as np
from fastapi import APIRouter, Query, Request
from numpy.typing import NDArray
from starlette.responses import FileResponse, Response

from taggram._files import sha256
from taggram.deform import Chain
from taggram.deform.registry import find_deformation
from taggram.web.api.common import AUDIO_BODY, BINARY, NewFile, Shared
from taggram.web.api.models import example_file
from taggram.web.api.schemas import DeformRequest, PeaksInfo, Similar, TrackInfo
from taggram.web.errors import RequestError, TooLongError, UnknownNameError
from taggram.web.services import Services, TagsKey, check_model, wait_for, wait_for_track
from taggram.web.tracks import ID_DIGITS, Draft, Track, deformed_id
from taggram.web.uploads import read_json, receive
from taggram.web.work.deform import deform
from taggram.web.work.inspect import PEAKS_FILE, SPECTROGRAM_FILE, AudioFacts, inspect, write_wav
from taggram.web.work.summary import frequency_marks, resize_peaks

__all__ = ["add_file", "router"]

router = APIRouter(tags=["tracks"])
WAV_FILE = "playable.wav"
SIMILAR_HOP = 1.0  # seconds, of tracks that have not been tagged yet

_DEFORM_BODY = {"application/json": {"schema": DeformRequest.model_json_schema()}}


@router.post("/tracks", status_code=201, openapi_extra=AUDIO_BODY)
async def add_track(request: Request, shared: Shared, draft: NewFile) -> TrackInfo:
    """Add a track: a form with the field ``file``, or the audio as the body, named by the header ``X-Filename``.

    The same file gives the same track again.
    """
    upload = await receive(request, draft, shared.settings)
    return await _inspect(request, shared, draft, upload.id, upload.name)


@router.post("/examples/{name}", status_code=201)
async def add_example(name: str, request: Request, shared: Shared, draft: NewFile) -> TrackInfo:
    """Add an example piece as a track."""
    example = example_file(name)
    return await add_file(request, shared, draft, example, example.name)


@router.get("/tracks")
async def list_tracks(shared: Shared) -> list[TrackInfo]:
    """List the tracks, the newest last."""
    return [_describe(track) for track in shared.store]


@router.get("/tracks/{id}")
async def get_track(id: str, shared: Shared) -> TrackInfo:
    """Return a track."""
    return _describe(shared.store.find(id))


@router.delete("/tracks/{id}", status_code=204)
async def remove_track(id: str, shared: Shared) -> None:
    """Remove a track from the server."""
    shared.remove_track(id)


@router.get("/tracks/{id}/audio", response_class=FileResponse)
async def get_audio(id: str, request: Request, shared: Shared) -> FileResponse:
    """Return audio that browsers play: the file itself, or else a 16-bit wav of it; ranges are supported."""
    track = shared.store.find(id)
    headers = {"Cache-Control": "private, max-age=3600"}
    if track.facts.media_type is not None:
        return FileResponse(track.audio, media_type=track.facts.media_type, headers=headers)
    wav = track.folder / WAV_FILE
    if not wav.exists():
        with shared.places.take(), shared.store.draft() as draft:
            part = draft.file  # its own, as browsers ask twice at once
            job = shared.pool.submit(write_wav, track.audio, track.name, part, name=track.name)
            await wait_for_track(request, job, track, shared.store)
            part.replace(wav)
            track.measure()
            shared.store.make_room(keep=track)
    return FileResponse(wav, media_type="audio/wav", headers=headers)


@router.get("/tracks/{id}/peaks")
async def get_peaks(id: str, shared: Shared, points: Annotated[int, Query(ge=1, le=32768)] = 1000) -> PeaksInfo:
    """Return minimum and maximum of the samples over at most so many equal spans of time."""
    track = shared.store.find(id)
    peaks = resize_peaks(np.load(track.folder / PEAKS_FILE), points)
    low, high = np.clip(peaks, -1, 1).astype(np.float64).round(4).tolist()
    return PeaksInfo(seconds=track.facts.seconds, min=low, max=high)


@router.get(
    "/tracks/{id}/spectrogram.png", response_class=Response, responses={200: {"content": {"image/png": BINARY}}}
)
def get_spectrogram(
    id: str,
    shared: Shared,
    width: Annotated[int, Query(ge=1, le=8192)] = 1200,
    height: Annotated[int, Query(ge=1, le=1024)] = 128,
) -> Response:
    """Return the mel spectrogram as a grey picture: 255 is the maximum, 0 is 70 dB below it.

    Low frequencies are at the bottom. The header ``X-Mel-Frequencies`` lists heights, from 0 at the bottom to 1 at the
    top, with their frequencies in Hz.
    """
    track = shared.store.find(id)
    picture = _png(np.load(track.folder / SPECTROGRAM_FILE).T[::-1], width, height)
    marks = str([list(mark) for mark in frequency_marks()])
    return Response(picture, media_type="image/png", headers={"X-Mel-Frequencies": marks})


@router.post(
    "/tracks/{id}/deform",
    status_code=201,
    openapi_extra={"requestBody": {"required": True, "content": _DEFORM_BODY}},
)
async def deform_track(id: str, request: Request, shared: Shared, draft: NewFile) -> TrackInfo:
    """Add a deformed copy of a track."""
    parent, chain = shared.store.find(id), str(_chain(await read_json(request, DeformRequest, shared.settings)))
    limit = shared.settings.max_deform_seconds
    if parent.facts.seconds > limit:
        raise TooLongError(f"deformations take audio of at most {limit / 60:g} min: send a shorter part")
    if (track := shared.store.get(deformed_id(id, chain))) is not None:
        return _describe(track)
    wav = draft.file.with_suffix(".wav")
    job = shared.pool.submit(deform, parent.audio, parent.name, chain, 0, wav, name=parent.name)
    await wait_for_track(request, job, parent, shared.store)
    wav.replace(draft.file)
    draft.reserve(draft.file.stat().st_size)
    return await _inspect(request, shared, draft, deformed_id(id, chain), parent.name, parent=parent, deformation=chain)


@router.get("/tracks/{id}/similar")
async def list_similar(
    id: str,
    request: Request,
    shared: Shared,
    model: str = "default",
    n: Annotated[int, Query(ge=1, le=100)] = 10,
) -> list[Similar]:
    """List the most similar of the other tracks on this server, by the cosine of mean embeddings.

    Silent tracks are similar to none.
    """
    track = shared.store.find(id)
    check_model(model)
    for other in shared.store:
        if model in other.embeddings or other not in shared.store:  # it may be removed meanwhile
            continue
        try:
            async with shared.tag_job(TagsKey(other.id, model, SIMILAR_HOP, None)) as job:
                await wait_for_track(request, job, other, shared.store)
        except UnknownNameError:
            if other is track:
                raise
    own = track.embeddings.get(model)
    if own is None:
        return []
    similar = [
        Similar(id=other.id, name=other.name, similarity=round(_cosine(own, embedding), 4))
        for other in shared.store
        if other is not track and (embedding := other.embeddings.get(model)) is not None
    ]
    return sorted(similar, key=lambda entry: -entry.similarity)[:n]


async def add_file(request: Request, shared: Services, draft: Draft, file: Path, name: str) -> TrackInfo:
    """Add a file of this machine as a track; its name is what clients see."""
    await asyncio.to_thread(shutil.copyfile, file, draft.file)
    draft.reserve(draft.file.stat().st_size)
    identifier = (await asyncio.to_thread(sha256, draft.file))[:ID_DIGITS]
    return await _inspect(request, shared, draft, identifier, name)


async def _inspect(
    request: Request,
    shared: Services,
    draft: Draft,
    identifier: str,
    name: str,
    *,
    parent: Track | None = None,
    deformation: str | None = None,
) -> TrackInfo:
    """Decode a new file and add it as a track."""
    if (track := shared.store.get(identifier)) is not None:
        return _describe(track)
    job = shared.pool.submit(inspect, draft.file, name, shared.settings.max_seconds, name=name)
    facts: AudioFacts = await wait_for(request, job)
    if parent is not None:
        facts = replace(facts, title=parent.facts.title, artist=parent.facts.artist)
    track = Track(identifier, name, draft.folder, draft.size, facts, parent.id if parent else None, deformation)
    track.measure()
    return _describe(shared.store.add(track))


def _chain(body: DeformRequest) -> Chain:
    """Return the chain of a request: each step has its name, and its strength by the name of its parameter."""
    steps = []
    for step in body.deformations:
        name = str(step.get("name", "")).replace("-", "_")
        parameter = find_deformation(name).parameter
        if unknown := step.keys() - {"name", parameter.name}:
            raise RequestError(422, f"{step['name']} has no {min(unknown)}; its strength is {parameter.name}")
        steps.append((name, step.get(parameter.name, parameter.default)))
    return Chain(steps)


def _describe(track: Track) -> TrackInfo:
    facts = track.facts
    return TrackInfo(
        id=track.id,
        name=track.name,
        seconds=facts.seconds,
        sample_rate=facts.sample_rate,
        channels=facts.channels,
        title=facts.title,
        artist=facts.artist,
        parent=track.parent,
        deformation=track.deformation,
        created=track.created.isoformat(timespec="milliseconds"),
    )


def _cosine(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(a @ b / max(1e-12, float(np.linalg.norm(a)) * float(np.linalg.norm(b))))


def _png(pixels: NDArray[np.uint8], width: int, height: int) -> bytes:
    """Return grey pixels (rows, columns) as a picture of another size."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="gray")
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "gray"
    encoder.time_base = Fraction(1, 25)
    frame = frame.reformat(width=width, height=height, interpolation="AREA")
    return b"".join(map(bytes, [*encoder.encode(frame), *encoder.encode(None)]))
