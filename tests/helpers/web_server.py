"""Runs the server in a thread of this process, and makes the audio that tests send."""

from __future__ import annotations

import contextlib
import io
import socket
import threading
import time
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import numpy as np

from taggram.web import Settings, create_app
from taggram.web.run import Server, listen
from taggram.web.services import Services

PATIENCE = 60.0  # seconds


@dataclass
class RunningServer:
    """A server that answers, and a client of it."""

    client: httpx.Client
    services: Services

    @property
    def address(self) -> tuple[str, int]:
        url = self.client.base_url
        assert url.port is not None
        return url.host, url.port

    def connect(self) -> socket.socket:
        """Open a connection, for what a client library does not do."""
        return socket.create_connection(self.address, timeout=PATIENCE)


@contextlib.contextmanager
def serve(settings: Settings) -> Iterator[RunningServer]:
    """Run the server during the block."""
    app = create_app(settings)
    listener = listen("127.0.0.1", 0)
    server = Server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        wait_until(lambda: server.started)
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=PATIENCE) as client:
            yield RunningServer(client, app.state.services)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def wait_until(is_true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def wav(samples: np.ndarray, sample_rate: int = 16000) -> bytes:
    """Return samples (samples,) or (samples, channels) in -1..1 as a 16-bit wav file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        writer.setsampwidth(2)
        writer.setframerate(sample_rate)
        writer.writeframes(np.round(samples * 32767).astype("<i2").tobytes())
    return file.getvalue()


def noise(seconds: float, seed: int = 0, sample_rate: int = 16000) -> bytes:
    """Return soft noise as a wav file."""
    return wav(0.1 * np.random.default_rng(seed).standard_normal(round(seconds * sample_rate)).clip(-4, 4), sample_rate)
