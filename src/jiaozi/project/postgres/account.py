"""Which account the server runs as: PostgreSQL refuses root, so root hands it to an account that already exists.

Jobs run as ``nobody``, so that account comes last: a job must never share the database's account.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from jiaozi.project.postgres.refusal import UnableToStartDatabase

_CANDIDATES = ("postgres", "daemon", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """An existing unprivileged account."""

    name: str
    uid: int
    gid: int


def chosen() -> Account | None:
    """Give the account that root drops to; None for an ordinary user, who keeps its own."""
    if os.geteuid() != 0:
        return None
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise UnableToStartDatabase(
        "database_account_missing",
        f"系统中没有可供数据库使用的非特权账户（{'、'.join(_CANDIDATES)}）：请以普通用户运行",
        f"this system has no unprivileged account for the database ({', '.join(_CANDIDATES)}): run as an ordinary user",
    )


def _may(account: Account, path: Path, bit: int) -> bool:
    state = path.stat()
    if state.st_uid == account.uid:
        return bool(state.st_mode & (bit << 6))
    if state.st_gid == account.gid:
        return bool(state.st_mode & (bit << 3))
    return bool(state.st_mode & bit)


def may_enter(account: Account, folder: Path) -> bool:
    """Whether the account can walk into a folder through all of its parents, by their permission bits alone."""
    try:
        return all(_may(account, part, stat.S_IXOTH) for part in [*reversed(folder.parents), folder])
    except OSError:
        return False


def may_run(account: Account, program: Path) -> bool:
    """Whether the account can reach, read and execute a program."""
    return (
        may_enter(account, program.parent)
        and _may(account, program, stat.S_IROTH)
        and _may(account, program, stat.S_IXOTH)
    )
