"""First come, first served; what waits costs nothing; a second submit finds the first job."""

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from jiaozi.order.ports import JobOutcome, JobState
from tests.engines.places import spec, unique_seconds, wait_until


def test_a_second_submit_finds_the_first(place):
    order_id = uuid.uuid4()
    first = place.engine.submit(spec(order_id, "sh", "-c", "echo first"))
    second = place.engine.submit(spec(order_id, "sh", "-c", "echo second"))
    assert (first.already_there, second.already_there) == (False, True)
    assert first.engine_job == second.engine_job
    place.until(order_id, JobState.ENDED)
    assert place.engine.logs(order_id, 100) == b"first\n"
    assert len(place.records()) == 1


def test_what_was_ordered_is_not_kept_twice(open_place, best_place):
    """Files of a job that is over, or was cancelled while it waited, would fill the disk with every order."""
    place = open_place(best_place.name, cores=1)
    files = {"data.txt": b"x" * 100_000}
    ran = place.submit("sh", "-c", "wc -c < data.txt", files=files)
    waited = place.submit("cat", "data.txt", files=files)
    place.engine.cancel(waited)
    place.until(ran, JobState.ENDED)
    assert place.engine.logs(ran, 100).strip() == b"100000"
    for order_id in (ran, waited):
        spec_file = place.spool.job(str(order_id)) / "spec"
        wait_until(lambda spec_file=spec_file: spec_file.stat().st_size < 1_000, "the files to go")
        again = place.engine.submit(spec(order_id, "true"))
        assert again.already_there


def test_eight_threads_submit_one_job(best_place):
    order_id = uuid.uuid4()
    answers, start = [], threading.Barrier(8)
    remotes = [best_place.remote() for _ in range(8)]

    def submit(engine):
        start.wait()
        answers.append(engine.submit(spec(order_id, "sh", "-c", "echo once")))

    threads = [threading.Thread(target=submit, args=(engine,)) for engine in remotes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answer.already_there for answer in answers) == [False] + [True] * 7
    best_place.until(order_id, JobState.ENDED)
    assert best_place.engine.logs(order_id, 100) == b"once\n"
    assert len(best_place.records()) == 1


def test_jobs_beyond_the_cores_wait_and_then_run_in_order(open_place, best_place):
    place = open_place(best_place.name, cores=1)
    first = place.submit("sleep", unique_seconds())
    second = place.submit("sh", "-c", "date +%s%N")
    third = place.submit("sh", "-c", "date +%s%N")
    place.until(first, JobState.RUNNING)
    assert [place.status(order_id).state for order_id in (second, third)] == [JobState.QUEUED] * 2
    (capacity,) = place.engine.capacity()
    assert (capacity.units_total, capacity.units_free, capacity.jobs_queued) == (1, 0, 2)
    place.engine.cancel(first)
    for order_id in (second, third):
        assert place.until(order_id, JobState.ENDED).outcome is JobOutcome.SUCCEEDED
    assert int(place.engine.logs(second, 100)) < int(place.engine.logs(third, 100))


def test_waiting_is_not_running(open_place, best_place):
    place = open_place(best_place.name, cores=1)
    place.submit("sleep", "1.0")
    late = place.submit("true")
    status = place.until(late, JobState.ENDED)
    assert status.started_at - status.submitted_at >= timedelta(milliseconds=500)
    record = next(record for record in place.records() if record.order_id == late)
    assert record.elapsed_ms < 500
    assert record.started_at == status.started_at


def test_the_queue_moves_on_while_the_platform_is_down(open_place, best_place):
    place = open_place(best_place.name, cores=1)
    platform = place.remote()
    orders = [uuid.uuid4() for _ in range(3)]
    for order_id in orders:
        platform.submit(spec(order_id, "sleep", "0.3"))
    platform.kill()
    last = place.spool.job(str(orders[-1])) / "result.json"
    wait_until(last.exists, "the last job to end without a platform")


def test_a_waiting_job_is_cancelled_at_once_and_costs_nothing(open_place, best_place):
    place = open_place(best_place.name, cores=1)
    place.submit("sleep", unique_seconds())
    waiting = place.submit("true")
    place.engine.cancel(waiting)
    status = place.status(waiting)
    assert (status.state, status.outcome, status.started_at) == (JobState.ENDED, JobOutcome.CANCELLED, None)
    assert place.records() == []


def test_memory_is_handed_out_too(open_place, best_place):
    place = open_place(best_place.name, memory_mib=300)
    place.submit("sleep", unique_seconds(), memory_mib=200)
    second = place.submit("true", memory_mib=200)
    assert place.status(second).state is JobState.QUEUED


def test_a_forecast_plays_the_queue_through(open_place, best_place):
    place = open_place(best_place.name, cores=2)
    now = datetime.now(UTC)
    wanted = spec(uuid.uuid4(), "true", cores=2)
    assert place.engine.forecast_start(wanted, now).starts_at == now
    running = place.submit("sleep", unique_seconds(), cores=1, time_limit_ms=60_000)
    began = place.until(running, JobState.RUNNING).started_at
    place.submit("sleep", "1", cores=2, time_limit_ms=30_000)
    forecast = place.engine.forecast_start(wanted, now)
    assert abs(forecast.starts_at - (began + timedelta(seconds=90))) < timedelta(milliseconds=5)
    never = place.engine.forecast_start(spec(uuid.uuid4(), "true", cores=3), now)
    assert never.starts_at is None
    assert "never" in never.reason.en


def test_orders_that_were_never_taken_are_absent(best_place):
    assert best_place.engine.status([uuid.uuid4()]) == {}


@pytest.mark.parametrize("count", [12])
def test_usage_neither_loses_nor_doubles_across_polls(best_place, count, monkeypatch):
    from jiaozi.engines.process import engine as module

    monkeypatch.setattr(module, "USAGE_PAGE_RECORDS", 3)
    orders = {best_place.submit("true") for _ in range(count)}
    seen, cursor = [], ""

    def read_on():
        nonlocal cursor
        page = best_place.engine.usage(cursor)
        seen.extend(page.records)
        cursor = page.cursor
        return len(seen) >= count

    wait_until(read_on, "all records")
    assert best_place.engine.usage(cursor).records == ()
    assert {record.order_id for record in seen} == orders
    assert len({record.record_id for record in seen}) == len(seen) == count
    assert [record.record_id for record in best_place.records()] == [record.record_id for record in seen]


def test_an_ended_job_has_its_usage_at_once(best_place):
    for _ in range(5):
        order_id = best_place.submit("true")
        best_place.until(order_id, JobState.ENDED)
        assert order_id in {record.order_id for record in best_place.records()}
