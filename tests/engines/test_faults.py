"""The platform dies, the supervisor dies, the machine goes down: the job still ends, and the record is right."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from jiaozi.engines.process import connect as make_engine
from jiaozi.engines.process import turns
from jiaozi.engines.process.spool import write_json
from jiaozi.order.ports import JobOutcome, JobState
from tests.engines import overrun
from tests.engines.places import running_with, spec, unique_seconds, wait_until

pytestmark = pytest.mark.faults
KILLED = Path(__file__).with_name("killed.py")
STEPS_MAX = 60
LEAST_STEPS = 8


def test_the_limit_holds_when_the_platform_is_killed(place):
    seconds = unique_seconds()
    order_id = uuid.uuid4()
    platform = place.remote()
    platform.submit(spec(order_id, "sh", "-c", f"sleep {seconds}", time_limit_ms=1_500))
    wait_until(lambda: running_with(seconds), "the job to run")
    platform.kill()
    assert running_with(seconds), "the job must not die with the platform"
    result = place.spool.job(str(order_id)) / "result.json"
    wait_until(result.exists, "the supervisor to end the job with nobody asking")
    assert not running_with(seconds)
    status = place.status(order_id)  # a platform that starts again
    assert status.outcome is JobOutcome.TIMED_OUT
    (record,) = place.records()
    assert record.order_id == order_id
    assert 1_500 <= record.elapsed_ms < 10_000
    overrun.check(make_engine(place.options), limit_ms=1_500, elapsed_ms=record.elapsed_ms)


def test_a_new_platform_finds_and_can_cancel_its_jobs(place):
    order_id = uuid.uuid4()
    first = place.remote()
    first.submit(spec(order_id, "sleep", unique_seconds()))
    wait_until(lambda: first.status([order_id])[order_id].state is JobState.RUNNING, "the job to run")
    first.kill()
    assert place.status(order_id).state is JobState.RUNNING
    again = place.engine.submit(spec(order_id, "sleep", "1"))
    assert again.already_there
    place.engine.cancel(order_id)
    assert place.until(order_id, JobState.ENDED).outcome is JobOutcome.CANCELLED


def test_a_killed_supervisor_takes_the_job_with_it(place):
    seconds = unique_seconds()
    order_id = place.submit("sh", "-c", f"(setsid sleep {seconds} &); setsid sleep {seconds}")
    wait_until(lambda: len(running_with(f"sleep\0{seconds}")) == 2, "the sleepers")
    beat = place.spool.job(str(order_id)) / "heartbeat.json"
    wait_until(beat.exists, "a heartbeat")
    os.kill(place.state(order_id)["supervisor"], signal.SIGKILL)
    status = place.until(order_id, JobState.ENDED)
    assert status.outcome is JobOutcome.LOST
    wait_until(lambda: not running_with(seconds), "the sleepers to be gone", bound_s=5)
    (record,) = place.records()
    assert record.outcome is JobOutcome.LOST
    assert record.elapsed_ms == json.loads(beat.read_text())["elapsed_ms"]
    assert place.records() == [record]


def test_a_stopped_supervisor_does_not_stop_the_clock(best_place):
    seconds = unique_seconds()
    order_id = best_place.submit("sleep", seconds, time_limit_ms=500)
    best_place.until(order_id, JobState.RUNNING)
    supervisor = best_place.state(order_id)["supervisor"]
    os.kill(supervisor, signal.SIGSTOP)
    wait_until(lambda: not running_with(seconds), "the guard to end the job by itself")
    os.kill(supervisor, signal.SIGCONT)
    # Whether the guard's last word or its end reaches the waking supervisor first is open; the job is over either way.
    assert best_place.until(order_id, JobState.ENDED).outcome in {JobOutcome.TIMED_OUT, JobOutcome.LOST}


def test_a_machine_going_down_ends_the_job_as_lost(best_place):
    order_id = best_place.submit("sleep", unique_seconds())
    best_place.until(order_id, JobState.RUNNING)
    os.kill(best_place.state(order_id)["supervisor"], signal.SIGTERM)
    status = best_place.until(order_id, JobState.ENDED)
    assert status.outcome is JobOutcome.LOST
    assert "shut down" in status.reason.en
    assert len(best_place.records()) == 1


def test_a_claim_without_a_supervisor_is_lost_and_free(best_place):
    """As after a power cut between claim and start: nothing ran, nothing is billed, the cores are free again."""
    order, spool = str(uuid.uuid4()), best_place.spool
    spec_bytes = _spec_of(best_place, best_place.engine)
    with spool.locked():
        spool.job(order).mkdir()
        (spool.job(order) / "spec").write_bytes(spec_bytes)
        write_json(spool.running / order, {"cores": 1, "memory_mib": 1, "journal_from": 0}, durable=True)
    status = best_place.status(uuid.UUID(order))
    assert (status.outcome, status.started_at) == (JobOutcome.LOST, None)
    assert all(record.order_id != uuid.UUID(order) for record in best_place.records())
    assert best_place.engine.capacity()[0].units_free == 4


def test_drafts_are_neither_claims_nor_tickets_and_are_swept(best_place):
    best_place.engine.capacity()
    spool, order = best_place.spool, str(uuid.uuid4())
    left = [folder / f".{order}.4711.new" for folder in (spool.running, spool.queued)]
    for draft in left:
        draft.write_text('{"cores": 4, "memory_mib": 1')
    left.append(spool.jobs / f".{order}.new")
    left[-1].mkdir()
    assert best_place.engine.capacity()[0].units_free == 4
    assert best_place.engine.capacity()[0].jobs_queued == 0
    assert best_place.sh("true")[0].outcome is JobOutcome.SUCCEEDED
    best_place.remote().capacity()  # a platform that starts again
    assert [draft for draft in left if draft.exists()] == []


def test_a_cancelled_job_whose_ticket_was_left_is_not_started(open_place, best_place):
    """As after a kill between the two writes of a cancel: its hold is released by then."""
    place = open_place(best_place.name, cores=1)
    blocker = place.submit("sleep", unique_seconds())
    waiting = place.submit("sh", "-c", "echo ran")
    ((marker, _),) = place.spool.waiting()
    place.engine.cancel(waiting)
    (place.spool.queued / marker).touch()
    place.engine.cancel(blocker)
    place.until(blocker, JobState.ENDED)
    assert place.status(waiting).outcome is JobOutcome.CANCELLED
    assert place.engine.logs(waiting, 100) == b""
    assert place.spool.tickets() == []


def test_killed_at_any_step_of_a_submission_the_job_runs_once(best_place):
    """Kill -9 before each change to the disk, from the first draft to the launched job: asking again runs it, once."""
    spec_bytes, spool = _spec_of(best_place, best_place.remote()), best_place.spool
    source = best_place.folder / "source"
    killed = []
    for at in range(STEPS_MAX):
        order = str(uuid.uuid4())
        (spool.root / "spec-to-submit").write_bytes(spec_bytes)
        argv = [sys.executable, "-I", "-S", str(KILLED), str(source), str(spool.root), order, str(at)]
        done = subprocess.run(argv, check=False, capture_output=True, timeout=60)
        killed.append(uuid.UUID(order))
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()
        if best_place.engine.status(killed[-1:]) == {}:
            turns.take_in(spool, order, spec_bytes, queue_max=5)
    assert len(killed) > LEAST_STEPS
    for order_id in killed:
        assert best_place.until(order_id, JobState.ENDED).outcome is JobOutcome.SUCCEEDED
    assert sorted(record.order_id for record in best_place.records() if record.order_id in killed) == sorted(killed)
    assert (spool.tickets(), spool.claims()) == ([], {})


def _spec_of(place, engine):
    sample = uuid.uuid4()
    engine.submit(spec(sample, "true"))
    wait_until(lambda: engine.status([sample])[sample].state is JobState.ENDED, "the sample job")
    return (place.spool.job(str(sample)) / "spec").read_bytes()


def test_a_torn_usage_line_is_written_again_once(best_place):
    order_id = best_place.submit("true")
    best_place.until(order_id, JobState.ENDED)
    (record,) = best_place.records()
    spool = best_place.spool
    whole = spool.journal.read_bytes()
    spool.journal.write_bytes(whole[: len(whole) // 2])
    with spool.locked():
        write_json(spool.running / str(order_id), {"cores": 1, "memory_mib": 1, "journal_from": 0}, durable=True)
    assert best_place.records() == [record]
    assert spool.journal.read_bytes() == whole
    with spool.locked():
        write_json(spool.running / str(order_id), {"cores": 1, "memory_mib": 1, "journal_from": 0}, durable=True)
    assert best_place.records() == [record]


def test_a_held_lock_is_an_engine_out_of_reach(best_place, monkeypatch):
    best_place.engine.capacity()
    with best_place.spool.locked():
        started = time.monotonic()
        with pytest.raises(TimeoutError, match="held"), best_place.spool.locked(wait_s=0.2):
            pass
        assert time.monotonic() - started < 10
