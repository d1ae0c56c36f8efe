"""The application: endpoints, security, errors as one line of JSON, and the page."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from taggram import __version__
from taggram._text import escape_surrogates
from taggram.errors import TaggramError
from taggram.web.api import library, models, programs, tags, tracks
from taggram.web.api.schemas import Error
from taggram.web.errors import RequestError, is_full_disk, no_space, status_of
from taggram.web.library import LibraryAccess
from taggram.web.page_files import add_page
from taggram.web.reference import reference_page
from taggram.web.scratch import scratch_folder
from taggram.web.security import SecurityMiddleware
from taggram.web.services import DISCONNECTED, Services
from taggram.web.settings import Settings
from taggram.web.tracks import TRACK_GONE, TrackStore
from taggram.web.uploads import validation_text
from taggram.web.work.pool import Places, Pool
from taggram.web.work.tag import prepare

__all__ = ["create_app"]

REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {
        "description": HTTPStatus(code).phrase,
        "content": {"application/json": {"schema": Error.model_json_schema()}},
    }
    for code in (400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 501, 503)
}


def create_app(settings: Settings | None = None) -> FastAPI:
    """Create the server as an ASGI application.

    Its workers start, and its folder is created, when it starts; both end with it.

    Parameters
    ----------
    settings
        Whom it answers, and how much it takes.
    """
    settings = settings or Settings()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with scratch_folder() as folder:
            pool = Pool(settings, prepare)
            music = LibraryAccess(settings.library)
            app.state.services = Services(settings, TrackStore(folder, settings), pool, Places(settings.queue), music)
            try:
                yield
            finally:
                pool.close()
                music.close()

    app = FastAPI(
        title="taggram",
        version=__version__,
        description="Tags music: instruments, genres, moods, voices, eras.",
        lifespan=lifespan,
        docs_url=None,  # it would load scripts from another server
        redoc_url=None,
    )
    app.add_middleware(HeadMiddleware)
    app.add_middleware(SecurityMiddleware, settings=settings)
    for module in (models, tracks, tags, programs, library):
        app.include_router(module.router, prefix="/v1", responses=REFUSALS)
    reference = reference_page(app)
    app.get("/docs", include_in_schema=False)(reference)
    add_page(app)
    app.add_exception_handler(TaggramError, _answer_error)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(ClientDisconnect, _answer_nobody)
    app.add_exception_handler(OSError, _answer_os_error)
    app.add_exception_handler(Exception, _answer_defect)
    return app


class HeadMiddleware:
    """Handles HEAD as GET; uvicorn leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)


def _answer(status: int, text: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": escape_surrogates(text)}, status, headers)


async def _answer_error(request: Request, error: Exception) -> JSONResponse:
    status = status_of(error)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, RequestError):
        raise error  # a defect
    retry = error.retry_after if isinstance(error, RequestError) else None
    return _answer(status, str(error), None if retry is None else {"Retry-After": str(retry)})


async def _answer_os_error(request: Request, error: Exception) -> JSONResponse:
    """Answer where a track has been removed meanwhile, or the disk is full; each other error is a defect."""
    assert isinstance(error, OSError)
    if isinstance(error, FileNotFoundError):
        return _answer(404, TRACK_GONE)
    if is_full_disk(error):
        return await _answer_error(request, no_space())
    raise error


async def _answer_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    text = "there is nothing at this address; see /docs" if error.status_code == 404 else error.detail
    return _answer(error.status_code, text, dict(error.headers or {}))


async def _answer_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return _answer(422, validation_text({**first, "loc": first["loc"][1:]}))


async def _answer_nobody(request: Request, error: Exception) -> Response:
    return Response(status_code=DISCONNECTED)


async def _answer_defect(request: Request, error: Exception) -> JSONResponse:
    """Answer a defect; Uvicorn then closes the connection, which a client has to know before its next request."""
    return _answer(500, f"an unexpected {type(error).__name__}; the server's log has more", {"Connection": "close"})
