"""The data folder: made whole or not at all, and refused when it is not ours."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import TypedDict

from jiaozi.project.postgres.account import Account
from jiaozi.project.postgres.location import OWNER_ROLE, Location
from jiaozi.project.postgres.programs import Programs
from jiaozi.project.postgres.refusal import disk_full, failed, foreign


class Identity(TypedDict, total=False):
    """``subprocess``'s words for another account."""

    user: int
    group: int
    extra_groups: list[int]


_MARK = "made-by-jiaozi"
_FREE_BYTES_MIN = 100 * 2**20
_INITDB_TIMEOUT_S = 120
_FULL = ("No space left on device", "Disk quota exceeded", "Check free disk space")

_TUNING = {
    "shared_buffers": "128MB",
    "max_connections": "200",
    "wal_compression": "on",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    # A container's /dev/shm is often 64 MB, too little for parallel joins; two cores gain nothing by them.
    "max_parallel_workers_per_gather": "0",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_line_prefix": "%m [%p] %u@%d ",
    "idle_in_transaction_session_timeout": "10min",
}
"""Written into ``postgresql.conf`` once; an operator may change them there."""


def as_account(account: Account | None) -> Identity:
    """Give ``subprocess`` the words that drop root's rights for good."""
    return {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}


def environment_of_server() -> dict[str, str]:
    """Give the programs a clean environment: no locale that isn't installed, no PG variables of the caller."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def own(path: Path, account: Account | None, mode: int = 0o700) -> None:
    """Make a folder that belongs to the server's account alone."""
    path.mkdir(mode=mode, parents=True, exist_ok=True)
    if account is not None and path.stat().st_uid != account.uid:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    path.chmod(mode)


def is_full(words: str) -> bool:
    """Whether a program's complaint is that the disk is full."""
    return any(text in words for text in _FULL)


def _account_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def check(here: Location, major: str) -> bool:
    """Whether the folder holds our cluster; False when it is still to be made.

    Raises
    ------
    UnableToStartDatabase
        When the folder holds something else, belongs to another account or to another major version.
    """
    if not here.data.exists():
        return False
    uid = here.account.uid if here.account else os.geteuid()
    owner = here.data.stat().st_uid
    if owner != uid:
        name, right = _account_name(owner), _account_name(uid)
        raise foreign(here.data, f"属于账户 {name}，而应属于 {right}", f"belongs to the account {name}, not to {right}")
    if not any(here.data.iterdir()):
        return False
    version = here.data / "PG_VERSION"
    if not version.exists() or not (here.data / _MARK).exists():
        raise foreign(here.data, "不是由交子创建的", "was not made by Jiaozi")
    found = version.read_text().strip()
    if found != major:
        raise foreign(
            here.data,
            f"由 PostgreSQL {found} 创建，而当前为 {major}",
            f"was made by PostgreSQL {found}, but this is {major}",
        )
    return True


def make(here: Location, programs: Programs) -> None:
    """Make the cluster beside its place and rename it, so that a cut leaves nothing half-made."""
    if shutil.disk_usage(here.place).free < _FREE_BYTES_MIN:
        raise disk_full(here.data)
    half, password = here.place / "data.half", here.place / "password.half"
    if half.exists():
        shutil.rmtree(half)
    own(half, here.account)
    try:
        password.touch(mode=0o600)
        password.write_text(here.password(OWNER_ROLE) + "\n")
        if here.account is not None:
            os.chown(password, here.account.uid, here.account.gid)
        _initdb(here, programs, half, password)
        (half / _MARK).touch()
        if here.data.exists():
            here.data.rmdir()  # an empty folder that an operator made
        half.rename(here.data)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise
    finally:
        password.unlink(missing_ok=True)


def _initdb(here: Location, programs: Programs, folder: Path, password: Path) -> None:
    command = [
        *[str(programs.initdb), "-D", str(folder), "-U", OWNER_ROLE, f"--pwfile={password}"],
        *[
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ],
        *[f"--set={name}={value}" for name, value in _TUNING.items()],
    ]
    done = subprocess.run(
        command,
        check=False,
        cwd=here.place,
        env=environment_of_server(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_INITDB_TIMEOUT_S,
        umask=0o077,
        **as_account(here.account),
    )
    if done.returncode:
        text = done.stderr + done.stdout
        if is_full(text):
            raise disk_full(here.data)
        errors = [line for line in done.stderr.splitlines() if "error" in line.lower() or "FATAL" in line]
        last = (errors or done.stderr.splitlines() or ["initdb"])[-1]
        raise failed(here.log, last.split("FATAL:")[-1].strip())
