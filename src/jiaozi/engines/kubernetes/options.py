"""The engine's options, checked once, with the name of what is wrong and what would be right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

VOUCHER = "{voucher}"
_WORD = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_IMAGE = re.compile(r"[A-Za-z0-9][\w.:/@+-]{0,500}")
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_RESOURCE = re.compile(r"([a-z0-9.-]+/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassOptions:
    """What jobs of one resource class are. With ``resource`` the class counts cards, without it cores.

    Attributes
    ----------
    image
        The container image that its commands run in.
    resource
        The cluster's name of a card, as in ``nvidia.com/gpu``.
    selector
        Labels that a node must have.
    queue
        Kueue's local queue; the cluster must have Kueue.
    session_image
        The image of its sessions; empty: the same.
    """

    image: str
    resource: str = ""
    selector: Mapping[str, str] = field(default_factory=dict)
    queue: str = ""
    priority: str = ""
    session_image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What an operator may set; ``docs/operating/kubernetes.md`` says more of each.

    Attributes
    ----------
    kubeconfig, context
        How the cluster is reached; an empty path takes the service account of the pod that this runs in.
    namespace
        Where jobs run; with ``{voucher}`` in it, each voucher has a namespace of its own, with ``quota``.
    quota
        What one voucher's jobs may have at once, in the cluster's words: ``{"requests.cpu": "64"}``.
    run_as
        User and group id of every job.
    wait_max_s
        How long the cluster lets a job wait for room before it gives it up.
    keep_hours
        How long a job whose usage was read stays in the cluster, for its log.
    jupyter, sshd
        Words that start them in a session's image, which has Python 3.8; empty: no such sessions.
    session_user
        The name that the image gives to ``run_as``, with a shell; SSH alone.
    session_wait_s
        How long the cluster lets a session wait for room.
    session_claim
        A PersistentVolumeClaim in the namespace that keeps saved files; without one they are what fits into a log.
    """

    classes: dict[str, ClassOptions] = field(default_factory=dict)
    name: str = "kubernetes"
    kubeconfig: str = ""
    context: str = ""
    namespace: str = "jiaozi"
    quota: Mapping[str, str] = field(default_factory=dict)
    run_as: int = 65534
    disk_mib: int = 1024
    elastic: bool = False
    wait_max_s: int = 7 * 86_400
    keep_hours: int = 72
    grace_s: int = 2
    timeout_s: int = 20
    files_bytes_max: int = 900_000
    answer_bytes_max: int = 64 * 1024 * 1024
    kill_lag_ms: int = 10_000
    # sessions
    jupyter: tuple[str, ...] = ()
    sshd: tuple[str, ...] = ()
    sftp: str = "/usr/lib/openssh/sftp-server"
    session_user: str = "jiaozi"
    session_port: int = 8888
    session_wait_s: int = 600
    session_grace_s: int = 30
    session_claim: str = ""
    session_bytes_max: int = 10 * 1024 * 1024 * 1024
    session_log_bytes_max: int = 4 * 1024 * 1024

    @property
    def by_voucher(self) -> bool:
        """Whether each voucher has a namespace of its own."""
        return VOUCHER in self.namespace


def read_options(given: Mapping[str, Any]) -> Options:
    """Check the options.

    Raises
    ------
    ValueError
        Naming the option and what would be right.
    """
    known = {each.name for each in fields(Options)}
    for name in given:
        if name not in known:
            raise ValueError(f"engine option {name!r} is unknown; known are {', '.join(sorted(known))}")
    words = {name: _program(name, given.get(name, ())) for name in ("jupyter", "sshd")}
    options = Options(**{**given, **words, "classes": _classes(given.get("classes"))})
    for name in ("session_user", *(["session_claim"] if options.session_claim else [])):
        if not _WORD.fullmatch(getattr(options, name)):
            raise ValueError(f"engine option {name!r} is no plain name: {getattr(options, name)!r}")
    if not _WORD.fullmatch(options.name):
        raise ValueError(f"engine option 'name' is no plain word: {options.name!r}")
    if not _NAMESPACE.fullmatch(options.namespace.replace(VOUCHER, "0" * 36)):
        raise ValueError(
            f"engine option 'namespace' must be small letters, digits and hyphens, at most 63 with a voucher's id, "
            f"not {options.namespace!r}"
        )
    if options.quota and not options.by_voucher:
        raise ValueError("engine option 'quota' is for a voucher's own namespace: put {voucher} into 'namespace'")
    for name, amount in options.quota.items():
        if not isinstance(amount, str):
            raise ValueError(f"engine option 'quota': {name!r} needs a text, as in \"64\", not {amount!r}")  # noqa: TRY004
    _check_numbers(options)
    return options


def _check_numbers(options: Options) -> None:
    for name, least in (
        ("run_as", 1),
        ("disk_mib", 1),
        ("wait_max_s", 1),
        ("keep_hours", 1),
        ("grace_s", 1),
        ("timeout_s", 1),
        ("files_bytes_max", 1024),
        ("answer_bytes_max", 1024),
        ("kill_lag_ms", 0),
        ("session_port", 1024),
        ("session_wait_s", 1),
        ("session_grace_s", 1),
        ("session_bytes_max", 1024),
        ("session_log_bytes_max", 0),
    ):
        value = getattr(options, name)
        if not isinstance(value, int) or value < least:
            raise ValueError(f"engine option {name!r} must be a whole number of at least {least}, not {value!r}")


def _program(name: str, words: Any) -> tuple[str, ...]:
    if isinstance(words, str) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"engine option {name!r} must be a list of words, not {words!r}")
    return tuple(words)


def _classes(given: Any) -> dict[str, ClassOptions]:
    if not isinstance(given, Mapping) or not given:
        raise ValueError(
            "engine option 'classes' must say what each resource class is: "
            '{"gpu-910b": {"image": "registry/base:1", "resource": "huawei.com/Ascend910"}}'
        )
    known = {each.name for each in fields(ClassOptions)}
    found = {}
    for name, made in given.items():
        if not isinstance(made, Mapping) or "image" not in made or set(made) - known:
            raise ValueError(
                f"engine option 'classes': {name!r} needs an image and may have {', '.join(sorted(known))}"
            )
        each = ClassOptions(**made)
        words = [name, each.queue, each.priority, *each.selector.values()]
        if any(word and not _WORD.fullmatch(str(word)) for word in words):
            raise ValueError(f"engine option 'classes': {name!r} has a word that no label may be: {words}")
        for image in (each.image, each.session_image or each.image):
            if not _IMAGE.fullmatch(image):
                raise ValueError(f"engine option 'classes': {image!r} of {name!r} is no image's name")
        if each.resource and not _RESOURCE.fullmatch(each.resource):
            raise ValueError(f"engine option 'classes': {each.resource!r} of {name!r} is no resource's name")
        found[str(name)] = each
    return found
