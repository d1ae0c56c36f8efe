"""Workers: a job that dies, hangs, takes too much memory or is cancelled costs itself only."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
import web_jobs

from taggram.web import Settings
from taggram.web.errors import RequestError, TooLongError
from taggram.web.work.pool import Places, Pool

QUICK = Settings(workers=1, stall_seconds=2.0, job_seconds=3.0, worker_memory=1 << 30)


def run(steps: Callable[[Pool], Awaitable[Any]], settings: Settings = QUICK) -> Any:
    """Run coroutine steps with a pool."""

    async def main() -> Any:
        pool = Pool(settings, web_jobs.nothing)
        try:
            return await steps(pool)
        finally:
            pool.close()

    return asyncio.run(main())


def test_failure_costs_one_job() -> None:
    async def steps(pool: Pool) -> list[Any]:
        jobs = [
            pool.submit(*job, name="a.wav")
            for job in (
                (web_jobs.fail,),
                (web_jobs.fail_with_path,),
                (web_jobs.allocate, 2 << 30),
                (web_jobs.allocate, 100 << 20),
                (web_jobs.die,),
                (web_jobs.hang,),
                (web_jobs.work_forever,),
                (web_jobs.answer, "still there"),
            )
        ]
        return await asyncio.gather(*(job.future for job in jobs), return_exceptions=True)

    defect, path, memory, granted, dead, stalled, endless, answer = run(steps)
    assert (defect.status, str(defect)) == (500, "an unexpected ZeroDivisionError; the server's log has more")
    assert (path.status, str(path)) == (500, "an unexpected CacheError; the server's log has more")
    assert (type(memory), str(memory)[:45]) == (TooLongError, "the audio needs more memory than this server ")
    assert granted == 100 << 20
    assert (dead.status, str(dead)) == (422, "a.wav: its worker process died; is the file sound?")
    for late in (stalled, endless):
        assert (late.status, str(late)) == (422, "a.wav takes too long: send a shorter part")
    assert answer == "still there"


def test_job_that_cannot_start_says_so() -> None:
    """A worker that dies before it is ready costs the job that waits for it, and no more."""

    async def main() -> list[Any]:
        pool = Pool(QUICK, web_jobs.die_once_prepared)
        try:
            jobs = [pool.submit(web_jobs.answer, 1, name="a.wav") for _ in range(2)]
            return await asyncio.gather(*(job.future for job in jobs), return_exceptions=True)
        finally:
            pool.close()

    assert [error.status for error in asyncio.run(main())] == [422, 422]


def test_worker_that_cannot_start_costs_its_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system refuses a process, jobs fail until it gives one; none waits forever."""

    def refuse(*_: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    async def main() -> list[Any]:
        with monkeypatch.context() as patch:
            patch.setattr("taggram.web.work.pool.Worker", refuse)
            pool = Pool(QUICK, web_jobs.nothing)
            refused = pool.submit(web_jobs.answer, 1, name="a.wav")
            await asyncio.wait([refused.future], timeout=10)
        try:
            later = pool.submit(web_jobs.answer, 2, name="a.wav")
            return await asyncio.wait_for(asyncio.gather(refused.future, later.future, return_exceptions=True), 20)
        finally:
            pool.close()

    refused, later = asyncio.run(main())
    assert (refused.status, str(refused)) == (503, "the server cannot start a worker process: try again later")
    assert later == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is full")
def test_full_disk_of_a_worker() -> None:
    async def steps(pool: Pool) -> Any:
        jobs = [pool.submit(job, name="a.wav") for job in (web_jobs.fill_disk, web_jobs.fill_database)]
        return await asyncio.gather(*(job.future for job in jobs), return_exceptions=True)

    for error in run(steps):
        assert (error.status, error.retry_after, str(error)[:30]) == (503, 30, "the server has no space left f")


def test_cancellation_frees_the_worker() -> None:
    async def steps(pool: Pool) -> str:
        await pool.submit(web_jobs.answer, "ready", name="a.wav")
        for function in (web_jobs.work_forever, web_jobs.hang):  # one heeds it, the other is ended
            job = pool.submit(function, name="a.wav")
            await asyncio.sleep(0.2)
            queued = pool.submit(web_jobs.hang, name="b.wav")
            answer = pool.submit(web_jobs.answer, "free", name="c.wav")
            queued.cancel()
            job.cancel()
            with pytest.raises(asyncio.CancelledError):
                await job
            assert await answer == "free"
        return "done"

    settings = Settings(workers=1, stall_seconds=100, job_seconds=100)
    assert run(lambda pool: asyncio.wait_for(steps(pool), 60), settings) == "done"


def test_closing_ends_running_and_waiting_jobs() -> None:
    async def main() -> list[Any]:
        pool = Pool(Settings(workers=1), web_jobs.nothing)
        jobs = [pool.submit(web_jobs.hang, name="a.wav") for _ in range(2)]
        await asyncio.sleep(0.3)
        await asyncio.to_thread(pool.close)
        return await asyncio.gather(*(job.future for job in jobs), return_exceptions=True)

    errors = asyncio.run(asyncio.wait_for(main(), 60))
    assert [error.status for error in errors] == [503, 503]


def test_places_are_bounded() -> None:
    places = Places(1)
    with places.take(), pytest.raises(RequestError) as caught, places.take():
        pass
    assert (caught.value.status, caught.value.retry_after) == (429, 2)
    with pytest.raises(KeyError), places.take():
        raise KeyError
    assert places.taken == 0
