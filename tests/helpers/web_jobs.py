"""Jobs that worker processes of the server fail at."""

from __future__ import annotations

import os
import time

import numpy as np

from taggram.web.work.pool import Report


def nothing() -> None:
    """Prepare nothing."""


def die_once_prepared() -> None:
    os._exit(4)


def answer(report: Report, value: object) -> object:
    return value


def die(report: Report) -> None:
    os._exit(3)


def hang(report: Report) -> None:
    time.sleep(600)


def work_forever(report: Report) -> None:
    second = 0
    while True:
        report(second)
        second += 1
        time.sleep(0.02)


def allocate(report: Report, size: int) -> int:
    return len(np.ones(size, np.uint8))


def fill_disk(report: Report) -> None:
    with open("/dev/full", "w") as file:
        file.write("too much")


def fail(report: Report) -> None:
    raise ZeroDivisionError("a secret path /srv/secret")
