"""The engine's options, checked once, and where its spool may lie."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

_MIB = 1024 * 1024
_ISOLATIONS = ("required", "where_possible", "account")
_OTHERS_MAY_ENTER = 0o001


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What an operator may set.

    Attributes
    ----------
    enabled
        Whether jobs may start on this machine; off, the engine still watches those it has.
    spool
        Folder of all jobs; empty: ``jobs`` below ``var``.
    cores, memory_mib
        What all running jobs together may claim; 0 takes what the machine has.
    resource_classes
        Names that it serves, all out of the same cores; empty serves any.
    isolation
        ``required`` refuses jobs where the machine allows no namespaces, ``where_possible`` runs them less well held,
        ``account`` never tries.
    software
        Further folders of programs that jobs may read; their ``bin`` comes first in PATH.
    disk_mib
        Most that a job may keep in its private folder.
    jupyter, sshd
        The programs that open sessions; empty: none of the kind.
    """

    enabled: bool = False
    name: str = "process"
    spool: str = ""
    var: str = "var"
    cores: int = 0
    memory_mib: int = 0
    resource_classes: tuple[str, ...] = ()
    isolation: str = "required"
    software: tuple[str, ...] = ()
    disk_mib: int = 1_024
    queue_max: int = 10_000
    kill_lag_ms: int = 500
    jupyter: str = ""
    sshd: str = ""


def read_options(given: Mapping[str, Any]) -> Options:
    """Check the options and fill in what the machine has.

    Raises
    ------
    ValueError
        Naming the option and what would be right.
    """
    known = {field.name for field in fields(Options)}
    for name in given:
        if name not in known:
            raise ValueError(f"engine option {name!r} is unknown; known are {', '.join(sorted(known))}")
    wanted = dict(given)
    for name in ("resource_classes", "software"):
        if isinstance(wanted.get(name), str):
            raise ValueError(f"engine option {name!r} must be a list of names, not one text")  # noqa: TRY004 - one kind of error
        wanted[name] = tuple(str(word) for word in wanted.get(name, ()))
    for name in ("spool", "var"):
        wanted[name] = str(wanted.get(name) or getattr(Options(), name))
    options = Options(**wanted)
    _check_programs(options)
    if options.isolation not in _ISOLATIONS:
        raise ValueError(
            f"engine option 'isolation' must be one of {', '.join(_ISOLATIONS)}, not {options.isolation!r}"
        )
    for name in ("cores", "memory_mib", "disk_mib", "queue_max", "kill_lag_ms"):
        if not isinstance(getattr(options, name), int) or getattr(options, name) < 0:
            raise ValueError(f"engine option {name!r} must be a whole number of at least 0")
    machine_mib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MIB
    wanted["cores"] = options.cores or os.cpu_count() or 1
    wanted["memory_mib"] = options.memory_mib or machine_mib
    return Options(**wanted)


def _check_programs(options: Options) -> None:
    for name in ("jupyter", "sshd"):
        program = getattr(options, name)
        if program and not (program.startswith("/") and os.access(program, os.X_OK)):
            raise ValueError(f"engine option {name!r} must be the absolute path of a program, not {program!r}")


def spool_folder(options: Options, *, by_account: bool) -> Path:
    """Say where the spool lies.

    Where jobs are held by their account alone (``by_account``: root without namespaces), that account must be able to
    walk to its folder; no parent's permissions are opened for that, the spool goes where all parents are open already.
    """
    wanted = Path(options.spool) if options.spool else Path(options.var) / "jobs"
    wanted = wanted.resolve()
    if not by_account or all(_is_open(parent) for parent in wanted.parents):
        return wanted
    return Path("/var/lib/jiaozi", hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12], "jobs")


def _is_open(folder: Path) -> bool:
    return not folder.exists() or bool(folder.stat().st_mode & _OTHERS_MAY_ENTER)
