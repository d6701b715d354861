"""Starting and stopping the server: safe to call at any time, from any number of processes at once.

Liveness is judged by connecting. Whoever starts or stops holds a file lock, so a second caller finds the work done.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from jiaozi.project.databases import APP_ROLE
from jiaozi.project.postgres import processes
from jiaozi.project.postgres.cluster import as_account, check, environment_of_server, is_full, make, own
from jiaozi.project.postgres.location import DATABASE, OWNER_ROLE, PORT, Location
from jiaozi.project.postgres.programs import Programs, programs
from jiaozi.project.postgres.refusal import UnableToStartDatabase, disk_full, failed, foreign, socket_taken, unusable

_START_TIMEOUT_S = 120.0
_STOP_TIMEOUT_S = 60.0
_LOCK_TIMEOUT_S = 180.0
_ATTEMPTS_MAX = 3
_PAUSE_S = 0.02
_LOG_BYTES_MAX = 20 * 2**20
_TRANSIENT = ("pre-existing shared memory block", 'lock file "postmaster.pid"')


def ensure(here: Location, **settings: str) -> bool:
    """Have the server running with its roles and database; True when this call started it.

    ``settings`` are server settings for this start alone.
    """
    with _refusing_in_one_line(here), _locked(here):
        if _answers(here):
            return False
        binaries = programs(_prepared(here))
        if not check(here, binaries.major):
            make(here, binaries)
        _start(here, binaries, settings)
        _furnish(here)
        return True


def stop(here: Location) -> bool:
    """Stop the server, ending its sessions; True when one was running."""
    if not here.home.exists():
        return False
    with _refusing_in_one_line(here), _locked(here):
        return _stop(here)


def purge(here: Location) -> None:
    """Stop the server and remove all that it ever kept, passwords included."""
    if not here.home.exists():
        return
    with _refusing_in_one_line(here), _locked(here):
        _stop(here)
        for role in (OWNER_ROLE, APP_ROLE):
            here.secret(role).unlink(missing_ok=True)
        for folder in {here.socket, here.place, here.home}:
            shutil.rmtree(folder, ignore_errors=True)
        if here.place != here.home:
            with suppress(OSError):  # other clones may have theirs there
                here.place.parent.rmdir()


@contextmanager
def session(here: Location) -> Iterator[None]:
    """Keep the server running for a while; the last one to leave stops it.

    Each user holds a shared lock that the kernel drops even when the user is killed, so nobody is counted twice.
    """
    here.home.mkdir(parents=True, exist_ok=True)
    users = os.open(here.home / "users", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            ensure(here)
            yield
        finally:
            if _flocked(users):
                stop(here)
    finally:
        os.close(users)


def _flocked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _locked(here: Location) -> Iterator[None]:
    here.home.mkdir(parents=True, exist_ok=True)
    handle = os.open(here.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + _LOCK_TIMEOUT_S
        while not _flocked(handle):
            if time.monotonic() > deadline:
                raise failed(here.log, f"another process has held {here.lock} for {_LOCK_TIMEOUT_S:.0f} s")
            time.sleep(_PAUSE_S)
        yield
    finally:
        os.close(handle)


@contextmanager
def _refusing_in_one_line(here: Location) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise disk_full(here.place) from error
        raise unusable(error.filename or here.place, error.strerror or str(error)) from error


def _prepared(here: Location) -> Location:
    """Make the folders around the cluster, each for the server's account alone."""
    here.place.mkdir(mode=0o711, parents=True, exist_ok=True)
    if here.account is not None:
        here.note.write_text(f"{here.place}\n", encoding="utf-8")
        if here.place != here.home:
            here.place.chmod(0o711)
    if here.socket.is_symlink():
        raise unusable(here.socket, "a symbolic link")
    for folder in (here.socket, here.log.parent):
        own(folder, here.account)
    return here


def _conninfo(here: Location, database: str = "postgres") -> str:
    return make_conninfo(
        host=str(here.socket),
        port=PORT,
        user=OWNER_ROLE,
        password=here.password(OWNER_ROLE),
        dbname=database,
        connect_timeout=5,
    )


def _answers(here: Location) -> bool:
    """Whether our own server takes connections.

    Raises
    ------
    UnableToStartDatabase
        When another server answers on our socket, or ours with passwords that are not in ``secrets``.
    """
    if not here.socket.exists():
        return False
    try:
        with psycopg.connect(_conninfo(here), autocommit=True) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
    except psycopg.OperationalError as error:
        if "authentication failed" not in str(error):
            return False
        if processes.postmaster(here.data) is None:
            raise socket_taken(here.socket) from error
        secret = here.secret(OWNER_ROLE)
        raise foreign(
            here.data, f"的口令与 {secret} 不符", f"has a password that is not the one in {secret}"
        ) from error
    if row is None or Path(row[0]) != here.data:
        raise socket_taken(here.socket)
    return True


def _start(here: Location, binaries: Programs, settings: dict[str, str]) -> None:
    for attempt in range(1, _ATTEMPTS_MAX + 1):
        if processes.postmaster(here.data) is None:
            processes.clear_remains(here.data, here.socket / f".s.PGSQL.{PORT}.lock")
            said = _log_size(here)
            child: subprocess.Popen[bytes] | None = _spawn(here, binaries, settings)
        else:  # it is there but not answering: starting up, or on its way out
            said, child = _log_size(here), None
        if _came_up(here, child):
            return
        words = _log_since(here, said)
        if attempt == _ATTEMPTS_MAX or (child is not None and not any(text in words for text in _TRANSIENT)):
            raise _why(here, words)


def _spawn(here: Location, binaries: Programs, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    quoted = str(here.socket).replace('"', '""')
    fixed = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": f'"{quoted}"',
        "unix_socket_permissions": "0700",
        "logging_collector": "off",
    }
    options = [word for name, value in (fixed | settings).items() for word in ("-c", f"{name}={value}")]
    _rotate(here.log)
    with here.log.open("ab") as log:
        return subprocess.Popen(
            [str(binaries.postgres), "-D", str(here.data), *options],
            cwd=here.data,
            env=environment_of_server(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            umask=0o077,
            **as_account(here.account),
        )


def _came_up(here: Location, child: subprocess.Popen[bytes] | None) -> bool:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not _answers(here):
        ended = child.poll() is not None if child else processes.postmaster(here.data) is None
        if ended or time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_S)
    return True


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LOG_BYTES_MAX:
        log.rename(log.with_suffix(".old.log"))


def _log_size(here: Location) -> int:
    return here.log.stat().st_size if here.log.exists() else 0


def _log_since(here: Location, offset: int) -> str:
    if not here.log.exists():
        return ""
    with here.log.open("rb") as log:
        log.seek(offset if offset <= _log_size(here) else 0)
        return log.read(2**20).decode("utf-8", "replace")


def _why(here: Location, words: str) -> UnableToStartDatabase:
    if is_full(words):
        return disk_full(here.data)
    if f".s.PGSQL.{PORT}" in words and "already" in words:
        return socket_taken(here.socket)
    fatal = [line for line in words.splitlines() if "FATAL" in line or "PANIC" in line]
    return failed(here.log, fatal[-1].split("FATAL:")[-1].strip() if fatal else "no answer in time")


def _furnish(here: Location) -> None:
    """Have the application's role with its present password, and the database."""
    with psycopg.connect(_conninfo(here), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP_ROLE]).fetchone()
        verb = sql.SQL("ALTER" if known else "CREATE")
        connection.execute(
            sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD {}").format(
                verb, sql.Identifier(APP_ROLE), sql.Literal(here.password(APP_ROLE))
            )
        )
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _stop(here: Location) -> bool:
    pid = processes.postmaster(here.data)
    if pid is None:
        return False
    for word in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        os.kill(pid, word)
        if processes.wait_for_end(pid, _STOP_TIMEOUT_S):
            return True
    raise failed(here.log, f"process {pid} does not end")
