"""The server: a REST API under ``/v1``, and the page at ``/``; ``taggram serve`` runs it.

`create_app` makes the ASGI application of some `Settings`. Audio is decoded and tagged in worker processes with limits
of time and memory (`work`), so that no file ends the server. Needs the web extra.
"""

from taggram.web.app import create_app
from taggram.web.settings import Settings

__all__ = ["Settings", "create_app"]
