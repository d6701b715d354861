"""The engine's options, checked once, with the name of what is wrong and what would be right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,127}")
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")
_PATH = re.compile(r"/[^\0\n]*")
GPU = "GPU"
"""Ray's own name for cards; every other name is a custom resource of the cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassOptions:
    """What jobs of one resource class take. With ``resource`` the class counts cards, without it cores."""

    resource: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What an operator may set; ``docs/operating/ray.md`` says more of each.

    Attributes
    ----------
    classes
        Resource class → what its jobs take.
    url
        The dashboard's address, where the Jobs API is.
    elastic
        Whether the cluster grows by itself, so that what no node has now may still come.
    keep_hours
        How long a job whose usage was read stays in Ray's list, for its log and a session's saved files.
    jupyter, sshd
        The words that start JupyterLab and an SSH server on a node; empty: the centre opens no such session.
    sessions_share_an_account
        The operator's word that one organisation alone uses the cluster, where everybody is one user. Without it no
        session is opened.
    session_key_file
        The platform's key from which the secrets of each session are drawn; made where it is not there.
    session_host
        The node's address at which sessions listen; a loopback address is reached by a tunnel to the node.
    session_folder
        Folder on the nodes that keeps saved files; empty: beside Ray's logs.
    session_grace_s
        How long a session gets to end and to save its files.
    """

    classes: dict[str, ClassOptions] = field(default_factory=dict)
    url: str
    name: str = "ray"
    token_file: str = ""
    ca_file: str = ""
    python: str = "python3"
    elastic: bool = False
    keep_hours: int = 72
    timeout_s: int = 20
    answer_bytes_max: int = 64 * 1024 * 1024
    kill_lag_ms: int = 3_000
    # sessions
    jupyter: tuple[str, ...] = ()
    sshd: tuple[str, ...] = ()
    sftp: str = "/usr/lib/openssh/sftp-server"
    sessions_share_an_account: bool = False
    session_key_file: str = ""
    session_host: str = "127.0.0.1"
    session_folder: str = ""
    session_grace_s: int = 60
    session_bytes_max: int = 10 * 1024**3


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
    url = str(given.get("url", ""))
    if not re.match(r"https?://[^/]", url):
        raise ValueError(f"engine option 'url' must be the dashboard's address, as in http://head:8265, not {url!r}")
    words = {name: _words(name, given[name]) for name in ("jupyter", "sshd") if name in given}
    options = Options(**{**given, **words, "url": url.rstrip("/"), "classes": _classes(given.get("classes"))})
    if not _WORD.fullmatch(options.name):
        raise ValueError(f"engine option 'name' is no plain word: {options.name!r}")
    if not re.fullmatch(r"[\w./-]+", options.python):
        raise ValueError(f"engine option 'python' must be a program's name or path, not {options.python!r}")
    for name, least in (
        ("timeout_s", 1),
        ("answer_bytes_max", 1024),
        ("kill_lag_ms", 0),
        ("keep_hours", 1),
        ("session_grace_s", 1),
        ("session_bytes_max", 1),
    ):
        value = getattr(options, name)
        if not isinstance(value, int) or value < least:
            raise ValueError(f"engine option {name!r} must be a whole number of at least {least}, not {value!r}")
    _check_sessions(options)
    return options


def _check_sessions(options: Options) -> None:
    said = options.sessions_share_an_account
    if said not in (True, False):
        raise ValueError(f"engine option 'sessions_share_an_account' must be true or false, not {said!r}")
    if said and not options.session_key_file:
        raise ValueError("engine option 'sessions_share_an_account' needs session_key_file, the platform's own key")
    if not isinstance(options.session_host, str) or not _HOST.fullmatch(options.session_host):
        raise ValueError(f"engine option 'session_host' must be an address of the node, not {options.session_host!r}")
    for name in ("session_folder", "sftp"):
        value = getattr(options, name)
        if value and (not isinstance(value, str) or not _PATH.fullmatch(value)):
            raise ValueError(f"engine option {name!r} must be an absolute path, not {value!r}")


def _words(name: str, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or not all(isinstance(each, str) and each for each in given):
        raise ValueError(f'engine option {name!r} must be a list of words, as in ["jupyter", "lab"], not {given!r}')
    return tuple(given)


def _classes(given: Any) -> dict[str, ClassOptions]:
    if not isinstance(given, Mapping) or not given:
        raise ValueError(
            "engine option 'classes' must say what each resource class takes: "
            '{"cpu": {}, "gpu-910b": {"resource": "910b"}}'
        )
    found = {}
    for name, takes in given.items():
        if not isinstance(takes, Mapping) or set(takes) - {"resource"}:
            raise ValueError(f"engine option 'classes': {name!r} may have a resource, and nothing else")
        for word in (name, *takes.values()):
            if not _WORD.fullmatch(str(word)):
                raise ValueError(f"engine option 'classes': {word!r} of {name!r} is no plain word")
        found[str(name)] = ClassOptions(**{part: str(word) for part, word in takes.items()})
    return found
