"""One job's supervisor: a small process that starts the job, holds it to its limits, meters it and writes it down.

It needs nothing of the platform: not its process, not its database, not its packages. So a limit holds when the
platform is killed, and what the job used is on the disk when the platform comes back. The clock is the monotonic one,
which nobody can set.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jiaozi.engines.process import accounts, carrying, descendants, guard, meters, outcomes, turns
from jiaozi.engines.process import syscalls as sys_
from jiaozi.engines.process.cgroups import Group
from jiaozi.engines.process.output import Output
from jiaozi.engines.process.spool import Spool, write_json

if TYPE_CHECKING:
    from jiaozi.engines.process.sitting import Sitting

_ALIVE_HANDLE = 3
_TRIES = {"required": (True,), "where_possible": (True, False), "account": (False,)}
_TICK_MS = 50
_READY_WAIT_MS = 20_000
_GONE_WAIT_S = 10.0
_HEARTBEAT_NS = 1_000_000_000
_CLOSE_UP_TO = 65_536


def main(spool_root: str, order: str) -> None:
    """Run one job to its end and let the next one begin."""
    os.chdir("/")
    os.umask(0o077)
    os.set_inheritable(_ALIVE_HANDLE, False)  # noqa: FBT003 - the library's signature
    os.closerange(_ALIVE_HANDLE + 1, _CLOSE_UP_TO)
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    spool = Spool(Path(spool_root))
    try:
        _Job(spool, order).run()
    except BaseException:  # noqa: BLE001 - without a platform to tell, the folder is told; the job counts as lost
        (spool.job(order) / "supervisor.log").write_text(traceback.format_exc())
        os._exit(1)
    turns.settle(spool)
    turns.start_waiting(spool)


@dataclass(slots=True)
class _Running:
    """The guards while they live: the outer one's id, our ends of the pipes, and what the inner one said."""

    pid: int
    pipes: guard.Pipes
    said: bytes = b""

    def hear(self, wait_ms: int) -> bool:
        """Read what the guard has to say; False at its end or when it says nothing for so long."""
        poll = select.poll()
        poll.register(self.pipes.status, select.POLLIN)
        heard = os.read(self.pipes.status, 4096) if poll.poll(wait_ms) else b""
        self.said += heard
        return bool(heard)

    def word(self, name: str) -> str | None:
        """Give what followed a word on its line."""
        for line in self.said.decode(errors="replace").splitlines():
            first, _, rest = line.partition(" ")
            if first == name:
                return rest
        return None


class _Job:
    """One job from its spec to its result."""

    def __init__(self, spool: Spool, order: str) -> None:
        self.spool = spool
        self.order = order
        self.folder = spool.job(order)
        self.home = self.folder / "home"
        self.spec = spool.read_header(order)
        self.stopped_for: str | None = None
        self.started_ms: int | None = None
        self.began_ns = 0
        self.sitting: Sitting | None = None
        self.namespaces = True
        signal.signal(signal.SIGTERM, self._on_terminate)
        sys_.prctl(sys_.PR_SET_CHILD_SUBREAPER, 1)

    def run(self) -> None:
        """Prepare, run, write down, clean up: in this order, so that a crash leaves a claim to settle."""
        uid, _keep = accounts.take() if os.geteuid() == 0 else (None, -1)
        self.group = Group(self.order)
        self.group.limit(memory_mib=self.spec["memory_mib"], cores=self.spec["cores"])
        self.meter = meters.Meter(self.group, self.home, self.spec)
        self._furnish(uid)
        self.output = Output(self.folder / "output", self.spec["output_bytes_max"])
        if self._is_cancelled():
            self._write_result(outcomes.Ending("CANCELLED", None, "cancelled"))
        else:
            running, why = self._start(uid)
            if running is None:
                self._write_result(outcomes.Ending("FAILED", None, "cannot_isolate"), detail=why)
            else:
                self._watch(running)
                self._finish(running, uid)
        turns.remove_folder(self.home)
        self.group.remove()

    def _is_cancelled(self) -> bool:
        return (self.folder / "cancel").exists()

    def _on_terminate(self, _number: int, _frame: object) -> None:
        self.stopped_for = self.stopped_for or "machine_stopped"

    def _furnish(self, uid: int | None) -> None:
        """Make the private folder and put the order's files into it."""
        if self.home.exists():
            shutil.rmtree(self.home)
        made = [self.home, self.home / "tmp", self.home / ".shm"]
        for folder in made:
            folder.mkdir(mode=0o700)
        (self.folder / "root").mkdir(mode=0o700, exist_ok=True)
        with (self.folder / "spec").open("rb") as source:
            source.readline()
            for name, size in self.spec["files"]:
                path = self.home / name
                path.write_bytes(source.read(size))
                path.chmod(0o700 if self.spec["command"][0] == f"./{name}" else 0o600)
                made.append(path)
        made += carrying.bring_in(self.home, self.spec.get("inputs", ()), program=self.spec["command"][0])
        if uid is not None:
            for path in made:
                os.chown(path, uid, uid)

    def _start(self, uid: int | None) -> tuple[_Running | None, str]:
        """Start the guards: in namespaces, or without them where that is allowed and nothing else works."""
        why = ""
        for namespaces in _TRIES[self.spec["isolation"]]:
            if not namespaces and uid is not None:
                self.folder.chmod(0o711)
            plan = guard.Plan(
                spec=self.spec,
                folder=str(self.folder),
                uid=uid,
                namespaces=namespaces,
                # a session's many threads reserve far more than they use: the meter's sum over the tree holds it
                limit_memory=not self.group.memory and not self.spec.get("session"),
                doors=self.group.doors(),
            )
            pid, pipes = guard.start(plan)
            running = _Running(pid, pipes)
            self.namespaces = namespaces
            while running.word("ready") is None and running.hear(_READY_WAIT_MS):
                pass
            if running.word("ready") is not None:
                os.set_blocking(pipes.output, False)
                self._go(running, uid)
                return running, ""
            why = running.word("failed") or "the guard gave no answer"
            self._end(running, uid)
        return None, why

    def _go(self, running: _Running, uid: int | None) -> None:
        """Write down that it runs, then let it: never the other way round."""
        self.started_ms = time.time_ns() // 1_000_000
        state = {"started_ms": self.started_ms, "uid": uid, "namespaces": self.namespaces, "supervisor": os.getpid()}
        write_json(self.folder / "state.json", state, durable=True)
        self.began_ns = time.monotonic_ns()
        with contextlib.suppress(BrokenPipeError):
            os.write(running.pipes.control, b"g")
        if self.spec.get("session"):
            from jiaozi.engines.process.sitting import Sitting  # noqa: PLC0415 - what it loads, no batch job waits for

            self.sitting = Sitting(self.folder, self.spec, uid)

    def _watch(self, running: _Running) -> None:
        """Wait for the end, or for a reason to bring it about."""
        ended = os.pidfd_open(running.pid)
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        poll.register(running.pipes.output, select.POLLIN)
        next_beat_ns = _HEARTBEAT_NS
        while self.stopped_for is None:
            elapsed_ns = time.monotonic_ns() - self.began_ns
            if self.sitting is not None:
                self._sit(self.sitting, running, elapsed_ns // 1_000_000)
            limit_ns = self.spec["time_limit_ms"] * 1_000_000
            if elapsed_ns >= limit_ns:
                self.stopped_for = "time_limit"
                break
            ready = poll.poll(min(_TICK_MS, max(1, (limit_ns - elapsed_ns) // 1_000_000)))
            if any(handle == ended for handle, _ in ready):
                break
            if not self.output.take(running.pipes.output):
                with contextlib.suppress(KeyError):
                    poll.unregister(running.pipes.output)  # over its size: taken at each tick, no faster
            if self._is_cancelled():
                self.stopped_for = "cancelled"
            self.stopped_for = self.stopped_for or self.meter.look(running.pid)
            if elapsed_ns >= next_beat_ns:
                next_beat_ns = elapsed_ns + _HEARTBEAT_NS
                self._beat(elapsed_ns)
        os.close(ended)

    def _sit(self, sitting: Sitting, running: _Running, elapsed_ms: int) -> None:
        """Hold a session to the limit that stands now, and ask it to end in time."""
        words = sitting.look(elapsed_ms)
        if words:
            self.meter.extend(self.spec["time_limit_ms"])
            with contextlib.suppress(BrokenPipeError):
                os.write(running.pipes.control, words)

    def _beat(self, elapsed_ns: int) -> None:
        beat = {"elapsed_ms": elapsed_ns // 1_000_000, **self.meter.reading()}
        write_json(self.folder / "heartbeat.json", beat, durable=False)

    def _finish(self, running: _Running, uid: int | None) -> None:
        if self.sitting is not None:
            self.sitting.close_door()
        self._end(running, uid)
        elapsed_ms = (time.monotonic_ns() - self.began_ns) // 1_000_000
        if self.sitting is not None:
            self.sitting.save()
        self.output.drain(running.pipes.output)
        carrying.take_out(self.home, self.spec.get("outputs", ()), most_mib=self.spec["disk_mib"])
        while running.hear(0):
            pass
        said = running.word("exit")
        refused = running.word("refused")
        if refused is not None:
            self.started_ms, elapsed_ms = None, 0  # the command never began, so nothing was used
        ending = outcomes.decide(
            stopped_for=self.stopped_for,
            exit_status=None if said is None else int(said),
            cannot_run=None if refused is None else "cannot_run",
            oom_kills=self.group.oom_kills(),
        )
        self._write_result(ending, elapsed_ms=elapsed_ms, detail=refused or "")

    def _end(self, running: _Running, uid: int | None) -> None:
        """End whatever of the job still lives, and collect it: a first process is gone only after all behind it."""
        with contextlib.suppress(OSError):
            os.close(running.pipes.control)
        if self.namespaces:
            with contextlib.suppress(ProcessLookupError):
                os.kill(running.pid, signal.SIGKILL)
        elif uid is not None:
            accounts.end_all(uid, lambda: self._collect(0))
        if not self._collect(_GONE_WAIT_S):
            descendants.end_all(os.getpid())

    def _collect(self, wait_s: float) -> bool:
        """Collect ended children and adopted orphans, adding up what they used; True when none is left."""
        until = time.monotonic() + wait_s
        while True:
            try:
                pid, _, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            if pid:
                self.meter.collected(used)
            elif time.monotonic() >= until:
                return False
            else:
                time.sleep(0.001)

    def _write_result(self, ending: outcomes.Ending, *, elapsed_ms: int = 0, detail: str = "") -> None:
        ended_ms = time.time_ns() // 1_000_000 if self.started_ms is None else self.started_ms + elapsed_ms
        result: dict[str, Any] = {
            "outcome": ending.outcome,
            "exit_code": ending.exit_code,
            "reason": ending.reason,
            "detail": detail,
            "started_ms": self.started_ms,
            "ended_ms": ended_ms,
            "elapsed_ms": elapsed_ms,
            "dropped_bytes": self.output.close(),
            **self.meter.reading(),
        }
        write_json(self.folder / "result.json", result, durable=True)
