"""The server under load, over the library without a server: throughput, latency, memory."""

from __future__ import annotations

import http.client
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.measure import PROGRAM, BenchmarkError, Loop, interleaved
from benchmarks.record import Row, shown
from benchmarks.setting import Setting
from taggram.tagging import DEFAULT_MODEL

MODELS = (DEFAULT_MODEL,)
WORKERS = 2
SERVE = [PROGRAM, "serve", "--port", "0", "--workers", str(WORKERS)]
TARGET = ">= 0.8"
ONE, MANY = "Tagger, 1 process", f"tag_many, {WORKERS} workers"
CLIENTS = {1: ONE, 4: MANY, 16: MANY}  # number of clients, and what they are compared with


class Load(NamedTuple):
    """Requests of several clients.

    Attributes
    ----------
    rate
        Requests per second.
    latencies : (requests,) float64
        In seconds.
    """

    rate: float
    latencies: np.ndarray


def measure(setting: Setting) -> list[Row]:
    """Requests per second of 1, 4 and 16 clients that send one clip each time, and of a `Tagger` in 1 and 2 processes.

    The clients are threads of this program, on the same cores. The ratios are formed round by round. Memory is that of
    the server and its workers together, after a tenth of the requests and after all.
    """
    clip, count = Path(setting.material.clip_file()), 2 * setting.material.tracks
    loops = {ONE: _many("1", clip, count), MANY: _many(str(WORKERS), clip, count)}
    with _server() as (process, port), loops[ONE], loops[MANY]:
        send = partial(_send, port, clip.read_bytes())
        library: dict[str, Callable[[], Load]] = {name: partial(_rate, loop) for name, loop in loops.items()}
        served: dict[str, Callable[[], Load]] = {_name(n): partial(send, n, count) for n in CLIENTS}
        loads = interleaved(library | served, setting.runs, True)
        requests = setting.material.requests
        memory = {}
        for number in (requests // 10, requests - requests // 10):
            send(16, number)
            memory[f"{requests if memory else number} requests"] = _memory(process.pid)
    rates = {name: [load.rate for load in found] for name, found in loads.items()}
    name = f"{setting.material.clip:g} s clips"
    rows = [Row(name, subject, "per s", rates[subject], "", shown(loops[subject].command[:6])) for subject in loops]
    for number, baseline in CLIENTS.items():
        subject = _name(number)
        ratios = [served / library for served, library in zip(rates[subject], rates[baseline], strict=True)]
        rows.append(Row(name, subject, "per s", rates[subject], "", shown(SERVE)))
        rows.append(Row(name, f"{subject} over {baseline}", "x", ratios, TARGET))
        for label, share in {"p50": 0.5, "p99": 0.99}.items():
            values = [1000 * float(np.quantile(load.latencies, share)) for load in loads[subject]]
            rows.append(Row(name, f"{subject}, {label}", "ms", values))
    return [*rows, *(Row("memory of the server", subject, "MiB", [size]) for subject, size in memory.items())]


def _name(clients: int) -> str:
    return "1 client" if clients == 1 else f"{clients} clients"


def _many(workers: str, clip: Path, count: int) -> Loop:
    return Loop("loops", "many", DEFAULT_MODEL, workers, *[str(clip)] * count)


def _rate(loop: Loop) -> Load:
    return Load(loop(), np.empty(0))


@contextmanager
def _server() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run the server; yield its process and its port."""
    process = subprocess.Popen(SERVE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        if (match := re.search(r":(\d+) ", line)) is None:
            raise BenchmarkError(f"the server does not start: {line.strip()}")
        yield process, int(match[1])
    finally:
        process.terminate()
        process.wait()


def _send(port: int, clip: bytes, clients: int, count: int) -> Load:
    """Send a clip so many times, with several clients, each of which waits for its answer."""
    headers = {"Content-Type": "audio/mpeg"}

    def client(number: int) -> list[float]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        latencies = []
        for _ in range(number):
            began = time.perf_counter()
            connection.request("POST", "/v1/tag", clip, headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise BenchmarkError(f"the server answers {answer.status}: {body.decode()}")
            latencies.append(time.perf_counter() - began)
        connection.close()
        return latencies

    shares = [len(part) for part in np.array_split(np.arange(count), clients)]
    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as threads:
        latencies = [latency for part in threads.map(client, shares) for latency in part]
    return Load(count / (time.perf_counter() - began), np.array(latencies))


def _memory(server: int) -> float:
    """Return the resident memory of a process and its children, in MiB."""
    children = [file.read_text().split() for file in Path(f"/proc/{server}/task").glob("*/children")]
    total = 0
    for process in [str(server), *(child for part in children for child in part)]:
        status = Path(f"/proc/{process}/status").read_text()
        total += int(re.search(r"VmRSS:\s+(\d+)", status)[1])  # type: ignore[index]
    return total / 1024
