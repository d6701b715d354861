"""Every combination of what the supervisor may see has one outcome of the port, and a reason in words."""

import itertools

import pytest

from jiaozi.engines.process import reasons
from jiaozi.engines.process.outcomes import decide
from jiaozi.order.ports import JobOutcome

STOPPED = [None, "cancelled", "time_limit", "cpu_limit", "memory_limit", "disk_limit", "machine_stopped"]
STATUSES = [None, 0, 1, 137, -9, -15, -24]


@pytest.mark.parametrize(("stopped", "status", "kills"), list(itertools.product(STOPPED, STATUSES, [0, 1])))
def test_every_end_has_an_outcome_and_words(stopped, status, kills):
    ending = decide(stopped_for=stopped, exit_status=status, cannot_run=None, oom_kills=kills)
    outcome = JobOutcome(ending.outcome)
    label = reasons.label({"reason": ending.reason, "exit_code": ending.exit_code, "detail": ""})
    assert (label is None) == (outcome is JobOutcome.SUCCEEDED)
    assert (outcome is JobOutcome.SUCCEEDED) == (status == 0)


def test_a_command_that_came_to_its_end_first_keeps_its_own_outcome():
    ending = decide(stopped_for="cancelled", exit_status=0, cannot_run=None, oom_kills=0)
    assert ending.outcome == "SUCCEEDED"


def test_a_command_that_was_killed_at_its_limit_ended_for_that():
    assert decide(stopped_for="time_limit", exit_status=-9, cannot_run=None, oom_kills=0).outcome == "TIMED_OUT"


def test_a_signal_counts_as_a_shell_counts_it():
    assert decide(stopped_for=None, exit_status=-15, cannot_run=None, oom_kills=0).exit_code == 143


def test_the_kernel_s_out_of_memory_kill_is_told_apart_from_any_kill():
    killed = decide(stopped_for=None, exit_status=-9, cannot_run=None, oom_kills=0)
    full = decide(stopped_for=None, exit_status=-9, cannot_run=None, oom_kills=1)
    assert (killed.outcome, full.outcome) == ("FAILED", "OUT_OF_MEMORY")


def test_processor_time_used_up_is_a_time_out():
    assert decide(stopped_for=None, exit_status=-24, cannot_run=None, oom_kills=0).outcome == "TIMED_OUT"
