"""The engine's options, checked once, with the name of what is wrong and what would be right."""

from __future__ import annotations

import getpass
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,127}")


class Transport(StrEnum):
    """How the cluster is reached."""

    LOCAL = "local"
    SSH = "ssh"
    REST = "rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassOptions:
    """Where jobs of one resource class go. With ``gres`` the class counts cards, without it cores."""

    partition: str
    gres: str = ""
    account: str = ""
    qos: str = ""
    constraint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What an operator may set; ``docs/operating/slurm.md`` says more of each.

    Attributes
    ----------
    classes
        Resource class → where its jobs go.
    folder
        Folder at the centre that login node and compute nodes share and the account may write.
    user
        The account whose jobs these are; empty takes the one that signs in.
    become
        Words put before every program, as in ``sudo -n -u jiaozi``.
    jupyter, sshd
        The words that start JupyterLab and an SSH server on a compute node; empty: the centre opens no such session.
    sessions_share_an_account
        The operator's word that sessions may share the account of all jobs: each is walled off from the rest by the
        centre's own means, or the cluster serves one organisation. Without it no session is opened.
    session_host
        The node's address at which sessions listen; a loopback address is reached by a tunnel to the node.
    session_key_file
        The platform's key out of which a notebook's token is made where slurmrestd is the way: 32 bytes or more.
    session_grace_s
        How long a session gets to end and to save its files.
    operator
        Words put before scontrol where a running job's limit is raised: Slurm lets its operators alone do that. None
        takes ``become``.
    """

    classes: dict[str, ClassOptions] = field(default_factory=dict)
    folder: str
    transport: Transport = Transport.LOCAL
    name: str = "slurm"
    user: str = ""
    account: str = ""
    setup: tuple[str, ...] = ()
    # the command line, here or over SSH
    programs: str = ""
    conf: str = ""
    become: tuple[str, ...] = ()
    # SSH
    host: str = ""
    login: str = ""
    port: int = 22
    key_file: str = ""
    known_hosts: str = ""
    # slurmrestd
    url: str = ""
    token_file: str = ""
    api_version: str = ""
    logs_folder: str = ""
    # sessions
    jupyter: tuple[str, ...] = ()
    sshd: tuple[str, ...] = ()
    sessions_share_an_account: bool = False
    session_host: str = "127.0.0.1"
    session_grace_s: int = 60
    session_key_file: str = ""
    session_bytes_max: int = 10 * 1024 * 1024 * 1024
    operator: tuple[str, ...] | None = None
    # bounds
    timeout_s: int = 20
    answer_bytes_max: int = 64 * 1024 * 1024
    script_bytes_max: int = 3 * 1024 * 1024
    kill_lag_ms: int = 35_000
    late_days: int = 31
    # the centre's gate
    cluster: str = ""
    permit_key_file: str = ""
    permit_valid_s: int = 7 * 86_400
    gated: bool = False


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
    wanted = dict(given)
    wanted["transport"] = _transport(given.get("transport", "local"))
    wanted["classes"] = _classes(given.get("classes"))
    for name in ("setup", "become", "jupyter", "sshd", *(["operator"] if given.get("operator") is not None else [])):
        if isinstance(wanted.get(name), str):
            raise ValueError(f"engine option {name!r} must be a list, not one text")  # noqa: TRY004 - one kind of error
        wanted[name] = tuple(str(word) for word in wanted.get(name, ()))
    folder = str(wanted.setdefault("folder", ""))
    if not folder.startswith("/") or "\n" in folder or "%" in folder:
        raise ValueError(f"engine option 'folder' must be an absolute path at the centre, without %, not {folder!r}")
    if type(wanted.get("sessions_share_an_account", False)) is not bool:
        raise ValueError("engine option 'sessions_share_an_account' must be true or false")
    options = Options(**wanted)
    _check_numbers(options)
    _check_transport(options)
    if options.gated and not options.permit_key_file:
        raise ValueError("engine option 'gated' needs permit_key_file: a gate lets nothing through without a permit")
    if options.permit_key_file and not _WORD.fullmatch(options.cluster):
        raise ValueError("engine option 'cluster' is needed with permit_key_file: the ClusterName of slurm.conf")
    return _signed_in(options, wanted)


def _transport(given: Any) -> Transport:
    try:
        return Transport(given)
    except ValueError:
        raise ValueError(f"engine option 'transport' must be one of {', '.join(Transport)}, not {given!r}") from None


def _classes(given: Any) -> dict[str, ClassOptions]:
    if not isinstance(given, Mapping) or not given:
        raise ValueError(
            'engine option \'classes\' must say where each resource class goes: {"cpu": {"partition": "work"}}'
        )
    known = {each.name for each in fields(ClassOptions)}
    found = {}
    for name, where in given.items():
        if not isinstance(where, Mapping) or "partition" not in where or set(where) - known:
            raise ValueError(
                f"engine option 'classes': {name!r} needs a partition and may have {', '.join(sorted(known))}"
            )
        for part, word in where.items():
            if word and not _WORD.fullmatch(str(word)):
                raise ValueError(f"engine option 'classes': {part} of {name!r} is no plain word: {word!r}")
        if not _WORD.fullmatch(name):
            raise ValueError(f"engine option 'classes': {name!r} is no plain word")
        found[str(name)] = ClassOptions(**{part: str(word) for part, word in where.items()})
    return found


def _check_numbers(options: Options) -> None:
    for name, least in (
        ("port", 1),
        ("timeout_s", 1),
        ("answer_bytes_max", 1024),
        ("script_bytes_max", 1024),
        ("kill_lag_ms", 0),
        ("late_days", 1),
        ("permit_valid_s", 60),
        ("session_grace_s", 1),
        ("session_bytes_max", 1024),
    ):
        value = getattr(options, name)
        if not isinstance(value, int) or value < least:
            raise ValueError(f"engine option {name!r} must be a whole number of at least {least}, not {value!r}")


def _check_transport(options: Options) -> None:
    if options.transport is Transport.SSH:
        for name in ("host", "known_hosts", "key_file"):
            if not getattr(options, name):
                raise ValueError(f"engine option {name!r} is needed with transport ssh")
    if options.transport is Transport.REST:
        if not re.match(r"unix:/|https?://", options.url):
            raise ValueError(f"engine option 'url' must begin with unix:/ or http://, not {options.url!r}")
        if not options.user:
            raise ValueError("engine option 'user' is needed with transport rest: the account of the token or socket")
        if not options.url.startswith("unix:") and not options.token_file:
            raise ValueError("engine option 'token_file' is needed with slurmrestd over TCP")


def _signed_in(options: Options, wanted: dict[str, Any]) -> Options:
    if not options.user:
        if options.transport is Transport.SSH or options.become:
            raise ValueError("engine option 'user' is needed: the account at the centre whose jobs these are")
        wanted["user"] = getpass.getuser()
    if not _WORD.fullmatch(wanted["user"]):
        raise ValueError(f"engine option 'user' is no plain account name: {wanted['user']!r}")
    return Options(**wanted)
