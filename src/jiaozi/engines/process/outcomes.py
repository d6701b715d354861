"""How a job ended, decided from what the supervisor saw: pure, so that every combination can be tested."""

from __future__ import annotations

import signal
from dataclasses import dataclass

_SIGNALLED = 128  # shells add it to a signal's number


@dataclass(frozen=True, slots=True)
class Ending:
    """Names from ``JobOutcome``, the exit code as a shell would show it, and the code of a reason."""

    outcome: str
    exit_code: int | None
    reason: str


_STOPPED = {
    "cancelled": "CANCELLED",
    "time_limit": "TIMED_OUT",
    "cpu_limit": "TIMED_OUT",
    "memory_limit": "OUT_OF_MEMORY",
    "disk_limit": "FAILED",
    "machine_stopped": "LOST",
    "guard_vanished": "LOST",
}


def decide(*, stopped_for: str | None, exit_status: int | None, cannot_run: str | None, oom_kills: int) -> Ending:
    """Say how it ended.

    Parameters
    ----------
    stopped_for
        Why the supervisor stopped it, None when it came to its end by itself.
    exit_status
        The command's exit code, negative for a signal; None when nobody saw its end.
    cannot_run
        Why the command could not be started at all.
    oom_kills
        Processes that the kernel ended because the job's memory was full.
    """
    if cannot_run is not None:
        return Ending("FAILED", None, cannot_run)
    if exit_status == 0:
        return Ending("SUCCEEDED", 0, "")
    killed = exit_status == -signal.SIGKILL
    if exit_status is None or (killed and stopped_for):
        reason = stopped_for or ("memory_limit" if oom_kills else "guard_vanished")
        return Ending(_STOPPED[reason], None, reason)
    code = exit_status if exit_status > 0 else _SIGNALLED - exit_status
    if oom_kills:
        return Ending("OUT_OF_MEMORY", code, "memory_limit")
    reason = "exit_code" if exit_status > 0 else "signal"
    return Ending("TIMED_OUT", code, "cpu_limit") if exit_status == -signal.SIGXCPU else Ending("FAILED", code, reason)
