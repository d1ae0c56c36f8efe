"""``taggram serve``: the page and the REST API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taggram.cli.times import parse_time

PORT = 8420


def serve(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on; 0.0.0.0: all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: any free one.")] = PORT,
    token: Annotated[
        str | None,
        typer.Option(envvar="TAGGRAM_TOKEN", help="Secret that clients need: as ?token=... once, or a bearer token."),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Name by which browsers reach the server, as behind a proxy. Repeatable."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Number of processes.  \\[default: the number of cores]")
    ] = None,
    queue: Annotated[int, typer.Option(min=1, help="Number of uploads and jobs at once; more are refused.")] = 64,
    max_size: Annotated[int, typer.Option(min=1, metavar="MB", help="Largest upload.")] = 1024,
    max_duration: Annotated[
        float, typer.Option(parser=parse_time, metavar="TIME", help="Longest audio: seconds, or as 1:30:00.")
    ] = "4:00:00",  # type: ignore[assignment]
    library: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The library that is shown.  \\[default: library.sqlite in taggram's data folder, where only this "
            "machine or the token gives access]",
        ),
    ] = None,
    allow_write: Annotated[
        bool, typer.Option("--allow-write", help="Write tags into files of the library on request; needs --token.")
    ] = False,
) -> None:
    """Serve the page and a REST API until interrupted.

    Nothing leaves the machine. Uploads are in a temporary folder, which is removed at the end. Needs the web extra.
    """
    from taggram.errors import LibraryError, MissingExtraError
    from taggram.library.writing.file_tags import require_mutagen

    try:
        from taggram.web.run import default_library, run
        from taggram.web.settings import Settings
    except ModuleNotFoundError as error:
        if error.name not in ("fastapi", "starlette", "uvicorn", "python_multipart"):
            raise
        raise MissingExtraError("the server", "web") from None
    from taggram._system import cpu_count

    if library is not None and not library.is_file():
        raise LibraryError(f"{library} does not exist: make it with taggram library scan FOLDER --library {library}")
    if allow_write:
        require_mutagen()
    settings = Settings(
        workers=workers or cpu_count(),
        queue=queue,
        max_size=max_size << 20,
        max_seconds=max_duration,
        token=token,
        hosts=tuple(allow_host or ()),
        library=library or default_library(host, is_open=token is None, has_names=bool(allow_host)),
        allow_write=allow_write,
    )
    run(settings, host, port)
