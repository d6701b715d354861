"""What is written into the cluster for an order: a job, its files, and the room that its voucher has."""

from __future__ import annotations

import base64

from lightkube.models.batch_v1 import JobSpec as JobFields
from lightkube.models.core_v1 import (
    Capabilities,
    Container,
    EmptyDirVolumeSource,
    EnvVar,
    PodSecurityContext,
    PodSpec,
    PodTemplateSpec,
    ResourceQuotaSpec,
    ResourceRequirements,
    SeccompProfile,
    SecretVolumeSource,
    SecurityContext,
    Volume,
    VolumeMount,
)
from lightkube.models.meta_v1 import ObjectMeta, OwnerReference
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Namespace, ResourceQuota, Secret

from jiaozi.engines.kubernetes.cluster import ENGINE_LABEL, ORDER_LABEL, USAGE
from jiaozi.engines.kubernetes.options import VOUCHER, ClassOptions, Options
from jiaozi.order.ports import JobSpec, UnableToSubmit

CLASS_LABEL, UNITS_NOTE, WHY_NOTE = "jiaozi/class", "jiaozi/units", "jiaozi/withdrawn"
CONTAINER = "job"
_HOME = "/jiaozi"
_KUEUE_QUEUE, _KUEUE_TIME = "kueue.x-k8s.io/queue-name", "kueue.x-k8s.io/max-exec-time-seconds"
_QUOTA = "jiaozi"


def limit_s(spec: JobSpec) -> int:
    """Give the time limit in the cluster's unit, rounded up."""
    return -(-spec.time_limit_ms // 1000)


def namespace_of(spec: JobSpec, options: Options) -> str:
    """Give the namespace that an order's job runs in.

    Raises
    ------
    UnableToSubmit
        When each voucher has its own and the order has no voucher.
    """
    if not options.by_voucher:
        return options.namespace
    if spec.voucher_id is None:
        raise UnableToSubmit(
            "VOUCHER_MISSING",
            "该中心按券划分命名空间，作业须属于一张券",
            "this centre has a namespace for each voucher; the job belongs to none",
            field="voucher_id",
        )
    return options.namespace.replace(VOUCHER, str(spec.voucher_id))


def job(spec: JobSpec, made: ClassOptions, options: Options) -> Job:
    """Write the job.

    The pod's own deadline is the limit: its node holds it, from when the pod is there, with nobody watching. The job's
    deadline ends what finds no room. One pod, never a second try: a retry would run on the same hold. A server before
    1.28 drops the policy that says so for a pod that is taken away (``Work.begun_again``).
    """
    labels = {
        "app.kubernetes.io/managed-by": "jiaozi",
        ENGINE_LABEL: options.name,
        ORDER_LABEL: str(spec.order_id),
        CLASS_LABEL: spec.resource_class,
    }
    notes = {UNITS_NOTE: str(spec.cards or spec.cores)}
    queued = {_KUEUE_QUEUE: made.queue, _KUEUE_TIME: str(limit_s(spec))} if made.queue else {}
    return Job(
        metadata=ObjectMeta(
            name=name_of(spec),
            namespace=namespace_of(spec, options),
            labels={**labels, **queued},
            annotations=notes,
            finalizers=[USAGE],
        ),
        spec=JobFields(
            backoffLimit=0,
            completions=1,
            parallelism=1,
            podReplacementPolicy="Failed",
            activeDeadlineSeconds=options.wait_max_s + limit_s(spec),
            suspend=True if made.queue else None,
            template=PodTemplateSpec(
                metadata=ObjectMeta(labels=labels, annotations=notes, finalizers=[USAGE]),
                spec=_pod(spec, made, options),
            ),
        ),
    )


def _pod(spec: JobSpec, made: ClassOptions, options: Options) -> PodSpec:
    takes = {"cpu": str(spec.cores), "memory": f"{spec.memory_mib}Mi"}
    if made.resource:
        takes[made.resource] = str(spec.cards)
    mounts = [VolumeMount(name="home", mountPath=_HOME)]
    volumes = [Volume(name="home", emptyDir=EmptyDirVolumeSource(sizeLimit=f"{options.disk_mib}Mi"))]
    if spec.files:
        files = SecretVolumeSource(secretName=name_of(spec), defaultMode=0o555)
        volumes.append(Volume(name="files", secret=files))
        mounts += [
            VolumeMount(name="files", mountPath=f"{_HOME}/{name}", subPath=name, readOnly=True)
            for name in sorted(spec.files)
        ]
    return PodSpec(
        restartPolicy="Never",
        activeDeadlineSeconds=limit_s(spec),
        terminationGracePeriodSeconds=options.grace_s,
        automountServiceAccountToken=False,
        enableServiceLinks=False,
        nodeSelector=dict(made.selector) or None,
        priorityClassName=made.priority or None,
        securityContext=PodSecurityContext(
            runAsNonRoot=True,
            runAsUser=options.run_as,
            runAsGroup=options.run_as,
            fsGroup=options.run_as,
            seccompProfile=SeccompProfile(type="RuntimeDefault"),
        ),
        containers=[
            Container(
                name=CONTAINER,
                image=made.image,
                imagePullPolicy="IfNotPresent",
                command=[_plain(word) for word in spec.command],
                workingDir=_HOME,
                env=[EnvVar(name="HOME", value=_HOME), EnvVar(name="TMPDIR", value=_HOME)],
                resources=ResourceRequirements(requests=takes, limits=takes),
                volumeMounts=mounts,
                securityContext=SecurityContext(
                    allowPrivilegeEscalation=False, capabilities=Capabilities(drop=["ALL"]), privileged=False
                ),
            )
        ],
        volumes=volumes,
    )


def secret(spec: JobSpec, owner: Job, options: Options) -> Secret:
    """Write the order's files; they go with the job.

    Raises
    ------
    UnableToSubmit
        When they are more than one object may hold.
    """
    meta = owner.metadata
    owners = [OwnerReference(apiVersion="batch/v1", kind="Job", name=name_of(spec), uid=meta.uid or "")] if meta else []
    return Secret(
        metadata=ObjectMeta(
            name=name_of(spec),
            namespace=namespace_of(spec, options),
            labels={ENGINE_LABEL: options.name, ORDER_LABEL: str(spec.order_id)},
            ownerReferences=owners,
        ),
        immutable=True,
        data={name: base64.b64encode(content).decode() for name, content in spec.files.items()},
    )


def check_files(spec: JobSpec, options: Options) -> None:
    """Refuse files that can't travel.

    Raises
    ------
    UnableToSubmit
        When they are more than one object of the cluster may hold.
    """
    size = sum(len(name) + len(content) for name, content in spec.files.items())
    if size > options.files_bytes_max:
        raise UnableToSubmit(
            "FILES_TOO_LARGE",
            f"输入文件作为Secret提交，最多{options.files_bytes_max}字节，当前为{size}；请从作业内下载",
            f"files travel as one secret: at most {options.files_bytes_max} bytes, not {size}; let the job fetch them",
            field="files",
        )


def namespace(spec: JobSpec, options: Options) -> Namespace:
    """Write a voucher's namespace."""
    labels = {"app.kubernetes.io/managed-by": "jiaozi", ENGINE_LABEL: options.name}
    return Namespace(metadata=ObjectMeta(name=namespace_of(spec, options), labels=labels))


def quota(spec: JobSpec, options: Options) -> ResourceQuota | None:
    """Write what a voucher's jobs may have at once."""
    if not options.quota:
        return None
    meta = ObjectMeta(name=_QUOTA, namespace=namespace_of(spec, options))
    return ResourceQuota(metadata=meta, spec=ResourceQuotaSpec(hard=dict(options.quota)))


def name_of(spec: JobSpec) -> str:
    """Give the job's name for ever."""
    return f"jiaozi-{spec.order_id}"


def _plain(word: str) -> str:
    """Keep a word as it is: the cluster would put its own values in for ``$(NAME)``."""
    return word.replace("$(", "$$(")
