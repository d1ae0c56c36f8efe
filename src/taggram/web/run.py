"""Running the application with uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import os
import socket
import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from taggram._processes import require_guard
from taggram.errors import TaggramError
from taggram.library.store import default_file
from taggram.web.app import create_app
from taggram.web.settings import Settings

__all__ = ["Server", "default_library", "listen", "run"]

SHUTDOWN_SECONDS = 2  # for answers in progress


class Server(uvicorn.Server):
    """The application in uvicorn.

    Parameters
    ----------
    app
        The application.
    address
        What is printed to stderr once it answers; empty: nothing.
    """

    def __init__(self, app: FastAPI, address: str = "") -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            )
        )
        self._app, self._address = app, address
        logging.getLogger("uvicorn.error").addFilter(_is_defect)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and print the address."""
        await super().startup(sockets)
        if self.started and self._address:
            print(f"taggram is at {self._address} (Ctrl-C to end)", file=sys.stderr, flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the jobs, so that no answer waits for one, and then the server."""
        await asyncio.to_thread(self._app.state.services.pool.close)
        await super().shutdown(sockets)


def run(settings: Settings, host: str, port: int) -> None:
    """Serve until interrupted or terminated.

    Parameters
    ----------
    settings
        The settings of the application.
    host, port
        Where to listen; port 0 is any free one. The address is printed to stderr once it answers.

    Raises
    ------
    TaggramError
        If the address cannot be used, or the token is empty.
    """
    require_guard()
    if settings.token == "":
        raise TaggramError("the token is empty: choose a secret, or leave --token out")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # of the workers, which use one core each
    listener = listen(host, port)
    name = f"[{host}]" if ":" in host else host
    address = f"http://{name}:{listener.getsockname()[1]}"
    if settings.token is None and not _is_loopback(host):
        print("warning: everyone who reaches this address may use it; --token TEXT asks for a secret", file=sys.stderr)
    with contextlib.suppress(KeyboardInterrupt):  # the usual end
        Server(create_app(settings), address).run(sockets=[listener])


def default_library(host: str, *, is_open: bool, has_names: bool) -> Path | None:
    """Return the library that is shown unless another is chosen; none where anyone could ask for it.

    Parameters
    ----------
    host
        Where the server listens.
    is_open
        Whether it asks for no token.
    has_names
        Whether it has names of its own, as behind a proxy.
    """
    is_exposed = is_open and (has_names or not _is_loopback(host))
    return None if is_exposed else default_file()


def listen(host: str, port: int) -> socket.socket:
    """Bind a socket for the server.

    Parameters
    ----------
    host, port
        The address; port 0 is any free one.

    Raises
    ------
    TaggramError
        If the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Of a socket whose protocol is not named, asyncio does not switch off Nagle's algorithm: each answer takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":  # where it would share the port with another program
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise TaggramError(f"{host}:{port} cannot be used ({reason}): choose another --port or --host") from None
    return listener


def _is_defect(record: logging.LogRecord) -> bool:
    """Return False for a request that is cancelled at the end of the server, which uvicorn logs as an error."""
    is_cancelled = record.exc_info is not None and isinstance(record.exc_info[1], asyncio.CancelledError)
    return not is_cancelled and not str(record.msg).startswith("Cancel ")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
