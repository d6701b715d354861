"""What Slurm's words mean to an order: pure, in every state, and its complaints one by one."""

import pytest

from jiaozi.engines.slurm import connect, faults, jobs, lines
from jiaozi.engines.slurm.options import read_options
from jiaozi.engines.slurm.ports import Job
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import JobOutcome, JobState, UnableToReachEngine, UnableToSubmit

ORDER = new_id()
CLASSES = {
    "cpu": {"partition": "work"},
    "gpu-910b": {"partition": "work", "gres": "gpu:910b"},
    "big": {"partition": "large"},
    "huge": {"partition": "large"},
}
OPTIONS = read_options({"classes": CLASSES, "folder": "/jobs"})


def job(**words):
    wanted = {"job_id": 7, "name": f"jiaozi-{ORDER}", "state": "COMPLETED", "submit_s": 100, "cluster": "scc"}
    ran = {"partition": "work", "start_s": 110, "end_s": 170, "ran": True, "elapsed_s": 60, "limit_min": 1}
    return Job(**{**wanted, **ran, "allocated": {"cpu": 2}, "requested": {"cpu": 2}, **words})


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("PENDING", JobState.QUEUED),
        ("REQUEUED", JobState.QUEUED),
        ("CONFIGURING", JobState.RUNNING),
        ("RUNNING", JobState.RUNNING),
        ("SUSPENDED", JobState.RUNNING),
        ("COMPLETING", JobState.RUNNING),
        ("A_STATE_OF_NEXT_YEAR", JobState.RUNNING),
        *((state, JobState.ENDED) for state in jobs.OUTCOMES),
    ],
)
def test_every_state_is_one_of_three(state, expected):
    status = jobs.status_of(ORDER, job(state=state))
    assert status.state is expected
    assert (status.outcome is not None) == (status.ended_at is not None) == (expected is JobState.ENDED)


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ({"exit_status": 124}, JobOutcome.TIMED_OUT),
        ({"exit_status": 137}, JobOutcome.TIMED_OUT),
        ({"exit_status": 124, "elapsed_s": 59}, JobOutcome.FAILED),
        ({"exit_status": 124, "limit_min": None}, JobOutcome.FAILED),
        ({"exit_status": 3}, JobOutcome.FAILED),
    ],
)
def test_the_scripts_own_timer_is_told_from_a_program_that_exits_alike(words, outcome):
    assert jobs.outcome_of(job(state="FAILED", **words)) is outcome


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({}, ("cpu", 2)),
        ({"allocated": {"cpu": 64}}, ("cpu", 2)),  # whole node given, two cores asked
        ({"allocated": {"cpu": 1, "billing": 0}}, ("cpu", 1)),
        ({"allocated": {"cpu": 8, "gres/gpu": 2, "gres/gpu:910b": 2}}, ("gpu-910b", 2)),
        ({"allocated": {"cpu": 8, "gres/gpu:910b": 3}}, ("gpu-910b", 3)),
        ({"partition": "large", "comment": "jiaozi class=huge"}, ("huge", 2)),
        ({"partition": "large"}, ("partition:large", 2)),
        ({"partition": "work", "comment": "jiaozi class=huge"}, ("cpu", 2)),
        ({"partition": "unknown"}, ("partition:unknown", 2)),
    ],
)
def test_class_and_units_come_from_what_was_allocated(words, expected):
    record = jobs.usage_of("slurm", job(**words), OPTIONS.classes)
    assert (record.resource_class, record.units) == expected


def test_a_run_within_one_second_counts_as_one():
    assert jobs.usage_of("slurm", job(elapsed_s=0, end_s=110), OPTIONS.classes).elapsed_ms == 1_000


@pytest.mark.parametrize("words", [{"ran": False}, {"start_s": None}, {"state": "RUNNING"}, {"end_s": None}])
def test_what_never_ran_or_runs_still_has_no_record(words):
    assert jobs.usage_of("slurm", job(**words), OPTIONS.classes) is None


def test_of_two_jobs_with_one_name_the_first_counts():
    later = job(job_id=3, submit_s=200)
    assert jobs.first_of([later, job()])[ORDER].job_id == 7
    assert jobs.first_of([job(name="jiaozi-nonsense"), job(name="other")]) == {}


SQUEUE = "7|RUNNING|100|110|170|0|1:00|n1|work|jz|N/A|jiaozi-x|None|"


def test_a_line_of_squeue_is_read():
    found = lines.squeue_job(SQUEUE)
    assert (found.job_id, found.start_s, found.limit_min, found.reason) == (7, 110, 1, "None")
    odd = lines.squeue_job(SQUEUE.replace("RUNNING", "PENDING").replace("|None|", "|ReqNodeNotAvail, a|b|"))
    assert (odd.start_s, odd.ran, odd.reason) == (None, False, "ReqNodeNotAvail, a|b")


@pytest.mark.parametrize("line", ["", "7", SQUEUE[:40], "x" + SQUEUE, "slurm_load_jobs error: something"])
def test_half_a_line_is_no_answer(line):
    with pytest.raises(UnableToReachEngine) as refused:
        lines.squeue_job(line)
    assert refused.value.reason.code == "ANSWER_GARBLED"


@pytest.mark.parametrize(
    ("said", "code", "again"),
    [
        ("sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying", "QUEUE_FULL", True),
        (
            "sbatch: error: AssocMaxSubmitJobLimit\nsbatch: error: Job violates accounting/QOS policy",
            "QUEUE_FULL",
            True,
        ),
        ("sbatch: error: Munge decode failed: Expired credential", "CLOCK_SKEW", True),
        ("sbatch: error: Munge decode failed: Rewound credential", "CLOCK_SKEW", True),
        ("sbatch: error: invalid partition specified: nope", "PARTITION_UNKNOWN", False),
        ("Invalid account or account/partition combination specified", "ASSOCIATION_REFUSED", False),
        ("Requested node configuration is not available", "MORE_THAN_THERE_IS", False),
        ("Requested time limit is invalid (missing or exceeds some limit)", "TIME_LIMIT_TOO_LONG", False),
        ("Unable to contact slurm controller (connect failure)", "CONTROLLER_UNREACHABLE", True),
        ("Protocol authentication error", "KEY_REFUSED", True),
        ("Problem talking to the database: Connection refused", "CONTROLLER_UNREACHABLE", True),
        ("env: 'sbatch': No such file or directory", "SLURM_MISSING", True),
        ("sbatch: error: Batch job submission failed: Unspecified error", "GATE_REFUSED", False),
        (
            "sbatch: error: no voucher\nsbatch: error: Batch job submission failed: Unspecified error",
            "SLURM_REFUSED",
            False,
        ),
        ("Zero Bytes were transmitted or received", "SLURM_REFUSED", False),
    ],
)
def test_each_complaint_is_one_reason(said, code, again):
    refused = faults.refusal(said)
    assert refused.reason.code == code
    assert isinstance(refused, UnableToReachEngine if again else UnableToSubmit)
    assert refused.reason.label.zh
    assert "\n" not in refused.reason.label.en


def test_the_gates_own_words_are_kept():
    refused = faults.refusal(
        "sbatch: error: no voucher 无券\nsbatch: error: Batch job submission failed: Unspecified error"
    )
    assert refused.reason.label.en == "the centre refused the job: no voucher 无券"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({}, "classes"),
        ({"classes": {"cpu": {}}}, "partition"),
        ({"classes": {"cpu": {"partition": "a b"}}}, "plain word"),
        ({"folder": "jobs"}, "absolute"),
        ({"folder": "/a/%x"}, "absolute"),
        ({"transport": "telnet"}, "transport"),
        ({"transport": "ssh"}, "host"),
        ({"transport": "ssh", "host": "h", "known_hosts": "k", "key_file": "f"}, "user"),
        ({"transport": "rest"}, "url"),
        ({"transport": "rest", "url": "http://h:6820", "user": "u"}, "token_file"),
        ({"become": "sudo"}, "list"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"tiemout_s": 1}, "unknown"),
        ({"user": "a;b"}, "account name"),
    ],
)
def test_a_wrong_option_is_named(options, word):
    wanted = {"classes": CLASSES, "folder": "/jobs"} if options else {"folder": "/jobs"}
    with pytest.raises(ValueError, match=word):
        connect({**wanted, **options})
