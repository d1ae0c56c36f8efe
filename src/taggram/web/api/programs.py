"""Endpoints for programs: audio in, result out, nothing is kept."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import FileResponse, Response

from taggram.deform import DEFORMATIONS, Chain, Range
from taggram.models.card import Level
from taggram.models.directories import DEFAULT_MODEL
from taggram.web.api.common import AUDIO_BODY, BINARY, Hop, NewFile, SentFile, Shared, Vocabulary
from taggram.web.api.schemas import MAX_STEPS
from taggram.web.errors import RequestError
from taggram.web.services import check_model, check_vocabulary, wait_for
from taggram.web.uploads import receive
from taggram.web.work.deform import deform
from taggram.web.work.inspect import inspect
from taggram.web.work.tag import TagOptions, tag_file

__all__ = ["router"]

router = APIRouter(tags=["programs"])
MAX_MODELS = 8


@router.post("/tag", openapi_extra=AUDIO_BODY, response_model=list[dict[str, Any]])
async def tag(
    request: Request,
    shared: Shared,
    draft: NewFile,
    model: Annotated[
        list[str] | None, Query(max_length=MAX_MODELS, description="Models; the default one alone.")
    ] = None,
    level: Annotated[Level | None, Query(description="Tags of at least this level; maybe by default.")] = None,
    top: Annotated[int | None, Query(ge=1, description="The likeliest tags instead.")] = None,
    hop: Hop | None = None,
    vocabulary: Vocabulary = None,
    over_time: Annotated[bool, Query(description="Whether to include the scores of each segment.")] = False,
) -> Response:
    """Tag audio: a form with the field ``file``, or the audio as the body.

    Returns a list with the JSON of ``taggram tag --json`` for each model.
    """
    if level is not None and top is not None:
        raise RequestError(422, "level and top exclude each other: use one of them")
    models = [check_model(name) for name in model or [DEFAULT_MODEL]]
    options = TagOptions(level, top, hop, check_vocabulary(vocabulary), over_time)
    upload = await receive(request, draft, shared.settings)
    job = shared.pool.submit(tag_file, draft.file, upload.name, models, options, shared.settings, name=upload.name)
    return Response(await wait_for(request, job), media_type="application/json")


_PARAMETERS = [
    {
        "name": name.replace("_", "-"),
        "in": "query",
        "description": f"{deformation.summary} {deformation.parameter}.",
        "schema": (
            {"type": "number", "minimum": parameter.low, "maximum": parameter.high}
            if isinstance(parameter := deformation.parameter, Range)
            else {"enum": list(parameter.values)}
        ),
    }
    for name, deformation in DEFORMATIONS.items()
]


@router.post(
    "/deform",
    openapi_extra=AUDIO_BODY | {"parameters": _PARAMETERS},
    response_class=FileResponse,
    responses={200: {"content": {"audio/wav": BINARY}}},
)
async def deform_audio(
    request: Request, shared: Shared, draft: SentFile, seed: Annotated[int, Query(ge=0, lt=1 << 63)] = 0
) -> FileResponse:
    """Deform audio: a form with the field ``file``, or the audio as the body.

    The deformations are in the query, in their order, such as ``?time-stretch=1.2&noise=20``. Returns a wav file like
    that of ``taggram deform``.
    """
    steps = [(name.replace("-", "_"), value) for name, value in request.query_params.multi_items() if name != "seed"]
    if not steps:
        raise RequestError(422, "there is no deformation; give one, as ?time-stretch=1.2; see /v1/deformations")
    if len(steps) > MAX_STEPS:
        raise RequestError(422, f"there are more than {MAX_STEPS} deformations")
    chain = str(Chain(steps))
    upload = await receive(request, draft, shared.settings)
    limit = shared.settings.max_deform_seconds
    await wait_for(request, shared.pool.submit(inspect, draft.file, upload.name, limit, name=upload.name))
    wav = draft.file.with_suffix(".wav")
    job = shared.pool.submit(deform, draft.file, upload.name, chain, seed, wav, name=upload.name)
    await wait_for(request, job)
    return FileResponse(wav, media_type="audio/wav")
