"""What the endpoints share: the tracks, the workers, and the jobs in progress."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from starlette.requests import Request

from taggram.errors import TaggramError
from taggram.models.directories import installed_models
from taggram.vocabularies import Vocabulary
from taggram.web.errors import RequestError, UnknownNameError
from taggram.web.library import LibraryAccess
from taggram.web.settings import Settings
from taggram.web.tracks import TRACK_GONE, Track, TrackStore
from taggram.web.work.pool import Job, Places, Pool
from taggram.web.work.tag import TrackTags, tag_track

__all__ = ["Services", "TagsKey", "check_model", "check_vocabulary", "services", "wait_for", "wait_for_track"]

DISCONNECTED = 499  # as nginx has it; nobody reads the answer


class TagsKey(NamedTuple):
    """What the tags of a track depend on."""

    track: str
    model: str
    hop: float
    vocabulary: str | None


@dataclass
class SharedJob:
    """A job that several requests wait for; it ends when none does."""

    job: Job
    waiting: int = 0


@dataclass
class Services:
    """What the endpoints share.

    Attributes
    ----------
    settings
        The settings.
    store
        The tracks.
    pool
        The workers.
    places
        The bound of uploads and jobs at once.
    library
        The library.
    """

    settings: Settings
    store: TrackStore
    pool: Pool
    places: Places
    library: LibraryAccess
    _tag_jobs: dict[TagsKey, SharedJob] = field(default_factory=dict)

    def tags_file(self, key: TagsKey) -> Path:
        """Return the file of the tags of a track, whether it exists or not."""
        vocabulary = f"-{key.vocabulary}" if key.vocabulary else ""
        return self.store.find(key.track).folder / f"tags-{key.model}-{key.hop:g}{vocabulary}.json"

    def remove_track(self, identifier: str) -> None:
        """Remove a track, and end the jobs that tag it.

        Raises
        ------
        UnknownNameError
            If there is none.
        """
        self.store.remove(identifier)
        for key in [key for key in self._tag_jobs if key.track == identifier]:
            self._tag_jobs.pop(key).job.fail(UnknownNameError(TRACK_GONE))

    @contextlib.asynccontextmanager
    async def tag_job(self, key: TagsKey) -> AsyncIterator[Job]:
        """Provide the job that computes the tags of a track; it ends with the last block that needs it.

        Raises
        ------
        RequestError
            With status 429, if too many jobs are waiting.
        """
        shared = self._tag_jobs.get(key)
        if shared is None:
            shared = self._tag_jobs[key] = SharedJob(self._start_tagging(key))
        shared.waiting += 1
        try:
            yield shared.job
        finally:
            shared.waiting -= 1
            if not shared.waiting:
                shared.job.cancel()
                if self._tag_jobs.get(key) is shared:
                    del self._tag_jobs[key]

    def _start_tagging(self, key: TagsKey) -> Job:
        track, place = self.store.find(key.track), contextlib.ExitStack()
        place.enter_context(self.places.take())
        part = self.tags_file(key).with_suffix(".part")
        job = self.pool.submit(
            tag_track,
            track.audio,
            track.name,
            track.id,
            key.model,
            key.hop,
            key.vocabulary,
            self.settings,
            part,
            name=track.name,
        )

        def finish(future: asyncio.Future[Any]) -> None:
            place.close()
            if future.cancelled() or future.exception() is not None or track not in self.store:
                return
            tags: TrackTags = future.result()
            part.replace(self.tags_file(key))
            track.embeddings.setdefault(key.model, None if tags.silent else tags.embedding)
            track.measure()
            with contextlib.suppress(RequestError):  # of uploads in progress, which get it themselves
                self.store.make_room()

        job.future.add_done_callback(finish)
        return job


def services(request: Request) -> Services:
    """Return what the endpoints share."""
    shared: Services = request.app.state.services
    return shared


def check_model(model: str) -> str:
    """Return the name of an installed model.

    Raises
    ------
    UnknownNameError
        For any other name, also for the path of a folder.
    """
    if model not in installed_models():
        raise UnknownNameError(f"no model is named {model!r}; see /v1/models")
    return model


def check_vocabulary(vocabulary: str | None) -> str | None:
    """Return the name of a vocabulary; None for none.

    Raises
    ------
    RequestError
        With status 422, for any other name.
    """
    if not vocabulary:
        return None
    if vocabulary not in (names := ["taggram", *Vocabulary.published()]):
        raise RequestError(422, f"no vocabulary is named {vocabulary!r}; there are: {', '.join(names)}")
    return vocabulary


async def wait_for(request: Request, job: Job) -> Any:
    """Return the result of a job; end it if the client goes away."""
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait([job.future, gone], return_when=asyncio.FIRST_COMPLETED)
        if not job.future.done():
            raise RequestError(DISCONNECTED, "the client has gone")
        return await job
    finally:
        gone.cancel()
        job.cancel()


async def wait_for_track(request: Request, job: Job, track: Track, store: TrackStore) -> Any:
    """Return the result of a job about a track, which may be removed meanwhile."""
    try:
        return await wait_for(request, job)
    except TaggramError:
        if track not in store:
            store.find(track.id)
        raise


async def _disconnected(request: Request) -> None:
    """Return when the client has gone; its body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
