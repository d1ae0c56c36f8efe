"""What several endpoints have in common: parameters, bodies, and the place of a request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Query

from taggram.web.services import Services, services
from taggram.web.tracks import Draft

__all__ = ["AUDIO_BODY", "BINARY", "Hop", "NewFile", "SentFile", "Shared", "Vocabulary"]

Shared = Annotated[Services, Depends(services)]
Hop = Annotated[float, Query(ge=0.05, le=60)]
Vocabulary = Annotated[str | None, Query(description="Vocabulary of the tags; the model's by default.")]

BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_FORM = {"type": "object", "properties": {"file": BINARY["schema"]}, "required": ["file"]}
AUDIO_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": {"schema": _FORM}, "audio/*": BINARY, "application/octet-stream": BINARY},
    }
}


async def _new_file(shared: Shared) -> AsyncIterator[Draft]:
    """Hold a place and a file."""
    with shared.places.take(), shared.store.draft() as draft:
        yield draft


NewFile = Annotated[Draft, Depends(_new_file, scope="function")]  # free before the client can send its next request
SentFile = Annotated[Draft, Depends(_new_file, scope="request")]  # until the answer, a file beside it, has been sent
