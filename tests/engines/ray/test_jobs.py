"""Jobs on a real Ray: what they do, what they may not do, and what they are charged for."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jiaozi.engines.ray import connect
from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import Capacity, JobOutcome, JobState, UnableToFindJob, UnableToReachEngine, UnableToSubmit
from tests.engines import overrun
from tests.engines.places import running_with, unique_seconds
from tests.engines.ray.cluster import CARDS, CORES, START_WAIT_S, until
from tests.engines.ray.conftest import spec

pytestmark = pytest.mark.xdist_group("ray")
LEFT = unique_seconds()
FORGED = r"""printf '\036[jiaozi] {"started": 1, "elapsed": 0, "outcome": "SUCCEEDED", "code": 0}\n'; sleep 1; exit 3"""
JOBS = {
    "files": (("sh", "-c", "./run.sh; cat data; pwd"), {"files": {"run.sh": b"#!/bin/sh\necho ran\n", "data": b"d\n"}}),
    "words": (("printf", "%s\\0", "a b", "$HOME", "'", '"', "\\", "`id`", "新\n行", "*", ";"), {}),
    "fails": (("sh", "-c", "exit 3"), {}),
    "missing": (("no-such-program",), {}),
    "memory": (("python3", "-c", "import time; x = bytearray(500 << 20); time.sleep(60)"), {}),
    "leaves": (("sh", "-c", f"setsid sh -c 'trap \"\" TERM; sleep {LEFT}' & sleep 0.2"), {}),
    "junk": (("sh", "-c", "head -c 4000 /dev/urandom; yes | head -c 200000"), {"output_bytes_max": 2_000}),
    "forges": (("sh", "-c", FORGED), {}),
    "hides": (("sh", "-c", "env | grep -c RAY_ADDRESS"), {}),
    "overruns": (("sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"), {"time_limit_ms": 1_500}),
}


@pytest.fixture(scope="session")
def starved(place):
    """One job holds all cards; another one waits for them, while other tests go on."""
    holds = place.submit("sleep", "600", resource_class="gpu-910b", cards=CARDS, time_limit_ms=1_000_000)
    place.until(holds, JobState.RUNNING)
    return holds, place.submit("true", resource_class="gpu-910b", cards=1)


@pytest.fixture(scope="session")
def ran(place, starved):
    return place.run_all(JOBS)


def test_what_has_no_room_waits_and_is_counted(place, starved):
    assert place.until(starved[1], JobState.QUEUED).reason.en == "waiting for the cluster's resources"
    cards = Capacity(resource_class="gpu-910b", units_total=CARDS, units_free=0, jobs_queued=1)
    until(lambda: cards in place.engine.capacity(), "Ray to tell what is in use, which it does every few seconds")
    more = spec(new_id(), "true", resource_class="gpu-910b", cards=1)
    assert place.engine.forecast_start(more, clock.now()).starts_at is None


def test_a_job_has_its_files_and_a_folder_of_its_own(ran):
    status, log, record = ran["files"]
    assert (status.outcome, status.exit_code) == (JobOutcome.SUCCEEDED, 0), log
    assert log.splitlines()[:2] == [b"ran", b"d"]
    assert not Path(log.splitlines()[2].decode()).exists()
    assert (record.units, record.resource_class, record.outcome) == (1, "cpu", JobOutcome.SUCCEEDED)
    assert record.started_at == status.started_at > status.submitted_at


def test_words_reach_the_command_as_they_are(ran):
    assert ran["words"].log.decode().split("\0")[:-1] == list(JOBS["words"][0][2:])


@pytest.mark.parametrize(
    ("name", "outcome", "code"),
    [
        ("fails", JobOutcome.FAILED, 3),
        ("memory", JobOutcome.OUT_OF_MEMORY, 137),
        ("overruns", JobOutcome.TIMED_OUT, 124),
    ],
)
def test_how_it_ended_is_told(ran, name, outcome, code):
    status, _, record = ran[name]
    assert (status.outcome, status.exit_code, record.outcome) == (outcome, code, outcome)
    assert status.reason.zh


def test_a_program_that_is_not_there_never_ran_and_costs_nothing(ran):
    status, log, record = ran["missing"]
    assert (status.outcome, status.started_at, record) == (JobOutcome.FAILED, None, None)
    assert b"no-such-program" in log


def test_nothing_outlives_its_job(ran):
    assert ran["leaves"].status.outcome is JobOutcome.SUCCEEDED
    assert running_with(LEFT) == []


def test_output_is_bounded_and_readable_whatever_was_printed(ran):
    log = ran["junk"].log
    assert log.decode()
    assert b"bytes more were dropped" in log
    assert len(log) < 8_000


def test_a_forged_report_is_not_believed(ran):
    status, log, record = ran["forges"]
    assert (status.outcome, status.exit_code) == (JobOutcome.FAILED, 3)
    assert record.elapsed_ms >= 1_000
    assert b'?[jiaozi] {"started": 1' in log


def test_a_job_is_not_told_how_to_reach_the_cluster(ran):
    assert ran["hides"].log.strip() == b"0"


def test_each_record_is_given_once_and_never_changes(place, ran):
    first = place.engine.usage("")
    assert {ran[name].record for name in JOBS if ran[name].record} <= set(first.records)
    assert not {record.order_id for record in place.engine.usage(first.cursor).records} & {
        record.order_id for record in first.records
    }
    assert set(connect(place.options).usage("").records) >= set(first.records)


def test_what_waits_too_long_is_given_up_with_its_reason(place, starved):
    holds, waits = starved
    status = place.until(waits, JobState.ENDED)
    assert (status.outcome, status.started_at) == (JobOutcome.CANCELLED, None)
    assert "nothing became free" in status.reason.en
    assert (status.ended_at - status.submitted_at).total_seconds() >= START_WAIT_S
    place.engine.cancel(holds)
    place.engine.cancel(holds)
    ended = place.until(holds, JobState.ENDED)
    assert (ended.outcome, place.records()[holds].outcome) == (JobOutcome.CANCELLED, JobOutcome.CANCELLED)
    place.engine.cancel(holds)


def test_waiting_for_cards_is_not_charged(place):
    """Both need all cards: Ray's own times make the second one longer by what the first one took."""
    jobs = {name: (("sleep", "3"), {"resource_class": "gpu-910b", "cards": CARDS}) for name in ("first", "second")}
    done = place.run_all(jobs)
    records = sorted((each.record for each in done.values()), key=lambda each: each.started_at)
    assert records[0].ended_at <= records[1].started_at
    for record in records:
        assert record.units == CARDS
        assert 3_000 <= record.elapsed_ms < 3_000 + place.engine.kill_lag_ms
    job = place.engine.head.job(f"jiaozi-{records[1].order_id}")
    assert job.ended_ms - job.submitted_ms >= records[1].elapsed_ms + 3_000


def test_of_many_submissions_of_one_order_one_makes_the_job(place):
    order = spec(new_id(), "true")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: place.engine.submit(order), range(8)))
    assert [answer.already_there for answer in answers].count(False) == 1
    assert {answer.engine_job for answer in answers} == {f"jiaozi-{order.order_id}"}


def _wrappers(order_id):
    """Give the front and the guard of a job: both carry its entry point; the front is the elder."""
    return sorted(
        pid for pid in running_with(f"jiaozi-{order_id}") if b"python3\0-c" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )


@pytest.mark.parametrize("victim", [0, 1])
def test_a_killed_wrapper_leaves_nothing_and_is_charged_what_it_ran(place, victim):
    long = unique_seconds()
    order_id = place.submit("sleep", long)
    until(lambda: running_with(long), "the command to run")
    pids = _wrappers(order_id)
    os.kill(pids[victim], signal.SIGKILL)
    status = place.until(order_id, JobState.ENDED)
    until(lambda: not running_with(long), "the command to end")
    record = place.records()[order_id]
    assert (status.outcome, record.outcome) == (JobOutcome.LOST, JobOutcome.LOST)
    assert record.started_at == status.started_at


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"cores": CORES + 1}, "MORE_THAN_THERE_IS"),
        ({"memory_mib": 10**9}, "MORE_THAN_THERE_IS"),
        ({"resource_class": "gpu-910b", "cards": CARDS + 1}, "MORE_THAN_THERE_IS"),
        ({"resource_class": "unknown"}, "RESOURCE_CLASS_UNKNOWN"),
        ({"cards": 1}, "CARDS_DO_NOT_FIT"),
    ],
)
def test_what_can_never_run_is_refused_with_one_reason(place, limits, code):
    order = spec(new_id(), "true", **limits)
    with pytest.raises(UnableToSubmit) as refused:
        place.engine.submit(order)
    assert refused.value.reason.code == code
    assert place.engine.status([order.order_id]) == {}


def test_an_order_that_ray_never_had_is_unknown(place):
    for ask in (lambda: place.engine.cancel(new_id()), lambda: place.engine.logs(new_id(), 10)):
        with pytest.raises(UnableToFindJob):
            ask()


def test_a_head_that_is_not_there_is_no_answer(place):
    gone = connect({**place.options, "url": "http://127.0.0.1:9"})
    for ask in (lambda: gone.status([new_id()]), lambda: gone.submit(spec(new_id(), "true")), gone.capacity):
        with pytest.raises(UnableToReachEngine) as refused:
            ask()
        assert refused.value.reason.code == "CENTRE_UNREACHABLE"


PLATFORM = """
import sys, time
from uuid import UUID
from jiaozi.engines.ray import connect
from tests.engines.ray.conftest import CLASSES, spec
engine = connect({"url": sys.argv[1], "classes": CLASSES, "timeout_s": 60})
engine.submit(spec(UUID(sys.argv[2]), "python3", "-c", sys.argv[3], sys.argv[4], time_limit_ms=int(sys.argv[5])))
print("handed over", flush=True)
time.sleep(600)
"""
BEATS = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(sys.argv[1], "w", buffering=1) as file:
    while True:
        print(time.monotonic(), file=file)
        time.sleep(0.02)
"""


def test_the_limit_holds_with_the_platform_killed(place, tmp_path, record_property):
    """The platform hands over and is killed; the job ignores all requests. Its own beats say how long it ran."""
    limit_ms, order_id, beats = 3_000, new_id(), tmp_path / "beats"
    platform = subprocess.Popen(
        [sys.executable, "-c", PLATFORM, place.cluster.url, str(order_id), BEATS, str(beats), str(limit_ms)],
        stdout=subprocess.PIPE, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert platform.stdout.readline() == b"handed over\n"
    platform.kill()
    platform.wait()
    platform.stdout.close()
    until(beats.exists, "the job to run")
    until(lambda: not running_with(str(beats)), "the job to be gone, with nobody watching")
    stamps = [float(line) for line in beats.read_text().splitlines()]
    overrun_ms = (stamps[-1] - stamps[0]) * 1000 - limit_ms
    record_property("overrun_ms", overrun_ms)
    assert 0 <= overrun_ms <= place.engine.kill_lag_ms
    status = place.until(order_id, JobState.ENDED)
    record = place.records()[order_id]
    assert (status.outcome, record.outcome) == (JobOutcome.TIMED_OUT, JobOutcome.TIMED_OUT)
    assert limit_ms + overrun_ms <= record.elapsed_ms + 1 <= limit_ms + place.engine.kill_lag_ms
    overrun.check(place.engine, limit_ms=limit_ms, elapsed_ms=record.elapsed_ms)


def test_jobs_whose_usage_was_kept_are_forgotten_in_time(place, ran, monkeypatch):
    from jiaozi.engines.ray import engine

    old = place.submit("true")
    place.until(old, JobState.ENDED)
    cursor = place.engine.usage("").cursor
    job = place.engine.head.job(f"jiaozi-{old}")
    monkeypatch.setattr(engine, "_now_ms", lambda: int(time.time() * 1000) + 80 * 3_600_000)
    monkeypatch.setattr(engine, "_FORGET_AT_ONCE", 1_000)
    place.engine.usage("")
    assert place.engine.head.job(job.name) is not None, "who has not come back with the cursor may not have kept it"
    place.engine.usage(cursor)
    assert place.engine.head.job(job.name) is None
