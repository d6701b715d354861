"""A job keeps to its time, memory, processes, output and files, whatever it tries."""

import pytest

from jiaozi.order.ports import JobOutcome, JobState
from tests.engines.places import running_with, unique_seconds, wait_until


def test_a_job_runs_and_its_output_is_kept(place):
    status, log = place.run("sh", "-c", "echo 你好 $0; cat greeting; exit 0", files={"greeting": b"from a file"})
    assert (status.outcome, status.exit_code) == (JobOutcome.SUCCEEDED, 0)
    assert log == "你好 sh\nfrom a file"
    assert status.submitted_at <= status.started_at <= status.ended_at


def test_an_exit_code_is_a_failure_that_says_so(place):
    status, _ = place.sh("exit 3")
    assert (status.outcome, status.exit_code) == (JobOutcome.FAILED, 3)
    assert "3" in status.reason.en


def test_a_file_of_the_order_can_be_the_program(place):
    status, log = place.run("./hello.sh", files={"hello.sh": b"#!/bin/sh\necho started\n"})
    assert status.outcome is JobOutcome.SUCCEEDED, status.reason
    assert log == "started\n"


def test_a_spinner_is_stopped_at_its_time_limit(place):
    status, _ = place.sh("while :; do :; done", time_limit_ms=700)
    assert status.outcome is JobOutcome.TIMED_OUT
    (record,) = place.records()
    assert 700 <= record.elapsed_ms <= 700 + 5_000  # a frozen machine aside; the kill lag itself is measured elsewhere
    assert record.cpu_ms > 0


@pytest.mark.parametrize(
    "escape",
    [
        "setsid sleep {} & wait",
        "(setsid sh -c 'setsid sleep {} &' &) ; sleep 60",
        "trap '' TERM HUP INT; (trap '' TERM; sleep {}) & sleep 60",
    ],
)
def test_no_process_outlives_the_limit(place, escape):
    seconds = unique_seconds()
    order_id = place.submit("sh", "-c", escape.format(seconds), time_limit_ms=1_500)
    wait_until(lambda: running_with(seconds), "the escaping process to run")
    place.until(order_id, JobState.ENDED)
    wait_until(lambda: not running_with(seconds), "the escaping process to be gone", bound_s=2)


def test_what_a_job_leaves_behind_ends_with_it(place):
    seconds = unique_seconds()
    status, _ = place.sh(f"(setsid sleep {seconds} > /dev/null 2>&1 &) ; sleep 0.3; exit 0")
    assert status.outcome is JobOutcome.SUCCEEDED
    wait_until(lambda: not running_with(seconds), "the process left behind to be gone", bound_s=2)


def test_cancelling_ends_the_whole_tree(place):
    seconds = unique_seconds()
    order_id = place.submit("sh", "-c", f"setsid sleep {seconds} & setsid sh -c 'sleep {seconds}' & sleep {seconds}")
    wait_until(lambda: len(running_with(f"sleep\0{seconds}")) >= 3, "three sleepers")
    place.engine.cancel(order_id)
    place.engine.cancel(order_id)
    assert place.until(order_id, JobState.ENDED).outcome is JobOutcome.CANCELLED
    wait_until(lambda: not running_with(seconds), "the sleepers to be gone", bound_s=2)
    place.engine.cancel(order_id)


def test_a_fork_storm_stays_small(place):
    seconds = unique_seconds()
    storm = ("perl", "-e", "fork for 1 .. 8; sleep 60", seconds)
    order_id = place.submit(*storm, processes_max=10, time_limit_ms=3_000)
    most = 0
    while place.status(order_id).state is not JobState.ENDED:
        most = max(most, len(running_with(seconds)))
    others = 3 if place.name == "bare" else 0  # there the account's other processes share the count
    assert 5 <= most <= 10 + others
    assert not running_with(seconds)


def test_a_memory_hog_is_stopped(place):
    status, _ = place.sh("head -c 400m /dev/zero | tail", memory_mib=64)
    # Without a control group the allocation fails, and the program says what it makes of that.
    assert status.outcome in (
        {JobOutcome.OUT_OF_MEMORY} if place.own_account else {JobOutcome.OUT_OF_MEMORY, JobOutcome.FAILED}
    )
    (record,) = place.records()
    assert record.memory_peak_mib <= 64


def test_memory_of_many_processes_counts_together(open_place):
    place = open_place("user")
    hog = "head -c 40m /dev/zero | tail | sleep 20"
    status, _ = place.sh(f"({hog}) & ({hog}) & ({hog}) & wait", memory_mib=80)
    assert status.outcome is JobOutcome.OUT_OF_MEMORY


def test_an_output_flood_is_cut_and_said(place):
    status, log = place.sh("yes | head -c 3000000; exit 0", output_bytes_max=1_000)
    assert status.outcome is JobOutcome.SUCCEEDED
    assert log.startswith("y\ny\n")
    assert log.endswith(f"[jiaozi] {3_000_000 - 1_000} bytes more were dropped\n")
    assert len(log) < 1_100


def test_an_endless_flood_ends_at_the_limit(best_place):
    status, log = best_place.run("yes", output_bytes_max=1_000, time_limit_ms=1_000)
    assert status.outcome is JobOutcome.TIMED_OUT
    assert len(log) < 1_100


def test_files_may_not_grow_past_the_limit(open_place):
    place = open_place("user", disk_mib=8)
    single, _ = place.sh("head -c 20m /dev/zero > big")
    assert single.outcome is JobOutcome.FAILED
    many, _ = place.sh("for i in 1 2 3 4; do head -c 5m /dev/zero > part$i; done; sleep 20")
    assert (many.outcome, many.reason.en) == (JobOutcome.FAILED, "stopped because its files grew past the limit")


def test_nothing_of_the_job_stays_but_its_record_and_log(place):
    order_id = place.submit("sh", "-c", "mkdir -p a/b/c; echo x > a/b/c/d; echo kept")
    place.until(order_id, JobState.ENDED)
    wait_until(lambda: not (place.spool.job(str(order_id)) / "home").exists(), "the private folder to be removed")
    assert place.engine.logs(order_id, 100) == b"kept\n"


def test_only_the_tail_of_a_log_is_read(best_place):
    order_id = best_place.submit("sh", "-c", "printf 0123456789")
    best_place.until(order_id, JobState.ENDED)
    assert best_place.engine.logs(order_id, 4) == b"6789"
