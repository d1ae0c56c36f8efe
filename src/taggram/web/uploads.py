"""Uploads: the audio in a request, written to disk while it arrives."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel, ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from taggram.web.errors import RequestError
from taggram.web.settings import Settings
from taggram.web.tracks import ID_DIGITS, Draft

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

__all__ = ["Upload", "read_json", "receive", "validation_text"]

Model = TypeVar("Model", bound=BaseModel)

FIELD = "file"
RAW_TYPES = re.compile(r"(audio|video)/.+|application/(octet-stream|ogg)")
MAX_NAME = 200  # characters
MAX_JSON = 1 << 16
MIN_RATE = 1000  # bytes per second, after the time in which an upload may stall
NO_FILE = f"the request has no audio: send a form with the field {FIELD!r}, or the audio as the body"


@dataclass(frozen=True)
class Upload:
    """A file that has arrived.

    Attributes
    ----------
    name
        The client's name of it, without folders.
    id
        From the content.
    """

    name: str
    id: str


async def receive(request: Request, draft: Draft, settings: Settings) -> Upload:
    """Write the audio in a request into a file.

    Parameters
    ----------
    request
        With a form, whose field ``file`` has the audio, or with the audio as its body.
    draft
        The file.
    settings
        The bounds.

    Raises
    ------
    RequestError
        With status 413 for too many bytes, 408 if they stop coming, 415 for another kind of body, 400 for a malformed
        one.
    ClientDisconnect
        If the client goes away.
    """
    kind, parameters = parse_options_header(request.headers.get("content-type"))
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > settings.max_size:
        raise _too_large(settings)
    with draft.file.open("wb") as stream:
        sink = _Sink(draft, stream)
        if kind == b"multipart/form-data" and parameters.get(b"boundary"):
            reader = _Form(sink)
            await _read_form(request, settings, reader, parameters[b"boundary"])
            name = reader.name
        elif RAW_TYPES.fullmatch(kind.decode("latin-1")):
            name = unquote(request.headers.get("x-filename", "").encode("latin-1").decode("utf-8", "replace"))
            async for chunk in _chunks(request, settings):
                sink.write(chunk)
        else:
            raise RequestError(415, f"{NO_FILE}, with a Content-Type such as audio/mpeg")
    if not sink.size:
        raise RequestError(400, NO_FILE)
    return Upload(_clean(name), sink.digest.hexdigest()[:ID_DIGITS])


async def read_json(request: Request, kind: type[Model], settings: Settings, limit: int = MAX_JSON) -> Model:
    """Read a JSON body of at most so many bytes.

    Raises
    ------
    RequestError
        With status 413 if it is longer, 408 if it stops coming, 415 for another kind of body, 422 for another content.
    """
    if parse_options_header(request.headers.get("content-type"))[0] != b"application/json":
        raise RequestError(415, "the body must be JSON, with the Content-Type application/json")
    body = b""
    async for chunk in _chunks(request, settings):
        body += chunk
        if len(body) > limit:
            raise RequestError(413, f"the JSON is longer than {limit} bytes")
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise RequestError(422, validation_text(error.errors()[0])) from None


def validation_text(error: Any) -> str:
    """Return an error of pydantic as a line."""
    where = ".".join(map(str, error["loc"]))
    return f"{where}: {error['msg']}" if where else str(error["msg"])


async def _chunks(request: Request, settings: Settings) -> AsyncIterator[bytes]:
    """Yield the body; refuse one that is too large, stalls, or is so slow that it would keep its place for days."""
    size, stream = 0, request.stream().__aiter__()
    now = asyncio.get_running_loop().time
    begin = now()
    while True:
        try:
            async with asyncio.timeout_at(settings.stall_seconds + min(now(), begin + size / MIN_RATE)):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise RequestError(408, "the upload has stalled: send it again") from None
        size += len(chunk)
        if size > settings.max_size:
            raise _too_large(settings)
        yield chunk


async def _read_form(request: Request, settings: Settings, reader: _Form, boundary: bytes) -> None:
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        async for chunk in _chunks(request, settings):
            parser.write(chunk)
        parser.finalize()
    except FormParserError as error:
        raise RequestError(400, f"the form is malformed ({error}): {NO_FILE}") from None


class _Sink:
    """Writes a file, and hashes it."""

    def __init__(self, draft: Draft, stream: IO[bytes]) -> None:
        self._draft, self._stream = draft, stream
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes) -> None:
        self._draft.reserve(len(chunk))
        self.digest.update(chunk)
        self._stream.write(chunk)
        self.size += len(chunk)


class _Form:
    """Takes the first part of a form that is named ``file``; the others are dropped."""

    def __init__(self, sink: _Sink) -> None:
        self._sink = sink
        self._header, self._value = b"", b""
        self._is_file = self._is_done = False
        self.name = ""

    def callbacks(self) -> MultipartCallbacks:
        """Return the callbacks for the parser."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_header,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_part_data": self._add_data,
            "on_part_end": self._end,
        }

    def _begin(self) -> None:
        self._is_file = False
        self._header, self._value = b"", b""

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition" and not self._is_done:
            _, options = parse_options_header(self._value)
            self._is_file = options.get(b"name") == FIELD.encode()
            if self._is_file:
                name = options.get(b"filename", b"").decode("utf-8", "replace")
                self.name = name.replace("%22", '"')  # which all browsers and curl write so
        self._header, self._value = b"", b""

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._sink.write(data[start:end])

    def _end(self) -> None:
        self._is_done |= self._is_file
        self._is_file = False


def _clean(name: str) -> str:
    """Return a file name without folders and control characters."""
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(character for character in name if character.isprintable()).strip()
    return name[:MAX_NAME] or "untitled"


def _too_large(settings: Settings) -> RequestError:
    return RequestError(413, f"the file is larger than {settings.max_size / (1 << 20):.0f} MB: send a shorter part")
