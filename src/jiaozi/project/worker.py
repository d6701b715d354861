"""The worker: takes jobs from the database and runs them until it is told to end.

A worker that was killed leaves its jobs marked as being done; the next minute's rescue hands them out again, so a task
must bear being run twice. Every task here is one service call that does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from copy import copy

import structlog
from procrastinate import App
from procrastinate.contrib.django import app as house_app
from procrastinate.contrib.django.db_cleanup import DjangoApp

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


async def work(app: App, *, wait: bool = True, queues: Sequence[str] | None = None) -> None:
    """Run jobs of these queues, or of all; with ``wait=False`` only those that are there."""
    rescuer = asyncio.create_task(_rescue_each_minute(app))
    try:
        await app.run_worker_async(
            name="jiaozi",
            queues=queues,  # type: ignore[arg-type]  # None means all, as the worker's own default does
            concurrency=CONCURRENCY,
            wait=wait,
            fetch_job_polling_interval=_POLL_S,
            shutdown_graceful_timeout=_GRACE_S,
            update_heartbeat_interval=HEARTBEAT_S,
            stalled_worker_timeout=STALLED_AFTER_S,
        )
    finally:
        rescuer.cancel()


async def _work_on_own_connections(*, wait: bool, queues: Sequence[str] | None = None) -> None:
    async with worker_app().open_async() as app:
        await work(app, wait=wait, queues=queues)


def worker_app() -> App:
    """Give an app that fetches jobs and keeps time on connections of its own.

    The tasks stay with the house's app and its Django connection, so that what a task defers stands or falls with the
    task's transaction. Only the clockwork's copies belong to the worker's: a Django connection that a thread keeps for
    ever would not outlive a restart of the database.
    """
    app = DjangoApp(connector=house_app.connector.get_worker_connector())  # type: ignore[attr-defined]
    app.tasks = house_app.tasks
    for periodic in house_app.periodic_registry.periodic_tasks.values():
        ours = copy(periodic.task)
        ours.blueprint = app
        app.periodic_registry.register_task(ours, periodic.cron, periodic.periodic_id, periodic.configure_kwargs)
    return app


def work_off(queues: Sequence[str] | None = None) -> None:
    """Run the jobs that are there, and those that they defer meanwhile, then return."""
    asyncio.run(_work_on_own_connections(wait=False, queues=queues))


def main() -> None:
    """Be the worker process."""
    end_with_parent()
    boot.set_up(logging.INFO)
    asyncio.run(_work_on_own_connections(wait=True))
