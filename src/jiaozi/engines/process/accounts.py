"""As root, every job gets an account of its own: a numeric user id that nothing else on the machine uses.

The range lies where no distribution and no container tool allots ids. A lock file per id keeps two jobs, even of two
installations, from sharing one. Killing "everything that I may" as that user ends a job's whole tree, whatever it did
to hide.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path

from jiaozi.engines.process.spool import try_lock

FIRST_UID = 1_880_000_000
UIDS = 4_096
_LOCKS = Path("/run/jiaozi-accounts")
_ROUNDS_MAX = 400
_ROUND_S = 0.005


def take() -> tuple[int, int]:
    """Give a user id that nobody uses, and the open file whose lock keeps it; as root only."""
    _LOCKS.mkdir(mode=0o700, exist_ok=True)
    for number in range(UIDS):
        handle = os.open(_LOCKS / str(number), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if try_lock(handle) and end_all(FIRST_UID + number):
            return FIRST_UID + number, handle
        os.close(handle)
    raise OSError(f"all {UIDS} accounts for jobs are taken")


def end_if_free(uid: int) -> None:
    """End what a vanished supervisor's job may have left, unless the account has a new owner by now."""
    if not FIRST_UID <= uid < FIRST_UID + UIDS:
        return
    handle = os.open(_LOCKS / str(uid - FIRST_UID), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if try_lock(handle):
            end_all(uid)
    finally:
        os.close(handle)


def end_all(uid: int, collect: Callable[[], object] = bool) -> bool:
    """Kill every process of an account until there is none; False when some won't go (stuck in the kernel).

    ``collect`` is asked between rounds to take in the ended ones, which the kernel counts until their parent does.
    """
    for _ in range(_ROUNDS_MAX):
        if _kill_round(uid):
            return True
        collect()
        time.sleep(_ROUND_S)
    return False


def _kill_round(uid: int) -> bool:
    """Kill once as that user, and tell whether nobody was left.

    The kernel answers kill(-1) with success whether or not it reached anybody. But it counts an account's processes
    exactly: where the account may have two, one that is alone can fork, and one in company can't.
    """
    child = os.fork()
    if child == 0:
        try:
            resource.setrlimit(resource.RLIMIT_NPROC, (2, 2))
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
            second = os.fork()
            if second:
                os.waitpid(second, 0)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0
