"""A job's processes found by descent, for machines that offer neither namespaces nor an account of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

_ROUNDS_MAX = 200
_ROUND_S = 0.005
_PROCESSES_MAX = 10_000
_PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / (1024 * 1024)
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def below(pid: int) -> list[int]:
    """Give the ids of all that descend from a process, itself left out."""
    found: list[int] = []
    ahead = [pid]
    while ahead and len(found) < _PROCESSES_MAX:
        parent = ahead.pop()
        with contextlib.suppress(OSError, ValueError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                children = [int(word) for word in (task / "children").read_text().split()]
                found += children
                ahead += children
    return found


def end_all(pid: int) -> bool:
    """Kill all that descend from a process that adopts orphans, until none is left."""
    for _ in range(_ROUNDS_MAX):
        tree = below(pid)
        for member in tree:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(member, signal.SIGKILL)
        collect()
        if not below(pid):
            return True
        time.sleep(_ROUND_S)
    return False


def collect() -> None:
    """Take in every child of this process that has ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def memory_mib(pids: list[int], *, above: int) -> int:
    """Give what the processes hold in memory; pages that several share count once, where that changes the answer."""
    private = sum(_private_pages(pid) for pid in pids) * _PAGE_MIB
    if private > above:
        private = sum(_proportional_kib(pid) for pid in pids) / 1024
    return int(-(-private // 1))


def cpu_ms(pids: list[int]) -> int:
    """Give the processor time of the living and of the children that they have collected."""
    return sum(_ticks(pid) for pid in pids) * 1000 // _TICKS_PER_S


def count_of_user(uid: int) -> int:
    """Give how many threads an account runs now."""
    total = 0
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and entry.stat().st_uid == uid:
                total += sum(1 for _ in (entry / "task").iterdir())
    return total


def _private_pages(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        words = Path(f"/proc/{pid}/statm").read_text().split()
        return max(0, int(words[1]) - int(words[2]))
    return 0


def _proportional_kib(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def _ticks(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(word) for word in after_name[11:15])
    return 0
