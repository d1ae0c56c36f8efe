"""The parallel map: order, bounds, crashes, errors, interrupts and scripts without a guard."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from taggram.errors import DatasetError, MissingExtraError
from taggram.parallel import parallel_map


def square(number: int) -> int:
    return number * number


def crash_at(bad: int, number: int) -> int:
    if number == bad:
        os._exit(7)
    return number


def fail_at(bad: int, number: int) -> int:
    if number == bad:
        raise MissingExtraError(f"number {number}", "train")
    return number


def sleep_at(slow: int, number: int) -> int:
    time.sleep(1.5 if number == slow else 0)
    return number


def ramp(size: int) -> dict[str, np.ndarray]:
    return {"ramp": np.arange(size, dtype=np.int16), "grid": np.ones((size % 7, 3), np.float64), "none": np.empty(0)}


class Unloadable:
    """A function that cannot be loaded in a worker."""

    def __init__(self) -> None:
        self.parent = os.getpid()

    def __call__(self, number: int) -> int:
        return number

    def __setstate__(self, state: dict[str, int]) -> None:
        raise DatasetError("the function cannot be loaded")


def refuse(item: object, reason: str) -> int:
    raise AssertionError(f"{item}: {reason}")


@pytest.mark.parametrize(("workers", "ordered"), [(1, True), (2, True), (2, False)])
def test_every_item_has_one_result(workers: int, ordered: bool) -> None:
    results = list(parallel_map(square, iter(range(40)), workers=workers, on_crash=refuse, ordered=ordered))
    expected = [number * number for number in range(40)]
    assert (results if ordered else sorted(results)) == expected
    assert list(parallel_map(square, [], workers=workers, on_crash=refuse)) == []
    assert list(parallel_map(square, iter([]), workers=workers, on_crash=refuse)) == []


def test_no_more_workers_than_items_and_none_for_one() -> None:
    results = parallel_map(square, [3], workers=8, on_crash=refuse)
    assert next(results) == 9
    assert not multiprocessing.active_children()
    results = parallel_map(square, [3, 4], workers=8, on_crash=refuse)
    assert next(results) == 9
    assert len(multiprocessing.active_children()) <= 2
    results.close()


def test_arrays_arrive_as_they_were_and_can_be_written() -> None:
    sizes = [1, 1000, 131_072, 131_073, 3_000_000]  # int16: one message holds 131072 of them
    for size, result in zip(sizes, parallel_map(ramp, sizes, workers=2, on_crash=refuse), strict=True):
        for name, array in ramp(size).items():
            assert result[name].dtype == array.dtype
            np.testing.assert_array_equal(result[name], array)
        result["ramp"][0] = 5


def test_results_come_as_they_are_completed() -> None:
    slow = partial(sleep_at, 0)
    assert next(parallel_map(slow, range(6), workers=2, on_crash=refuse)) == 0
    assert next(parallel_map(slow, range(6), workers=2, on_crash=refuse, ordered=False)) > 0


def test_an_endless_generator_is_read_only_a_little_before_the_results() -> None:
    reads = 0

    def endless():
        nonlocal reads
        while True:
            reads += 1
            yield reads

    results = parallel_map(square, endless(), workers=2, on_crash=refuse)
    for _ in range(3):
        next(results)
    assert reads <= 16
    results.close()
    assert not multiprocessing.active_children()


def test_a_worker_that_dies_costs_one_item() -> None:
    results = list(parallel_map(partial(crash_at, 2), range(12), workers=2, on_crash=lambda *crash: crash))
    assert results == [0, 1, (2, "its worker process died (exit code 7)"), *range(3, 12)]


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_a_worker_that_is_killed_costs_at_most_one_item() -> None:
    results = parallel_map(square, range(30), workers=2, on_crash=lambda *crash: crash[1])
    assert next(results) == 0
    pid = multiprocessing.active_children()[0].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    lost = [result for result in results if isinstance(result, str)]
    assert lost in ([], ["its worker process died (exit code -9)"])


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_the_function_ends_the_map(workers: int) -> None:
    results = parallel_map(partial(fail_at, 5), range(1000), workers=workers, on_crash=refuse)
    with pytest.raises(MissingExtraError, match=r"number 5 needs the \[train\] extra") as caught:
        list(results)
    assert not multiprocessing.active_children()
    if workers > 1:
        assert "in fail_at" in caught.value.__notes__[0]


def test_a_function_that_cannot_be_loaded_is_one_error() -> None:
    with pytest.raises(DatasetError, match="the function cannot be loaded"):
        list(parallel_map(Unloadable(), range(9), workers=2, on_crash=refuse))


SCRIPT = """
import os, sys, time
from taggram.parallel import parallel_map

def work(number):
    time.sleep(0.05)
    return number

def main():
    for result in parallel_map(work, iter(range(100)), workers=2, on_crash=lambda *_: -1):
        print(result, flush=True)
"""
GUARD = 'if __name__ == "__main__":\n    main()\n'


def run(script: str, folder: Path, *, stdin: bool = False) -> subprocess.CompletedProcess[str]:
    file = folder / "script.py"
    file.write_text(script, encoding="utf-8")
    command = [sys.executable, *([] if stdin else [str(file)])]
    return subprocess.run(
        command, input=script if stdin else None, capture_output=True, text=True, timeout=60, cwd=folder
    )


@pytest.mark.parametrize("stdin", [False, True])
@pytest.mark.parametrize("guard", [False, True])
def test_a_script_without_a_guard_is_one_error(stdin: bool, guard: bool, tmp_path: Path) -> None:
    completed = run(SCRIPT + (GUARD if guard else "main()\n"), tmp_path, stdin=stdin)
    if guard and not stdin:
        assert completed.stdout.split() == [str(number) for number in range(100)]
        assert completed.stderr == ""
        return
    assert completed.returncode == 1
    assert completed.stdout == ""
    assert completed.stderr.count("Traceback") == 1
    error = completed.stderr.splitlines()[-1]
    assert error.startswith("taggram.errors.TaggramError: worker processes cannot start")
    assert '`if __name__ == "__main__":`' in error


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
@pytest.mark.parametrize("moment", ["while workers start", "while they work"])
def test_an_interrupt_ends_it_without_a_word_of_the_workers(moment: str, tmp_path: Path) -> None:
    """The signal goes to the whole group, as Ctrl-C in a terminal does."""
    handler = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)"  # in a background shell, too
    guard = textwrap.dedent(
        """
        if __name__ == "__mp_main__" and WAIT:
            print(os.getpid(), flush=True)
            time.sleep(1)
        if __name__ == "__main__":
            try:
                main()
            except KeyboardInterrupt:
                print("interrupted", flush=True)
        """
    )
    file = tmp_path / "script.py"
    wait = f"\nWAIT = {moment == 'while workers start'}\n"
    file.write_text(handler + wait + SCRIPT + guard, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, file], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if moment == "while workers start":
            os.kill(int(line), signal.SIGINT)  # before the others: else it may end before it has printed a traceback
            time.sleep(0.3)
        os.killpg(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    assert output.splitlines()[-1] == "interrupted"
    assert errors == ""
    assert process.returncode == 0
