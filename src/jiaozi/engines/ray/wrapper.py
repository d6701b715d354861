"""Runs one order's command on a node of the centre's Ray, and says when it began and how it ended.

This file travels to the centre as text, inside the job's entry point: the standard library alone, Python 3.9 or newer.
Ray counts waiting as run time and knows no limits; so they are held here, where the job runs, with nobody watching.

Two processes stand around the command. The **front** is what Ray starts and kills; the **guard**, in a session of its
own, starts the command and holds its limits. Each outlives the other's death just long enough to end the whole tree,
which it finds whatever became of it in between: both adopt orphans.

What the command prints goes through the guard, which keeps it valid UTF-8 (Ray can't serve a log that is not), takes
the mark out of it that only the guard may write, and drops what is more than was ordered. A session is asked to end
in time before its limit, which may grow: ``seat`` travels with it and knows how.
"""

from __future__ import annotations

import base64
import codecs
import contextlib
import ctypes
import json
import os
import pathlib
import resource
import runpy
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

MARK = "\x1e[jiaozi] "
GRACE_S, LOOK_S, TICK_S, END_S, NEVER, BLOCK = 1.0, 0.2, 0.05, 10.0, float("inf"), 65536
_SUBREAPER, _DEATH_SIGNAL, _SIGNALLED = 36, 1, 128
_CODES = {"TIMED_OUT": 124, "OUT_OF_MEMORY": 137, "CANCELLED": 143, "LOST": 137}
_HIDDEN = ("RAY_ADDRESS", "RAY_JOB_CONFIG_JSON_ENV_VAR", "RAY_JOB_STOP_WAIT_TIME_S", "PYTHONBREAKPOINT")
asked: list[bool] = []  # filled when somebody asked for the end; from the very beginning, so that no request is lost


def say(**words: Any) -> None:
    """Write one of the guard's own lines."""
    os.write(1, f"{MARK}{json.dumps(words)}\n".encode())


def control(option: int, value: int) -> None:
    """Ask the kernel for something about this process, where it can."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def descendants(root: int) -> list[int]:
    """Give all living processes below one."""
    below: dict[int, list[int]] = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                words = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
                if words[0] != "Z":
                    below.setdefault(int(words[1]), []).append(int(entry.name))
    found = [*below.get(root, [])]
    for pid in found:  # grows meanwhile
        found += below.get(pid, [])
    return found


def reap(awaited: int = 0) -> int | None:
    """Take in all children that have ended; give how the awaited one did, if it was among them; signals negative."""
    status = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, how = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            if pid == awaited:
                status = os.WEXITSTATUS(how) if os.WIFEXITED(how) else -os.WTERMSIG(how)
    return status


def send(pids: list[int], number: int) -> None:
    """Send a signal to whoever is still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def end_tree() -> None:
    """Stop, then kill, all that is below this process, until nothing is left."""
    until = time.monotonic() + END_S
    while time.monotonic() < until:
        left = descendants(os.getpid())
        if not left:
            break
        send(left, signal.SIGSTOP)
        send(descendants(os.getpid()), signal.SIGKILL)
        reap()
        time.sleep(0.01)
    reap()


def resident_mib(pids: list[int]) -> int:
    """Give the memory that processes hold at this moment."""
    pages = 0
    for pid in pids:
        with contextlib.suppress(OSError, ValueError, IndexError):
            pages += int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() >> 20


class Output:
    """The command's output on its way to the log."""

    def __init__(self, limit: int) -> None:
        self.left, self.dropped, self.ends_line = limit, 0, True
        self.text = codecs.getincrementaldecoder("utf-8")("replace")

    def take(self, block: bytes, *, final: bool = False) -> None:
        """Write a block, as far as it may be written."""
        kept = block[: self.left]
        self.left -= len(kept)
        self.dropped += len(block) - len(kept)
        shown = self.text.decode(kept, final).replace("\x1e", "?").encode("utf-8", "replace")
        if shown:
            self.ends_line = shown.endswith(b"\n")
        while shown:
            shown = shown[os.write(1, shown) :]


class Guard:
    """Starts the command, holds its limits, and tells."""

    def __init__(self, spec: dict[str, Any], front: int) -> None:
        self.spec, self.front = spec, front
        self.outcome, self.code, self.peak_mib, self.began = "", 0, 0, 0.0
        self.output, self.look_at, self.kill_at = Output(spec["output"]), 0.0, NEVER
        self.seat, self.ask_s, self.end_s = None, spec["limit_s"], GRACE_S
        if spec["seat"]:
            self.seat = runpy.run_path(f"{spec['seat']}/seat.py")["Seat"](spec["seat"], spec["limit_s"], say)
            self.ask_s, self.end_s = self.seat.ask_s, self.seat.end_s

    def run(self) -> int:
        """Run the command in a folder of its own; give the exit status to end with."""
        folder = tempfile.mkdtemp(prefix="jiaozi-")
        try:
            for name in self.spec["files"]:
                pathlib.Path(shutil.copy(name, folder)).chmod(0o700)
            if self.seat:
                self.seat.prepare(folder)
            return self.started(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def started(self, folder: str) -> int:
        """Start it and follow it to its end. It is not told of the cluster: what it ran there would be nobody's."""
        environ = {name: value for name, value in os.environ.items() if name not in _HIDDEN}
        environ.update(HOME=folder, TMPDIR=folder, PWD=folder)
        read_end, write_end = os.pipe()
        self.began, started_ms = time.monotonic(), int(time.time() * 1000)
        try:
            child = subprocess.Popen(
                self.spec["command"],
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                start_new_session=True,
                preexec_fn=lambda: control(_DEATH_SIGNAL, signal.SIGKILL),  # noqa: PLW1509 - there are no threads
            )
        except (OSError, ValueError) as problem:
            self.output.take(f"[jiaozi] {problem}\n".encode("utf-8", "replace"))
            say(started=None, outcome="FAILED", code=127)
            return 127
        os.close(write_end)
        say(started=started_ms)
        self.watch(child.pid, read_end)
        end_tree()
        elapsed_ms = int((time.monotonic() - self.began) * 1000)
        self.drain(read_end)
        if asked and self.outcome in (("FAILED", "SUCCEEDED") if self.seat else ("FAILED",)):
            self.outcome = "CANCELLED"  # Ray asks the command as well, which may be the first to end
        self.code = _CODES.get(self.outcome, self.code)
        if self.seat:
            self.seat.leave()
        self.tell(started_ms, elapsed_ms)
        return self.code

    def watch(self, child: int, read_end: int) -> None:
        """Wait for the end of the command, or bring it about."""
        reading = [self.front, read_end]
        while True:
            ready = select.select(reading, [], [], TICK_S)[0]
            if read_end in ready:
                block = os.read(read_end, BLOCK)
                self.output.take(block)
                if not block:
                    reading.remove(read_end)
            if self.front in ready:
                self.outcome = self.outcome or "LOST"
                reading.remove(self.front)
            status = reap(child)
            if status is not None:
                self.code = status if status >= 0 else _SIGNALLED - status
                self.outcome = self.outcome or ("FAILED" if self.code else "SUCCEEDED")
                return
            now = time.monotonic()
            if now >= self.look_at:
                self.look_at = now + LOOK_S
                self.look()
            if self.must_go(child, now):
                return

    def look(self) -> None:
        """Look at what need not be looked at all the time."""
        held = resident_mib(descendants(os.getpid()))
        self.peak_mib = max(self.peak_mib, held)
        if held > int(self.spec["memory_mib"]):
            self.outcome, self.kill_at = self.outcome or "OUT_OF_MEMORY", 0.0
        if self.seat:
            self.ask_s = self.seat.look(ending=self.kill_at < NEVER)

    def must_go(self, child: int, now: float) -> bool:
        """Ask the command to end when its time has come; say whether it had its time for that as well."""
        if self.kill_at == NEVER and (asked or self.outcome or now - self.began >= self.ask_s):
            self.outcome = self.outcome or ("CANCELLED" if asked else "" if self.seat else "TIMED_OUT")
            self.kill_at = now + (0.0 if self.outcome == "LOST" and not self.seat else self.end_s)
            send([child] if self.seat else descendants(os.getpid()), signal.SIGTERM)
        if now >= self.kill_at:
            self.outcome = self.outcome or "TIMED_OUT"
        return now >= self.kill_at

    def drain(self, read_end: int) -> None:
        """Take what is still in the pipe; nobody is left to write more."""
        until = time.monotonic() + GRACE_S
        while time.monotonic() < until and select.select([read_end], [], [], 0)[0]:
            block = os.read(read_end, BLOCK)
            if not block:
                break
            self.output.take(block)
        self.output.take(b"", final=True)
        if not self.output.ends_line:
            os.write(1, b"\n")
        if self.output.dropped:
            os.write(1, f"[jiaozi] {self.output.dropped} bytes more were dropped\n".encode())

    def tell(self, started_ms: int, elapsed_ms: int) -> None:
        """Say how it ended and what it used."""
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        say(
            started=started_ms,
            elapsed=elapsed_ms,
            outcome=self.outcome,
            code=self.code,
            cpu=int((used.ru_utime + used.ru_stime) * 1000),
            peak=max(self.peak_mib, -(-used.ru_maxrss // 1024)),
        )


def main() -> None:
    """Be the front: start the guard, pass requests on to it, and clear up after it should it be killed."""
    spec = json.loads(base64.b64decode(sys.argv[1]).decode())
    control(_SUBREAPER, 1)
    signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
    read_end, write_end = os.pipe()
    began, started_ms = time.monotonic(), int(time.time() * 1000)
    guard = os.fork()
    if not guard:
        os.close(write_end)
        guard_for(spec, read_end)
    os.close(read_end)
    status = None
    while status is None:
        if asked:
            send([guard], signal.SIGTERM)
        status = reap(guard)
        time.sleep(TICK_S)
    if status < 0 or descendants(os.getpid()):
        end_tree()
        elapsed_ms = int((time.monotonic() - began) * 1000)
        say(started=started_ms, elapsed=elapsed_ms, outcome="LOST", code=_CODES["LOST"])
        status = _CODES["LOST"]
    sys.exit(status)


def guard_for(spec: dict[str, Any], front: int) -> None:
    """Be the guard, in a session of its own, and end with it."""
    status = 1
    try:
        os.setsid()
        control(_SUBREAPER, 1)
        status = Guard(spec, front).run()
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
