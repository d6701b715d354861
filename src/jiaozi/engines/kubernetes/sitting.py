"""Sessions on a Kubernetes cluster: what is written into it for one, and how its limit is held, moved and ended.

A pod's own deadline can only be lowered, so a session has none: its limit is held twice. In the pod the launcher
follows an annotation and ends in time before that, with nobody watching. Whoever does not is killed by the job's
deadline, which can be raised. It counts from when the cluster took the job, so it is set to the limit once the
container is seen to run; until then it allows for ``session_wait_s`` of waiting as well. A session is cancelled by
moving its limit to now, so that its files are saved; deleting its pod would leave it ``grace_s``.
"""

from __future__ import annotations

import base64
import json
import math
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)
from lightkube.models.core_v1 import (
    ContainerPort,
    DownwardAPIVolumeFile,
    DownwardAPIVolumeSource,
    ExecAction,
    ObjectFieldSelector,
    PersistentVolumeClaimVolumeSource,
    Probe,
    Volume,
    VolumeMount,
)
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Pod

from jiaozi.engines.kubernetes import manifest
from jiaozi.engines.kubernetes.options import ClassOptions, Options
from jiaozi.engines.kubernetes.pod import is_over, is_ready, last_words, run_of
from jiaozi.engines.kubernetes.work import CANCEL_NOTE, LIMIT_NOTE, Work
from jiaozi.engines.sessions.dressing import CONFIG, Programs, dressed, read_saved
from jiaozi.order.ports import JUPYTERLAB, SSH, Access, JobSpec, Saved, UnableToExtend

_GIVEN, _LIMIT, _SAVED, _NOTE = "/jiaozi-files", "/jiaozi-limit", "/jiaozi-saved", "/dev/termination-log"
_ACCESS, _ARCHIVE = ".jiaozi/access.json", "saved.tar.gz"
_READY = ["python3", "-ISc", f"import os, sys; sys.exit(not os.path.exists({_ACCESS!r}))"]
_READY_EVERY_S, _READY_WITHIN_S = 5, 10
_LAG_S = 2
"""Between the launcher's end and the job's deadline: instants of the cluster are whole seconds."""


def programs(options: Options) -> Programs:
    """Give what the operator named."""
    return Programs(jupyter=options.jupyter, sshd=options.sshd, sftp=options.sftp)


def dress(spec: JobSpec, options: Options) -> JobSpec:
    """Give the job that opens a session, with the way into it: made here, it lies in the cluster's secret alone.

    Raises
    ------
    UnableToSubmit
        When the centre opens no such session, or a file has a name that the session needs.
    """
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    opens = spec.session.opens if spec.session else ""
    return dressed(
        spec,
        programs(options),
        listen="0.0.0.0",  # noqa: S104 - of the pod's own network
        access=_ACCESS,
        archive=f"{_SAVED}/{_ARCHIVE}" if options.session_claim else f".jiaozi/{_ARCHIVE}",
        archive_bytes_max=options.session_bytes_max if options.session_claim else options.session_log_bytes_max,
        end_within_s=options.session_grace_s,
        more={
            "given": _GIVEN,
            "limit": f"{_LIMIT}/ms",
            "port": options.session_port,
            "token": secrets.token_urlsafe(32) if opens == JUPYTERLAB else "",
            "host_key": key.decode() if opens == SSH else "",
            "note": _NOTE,
            "output_bytes_max": options.session_log_bytes_max,
        },
    )


def seat(job: Job, spec: JobSpec, made: ClassOptions, options: Options) -> Job:
    """Make the job of a dressed session out of a batch job's."""
    assert job.spec is not None  # noqa: S101 - it was made here
    template = job.spec.template
    assert template.metadata is not None and template.spec is not None  # noqa: S101, PT018 - the same
    pod, (container,) = template.spec, template.spec.containers
    job.spec.activeDeadlineSeconds = manifest.limit_s(spec) + options.session_wait_s + _LAG_S
    notes = {**(template.metadata.annotations or {}), LIMIT_NOTE: str(spec.time_limit_ms)}
    template.metadata.annotations = notes
    pod.activeDeadlineSeconds = None
    container.image = made.session_image or made.image
    container.ports = [ContainerPort(containerPort=options.session_port)]
    container.readinessProbe = Probe(
        exec=ExecAction(command=_READY),
        periodSeconds=_READY_EVERY_S,
        timeoutSeconds=_READY_WITHIN_S,
        failureThreshold=1,
    )
    field = ObjectFieldSelector(fieldPath=f"metadata.annotations['{LIMIT_NOTE}']")
    told = DownwardAPIVolumeSource(items=[DownwardAPIVolumeFile(path="ms", fieldRef=field)])
    pod.volumes = [*(pod.volumes or []), Volume(name="limit", downwardAPI=told)]
    container.volumeMounts = [
        *(each for each in container.volumeMounts or [] if each.name == "home"),
        VolumeMount(name="files", mountPath=_GIVEN, readOnly=True),
        VolumeMount(name="limit", mountPath=_LIMIT, readOnly=True),
    ]
    if options.session_claim:
        claim = PersistentVolumeClaimVolumeSource(claimName=options.session_claim)
        pod.volumes.append(Volume(name="saved", persistentVolumeClaim=claim))
        container.volumeMounts.append(VolumeMount(name="saved", mountPath=_SAVED, subPath=manifest.name_of(spec)))
    return job


def deadline_s(each: Work) -> int | None:
    """Give the deadline that a session's job must have now; None where it has it, or nobody can say yet."""
    began, limit_ms = _began(each), limit_of(each)
    if each.job is None or each.job.spec is None or each.ended or began is None or limit_ms is None or each.cancelled:
        return None
    wanted = deadline_for(each, began + timedelta(milliseconds=limit_ms))
    return None if wanted == each.job.spec.activeDeadlineSeconds else wanted


def deadline_for(each: Work, end: datetime) -> int | None:
    """Give the deadline of a job that must be over at an instant; None where the cluster did not begin with it yet."""
    taken_at = each.job.status.startTime if each.job is not None and each.job.status is not None else None
    return max(1, math.ceil((end - taken_at).total_seconds()) + _LAG_S) if taken_at is not None else None


def limit_of(each: Work) -> int | None:
    """Give a session's limit in ms as its pod reads it; None for a batch job."""
    notes = (each.pods[-1].metadata.annotations if each.pods and each.pods[-1].metadata else None) or {}
    said = notes.get(LIMIT_NOTE, "")
    return int(said) if said.isdecimal() else None


def check_extendable(each: Work, grace_ms: int, now: datetime) -> int:
    """Give the limit that a session has, if it may still be raised.

    Raises
    ------
    UnableToExtend
        When it is over or about to end.
    """
    began, limit_ms = _began(each), limit_of(each)
    over = began is None or limit_ms is None or each.ended or each.leaving or each.cancelled
    if over or now >= began + timedelta(milliseconds=limit_ms - grace_ms):  # type: ignore[operator]  # not None: over
        raise UnableToExtend(
            "SESSION_ENDING", "会话已结束或即将结束", "the session is over, or about to end", field="order"
        )
    return limit_ms or 0


def limit_patch(limit_ms: int) -> dict[str, Any]:
    """Write a limit for the launcher to read."""
    return {"metadata": {"annotations": {LIMIT_NOTE: str(limit_ms)}}}


def deadline_patch(deadline: int) -> dict[str, Any]:
    """Write a deadline for the cluster to hold."""
    return {"spec": {"activeDeadlineSeconds": deadline}}


def cancel_patch(each: Work, now: datetime, grace_s: int) -> dict[str, Any]:
    """Write that a session's end was asked for, and that the cluster brings it about if the session does not."""
    said: dict[str, Any] = {"metadata": {"annotations": {CANCEL_NOTE: now.isoformat()}}}
    deadline = deadline_for(each, now + timedelta(seconds=grace_s))
    has = each.job.spec.activeDeadlineSeconds if each.job is not None and each.job.spec is not None else None
    return said | deadline_patch(min(deadline, has or deadline)) if deadline is not None else said


def listens(pod: Pod) -> bool:
    """Say whether a session can be reached."""
    leaving = pod.metadata is not None and pod.metadata.deletionTimestamp is not None
    return not leaving and not is_over(pod) and is_ready(pod)


def access(pod: Pod, files: Mapping[str, str], options: Options) -> Access | None:
    """Read the way into a session that listens, out of the files that travelled with it."""
    address = pod.status.podIP if pod.status else None
    if CONFIG not in files or not address:
        return None
    config = json.loads(base64.b64decode(files[CONFIG]))
    host_key = ""
    if config["host_key"]:
        public = load_ssh_private_key(config["host_key"].encode(), None).public_key()
        host_key = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return Access(
        opens=config["opens"],
        node=(pod.spec.nodeName if pod.spec else None) or "",
        host=address,
        port=options.session_port,
        token=config["token"],
        user=options.session_user if host_key else "",
        host_key=host_key,
    )


def saved(each: Work) -> Saved | None:
    """Read what an ended session said of its files."""
    return next((found for pod in reversed(each.pods) if (found := read_saved(last_words(pod).encode()))), None)


def place_of(order: str) -> str:
    """Say where on the claim an order's files lie."""
    return f"jiaozi-{order}/{_ARCHIVE}"


def _began(each: Work) -> datetime | None:
    run = run_of(each.pods[-1]) if each.pods else None
    return run.started_at if run is not None else None
