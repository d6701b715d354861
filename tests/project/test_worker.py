"""Background work stands or falls with the transaction that asked for it."""

import asyncio

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django import app as house_app

from jiaozi.project import worker

ran = []


@house_app.task(name="tests.note", queue="tests")
def note(word):
    ran.append(word)


@house_app.task(name="tests.defer_and_break_off", queue="tests")
def defer_and_break_off():
    with transaction.atomic():
        note.defer(word="from a task that broke off")
        raise RuntimeError


@house_app.task(name="tests.defer_and_commit", queue="tests")
def defer_and_commit():
    with transaction.atomic():
        note.defer(word="from a task")


@pytest.fixture(autouse=True)
def _empty():
    ran.clear()


def work_off():
    worker.work_off(queues=["tests"])  # the house's own clockwork ticks on, but is not run


def states():
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, status::text FROM procrastinate_jobs WHERE queue_name = 'tests' ORDER BY id")
        return cursor.fetchall()


def test_committed_job_runs_and_a_rolled_back_one_vanishes(fresh_database):
    with transaction.atomic():
        note.defer(word="kept")
    with transaction.atomic():
        note.defer(word="taken back")
        transaction.set_rollback(True)
    work_off()
    assert ran == ["kept"]
    assert states() == [("tests.note", "succeeded")]


def test_a_task_defers_in_its_own_transaction(fresh_database):
    defer_and_break_off.defer()
    defer_and_commit.defer()
    work_off()
    work_off()
    assert ran == ["from a task"]
    assert states() == [
        ("tests.defer_and_break_off", "failed"),
        ("tests.defer_and_commit", "succeeded"),
        ("tests.note", "succeeded"),
    ]


def test_jobs_of_a_dead_worker_are_handed_out_again(fresh_database):
    with transaction.atomic():
        note.defer(word="left behind")
    with connection.cursor() as cursor:
        cursor.execute("SELECT procrastinate_register_worker_v1()")
        (dead,) = cursor.fetchone()
        cursor.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour' WHERE id = %s", [dead]
        )
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", [dead])

    async def rescued():
        async with worker.worker_app().open_async() as app:
            return await worker.rescue(app)

    assert asyncio.run(rescued()) == 1
    work_off()
    assert ran == ["left behind"]


def test_clockwork_outlives_a_lost_connection(fresh_database):
    """Each tick is deferred on the worker's own pool, which opens new connections after the database was away."""
    app = worker.worker_app()
    for periodic in app.periodic_registry.periodic_tasks.values():
        assert periodic.task.blueprint is app
    own = [task for name, task in app.tasks.items() if name.startswith(("jiaozi.", "tests."))]
    assert own
    assert all(task.blueprint is not app for task in own)


def test_the_worker_works_as_the_application(fresh_database):
    async def user():
        async with worker.worker_app().open_async() as app:
            return await app.connector.execute_query_one_async("SELECT current_user AS name")

    assert asyncio.run(user()) == {"name": "jiaozi_app"}
