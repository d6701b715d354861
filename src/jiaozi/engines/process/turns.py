"""Whose turn it is: takes jobs in, starts those that fit, closes those that are over, finds those that were lost.

Every change happens under the spool's lock and in an order that survives a crash between any two steps:

- a ticket is written before the job's folder appears, so a job that was taken always has its place in the queue;
- a claim is written before the job is launched, and its ticket goes after that: a claim whose ticket still stands and
  that nobody supervises was never launched, and waits again;
- a claim goes after its usage line is on the disk; a ticket whose job has a result is what somebody died over;
- a job is lost when its claim stands, its ``alive`` lock is free and there is no result. Then the meter stops at the
  last heartbeat: the customer doesn't pay for time that nobody can prove.

The engine calls this whenever it is asked for anything, and a supervisor when its job is over: the queue moves on even
while the platform is down.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

from jiaozi.engines.process.cgroups import Group
from jiaozi.engines.process.spool import (
    Spool,
    drafts,
    flush_folder,
    names,
    read_json,
    try_lock,
    write_bytes,
    write_json,
)

KINDS = ("cores", "memory_mib")
_ALIVE_HANDLE = 3  # where the supervisor finds its lock
_START_WAIT_MS = 20_000
_START = str(Path(__file__).with_name("start.py"))


def take_in(spool: Spool, order: str, spec: bytes, *, queue_max: int) -> bool:
    """Put a job into the queue; False when the order has its job already.

    Raises
    ------
    OverflowError
        When the queue is full.
    """
    folder = spool.job(order)
    if folder.exists():
        return False
    with spool.locked():
        if folder.exists():
            return False
        if len(spool.waiting()) >= queue_max:
            raise OverflowError
        draft = spool.jobs / f".{order}.new"
        shutil.rmtree(draft, ignore_errors=True)  # left by somebody who died in mid-submit
        draft.mkdir(mode=0o711)
        write_bytes(draft / "spec", spec, durable=True)
        write_bytes(spool.queued / f"{spool.new_ticket()}.{order}", b"", durable=True)
        draft.rename(folder)
        flush_folder(spool.jobs)
    return True


def withdraw(spool: Spool, order: str) -> None:
    """End a job: at once when it waits; else its supervisor finds the wish within a heartbeat's fraction."""
    with spool.locked():
        for marker, waiting in spool.waiting():
            if waiting == order:
                _write_result(spool, order, outcome="CANCELLED", reason="cancelled")
                (spool.queued / marker).unlink()
                spool.drop_files(order)
                return
        write_bytes(spool.job(order) / "cancel", b"", durable=True)


def settle(spool: Spool) -> None:
    """Close what is over and find what was lost."""
    if not any(spool.running.iterdir()) and not drafts(spool.queued):
        return
    lost = []
    with spool.locked():
        _sweep_drafts(spool.running, spool.queued)
        ticketed = {order for _, order in spool.tickets()}
        for order, claim in spool.claims().items():
            if not (spool.job(order) / "result.json").exists():
                if _is_supervised(spool, order):
                    continue
                if order in ticketed and not (spool.job(order) / "state.json").exists():
                    (spool.running / order).unlink()
                    continue
                lost.append(order)
                _write_lost(spool, order)
            _close(spool, order, claim)
    for order in lost:
        _sweep(spool, order)


def sweep_left_over(spool: Spool) -> None:
    """Take away, when the platform starts, what others who died over it were writing."""
    with spool.locked():
        _sweep_drafts(spool.jobs, spool.running, spool.queued)


def _sweep_drafts(*folders: Path) -> None:
    """Remove drafts; they are written under the lock alone, so whoever holds it finds only those of the dead."""
    for draft in (draft for folder in folders for draft in drafts(folder)):
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)
        else:
            draft.unlink(missing_ok=True)


def start_waiting(spool: Spool) -> None:
    """Start jobs in the order of their tickets for as long as the next one fits."""
    if not names(spool.queued):
        return
    with spool.locked():
        free, claimed = free_now(spool), spool.claims()
        for marker, order in spool.tickets():
            job = spool.job(order)
            if not (job / "spec").exists() or (job / "result.json").exists():
                (spool.queued / marker).unlink()  # somebody died before the job was taken, or after it was over
            if not (spool.queued / marker).exists() or order in claimed:
                continue
            header = spool.read_header(order)
            if any(header[kind] > free[kind] for kind in KINDS):
                return
            free = {kind: free[kind] - header[kind] for kind in KINDS}
            claim = {**{kind: header[kind] for kind in KINDS}, "journal_from": spool.journal_end()}
            write_json(spool.running / order, claim, durable=True)
            _launch(spool, order)
            (spool.queued / marker).unlink()


def free_now(spool: Spool) -> dict[str, int]:
    """Give what no running job has claimed, of each kind."""
    about, claims = read_json(spool.about) or dict.fromkeys(KINDS, 0), spool.claims().values()
    return {kind: about[kind] - sum(claim[kind] for claim in claims) for kind in KINDS}


def usage_line(order: str, header: dict[str, Any], result: dict[str, Any]) -> dict[str, Any] | None:
    """Give the journal's line of a job; None when it never ran."""
    if result["started_ms"] is None:
        return None
    kept = ("outcome", "started_ms", "ended_ms", "elapsed_ms", "cpu_ms", "memory_peak_mib")
    return {
        "order_id": order,
        "resource_class": header["resource_class"],
        "units": header["cores"],
        **{name: result[name] for name in kept},
    }


def _close(spool: Spool, order: str, claim: dict[str, Any]) -> None:
    result = read_json(spool.job(order) / "result.json")
    if result is None:
        return
    line = usage_line(order, spool.read_header(order), result)
    if line is not None:
        spool.append_usage(line, after=claim["journal_from"])
    (spool.running / order).unlink()
    spool.drop_files(order)


def _is_supervised(spool: Spool, order: str) -> bool:
    handle = os.open(spool.job(order) / "alive", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        return not try_lock(handle)
    finally:
        os.close(handle)


def _write_lost(spool: Spool, order: str) -> None:
    folder = spool.job(order)
    state = read_json(folder / "state.json") or {"started_ms": None}
    last = read_json(folder / "heartbeat.json") or {"elapsed_ms": 0, "cpu_ms": None, "memory_peak_mib": None}
    began = state["started_ms"]
    _write_result(
        spool,
        order,
        outcome="LOST",
        reason="supervisor_vanished" if began is not None else "never_began",
        started_ms=began,
        ended_ms=None if began is None else began + last["elapsed_ms"],
        elapsed_ms=last["elapsed_ms"],
        cpu_ms=last["cpu_ms"],
        memory_peak_mib=last["memory_peak_mib"],
    )


def _write_result(spool: Spool, order: str, **known: Any) -> None:
    result: dict[str, Any] = {"exit_code": None, "started_ms": None, "elapsed_ms": 0, "cpu_ms": None}
    result |= {"memory_peak_mib": None, "ended_ms": None, "dropped_bytes": 0, **known}
    if result["ended_ms"] is None:
        result["ended_ms"] = time.time_ns() // 1_000_000
    write_json(spool.job(order) / "result.json", result, durable=True)


def _launch(spool: Spool, order: str) -> None:
    """Start the supervisor with the job's lock already held for it, so that no moment looks like a lost job."""
    alive = os.open(spool.job(order) / "alive", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not try_lock(alive):
            raise BlockingIOError(f"job {order} has a supervisor already")
        child = _spawn(str(spool.root), order, alive=alive)
    finally:
        os.close(alive)
    _await_first_process(child)


def _spawn(*words: str, alive: int | None = None) -> int:
    """Run ``start.py`` with nothing of this process but a lock."""
    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-I", "-S", _START, *words],
        {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        file_actions=[
            *([] if alive is None else [(os.POSIX_SPAWN_DUP2, alive, _ALIVE_HANDLE)]),
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, 0, 1),
            (os.POSIX_SPAWN_DUP2, 0, 2),
        ],
    )


def _await_first_process(child: int) -> None:
    watch = os.pidfd_open(child)
    try:
        poll = select.poll()
        poll.register(watch, select.POLLIN)
        if not poll.poll(_START_WAIT_MS):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    finally:
        os.close(watch)


def _sweep(spool: Spool, order: str) -> None:
    """Take away what a vanished supervisor left behind."""
    state = read_json(spool.job(order) / "state.json") or {}
    if os.geteuid() == 0 and state.get("uid"):
        _await_first_process(_spawn("--sweep", str(state["uid"])))  # a platform with threads must not fork
    Group(order).remove()
    remove_folder(spool.job(order) / "home")


def remove_folder(folder: Path) -> None:
    """Remove a job's private folder; by ``rm``, which neither follows links nor minds how deep the job nested it."""
    with contextlib.suppress(OSError):
        argv = ["rm", "-rf", "--", str(folder)]
        os.waitpid(os.posix_spawnp("rm", argv, {"PATH": "/usr/bin:/bin"}), 0)
