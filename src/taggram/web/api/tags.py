"""Endpoints of the tags of a track over time, with progress."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from taggram.errors import TaggramError
from taggram.models.directories import DEFAULT_MODEL
from taggram.web.api.common import Hop, Shared, Vocabulary
from taggram.web.api.schemas import Tags
from taggram.web.services import TagsKey, check_model, check_vocabulary, wait_for_track

__all__ = ["router"]

router = APIRouter(tags=["tags"])
EVENTS_EVERY = 0.1  # seconds


def tags_key(
    id: str,
    shared: Shared,
    model: Annotated[str, Query(description="Name of an installed model.")] = DEFAULT_MODEL,
    hop: Hop = 0.5,
    vocabulary: Vocabulary = None,
) -> TagsKey:
    """Return what the tags depend on, each part checked."""
    track = shared.store.find(id)
    return TagsKey(track.id, check_model(model), round(hop, 3), check_vocabulary(vocabulary))


Key = Annotated[TagsKey, Depends(tags_key)]


@router.get("/tracks/{id}/tags", response_model=Tags)
async def get_tags(key: Key, request: Request, shared: Shared) -> Response:
    """Return the tags of a track over time; they are computed once."""
    file = shared.tags_file(key)
    if not file.exists():
        async with shared.tag_job(key) as job:
            await wait_for_track(request, job, shared.store.find(key.track), shared.store)
    return Response(file.read_bytes(), media_type="application/json")


@router.get("/tracks/{id}/events", response_class=EventSourceResponse)
async def follow_tags(key: Key, request: Request, shared: Shared) -> AsyncIterator[ServerSentEvent]:
    """Compute the tags of a track, and report the progress as server-sent events.

    ``progress`` has the seconds of audio that are done and their total, ``done`` is the last event, or ``error``.
    Closing the connection ends the work, unless another request waits for it.
    """
    total = shared.store.find(key.track).facts.seconds
    try:
        if not shared.tags_file(key).exists():
            async with shared.tag_job(key) as job:
                reported = -1.0
                while not job.future.done():
                    if job.progress > reported:
                        reported = job.progress
                        data = {"done": round(min(reported, total), 2), "total": total}
                        yield ServerSentEvent(event="progress", data=data)
                    await asyncio.wait([job.future], timeout=EVENTS_EVERY)
                    if await request.is_disconnected():
                        return
                await job
        yield ServerSentEvent(event="done", data={})
    except TaggramError as error:
        yield ServerSentEvent(event="error", data={"error": str(error)})
