"""Jobs on a real Kubernetes: what they do, what they may not do, and what they are charged for."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from jiaozi.engines.kubernetes import connect
from jiaozi.engines.kubernetes import engine as room
from jiaozi.engines.kubernetes.cluster import USAGE
from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import Capacity, JobOutcome, JobState, UnableToFindJob, UnableToReachEngine, UnableToSubmit
from tests.engines import overrun
from tests.engines.kubernetes.cluster import CARD, CARDS, until
from tests.engines.kubernetes.conftest import spec
from tests.engines.places import running_with, unique_seconds

pytestmark = pytest.mark.xdist_group("kubernetes")
LEFT = unique_seconds()
JOBS = {
    "files": (("sh", "-c", "./run.sh; cat data; pwd; id -u; echo made > new; cat new"),
              {"files": {"run.sh": b"#!/bin/sh\necho ran\n", "data": b"d\n"}}),
    "words": (("printf", "%s\\0", "a b", "$(HOME)", "$HOME", "'", '"', "\\", "`id`", "新\n行", "*", ";"), {}),
    "fails": (("sh", "-c", "exit 3"), {}),
    "missing": (("no-such-program",), {}),
    "memory": (("dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=3"), {}),
    "leaves": (("sh", "-c", f"setsid sleep {LEFT} & sleep 1"), {}),
    "closed": (("sh", "-c", "cat /proc/self/status | grep -E '^(CapEff|NoNewPrivs)'; ls /var/run 2>&1"), {}),
    "overruns": (("sh", "-c", "trap '' TERM; while :; do sleep 1; done"), {"time_limit_ms": 2_500}),
}  # fmt: skip


@pytest.fixture(scope="session")
def ran(place):
    return place.run_all(JOBS)


def test_a_job_has_its_files_and_a_folder_that_it_may_write(ran):
    status, log, record = ran["files"]
    assert (status.outcome, status.exit_code) == (JobOutcome.SUCCEEDED, 0), log
    assert log.splitlines() == [b"ran", b"d", b"/jiaozi", b"65534", b"made"]
    assert (record.units, record.resource_class, record.outcome) == (1, "cpu", JobOutcome.SUCCEEDED)
    assert record.started_at == status.started_at >= status.submitted_at


def test_words_reach_the_command_as_they_are(ran):
    assert ran["words"].log.decode().split("\0")[:-1] == list(JOBS["words"][0][2:])


@pytest.mark.parametrize(
    ("name", "outcome"),
    [("fails", JobOutcome.FAILED), ("memory", JobOutcome.OUT_OF_MEMORY), ("overruns", JobOutcome.TIMED_OUT)],
)
def test_how_it_ended_is_told(ran, name, outcome):
    status, _, record = ran[name]
    assert (status.outcome, record.outcome) == (outcome, outcome)
    assert status.reason.zh


def test_a_limit_is_rounded_up_to_whole_seconds_and_never_charged_beyond(ran, place):
    elapsed_ms = ran["overruns"].record.elapsed_ms
    assert elapsed_ms <= 3_000 + place.engine.kill_lag_ms
    assert ran["overruns"].status.started_at is not None


def test_a_program_that_is_not_there_never_ran_and_costs_nothing(ran):
    status, _, record = ran["missing"]
    assert (status.outcome, status.started_at, record) == (JobOutcome.FAILED, None, None)
    assert "no-such-program" in status.reason.en


def test_nothing_outlives_its_job(ran):
    assert ran["leaves"].status.outcome is JobOutcome.SUCCEEDED
    assert running_with(LEFT) == []


def test_a_job_has_no_rights_on_its_node_nor_in_the_cluster(ran):
    log = ran["closed"].log.decode()
    assert "CapEff:\t0000000000000000" in log
    assert "NoNewPrivs:\t1" in log
    assert "kubernetes.io" not in log


def test_each_record_is_given_once_and_never_changes(place, ran):
    first = place.engine.usage("")
    assert {ran[name].record for name in JOBS if ran[name].record} <= set(first.records)
    assert place.engine.usage(first.cursor).records == ()
    assert set(connect(place.options).usage("").records) >= set(first.records)


def test_waiting_for_cards_is_not_charged(place):
    jobs = {name: (("sleep", "4"), {"resource_class": "gpu-910b", "cards": CARDS}) for name in ("first", "second")}
    done = place.run_all(jobs)
    records = sorted((each.record for each in done.values()), key=lambda each: each.started_at)
    assert records[0].ended_at <= records[1].started_at + timedelta(seconds=1)
    for record in records:
        assert record.units == CARDS
        assert 3_000 <= record.elapsed_ms <= 4_000 + place.engine.kill_lag_ms
    second = next(each.status for each in done.values() if each.record is records[1])
    assert second.started_at - second.submitted_at >= timedelta(seconds=3)


def test_what_finds_no_room_waits_is_counted_and_is_given_up_in_time(place):
    held = spec(new_id(), "sleep", "300", resource_class="gpu-910b", cards=CARDS, time_limit_ms=600_000)
    holds = place.engine.submit(held).order_id
    place.until(holds, JobState.RUNNING)
    hurried = place.with_options(wait_max_s=5)
    waits = new_id()
    order = spec(waits, "true", resource_class="gpu-910b", cards=1, time_limit_ms=1_000)
    assert place.engine.forecast_start(order, clock.now()).starts_at is None
    hurried.engine.submit(order)
    assert (
        CARD in until(lambda: "Insufficient" in (r := place.status(waits).reason).en and r, "the scheduler's word").en
    )
    assert place.engine.capacity()[1] == Capacity(
        resource_class="gpu-910b", units_total=CARDS, units_free=0, jobs_queued=1
    )
    status = place.until(waits, JobState.ENDED)
    assert (status.outcome, status.started_at) == (JobOutcome.CANCELLED, None)
    assert "nothing became free" in status.reason.en
    for _ in range(2):
        place.engine.cancel(holds)
    ended = place.until(holds, JobState.ENDED)
    assert (ended.outcome, place.records()[holds].outcome) == (JobOutcome.CANCELLED, JobOutcome.CANCELLED)
    place.engine.cancel(holds)
    assert place.engine.submit(held).already_there, "a cancelled order does not start again"


def test_of_many_submissions_of_one_order_one_makes_the_job(place):
    order = spec(new_id(), "true", files={"a": b"1"})
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: place.engine.submit(order), range(8)))
    assert [answer.already_there for answer in answers].count(False) == 1
    assert place.until(order.order_id, JobState.ENDED).outcome is JobOutcome.SUCCEEDED
    place.engine.cancel(order.order_id)
    assert place.engine.submit(order).already_there


def test_a_quota_makes_a_voucher_wait_for_itself_and_refuses_what_never_fits(place):
    voucher = new_id()
    first = place.submit("sleep", "300", voucher_id=voucher)
    place.until(first, JobState.RUNNING)
    second, never = (
        place.submit("true", voucher_id=voucher), place.submit("true", voucher_id=voucher, cores=2)
    )  # fmt: skip
    assert "exceeded quota" in until(
        lambda: "quota" in (r := place.status(second).reason).en and r, "the event of the quota"
    ).en  # fmt: skip
    status = place.until(never, JobState.ENDED)
    assert (status.outcome, status.started_at) == (JobOutcome.CANCELLED, None)
    assert status.reason.en.startswith("withdrawn, it would never start: above what this voucher may have at once")
    assert place.status(second).state is JobState.QUEUED
    for order_id in (first, second):
        place.engine.cancel(order_id)
        assert place.until(order_id, JobState.ENDED).outcome is JobOutcome.CANCELLED
    assert {first} == {first, second, never} & place.records().keys()


@pytest.mark.parametrize("taken", ["jobs", "pods"])
def test_what_somebody_else_deletes_ends_and_is_charged_all_the_same(place, taken):
    """Without a quota in its way, 1.20 replaces a deleted pod at once: the second one must not run to its limit."""
    place = place.with_options(quota={})
    voucher, long = new_id(), unique_seconds()
    order_id = place.submit("sleep", long, voucher_id=voucher)
    place.until(order_id, JobState.RUNNING)
    where = f"/api/v1/namespaces/jiaozi-{voucher}/pods"
    if taken == "jobs":
        where = f"/apis/batch/v1/namespaces/jiaozi-{voucher}/jobs"
    place.cluster.ask("DELETE", f"{where}?propagationPolicy=Background")
    status = place.until(order_id, JobState.ENDED)
    until(lambda: not running_with(long), "the container to end")
    records = [record for record in place.engine.usage("").records if record.order_id == order_id]
    outcomes = {status.outcome, *(record.outcome for record in records)}
    assert outcomes == {JobOutcome.CANCELLED if taken == "jobs" else JobOutcome.LOST}
    assert min(record.started_at for record in records) == status.started_at
    assert sum(record.elapsed_ms for record in records) < 60_000, "within one hold, whatever was begun again"


def test_a_limit_that_comes_while_a_deleted_pod_is_being_ended_did_not_end_it(place):
    """As on a node so slow that ending takes longer than the limit: the node then says that it was the limit."""
    voucher, limit_ms = new_id(), 15_000
    patient = "trap '' TERM; while :; do sleep 1; done"
    order_id = place.submit("sh", "-c", patient, voucher_id=voucher, time_limit_ms=limit_ms)
    place.until(order_id, JobState.RUNNING)
    place.cluster.ask("DELETE", f"/api/v1/namespaces/jiaozi-{voucher}/pods?gracePeriodSeconds={limit_ms // 1000}")
    status = place.until(order_id, JobState.ENDED)
    (pod,) = place.engine.cluster.pods(str(order_id))
    deadline = pod.status.startTime + timedelta(milliseconds=limit_ms)
    assert status.ended_at >= deadline, "the limit came first"
    assert (status.outcome, place.records()[order_id].outcome) == (JobOutcome.LOST, JobOutcome.LOST)


def test_what_was_kept_long_enough_leaves_the_cluster(place, ran, monkeypatch):
    old = place.submit("true")
    place.until(old, JobState.ENDED)
    cursor, later = place.engine.usage("").cursor, clock.now() + timedelta(hours=100)
    monkeypatch.setattr(room, "_LET_GO_AT_ONCE", 1_000)
    monkeypatch.setattr(room.clock, "now", lambda: later)
    place.engine.usage("")
    job = place.engine.cluster.job_of(str(old))
    assert (job.metadata.finalizers, job.metadata.deletionTimestamp) == ([USAGE], None), "nobody came back with it"

    def gone():
        place.engine.usage(cursor)
        return place.engine.cluster.job_of(str(old)) is None and not place.engine.cluster.pods(str(old))

    until(gone, "the job and its pod to leave")


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"cores": 99}, "MORE_THAN_THERE_IS"),
        ({"memory_mib": 10**9}, "MORE_THAN_THERE_IS"),
        ({"resource_class": "gpu-910b", "cards": CARDS + 1}, "MORE_THAN_THERE_IS"),
        ({"resource_class": "unknown"}, "RESOURCE_CLASS_UNKNOWN"),
        ({"cards": 1}, "CARDS_DO_NOT_FIT"),
        ({"files": {"big": bytes(1_000_000)}}, "FILES_TOO_LARGE"),
        ({"voucher_id": None}, "VOUCHER_MISSING"),
        ({"resource_class": "queued"}, "SUSPEND_UNKNOWN"),
    ],
)
def test_what_can_never_run_is_refused_with_one_reason(place, limits, code):
    order = spec(new_id(), "true", **limits)
    with pytest.raises(UnableToSubmit) as refused:
        place.engine.submit(order)
    assert refused.value.reason.code == code
    assert place.engine.status([order.order_id]) == {}


def test_an_order_that_the_cluster_never_had_is_unknown(place):
    for ask in (lambda: place.engine.cancel(new_id()), lambda: place.engine.logs(new_id(), 10)):
        with pytest.raises(UnableToFindJob):
            ask()


def test_a_wrong_key_missing_rights_and_a_missing_server_are_one_reason_each(place, tmp_path):
    wrong = place.cluster.write_kubeconfig(tmp_path / "wrong", "nonsense")
    stranger = place.cluster.stranger(tmp_path / "stranger")
    gone = place.cluster.write_kubeconfig(tmp_path / "gone", "x", "https://127.0.0.1:9")
    for path, code in (
        (wrong, "KEY_REFUSED"), (stranger, "RIGHTS_MISSING"), (gone, "CENTRE_UNREACHABLE"),
        (tmp_path / "nowhere", "KUBECONFIG_UNREADABLE"),
    ):  # fmt: skip
        engine = place.with_options(kubeconfig=str(path)).engine
        for ask in (lambda e=engine: e.status([new_id()]), lambda e=engine: e.submit(spec(new_id(), "true"))):
            with pytest.raises(UnableToReachEngine) as refused:
                ask()
            assert refused.value.reason.code == code


PLATFORM = """
import sys, time
from uuid import UUID
from jiaozi.engines.kubernetes import connect
from tests.engines.kubernetes.conftest import CLASSES, NAMESPACE, spec
engine = connect({"kubeconfig": sys.argv[1], "classes": CLASSES, "namespace": NAMESPACE, "timeout_s": 60})
engine.submit(spec(UUID(sys.argv[2]), "sh", "-c", sys.argv[3], time_limit_ms=int(sys.argv[4])))
print("handed over", flush=True)
time.sleep(600)
"""


def test_the_limit_holds_with_the_platform_killed(place, record_property):
    """The platform hands over and is killed; the job ignores all requests. Its own beats say how long it ran."""
    limit_ms, order_id, mark = 4_000, new_id(), unique_seconds()
    beats = f"trap '' TERM; : {mark}; while :; do cat /proc/uptime; sleep 0.05; done"
    platform = subprocess.Popen(
        [sys.executable, "-c", PLATFORM, str(place.cluster.kubeconfig), str(order_id), beats, str(limit_ms)],
        stdout=subprocess.PIPE, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert platform.stdout.readline() == b"handed over\n"
    platform.kill()
    platform.wait()
    platform.stdout.close()
    until(lambda: running_with(mark), "the job to run")
    until(lambda: not running_with(mark), "the job to be gone, with nobody watching")
    stamps = [float(line.split()[0]) for line in place.engine.logs(order_id, 1 << 20).splitlines() if line.strip()]
    overrun_ms = (stamps[-1] - stamps[0]) * 1000 - limit_ms
    record_property("overrun_ms", overrun_ms)
    assert overrun_ms <= place.engine.kill_lag_ms
    assert stamps[-1] - stamps[0] > 1
    status, record = place.until(order_id, JobState.ENDED), place.records()[order_id]
    assert (status.outcome, record.outcome) == (JobOutcome.TIMED_OUT, JobOutcome.TIMED_OUT)
    assert record.elapsed_ms <= limit_ms + place.engine.kill_lag_ms
    overrun.check(place.engine, limit_ms=limit_ms, elapsed_ms=record.elapsed_ms)
