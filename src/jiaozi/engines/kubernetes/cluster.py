"""One cluster's API server, by lightkube: what the engine asks of it; each call bounded, each failure one reason."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any

import httpx2
import msgspec
from lightkube import ApiError, Client, KubeConfig
from lightkube.config.client_adapter import verify_cluster
from lightkube.core.exceptions import ConfigError
from lightkube.models.core_v1 import Event, Node
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Event as Events
from lightkube.resources.core_v1 import Namespace, Pod, ResourceQuota, Secret
from lightkube.resources.core_v1 import Node as Nodes
from lightkube.types import CascadeType, PatchType

from jiaozi.engines.kubernetes import faults
from jiaozi.engines.kubernetes.options import Options

ENGINE_LABEL, ORDER_LABEL = "jiaozi/engine", "jiaozi/order"
USAGE = "jiaozi/usage"
"""The finalizer of every job and pod of ours: neither goes before what it used was read and kept."""

_LIVING = {"Pending", "Running"}
_PAGE = 500
_MISSING, _FORBIDDEN, _EXISTS = 404, 403, 409


class Bounded(httpx2.BaseTransport):
    """Ends an answer that takes too long or is too much: a server that drips never lets a single read time out."""

    def __init__(self, inner: httpx2.BaseTransport, *, seconds: int, size: int) -> None:
        self._inner, self._seconds, self._size = inner, seconds, size

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Pass a request on."""
        until = time.monotonic() + self._seconds
        answer = self._inner.handle_request(request)
        answer.stream = _Watched(answer, until, self._seconds, self._size)
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class _Watched(httpx2.SyncByteStream):
    def __init__(self, answer: httpx2.Response, until: float, seconds: int, size: int) -> None:
        self._stream, self._until, self._seconds, self._left = answer.stream, until, seconds, size
        self._size = size

    def __iter__(self) -> Iterator[bytes]:
        for part in self._stream:  # type: ignore[union-attr]  # the client is a synchronous one
            self._left -= len(part)
            if self._left < 0:
                raise faults.too_large(self._size)
            if time.monotonic() > self._until:
                raise faults.timed_out(self._seconds)
            yield part

    def close(self) -> None:
        self._stream.close()  # type: ignore[union-attr]


class Cluster:
    """The API server of one cluster."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._mine: dict[str, Any] = {ENGINE_LABEL: options.name}
        self._where = "*" if options.by_voucher else options.namespace

    @cached_property
    def client(self) -> Client:
        """The connection; made when it is first needed, so that a wrong kubeconfig is a reason and no crash."""
        options = self._options
        try:
            read = KubeConfig.from_file(options.kubeconfig) if options.kubeconfig else KubeConfig.from_service_account()
            config = read.get(options.context or None)
            assert config is not None  # noqa: S101 - it raises for a context that is not there
            assert config.user is not None, "no user in this context"  # noqa: S101
            verify = verify_cluster(config.cluster, config.user, config.abs_file, trust_env=False)
            inner = httpx2.HTTPTransport(verify=verify)
        except (ConfigError, OSError, ValueError, KeyError, TypeError, AssertionError) as problem:
            raise faults.unreadable(problem) from None
        bounded = Bounded(inner, seconds=options.timeout_s, size=options.answer_bytes_max)
        timeout = httpx2.Timeout(options.timeout_s)
        return Client(config, timeout=timeout, trust_env=False, transport=bounded, field_manager="jiaozi")

    def jobs(self) -> list[Job]:
        """Give all jobs of this engine."""
        with self._asking():
            return list(self.client.list(Job, namespace=self._where, labels=self._mine, chunk_size=_PAGE))

    def pods(self, order: str = "") -> list[Pod]:
        """Give all pods of this engine, or those of one order."""
        labels: dict[str, Any] = {**self._mine, ORDER_LABEL: order} if order else self._mine
        with self._asking():
            return list(self.client.list(Pod, namespace=self._where, labels=labels, chunk_size=_PAGE))

    def job_of(self, order: str) -> Job | None:
        """Give an order's job."""
        with self._asking():
            found = self.client.list(Job, namespace=self._where, labels={**self._mine, ORDER_LABEL: order})
            return next(iter(found), None)

    def refusals(self) -> list[Event]:
        """Give the events that say why jobs have no pods."""
        with self._asking():
            fields: dict[str, Any] = {"reason": "FailedCreate", "involvedObject.kind": "Job"}
            return list(self.client.list(Events, namespace=self._where, fields=fields, chunk_size=_PAGE))

    def nodes(self) -> list[Node] | None:
        """Give all nodes; None where the account may not see them."""
        try:
            with self._asking(bare=True):
                return list(self.client.list(Nodes, chunk_size=_PAGE))
        except ApiError as problem:
            if problem.status.code == _FORBIDDEN:
                return None
            raise faults.unreachable(problem.status.code or 0, problem.status.message or "") from None

    def everybodys_pods(self) -> list[Pod]:
        """Give all pods that take room, as far as the account may see them."""
        for where in ("*", self._where):
            with suppress(ApiError), self._asking(bare=True):
                found = self.client.list(Pod, namespace=where, chunk_size=_PAGE)
                return [pod for pod in found if pod.status and pod.status.phase in _LIVING]
        return []

    def create(self, job: Job) -> Job | None:
        """Create a job; None where one of this name is there already."""
        try:
            with self._asking(bare=True):
                return self.client.create(job)
        except ApiError as problem:
            code, said = problem.status.code or 0, problem.status.message or ""
            if code == _EXISTS:
                return None
            raise faults.refusal(code, said) from None

    def keeps_suspend(self, job: Job) -> bool:
        """Say whether the server knows ``suspend``: an old one drops it, and would start a job that should wait."""
        with self._asking():
            kept = self.client.create(job, dry_run=True)
        return bool(kept.spec and kept.spec.suspend)

    def add(self, secret: Secret) -> None:
        """Create a secret; one that is there stays."""
        try:
            with self._asking(bare=True):
                self.client.create(secret)
        except ApiError as problem:
            code, said = problem.status.code or 0, problem.status.message or ""
            if code != _EXISTS:
                raise faults.unreachable(code, said) from None

    def prepare(self, namespace: Namespace, quota: ResourceQuota | None) -> None:
        """Make a voucher's namespace and its quota what they should be."""
        with self._asking():
            self.client.apply(namespace, force=True)
            if quota is not None:
                self.client.apply(quota, force=True)

    def end(self, job: Job) -> None:
        """Ask for the end of a job and of its pods; both stay, on their way out, until their usage was read."""
        name, where = _named(job)
        with self._asking(), _gone_is_fine():
            self.client.delete(Job, name, namespace=where, cascade=CascadeType.FOREGROUND)

    def end_pod(self, pod: Pod) -> None:
        """Ask for the end of one pod."""
        name, where = _named(pod)
        with self._asking(), _gone_is_fine():
            self.client.delete(Pod, name, namespace=where)

    def note(self, job: Job, notes: Mapping[str, str]) -> None:
        """Write annotations on a job."""
        self.change(Job, job, {"metadata": {"annotations": dict(notes)}})

    def change(self, kind: type[Job | Pod], each: Job | Pod, patch: Mapping[str, Any]) -> None:
        """Change a job or a pod in place."""
        name, where = _named(each)
        with self._asking(), _gone_is_fine():
            self.client.patch(kind, name, dict(patch), namespace=where, patch_type=PatchType.MERGE)

    def files_of(self, job: Job) -> Mapping[str, str]:
        """Give the files that travelled with a job, in base64; nothing where they are gone."""
        name, where = _named(job)
        try:
            with self._asking(bare=True):
                return self.client.get(Secret, name, namespace=where).data or {}
        except ApiError as problem:
            if problem.status.code == _MISSING:
                return {}
            raise faults.unreachable(problem.status.code or 0, problem.status.message or "") from None

    def let_go(self, kept: Sequence[Job | Pod]) -> None:
        """Take our finalizer off: what they used is kept elsewhere."""
        patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": [USAGE]}}  # others come and go meanwhile
        for each in kept:
            name, where = _named(each)
            with self._asking(), _gone_is_fine():
                self.client.patch(type(each), name, patch, namespace=where, patch_type=PatchType.STRATEGIC)

    def log(self, pod: Pod, tail_bytes: int) -> bytes:
        """Give the last bytes that a pod printed; nothing where it has not begun or its node is away."""
        name, where = _named(pod)
        kept = b""
        try:
            with self._asking(bare=True):
                for line in self.client.log(name, namespace=where):
                    kept = (kept + line.encode())[-tail_bytes:]
        except ApiError as problem:
            if problem.status.code == _MISSING or "waiting to start" in (problem.status.message or ""):
                return b""
            raise faults.unreachable(problem.status.code or 0, problem.status.message or "") from None
        return kept

    @contextmanager
    def _asking(self, *, bare: bool = False) -> Iterator[None]:
        """Turn what goes wrong into a reason; ``bare`` leaves the server's own refusals to the caller."""
        try:
            yield
        except ApiError as problem:
            if bare or problem.status.code == _MISSING:
                raise
            raise faults.unreachable(problem.status.code or 0, problem.status.message or "") from None
        except httpx2.TimeoutException:
            raise faults.timed_out(self._options.timeout_s) from None
        except httpx2.HTTPStatusError as problem:
            raise faults.unreachable(problem.response.status_code, problem.response.text) from None
        except (
            httpx2.RemoteProtocolError,
            httpx2.DecodingError,
            msgspec.MsgspecError,
            TypeError,
            AttributeError,
        ) as bad:
            raise faults.garbled(bad) from None
        except (httpx2.HTTPError, OSError) as problem:
            raise faults.disconnected(problem) from None
        except ConfigError as problem:
            raise faults.unreadable(problem) from None


@contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except ApiError as problem:
        if problem.status.code != _MISSING:
            raise


def _named(each: Job | Pod) -> tuple[str, str]:
    if each.metadata is None or not each.metadata.name or not each.metadata.namespace:
        raise faults.garbled("metadata")
    return each.metadata.name, each.metadata.namespace
