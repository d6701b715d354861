"""The engine against what a real cluster answered, and against its schema of a job: everywhere, without a cluster.

What no cluster here can do (``suspend`` came after 1.20, and Kueue needs it) is held against newer models' schema only.
"""

import json
from datetime import timedelta

import httpx2
import pytest
from lightkube.resources.batch_v1 import Job

from jiaozi.engines.kubernetes import manifest
from jiaozi.engines.kubernetes.cluster import USAGE
from jiaozi.engines.kubernetes.options import read_options
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import Capacity, JobOutcome, JobSpec, JobState, UnableToReachEngine, UnableToSubmit
from tests.engines.kubernetes.replay import CLASSES, ORDERS, Server, engine, recorded, status

NEWER = {"podReplacementPolicy", "suspend"}
"""Fields of a job that the recorded cluster did not know yet."""


def spec(*command, **limits):
    wanted = {"cores": 1, "memory_mib": 64, "time_limit_ms": 1_000, "resource_class": "cpu", "order_id": new_id()}
    return JobSpec(command=command, **{**wanted, **limits})


@pytest.mark.parametrize(
    ("name", "outcome", "said"),
    [
        ("succeeded", JobOutcome.SUCCEEDED, None),
        ("failed", JobOutcome.FAILED, "exit code 3"),
        ("missing", JobOutcome.FAILED, "no-such-program"),
        ("memory", JobOutcome.OUT_OF_MEMORY, "more memory"),
        ("overrun", JobOutcome.TIMED_OUT, "time limit"),
        ("cancelled", JobOutcome.CANCELLED, "cancelled"),
    ],
)
def test_each_end_is_read(name, outcome, said):
    found = engine(Server()).status([ORDERS[name]])[ORDERS[name]]
    assert (found.state, found.outcome) == (JobState.ENDED, outcome)
    assert said is None or said in found.reason.en
    assert (found.started_at is None) == (name == "missing")


@pytest.mark.parametrize(
    ("name", "state", "said"),
    [
        ("running", JobState.RUNNING, None),
        ("quota", JobState.QUEUED, "exceeded quota"),
        ("unschedulable", JobState.QUEUED, "Insufficient jiaozi.test/910b"),
    ],
)
def test_each_wait_is_read(name, state, said):
    found = engine(Server()).status([ORDERS[name]])[ORDERS[name]]
    assert (found.state, found.outcome) == (state, None)
    assert said is None or said in found.reason.en


def test_status_of_all_orders_takes_three_questions():
    server = Server()
    assert len(engine(server).status(list(ORDERS.values()) + [new_id() for _ in range(1_000)])) == len(ORDERS)
    assert [method for method, _ in server.asked] == ["GET"] * 3


def test_usage_is_what_the_containers_ran():
    made = engine(Server())
    page = made.usage("")
    records = {record.order_id: record for record in page.records}
    assert records.keys() == {ORDERS[name] for name in ("succeeded", "failed", "memory", "overrun", "cancelled")}
    for record in records.values():
        assert record.ended_at - record.started_at == timedelta(milliseconds=record.elapsed_ms)
        assert record.elapsed_ms % 1_000 == 0 < record.elapsed_ms
    assert records[ORDERS["overrun"]].elapsed_ms <= 2_000, "1.20 leaves the container running: the deadline is its end"
    assert made.usage(page.cursor).records == ()
    assert engine(Server()).usage("").records == page.records


def test_capacity_counts_what_pods_take():
    found = {each.resource_class: each for each in engine(Server()).capacity()}
    assert found["gpu-910b"] == Capacity(resource_class="gpu-910b", units_total=4, units_free=0, jobs_queued=1)
    assert found["cpu"].jobs_queued == 1


def _known(schema, kind, body, path="", newer=frozenset()):
    """Find the fields of a body that a schema does not have, or has as something else."""
    if kind not in schema or not schema[kind]:
        return []
    wrong = []
    for name, value in body.items():
        said = schema[kind].get(name)
        here = f"{path}.{name}"
        if said is None:
            wrong += [] if name in newer else [here]
        elif isinstance(said, list):
            items = value if isinstance(value, list) else [here]
            wrong += [
                each
                for item in items
                for each in (_known(schema, said[0], item, here) if isinstance(item, dict) else ())
            ]
            wrong += [] if isinstance(value, list) else [here]
        elif said in schema:
            wrong += _known(schema, said, value, here, newer) if isinstance(value, dict) else []
        else:
            kinds = {"string": str, "integer": int, "boolean": bool, "object": dict, "": object}
            wrong += [] if isinstance(value, kinds[said]) else [here]
    return wrong


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"files": {"a": b"1"}},
        {"resource_class": "gpu-910b", "cards": 2},
        {"resource_class": "queued"},
    ],
)
def test_a_job_is_written_as_the_clusters_schema_says(limits):
    options, order = read_options({"classes": CLASSES}), spec("echo", "$(HOME)", **limits)
    body = manifest.job(order, options.classes[order.resource_class], options).to_dict()
    schema = recorded("schema")
    assert _known(schema, "io.k8s.api.batch.v1.Job", body, newer=NEWER) == []
    assert Job.from_dict(json.loads(json.dumps(body))).to_dict() == body
    wrong = {**body, "spec": {**body["spec"], "deadline": 5, "backoffLimit": "0"}}
    found = _known(schema, "io.k8s.api.batch.v1.Job", wrong, newer=NEWER)
    assert sorted(found) == [".spec.backoffLimit", ".spec.deadline"]


def test_the_limit_stands_on_the_pod_and_the_wait_on_the_job():
    options = read_options({"classes": CLASSES, "wait_max_s": 600})
    fields = manifest.job(spec("true", time_limit_ms=90_500), options.classes["cpu"], options).spec
    assert (fields.template.spec.activeDeadlineSeconds, fields.activeDeadlineSeconds) == (91, 691)
    assert (fields.backoffLimit, fields.template.spec.restartPolicy) == (0, "Never")
    assert fields.template.metadata.finalizers == [USAGE]


def test_kueue_gets_its_labels_and_a_job_that_is_held():
    server = Server()
    order = spec("true", resource_class="queued", time_limit_ms=90_000)
    engine(server, elastic=True).submit(order)
    tried, made = [body for method, path, body, _ in server.given if path.endswith("/jobs")]
    assert (server.given[0][3]["dryRun"], tried["spec"]["suspend"]) == (["All"], True)
    labels = made["metadata"]["labels"]
    assert (labels["kueue.x-k8s.io/queue-name"], labels["kueue.x-k8s.io/max-exec-time-seconds"]) == ("vouchers", "90")
    assert made["spec"]["suspend"] is True


def test_a_job_that_kueue_holds_waits_and_says_for_what():
    jobs = recorded("jobs")
    jobs["items"] = [
        each for each in jobs["items"] if each["metadata"]["labels"]["jiaozi/order"] == str(ORDERS["quota"])
    ]
    jobs["items"][0]["spec"]["suspend"] = True
    none = {"kind": "List", "apiVersion": "v1", "metadata": {}, "items": []}
    server = Server(jobs=httpx2.Response(200, json=jobs), events=httpx2.Response(200, json=none))
    found = engine(server).status([ORDERS["quota"]])[ORDERS["quota"]]
    assert (found.state, found.reason.en) == (JobState.QUEUED, "waiting for Kueue to admit it")


def test_an_old_server_that_drops_suspend_would_start_it_so_nothing_is_submitted():
    def drops(request):
        if request.method != "POST":
            return status(404)
        body = json.loads(request.content)
        del body["spec"]["suspend"]
        return httpx2.Response(200, json=body)

    server = Server(jobs=drops)
    with pytest.raises(UnableToSubmit) as refused:
        engine(server, elastic=True).submit(spec("true", resource_class="queued"))
    assert refused.value.reason.code == "SUSPEND_UNKNOWN"
    assert len([method for method, path in server.asked if method == "POST"]) == 1


def test_a_voucher_has_a_namespace_and_a_quota_before_its_first_job():
    server, order = Server(), spec("true", voucher_id=new_id(), files={"a": b"1"})
    made = engine(server, namespace="jz-{voucher}", quota={"requests.cpu": "8"}, elastic=True)
    made.submit(order)
    where = f"jz-{order.voucher_id}"
    paths = [(method, path) for method, path, *_ in server.given]
    assert paths == [
        ("PATCH", f"/api/v1/namespaces/{where}"),
        ("PATCH", f"/api/v1/namespaces/{where}/resourcequotas/jiaozi"),
        ("POST", f"/apis/batch/v1/namespaces/{where}/jobs"),
        ("POST", f"/api/v1/namespaces/{where}/secrets"),
    ]
    assert server.given[1][2]["spec"] == {"hard": {"requests.cpu": "8"}}
    made.submit(spec("true", voucher_id=order.voucher_id))
    assert len([path for method, path, *_ in server.given if method == "PATCH"]) == 2


def test_a_namespace_that_went_away_is_made_again():
    gone = [status(404, "namespaces not found")]
    server = Server(jobs=lambda request: gone.pop() if gone else httpx2.Response(200, json=json.loads(request.content)))
    made = engine(server, namespace="jz-{voucher}", elastic=True)
    made.submit(spec("true", voucher_id=new_id()))
    assert [method for method, _ in server.asked] == ["PATCH", "POST", "PATCH", "POST"]


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (status(401, "Unauthorized"), UnableToReachEngine, "KEY_REFUSED"),
        (status(403, "jobs is forbidden: User x cannot create"), UnableToReachEngine, "RIGHTS_MISSING"),
        (status(403, "forbidden: exceeded quota: q, requested: count/jobs.batch=1"), UnableToSubmit, "QUOTA_EXCEEDED"),
        (status(422, "Job is invalid: spec.x"), UnableToSubmit, "KUBERNETES_REFUSED"),
        (status(404, 'namespaces "jiaozi" not found'), UnableToSubmit, "NAMESPACE_UNKNOWN"),
        (status(429, "too many requests"), UnableToReachEngine, "KUBERNETES_NO_ANSWER"),
        (status(500, "etcdserver: leader changed"), UnableToReachEngine, "KUBERNETES_NO_ANSWER"),
        (httpx2.Response(503, text="<html>"), UnableToReachEngine, "KUBERNETES_NO_ANSWER"),
        (httpx2.Response(200, text='{"kind": "Job", "met'), UnableToReachEngine, "ANSWER_GARBLED"),
    ],
)
def test_each_complaint_of_a_submission_is_one_reason(answer, kind, code):
    with pytest.raises(kind) as refused:
        engine(Server(jobs=lambda _: answer), elastic=True).submit(spec("true"))
    assert refused.value.reason.code == code


@pytest.mark.parametrize(
    "text",
    ['{"kind": "JobList", "items": [{"meta', "", "[]", "<html>", '{"items": [5]}', '{"items": 7}', '"x"', "null"],
)
def test_half_an_answer_is_none(text):
    made = engine(Server(all=lambda _: httpx2.Response(200, text=text)))
    for ask in (lambda: made.status([new_id()]), lambda: made.usage(""), made.capacity):
        with pytest.raises(UnableToReachEngine) as refused:
            ask()
        assert refused.value.reason.code == "ANSWER_GARBLED"


def test_an_answer_above_the_bound_or_one_that_drips_is_not_read_to_its_end():
    def large(_):
        return httpx2.Response(200, content=iter([b"x" * 1_000] * 5))

    for options, code in (({"answer_bytes_max": 1_024}, "ANSWER_TOO_LARGE"), ({"timeout_s": 1}, "ENGINE_TOO_SLOW")):
        made = engine(Server(all=large), **options)
        if code == "ENGINE_TOO_SLOW":
            made.cluster.client._client._client._transport._seconds = -1
        with pytest.raises(UnableToReachEngine) as refused:
            made.status([new_id()])
        assert refused.value.reason.code == code


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"classes": {}}, "'classes' must"),
        ({"classes": {"cpu": {}}}, "needs an image"),
        ({"classes": {"cpu": {"image": "a b"}}}, "no image's name"),
        ({"classes": {"cpu": {"image": "a", "queue": "x/y"}}}, "no label may be"),
        ({"namespace": "Up"}, "'namespace' must be"),
        ({"quota": {"requests.cpu": "1"}}, "voucher's own namespace"),
        ({"namespace": "a-{voucher}", "quota": {"requests.cpu": 1}}, "needs a text"),
        ({"run_as": 0}, "'run_as' must be"),
        ({"kindness": 1}, "'kindness' is unknown"),
    ],
)
def test_a_wrong_option_is_named(options, said):
    with pytest.raises(ValueError, match=said):
        read_options({"classes": CLASSES, **options})
