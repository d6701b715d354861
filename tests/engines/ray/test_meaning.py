"""What Ray's words and the wrapper's mean to an order, and its complaints one by one: pure, without a Ray."""

import io
import json
import zipfile
from dataclasses import replace

import httpx2
import pytest

from jiaozi.engines.ray import connect, entry, jobs
from jiaozi.engines.ray.client import Head
from jiaozi.engines.ray.jobs import Report
from jiaozi.engines.ray.options import ClassOptions, read_options
from jiaozi.engines.ray.shapes import Job
from jiaozi.engines.ray.wrapper import MARK
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import JobOutcome, JobSpec, JobState, Saved, UnableToReachEngine, UnableToSubmit

ORDER = new_id()
ABOUT = {"jiaozi_class": "gpu-910b", "jiaozi_units": "2", "jiaozi_limit_ms": "60000"}
BEGAN = MARK + '{"started": 5000}\n'
ENDED = MARK + '{"started": 5000, "elapsed": 700, "outcome": "FAILED", "code": 3, "cpu": 10, "peak": 2}\n'


def job(**words):
    wanted = {"name": f"jiaozi-{ORDER}", "status": "FAILED", "submitted_ms": 1_000, "ended_ms": 6_000, "ran": True}
    return Job(**{**wanted, "message": "", "error": "", "exit_code": 3, "about": ABOUT, **words})


def test_a_report_is_read_from_a_log():
    found = jobs.report_in(f"Running entrypoint for job x\n{BEGAN}hello\n{ENDED}")
    assert found == Report(
        started_ms=5_000, elapsed_ms=700, outcome=JobOutcome.FAILED, code=3, cpu_ms=10, peak_mib=2
    )  # fmt: skip
    assert jobs.report_in(BEGAN + MARK + '{"started": 5000, "elaps') == Report(started_ms=5_000)
    assert jobs.report_in("hello") == Report()


def test_of_two_ends_the_last_counts():
    forged = MARK + '{"started": 5999, "elapsed": 1, "outcome": "SUCCEEDED", "code": 0}\n'
    assert jobs.report_in(BEGAN + forged + ENDED).elapsed_ms == 700


def test_what_was_printed_is_shown_without_what_stands_around_it():
    log = "2026 INFO job_manager.py:581 -- Runtime env is setting up.\nRunning entrypoint for job x: y\n"
    log += f"{BEGAN}hello\n{ENDED}"
    assert jobs.shown(log) == "hello\n"


@pytest.mark.parametrize(
    ("status", "report", "expected"),
    [
        ("STOPPED", Report(started_ms=5_000), (JobOutcome.CANCELLED, 1_000)),
        ("FAILED", Report(started_ms=5_000), (JobOutcome.LOST, 1_000)),
        ("FAILED", Report(started_ms=9_000), (JobOutcome.LOST, 0)),
        ("FAILED", Report(), (JobOutcome.FAILED, None)),
        ("STOPPED", Report(), (JobOutcome.CANCELLED, None)),
    ],
)
def test_an_end_that_nobody_told_is_taken_from_ray(status, report, expected):
    ended = job(status=status)
    told = jobs.told_of(ended, report)
    record = jobs.usage_of("ray", ended, told, kill_lag_ms=3_000)
    assert (told.outcome, record and record.elapsed_ms) == expected


@pytest.mark.parametrize(
    ("told_ms", "submitted_ms", "ended_ms", "charged_ms"),
    [
        (700, 1_000, 6_000, 700),
        (9_000, 1_000, 6_000, 5_000),  # longer than Ray saw the job at all
        (90_000, 1_000, 200_000, 63_000),  # longer than its limit and the kill lag allow
    ],
)
def test_no_report_is_believed_beyond_what_is_possible(told_ms, submitted_ms, ended_ms, charged_ms):
    report = Report(started_ms=5_000, elapsed_ms=told_ms, outcome=JobOutcome.SUCCEEDED)
    record = jobs.usage_of("ray", job(submitted_ms=submitted_ms, ended_ms=ended_ms), report, kill_lag_ms=3_000)
    assert (record.elapsed_ms, record.units, record.resource_class) == (charged_ms, 2, "gpu-910b")


def test_a_job_that_ray_never_gave_a_node_never_ran():
    timed_out = job(ran=False, error="JOB_SUPERVISOR_ACTOR_START_TIMEOUT", message="failed to start within 900 seconds")
    status = jobs.status_of(ORDER, timed_out, None)
    assert (status.outcome, status.started_at) == (JobOutcome.CANCELLED, None)
    broken = jobs.status_of(ORDER, job(ran=False, error="RUNTIME_ENV_SETUP_FAILURE", message="a\nno space left"), None)
    assert (broken.outcome, broken.reason.en) == (JobOutcome.FAILED, "it could not be started: no space left")


def test_a_session_is_charged_up_to_the_limit_that_it_was_extended_to():
    lines = [{"started": 5_000}, {"limit": 150_000}, {"open": None}, {"limit": "x"}, {"limit": 90_000}, [5]]
    log = "".join(f"{MARK}{json.dumps(each)}\n" for each in lines) + f'{MARK}{{"limit": 99'
    report = replace(jobs.report_in(log), elapsed_ms=190_000, outcome=JobOutcome.SUCCEEDED)
    record = jobs.usage_of("ray", job(submitted_ms=1_000, ended_ms=300_000), report, kill_lag_ms=3_000)
    assert (record.elapsed_ms, report.started_ms) == (153_000, 5_000)


def test_what_a_guard_tells_of_a_session_is_read_a_line_a_change():
    way, kept = {"node": "n1", "port": 7, "user": "u"}, {"name": "a", "size": 1, "sha256": "0" * 64}
    lines = [{"open": way}, {"open": {"node": "n1"}}, {"saved": {"name": "a"}}]
    log = "".join(f"{MARK}{json.dumps(each)}\n" for each in lines)
    assert jobs.told_in(log) == jobs.Told(open=jobs.WayIn("n1", 7, "u"))
    log += f'{MARK}{{"open": null}}\n{MARK}{json.dumps({"saved": kept})}\n'
    assert jobs.told_in(log) == jobs.Told(saved=Saved(**kept))


def test_a_log_that_went_with_its_node_charges_nothing():
    record = jobs.usage_of("ray", job(), jobs.lost(job()), kill_lag_ms=0)
    assert (record.elapsed_ms, record.outcome) == (0, JobOutcome.LOST)


def test_a_job_runs_once_its_wrapper_has_told_when_it_began():
    """An order takes the start over when it begins to run, and never again."""
    given = job(status="RUNNING", ended_ms=None)
    early = jobs.status_of(ORDER, given, jobs.report_in("Runtime env is setting up.\n"))
    assert (early.state, early.started_at, early.reason.zh) == (JobState.QUEUED, None, "集群已分配节点，正在启动")
    told = jobs.status_of(ORDER, given, Report(started_ms=5_000))
    assert (told.state, told.started_at.timestamp(), told.reason) == (JobState.RUNNING, 5, None)


def test_an_end_whose_report_is_not_there_yet_is_no_end():
    status = jobs.status_of(ORDER, job(), None)
    assert (status.state, status.outcome, status.ended_at) == (JobState.RUNNING, None, None)


def test_files_travel_as_a_package_and_always_the_same():
    order = spec("true", files={"b": b"2", "a": b"1"})
    packed = entry.package(order)
    assert packed == entry.package(order)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"a": b"1", "b": b"2"}
    body = entry.submission(order, ClassOptions(), python="python3")
    assert body["runtime_env"] == {"working_dir": f"gcs://{entry.package_of(order)}"}
    assert "runtime_env" not in entry.submission(spec("true"), ClassOptions(), python="python3")


def test_a_command_that_can_not_travel_is_refused():
    with pytest.raises(UnableToSubmit) as refused:
        entry.submission(spec("echo", "\1" * 60_000), ClassOptions(), python="python3")
    assert refused.value.reason.code == "COMMAND_TOO_LONG"


def test_cards_are_asked_for_by_the_name_that_ray_knows():
    gpu = entry.submission(spec("true", cards=2), ClassOptions(resource="GPU"), python="python3")
    own = entry.submission(spec("true", cards=2), ClassOptions(resource="910b"), python="python3")
    assert (gpu["entrypoint_num_gpus"], own["entrypoint_resources"]) == (2, {"910b": 2})


def spec(*command, **limits):
    wanted = {"cores": 1, "memory_mib": 64, "time_limit_ms": 1_000, "resource_class": "cpu", **limits}
    return JobSpec(order_id=ORDER, command=command, **wanted)


def engine(respond, **options):
    made = connect({"url": "http://head", "classes": {"cpu": {}}, **options})
    made.head._http = httpx2.Client(transport=httpx2.MockTransport(respond))
    return made


@pytest.mark.parametrize(
    "answer",
    [b'[{"submission_id": "jiaozi-x", "sta', b"", b"{}", b'[{"submission_id": "jiaozi-x"}]', b"<html>", b"[5]"],
)
def test_half_an_answer_is_none(answer):
    made = engine(lambda _: httpx2.Response(200, content=answer))
    for ask in (lambda: made.usage(""), lambda: made.status([ORDER])):
        with pytest.raises(UnableToReachEngine) as refused:
            ask()
        assert refused.value.reason.code == "ANSWER_GARBLED"


def test_a_job_that_was_deleted_in_the_moment_of_its_end_hides_no_other():
    """Ray's watcher writes it anew, without a start: `ray job delete` must not take the whole list away."""
    name = f"jiaozi-{ORDER}"
    ghost = {"submission_id": name, "status": "FAILED", "entrypoint": "Entrypoint not found.", "start_time": None}
    good = {"submission_id": f"jiaozi-{new_id()}", "status": "PENDING", "entrypoint": "x", "start_time": 1}
    listed = engine(lambda _: httpx2.Response(200, content=json.dumps([ghost, good])))
    assert [each.name for each in listed.head.jobs()] == [good["submission_id"]]
    assert engine(lambda _: httpx2.Response(200, content=json.dumps(ghost))).head.job(name) is None


@pytest.mark.parametrize(
    ("status", "text", "kind", "code"),
    [
        (401, "", UnableToReachEngine, "KEY_REFUSED"),
        (403, "expired", UnableToReachEngine, "KEY_REFUSED"),
        (503, "", UnableToReachEngine, "QUEUE_FULL"),
        (500, "No available agent to submit job", UnableToReachEngine, "QUEUE_FULL"),
        (500, "Traceback\nRuntimeError: x\n.\n", UnableToReachEngine, "RAY_NO_ANSWER"),
        (400, "Traceback\nTypeError: metadata values must be strings", UnableToSubmit, "RAY_REFUSED"),
    ],
)
def test_each_complaint_of_a_submission_is_one_reason(status, text, kind, code):
    def respond(request):
        if request.method == "POST":
            return httpx2.Response(status, text=text)
        return httpx2.Response(404)

    with pytest.raises(kind) as refused:
        engine(respond, elastic=True).submit(spec("true"))
    assert refused.value.reason.code == code
    assert "Traceback" not in str(refused.value)


def test_an_answer_that_was_lost_is_looked_up():
    asked = []

    def respond(request):
        asked.append(request.method)
        if request.method == "POST":
            raise httpx2.ReadTimeout("slow")
        if asked.count("GET") == 1:
            return httpx2.Response(404)
        body = {"submission_id": f"jiaozi-{ORDER}", "status": "PENDING", "start_time": 1}
        return httpx2.Response(200, content=json.dumps(body))

    assert engine(respond, elastic=True).submit(spec("true")).already_there
    assert asked == ["GET", "POST", "GET"]


def test_an_answer_above_the_bound_is_not_read_to_its_end():
    made = engine(lambda _: httpx2.Response(200, content=b"x" * 5_000), answer_bytes_max=1_024)
    with pytest.raises(UnableToReachEngine) as refused:
        made.usage("")
    assert refused.value.reason.code == "ANSWER_TOO_LARGE"


def test_the_token_is_read_anew_for_each_call(tmp_path):
    token = tmp_path / "token"
    seen = []

    def respond(request):
        seen.append(request.headers.get("authorization"))
        return httpx2.Response(200, content=b"[]")

    made = engine(respond, token_file=str(token))
    with pytest.raises(UnableToReachEngine) as refused:
        made.usage("")
    assert refused.value.reason.code == "TOKEN_MISSING"
    for word in ("one", "two"):
        token.write_text(f"{word}\n")
        made.usage("")
    assert seen == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": "head:8265"}, "'url' must be"),
        ({"classes": {}}, "'classes' must"),
        ({"classes": {"cpu": {"partition": "x"}}}, "may have a resource"),
        ({"python": "rm -rf /;"}, "'python' must be"),
        ({"keep_hours": 0}, "'keep_hours' must be"),
        ({"kindness": 1}, "'kindness' is unknown"),
    ],
)
def test_a_wrong_option_is_named(options, said):
    with pytest.raises(ValueError, match=said):
        read_options({"url": "http://head", "classes": {"cpu": {}}, **options})


def test_a_url_may_end_with_a_slash():
    assert Head(read_options({"url": "http://head/", "classes": {"cpu": {}}}))._options.url == "http://head"
