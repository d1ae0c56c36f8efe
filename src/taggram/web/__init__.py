"""The server: a REST API under ``/v1``, and the page at ``/``; ``taggram serve`` runs it.

`create_app` makes the ASGI application of some `Settings`. Audio is decoded and tagged in worker processes with limits
of time and memory (`work`), so that no file ends the server. Workers load neither FastAPI nor uvicorn. Needs the web
extra.
"""

from typing import TYPE_CHECKING, Any

from taggram.web.settings import Settings

if TYPE_CHECKING:
    from taggram.web.app import create_app

__all__ = ["Settings", "create_app"]


def __getattr__(name: str) -> Any:
    if name != "create_app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from taggram.web.app import create_app

    return create_app
