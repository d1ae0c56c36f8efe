"""Jobs that worker processes of the server fail at."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time

import numpy as np

from taggram.errors import CacheError
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


def fill_database(report: Report) -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE a (x)")
        database.execute("PRAGMA max_page_count = 2")
        try:
            database.execute("INSERT INTO a VALUES (zeroblob(100000))")
        except sqlite3.Error as error:
            raise CacheError("/srv/secret cannot be used") from error


def fail_with_path(report: Report) -> None:
    raise CacheError("/srv/secret is damaged")


def fail(report: Report) -> None:
    raise ZeroDivisionError("a secret path /srv/secret")
