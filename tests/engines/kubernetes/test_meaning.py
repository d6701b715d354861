"""What pods and jobs mean in states that a healthy cluster rarely shows: pure."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from lightkube.models.core_v1 import Event
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Pod

from jiaozi.engines.kubernetes import work
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import JobOutcome, JobState

ORDER = new_id()
LABELS = {"jiaozi/order": str(ORDER), "jiaozi/class": "gpu-910b"}
META = {"name": "x", "namespace": "n", "uid": "u", "labels": LABELS, "creationTimestamp": "2026-11-25T08:00:00Z"}
JOB = {"metadata": META, "spec": {"template": {"spec": {"containers": []}}}, "status": {}}
RUNNING = {"running": {"startedAt": "2026-11-25T08:01:00Z"}}
POD = {
    "metadata": {**META, "annotations": {"jiaozi/units": "2"}},
    "spec": {"nodeName": "a", "activeDeadlineSeconds": 60, "containers": [{"name": "job"}]},
    "status": {"phase": "Running", "startTime": "2026-11-25T08:00:50Z", "containerStatuses": []},
}


def at(text):
    return datetime.fromisoformat(f"2026-11-25T{text}+00:00").astimezone(UTC)


def pod(state=None, **status):
    made = deepcopy(POD)
    made["metadata"]["deletionTimestamp"] = status.pop("taken", None)
    made["metadata"]["deletionGracePeriodSeconds"] = status.pop("grace_s", None)
    if not status.pop("limited", True):
        del made["spec"]["activeDeadlineSeconds"]  # a session's: its job holds the limit
    if not status.pop("placed", True):
        del made["spec"]["nodeName"]
    if state is not None:
        told = {"name": "job", "state": state, "image": "i", "imageID": "", "ready": False, "restartCount": 0}
        made["status"]["containerStatuses"] = [told | status.pop("container", {})]
    made["status"] |= status
    return Pod.from_dict(made)


def over(reason=None, *, ended="08:01:30", code=1, started="08:01:00"):
    done = {
        "exitCode": code,
        "reason": reason,
        "startedAt": f"2026-11-25T{started}Z",
        "finishedAt": f"2026-11-25T{ended}Z",
    }
    return {"terminated": done}


def job(reason=None, taken=None):
    made = deepcopy(JOB)
    made["metadata"]["deletionTimestamp"] = taken
    if reason:
        kind = "Complete" if reason == "Complete" else "Failed"
        made["status"]["conditions"] = [
            {"type": kind, "status": "True", "reason": reason, "lastTransitionTime": "2026-11-25T08:05:00Z"}
        ]
    return Job.from_dict(made)


UNSEEN = {"terminated": {"exitCode": 137, "reason": "ContainerStatusUnknown", "startedAt": None, "finishedAt": None}}
USED_TO_RUN, HAS_ID = {"containerID": "", "lastState": UNSEEN}, {"containerID": "containerd://x"}
TAKEN = "2026-11-25T08:01:20Z"
FAILED = "BackoffLimitExceeded"


@pytest.mark.parametrize(
    ("pods", "head", "outcome", "elapsed_s"),
    [
        ([pod(over(code=0), phase="Succeeded")], job("Complete"), JobOutcome.SUCCEEDED, 30),
        ([pod(over("OOMKilled"), phase="Failed")], job(FAILED), JobOutcome.OUT_OF_MEMORY, 30),
        ([pod(over("Error"), phase="Failed")], job(FAILED), JobOutcome.FAILED, 30),
        # newer clusters tell the container's end, 1.20 leaves it running for ever: then the deadline is the end
        (
            [pod(over(ended="08:01:51"), phase="Failed", reason="DeadlineExceeded")],
            job(FAILED),
            JobOutcome.TIMED_OUT,
            51,
        ),
        ([pod(RUNNING, phase="Failed", reason="DeadlineExceeded")], job(FAILED), JobOutcome.TIMED_OUT, 50),
        ([pod(over(ended="08:01:55"), phase="Failed")], job(FAILED), JobOutcome.TIMED_OUT, 55),
        ([pod(over(), phase="Failed", taken=TAKEN)], job(taken=TAKEN), JobOutcome.CANCELLED, 30),
        ([pod(over(), phase="Failed", taken=TAKEN)], job(FAILED), JobOutcome.LOST, 30),
        ([pod(over(), phase="Failed", reason="Evicted")], job(FAILED), JobOutcome.LOST, 30),
        ([pod(RUNNING, phase="Failed", reason="NodeLost", taken=TAKEN)], job(FAILED), JobOutcome.LOST, 20),
        ([pod(over(), taken=TAKEN)], None, JobOutcome.CANCELLED, 30),
        ([pod(over(ended="08:01:00"), phase="Failed")], job(FAILED), JobOutcome.FAILED, 1),
        # deleted within its limit, which came while it was being ended: it is the deletion that ended it
        ([pod(over(ended="08:01:55"), phase="Failed", taken=TAKEN)], job(FAILED), JobOutcome.LOST, 55),
        ([pod(over(ended="08:01:55"), phase="Failed", taken=TAKEN)], job(taken=TAKEN), JobOutcome.CANCELLED, 55),
        (
            [
                pod(
                    over(ended="08:01:53"),
                    phase="Failed",
                    reason="DeadlineExceeded",
                    taken="2026-11-25T08:01:51Z",
                    grace_s=2,
                )
            ],
            job(FAILED),
            JobOutcome.LOST,
            53,
        ),
        (
            [
                pod(
                    over(ended="08:01:53"),
                    phase="Failed",
                    reason="DeadlineExceeded",
                    taken="2026-11-25T08:01:52Z",
                    grace_s=2,
                )
            ],
            job(FAILED),
            JobOutcome.TIMED_OUT,
            53,
        ),
        ([pod(over(), phase="Failed", taken=TAKEN)], job("DeadlineExceeded"), JobOutcome.TIMED_OUT, 30),
    ],
)
def test_each_end_and_what_it_is_charged(pods, head, outcome, elapsed_s):
    done = work.Work(ORDER, head, tuple(pods))
    status = work.status_of(done)
    assert (status.state, status.outcome) == (JobState.ENDED, outcome)
    (record,) = work.usage_of("k", done)
    assert (record.elapsed_ms, record.outcome, record.units) == (elapsed_s * 1_000, outcome, 2)
    assert record.ended_at - record.started_at == timedelta(seconds=elapsed_s)


def not_ready(at):
    return [{"type": "Ready", "status": "False", "lastTransitionTime": f"2026-11-25T{at}Z"}]


@pytest.mark.parametrize(
    ("pods", "head", "outcome", "elapsed_s"),
    [
        ([pod(UNSEEN, container=HAS_ID, taken=TAKEN)], job(taken=TAKEN), JobOutcome.CANCELLED, 30),
        ([pod(UNSEEN, container=USED_TO_RUN, taken=TAKEN)], job(taken=TAKEN), JobOutcome.CANCELLED, 30),
        ([pod(UNSEEN, container=HAS_ID, phase="Failed", taken=TAKEN)], job(FAILED), JobOutcome.LOST, 30),
        # the node let go of it and still says that it is being made: it used to run
        (
            [pod({"waiting": {"reason": "ContainerCreating"}}, container=USED_TO_RUN, taken=TAKEN, grace_s=0)],
            job(taken=TAKEN),
            JobOutcome.CANCELLED,
            30,
        ),
        # taken away by nobody: up to when it was ready no more, and not for all of its limit
        (
            [pod(UNSEEN, container=USED_TO_RUN, phase="Failed", reason="Evicted", conditions=not_ready("08:01:00"))],
            job(FAILED),
            JobOutcome.LOST,
            10,
        ),
        (
            [pod(UNSEEN, container=HAS_ID, phase="Failed", conditions=not_ready("08:09:00"))],
            job(FAILED),
            JobOutcome.TIMED_OUT,
            60,
        ),
        (
            [pod(UNSEEN, container=HAS_ID, phase="Failed", limited=False, conditions=not_ready("08:09:00"))],
            job("DeadlineExceeded"),
            JobOutcome.TIMED_OUT,
            490,
        ),
        ([pod(UNSEEN, container=HAS_ID, phase="Failed", limited=False)], job(FAILED), JobOutcome.LOST, 1),
    ],
)
def test_a_container_that_its_node_lost_sight_of_did_run(pods, head, outcome, elapsed_s):
    done = work.Work(ORDER, head, tuple(pods))
    status = work.status_of(done)
    assert (status.state, status.outcome, status.started_at) == (JobState.ENDED, outcome, at("08:00:50"))
    (record,) = work.usage_of("k", done)
    assert (record.elapsed_ms, record.outcome) == (elapsed_s * 1_000, outcome)


@pytest.mark.parametrize(
    ("pods", "head", "outcome"),
    [
        ([], job("DeadlineExceeded"), JobOutcome.CANCELLED),
        # kubelet says the same of a container that never was
        ([pod(UNSEEN, taken=TAKEN)], job(taken=TAKEN), JobOutcome.CANCELLED),
        ([pod(UNSEEN, phase="Failed", container={"lastState": {}})], job(FAILED), JobOutcome.FAILED),
        ([], job(taken=TAKEN), JobOutcome.CANCELLED),
        ([pod(over("StartError", started="08:01:00", code=128), phase="Failed")], job(FAILED), None),
        ([pod(taken=TAKEN, placed=False, phase="Pending")], job(taken=TAKEN), JobOutcome.CANCELLED),
        ([pod(phase="Failed", reason="OutOfcpu")], job(FAILED), JobOutcome.FAILED),
        # its node let go of it while it was still fetching the image, and tells no more
        (
            [pod({"waiting": {"reason": "ContainerCreating"}}, phase="Pending", taken=TAKEN, grace_s=0)],
            job(taken=TAKEN),
            JobOutcome.CANCELLED,
        ),
    ],
)
def test_what_never_ran_has_no_record(pods, head, outcome):
    if outcome is None:  # a container that could not be started tells the epoch as its beginning
        pods[0].status.containerStatuses[0].state.terminated.startedAt = datetime.fromtimestamp(0, UTC)
        outcome = JobOutcome.FAILED
    done = work.Work(ORDER, head, tuple(pods))
    status = work.status_of(done)
    assert (status.state, status.outcome, status.started_at) == (JobState.ENDED, outcome, None)
    assert work.usage_of("k", done) == []
    assert status.reason is not None


@pytest.mark.parametrize(
    ("pods", "head", "state"),
    [
        ([pod(RUNNING)], job(), JobState.RUNNING),
        ([pod(RUNNING, taken=TAKEN)], job(taken=TAKEN), JobState.RUNNING),  # asked to end, and not ended yet
        ([pod(RUNNING, phase="Unknown", taken=TAKEN)], job(FAILED), JobState.RUNNING),  # nobody knows about its node
        ([pod()], job(), JobState.QUEUED),
        ([], job(), JobState.QUEUED),
        ([pod(over(code=0), phase="Succeeded")], job(), JobState.RUNNING),  # the job itself may still want another
    ],
)
def test_what_may_still_run_is_not_over(pods, head, state):
    assert work.status_of(work.Work(ORDER, head, tuple(pods))).state is state


def test_two_pods_of_one_order_are_two_records():
    first, second = pod(over(), phase="Failed"), pod(over(code=0), phase="Succeeded")
    second.metadata.uid = "v"
    records = work.usage_of("k", work.Work(ORDER, job("Complete"), (first, second)))
    assert [record.record_id for record in records] == ["k:u", "k:v"]


def test_a_second_run_on_the_same_hold_is_told_from_a_first_one():
    gone, lives, waits = pod(RUNNING, taken=TAKEN), pod(RUNNING), pod()
    assert work.Work(ORDER, job(), (gone, lives)).begun_again
    assert work.Work(ORDER, job(), (pod(over(), phase="Failed"), waits)).begun_again
    never_ran = pod(taken=TAKEN)
    for pods in ((lives,), (gone,), (never_ran, lives), (gone, pod(over(), phase="Failed"))):
        assert not work.Work(ORDER, job(), pods).begun_again
    ended = job(taken=TAKEN)
    ended.metadata.annotations = {work.AGAIN_NOTE: "x"}
    done = work.Work(ORDER, ended, (pod(over(), taken=TAKEN), pod(over(), taken=TAKEN)))
    assert work.status_of(done).outcome is JobOutcome.LOST


def refused(message):
    about = {"uid": "u", "kind": "Job"}
    return Event.from_dict({"metadata": {}, "involvedObject": about, "reason": "FailedCreate", "message": message})


@pytest.mark.parametrize(
    ("message", "forever"),
    [
        ("exceeded quota: q, requested: requests.cpu=2, used: requests.cpu=0, limited: requests.cpu=1", True),
        ("exceeded quota: q, requested: requests.cpu=1, used: requests.cpu=1, limited: requests.cpu=1", False),
        ("exceeded quota: q, requested: memory=2Gi,pods=1, used: memory=0,pods=0, limited: memory=1Gi,pods=5", True),
        ("exceeded quota: q, requested: memory=900Mi, used: memory=1Gi, limited: memory=1Gi", False),
        ("something else", False),
        ("exceeded quota: q, requested: odd=?, used: odd=?, limited: odd=?", False),
    ],
)
def test_a_quota_that_will_never_do_is_told_from_one_that_is_used_up(message, forever):
    waits = work.Work(ORDER, job())
    assert (work.hopeless(waits, [refused(message)]) is not None) is forever
    assert message.split(",")[0].split(":")[0] in work.why_waiting(waits, [refused(message)]).en


def test_an_image_that_is_not_there_ends_the_wait():
    assert work.hopeless(work.Work(ORDER, job(), (pod({"waiting": {"reason": "ErrImageNeverPull"}}),)), [])
    pulling = work.Work(ORDER, job(), (pod({"waiting": {"reason": "ImagePullBackOff"}}),))
    assert work.hopeless(pulling, []) is None
    assert work.why_waiting(pulling, []).en == "waiting (container: ImagePullBackOff)"


def test_work_is_put_together_by_the_order_that_its_labels_name():
    strange = pod()
    strange.metadata.labels = {"jiaozi/order": "nonsense"}
    found = work.gather([job()], [pod(), strange])
    assert list(found) == [ORDER]
    assert (found[ORDER].submitted_at, len(found[ORDER].pods)) == (at("08:00:00"), 1)
