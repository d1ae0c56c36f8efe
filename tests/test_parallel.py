"""The parallel map, in processes and on Ray: order, bounds, crashes, errors, interrupts, scripts without a guard."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from taggram.errors import DatasetError, MissingExtraError, TaggramError
from taggram.parallel import parallel_map, use_ray


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


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """A Ray of this machine, which takes seconds to start; `use_ray` in a test finds it."""
    pytest.importorskip("ray")
    from taggram._ray import connect

    with connect(None):
        yield


@pytest.fixture
def ray(cluster: None) -> Iterator[None]:
    with use_ray():
        yield


@pytest.fixture(params=["processes", pytest.param("ray", marks=pytest.mark.slow)])
def engine(request: pytest.FixtureRequest) -> str:
    if request.param == "ray":
        request.getfixturevalue("ray")
    return request.param


@pytest.mark.parametrize(("workers", "ordered"), [(1, True), (2, True), (2, False)])
def test_every_item_has_one_result(engine: str, workers: int, ordered: bool) -> None:
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


def test_arrays_arrive_as_they_were_and_can_be_written(engine: str) -> None:
    sizes = [1, 1000, 131_072, 131_073, 3_000_000]  # int16: one message holds 131072 of them
    for size, result in zip(sizes, parallel_map(ramp, sizes, workers=2, on_crash=refuse), strict=True):
        for name, array in ramp(size).items():
            assert result[name].dtype == array.dtype
            np.testing.assert_array_equal(result[name], array)
        result["ramp"][0] = 5


def test_results_come_as_they_are_completed(engine: str) -> None:
    slow = partial(sleep_at, 0)
    assert next(parallel_map(slow, range(6), workers=2, on_crash=refuse)) == 0
    assert next(parallel_map(slow, range(6), workers=2, on_crash=refuse, ordered=False)) > 0


def test_an_endless_generator_is_read_only_a_little_before_the_results(engine: str) -> None:
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
def test_an_error_of_the_function_ends_the_map(engine: str, workers: int) -> None:
    results = parallel_map(partial(fail_at, 5), range(1000), workers=workers, on_crash=refuse)
    with pytest.raises(MissingExtraError, match=r"number 5 needs the \[train\] extra") as caught:
        list(results)
    assert not multiprocessing.active_children()
    if workers > 1:
        assert "in fail_at" in caught.value.__notes__[0]


def test_a_function_that_cannot_be_loaded_is_one_error(engine: str) -> None:
    with pytest.raises(DatasetError, match="the function cannot be loaded"):
        list(parallel_map(Unloadable(), range(9), workers=2, on_crash=refuse))


def crash_once(folder: Path, bad: int, how: str, number: int) -> int:
    """Kill this process at the first try of an item; count the tries of each item in a folder."""
    with (folder / str(number)).open("a") as tries:
        tries.write("x")
    if number == bad and (folder / str(number)).read_text() == "x":
        os.kill(os.getpid(), signal.SIGKILL) if how == "killed" else os._exit(7)
    return number


@pytest.mark.slow
@pytest.mark.parametrize("how", ["killed", "exits"])
def test_an_actor_that_dies_costs_a_retry_of_one_item(
    ray: None, how: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    results = parallel_map(partial(crash_once, tmp_path, 7, how), range(40), workers=2, on_crash=refuse)
    assert list(results) == list(range(40))
    assert {file.name: len(file.read_text()) for file in tmp_path.iterdir()} == {
        str(number): 1 + (number == 7) for number in range(40)
    }
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_an_item_that_kills_two_actors_is_lost(ray: None) -> None:
    results = list(parallel_map(partial(crash_at, 2), range(12), workers=2, on_crash=lambda *crash: crash))
    assert results == [0, 1, (2, "its Ray actor died twice"), *range(3, 12)]


class Deadly:
    """A function whose loading kills the process."""

    def __setstate__(self, state: object) -> None:
        os._exit(7)

    def __getstate__(self) -> int:
        return 1

    def __call__(self, number: int) -> int:
        return number


@pytest.mark.slow
def test_actors_that_cannot_start_are_one_error(ray: None) -> None:
    with pytest.raises(TaggramError, match=r"Ray actors cannot work .* install the same taggram on each node"):
        list(parallel_map(Deadly(), range(9), workers=2, on_crash=refuse))


@pytest.mark.slow
def test_an_interrupt_ends_a_map_on_ray_without_a_word(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    end = """
from taggram.parallel import use_ray
if __name__ == "__main__":
    try:
        with use_ray():
            main()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""
    (tmp_path / "script.py").write_text(INTERRUPTIBLE + ENDLESS + end, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, tmp_path / "script.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        os.killpg(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert output.splitlines()[-1] == "interrupted"
    assert errors == ""
    assert process.returncode == 0


@pytest.mark.slow
def test_an_address_without_a_cluster_is_one_error() -> None:
    """In a process of its own, which has no cluster."""
    pytest.importorskip("ray")
    code = "from taggram.parallel import use_ray\nwith use_ray('127.0.0.1:9'): print('connected')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == ""
    assert re.search(r"TaggramError: Ray cannot be reached at 127.0.0.1:9 .*refused.*: start a cluster", done.stderr)


SCRIPT = """
import itertools, os, sys, time
from taggram.parallel import parallel_map

def work(number):
    time.sleep(0.05)
    return number

def main():
    for result in parallel_map(work, iter(range(100)), workers=2, on_crash=lambda *_: -1):
        print(result, flush=True)
"""
ENDLESS = SCRIPT.replace("iter(range(100))", "itertools.count()")  # does not end before a signal comes
INTERRUPTIBLE = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)"  # in a background shell, too
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
    guard = textwrap.dedent(
        """
        if __name__ == "__mp_main__" and WAIT:
            os.write(1, f"{os.getpid()}\\n".encode())  # at once: the other worker writes into the same pipe
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
    file.write_text(INTERRUPTIBLE + wait + ENDLESS + guard, encoding="utf-8")
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
