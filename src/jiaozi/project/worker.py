"""The worker: takes jobs from the database and runs them until it is told to end.

A worker that was killed leaves its jobs marked as being done; the next minute's rescue hands them out again, so a task
must bear being run twice. Every task here is one service call that does.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import structlog
from procrastinate import App
from procrastinate.contrib.django import app as house_app

from jiaozi.kernel.clock import now
from jiaozi.project import boot
from jiaozi.project.lifeline import end_with_parent

CONCURRENCY = 4
HEARTBEAT_S = 5.0
STALLED_AFTER_S = 20.0
_GRACE_S = 20.0
_POLL_S = 2.0
"""Only a safety net: a deferred job is announced by NOTIFY."""
_log = structlog.get_logger(__name__)


async def rescue(app: App) -> int:
    """Hand out again the jobs of workers that died; returns how many."""
    stalled = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_S))
    for job in stalled:
        await app.job_manager.retry_job(job, retry_at=now())
    if stalled:
        _log.warning("rescued jobs of a dead worker", jobs=[job.id for job in stalled])
    return len(stalled)


async def _rescue_each_minute(app: App) -> None:
    while True:
        with suppress(Exception):  # the database may be away; the worker itself says so
            await rescue(app)
        await asyncio.sleep(STALLED_AFTER_S)


async def work(app: App, *, wait: bool = True) -> None:
    """Run jobs; with ``wait=False`` only those that are there."""
    rescuer = asyncio.create_task(_rescue_each_minute(app))
    try:
        await app.run_worker_async(
            name="jiaozi",
            concurrency=CONCURRENCY,
            wait=wait,
            fetch_job_polling_interval=_POLL_S,
            shutdown_graceful_timeout=_GRACE_S,
            update_heartbeat_interval=HEARTBEAT_S,
            stalled_worker_timeout=STALLED_AFTER_S,
        )
    finally:
        rescuer.cancel()


async def _work_on_own_connections(*, wait: bool) -> None:
    async with worker_app().open_async() as app:
        await work(app, wait=wait)


def worker_app() -> App:
    """Give an app that fetches jobs on connections of its own.

    The house's app keeps Django's connection, so what a task defers still stands or falls with the task's transaction.
    """
    return house_app.with_connector(house_app.connector.get_worker_connector())  # type: ignore[attr-defined]


def main() -> None:
    """Be the worker process."""
    end_with_parent()
    boot.set_up(logging.INFO)
    asyncio.run(_work_on_own_connections(wait=True))
