"""The JSON of slurmrestd in its plain form (22.05) and its nested one (23.02 and newer) means the same."""

import json

import httpx2
import pytest

from jiaozi.engines.slurm import jobs, shapes
from jiaozi.engines.slurm.options import read_options
from jiaozi.engines.slurm.ports import Batch
from jiaozi.engines.slurm.rest import Rest
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import JobOutcome, UnableToReachEngine, UnableToSubmit

ORDER = new_id()
CLASSES = read_options({"classes": {"cpu": {"partition": "work"}}, "folder": "/jobs"}).classes


def number(value):
    return {"set": True, "infinite": False, "number": value}


PLAIN = {
    "job_id": 7, "name": f"jiaozi-{ORDER}", "cluster": "scc", "partition": "work", "user": "jz", "nodes": "n1",
    "association": {"cluster": "aic", "user": "jz"},
    "state": {"current": "FAILED", "reason": "None"},
    "time": {"submission": 100, "start": 110, "end": 170, "elapsed": 60, "limit": 1, "suspended": 0},
    "exit_code": {"status": "ERROR", "return_code": 124},
    "comment": {"job": f"jiaozi order={ORDER} class=cpu", "administrator": None},
    "tres": {
        "allocated": [{"type": "cpu", "name": None, "count": 4}, {"type": "energy", "name": None, "count": None}],
        "requested": [{"type": "cpu", "name": None, "id": 1, "count": 2}, {"type": "mem", "name": None, "count": 64}],
    },
}  # fmt: skip
NESTED = {
    **PLAIN,
    "state": {"current": ["FAILED"], "reason": "None"},
    "time": {**PLAIN["time"], "limit": number(1), "suspended": 0},
    "exit_code": {
        "status": ["ERROR"], "return_code": number(124), "signal": {"id": {"set": False, "number": 0}, "name": ""},
    },
    "tres": {
        "allocated": [{"type": "cpu", "name": "", "id": 1, "count": 4}],
        "requested": [{"type": "cpu", "name": "", "id": 1, "count": 2}],
    },
}  # fmt: skip


@pytest.mark.parametrize("body", [PLAIN, NESTED])
def test_accounting_reads_the_same_in_both_shapes(body):
    job = shapes.accounted_job(body)
    assert (job.cluster, job.state, job.exit_status, job.limit_min) == ("scc", "FAILED", 124, 1)
    record = jobs.usage_of("slurm", job, CLASSES)
    assert (record.record_id, record.order_id, record.resource_class) == ("slurm:scc:7:100", ORDER, "cpu")
    assert (record.units, record.elapsed_ms, record.outcome) == (2, 60_000, JobOutcome.TIMED_OUT)


RUNNING = {
    "job_id": 8, "name": f"jiaozi-{ORDER}", "cluster": "scc", "partition": "work", "user_name": "jz", "nodes": "n1",
    "job_state": "RUNNING", "submit_time": 100, "start_time": 110, "end_time": 170, "exit_code": 0, "time_limit": 1,
    "state_reason": "None", "state_description": "", "comment": "",
}  # fmt: skip
NEWER = {
    **RUNNING,
    "job_state": ["RUNNING", "CONFIGURING"],
    "submit_time": number(100), "start_time": number(110), "end_time": number(170), "time_limit": number(1),
    "exit_code": {"status": ["SUCCESS"], "return_code": number(0)},
}  # fmt: skip


@pytest.mark.parametrize("body", [RUNNING, NEWER])
def test_the_controller_reads_the_same_in_both_shapes(body):
    job = shapes.controller_job(body)
    assert (job.state, job.submit_s, job.start_s, job.limit_min, job.ran) == ("RUNNING", 100, 110, 1, True)
    waiting = shapes.controller_job({**body, "job_state": "PENDING", "nodes": ""})
    assert (waiting.start_s, waiting.ran) == (None, False)


def test_a_limit_without_end_is_none():
    assert shapes.number({"set": True, "infinite": True, "number": 0}) is None


BATCH = Batch(
    order="1", name="jiaozi-1", comment="c", script=b"#!/bin/sh\n", partition="work", account="", qos="", constraint="",
    gres="gpu:910b:2", cores=3, memory_mib=64, limit_min=5, folder="/jobs", output="/jobs/1.log",
)  # fmt: skip


def test_a_submission_is_written_in_the_shape_of_its_version():
    old, new, newest = (shapes.submission(BATCH, version) for version in (38, 39, 42))
    assert (old["job"]["time_limit"], old["job"]["gres"], old["script"]) == (5, "gpu:910b:2", "#!/bin/sh\n")
    assert new["job"]["time_limit"] == number(5)
    assert (new["job"]["tres_per_node"], new["job"]["environment"]) == (
        "gres/gpu:910b:2", ["PATH=/usr/local/bin:/usr/bin:/bin"],
    )  # fmt: skip
    assert "account" not in new["job"]
    assert ("script" in newest, newest["job"]["script"]) == (False, "#!/bin/sh\n")


def _rest(respond, **options):
    wanted = {"classes": {"cpu": {"partition": "work"}}, "folder": "/jobs", "transport": "rest", "user": "jz"}
    rest = Rest(read_options({**wanted, "url": "unix:/nowhere", "api_version": "v0.0.38", **options}))
    rest._http = httpx2.Client(transport=httpx2.MockTransport(respond))
    return rest


@pytest.mark.parametrize(
    "answer",
    [
        b'{"errors": [], "jobs": [{"job_id": 7, "na',
        b"",
        b"[]",
        b'{"errors": []}',
        b'{"errors": [], "jobs": [{"job_id": 7}]}',
        b"<html>502 Bad Gateway</html>",
    ],
)
def test_half_an_answer_is_none(answer):
    rest = _rest(lambda _: httpx2.Response(200, content=answer))
    for ask in (rest.known, lambda: rest.ended(0, None)):
        with pytest.raises(UnableToReachEngine) as refused:
            ask()
        assert refused.value.reason.code == "ANSWER_GARBLED"


def test_a_job_that_was_taken_with_a_complaint_was_taken():
    answer = {"errors": [{"error_code": 2015, "error": "Requested partition not available now"}], "job_id": 28}
    assert _rest(lambda _: httpx2.Response(500, content=json.dumps(answer))).submit(BATCH) == 28


def test_a_gate_that_says_nothing_is_a_refusal_that_says_so():
    answer = {"errors": [{"error_code": -1, "error": "Unspecified error"}], "job_id": 0}
    with pytest.raises(UnableToSubmit) as refused:
        _rest(lambda _: httpx2.Response(500, content=json.dumps(answer))).submit(BATCH)
    assert refused.value.reason.code == "GATE_REFUSED"


def test_the_newest_version_that_both_speak_is_found():
    asked = []

    def respond(request):
        asked.append(request.url.path)
        paths = {f"/slurm/v0.0.{version}/jobs/": {} for version in (37, 41, 99)}
        return httpx2.Response(200, content=json.dumps({"paths": paths, "errors": [], "jobs": []}))

    rest = _rest(respond, api_version="")
    assert rest.known() == rest.known() == []
    assert asked == ["/openapi/v3", "/slurm/v0.0.41/jobs", "/slurm/v0.0.41/jobs"]
