"""A session beside its supervisor: a limit that may grow, an end that is asked for in time, a door, the files kept.

The door is a port of this machine's loopback that leads to the session's socket in the job's folder; a process of its
own carries the bytes, as the job's account, and ends with the supervisor.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from pathlib import Path
from typing import Any, NoReturn

from jiaozi.engines.process import syscalls as sys_
from jiaozi.engines.process.spool import read_json, write_json
from jiaozi.engines.sessions import launcher

END_GRACE_MS = 10_000
"""How long before its limit a session is asked to end."""
SAVED = "saved.tar.gz"
HOST = "127.0.0.1"
_MIB = 1024 * 1024


class Sitting:
    """One session while its supervisor watches it; changes ``spec`` when the limit grows."""

    def __init__(self, folder: Path, spec: dict[str, Any], uid: int | None) -> None:
        self._folder, self._spec, self._uid = folder, spec, uid
        self._limit = folder / "limit.json"
        self._seen_ns = 0
        self._asked = False
        self._door: int | None = self._open_door()

    def look(self, elapsed_ms: int) -> bytes:
        """Give what the guard must hear now: that the limit has grown, that the session is to end; mostly nothing."""
        said = b""
        try:
            changed_ns = self._limit.stat().st_mtime_ns
        except FileNotFoundError:
            changed_ns = 0
        if changed_ns != self._seen_ns:
            self._seen_ns = changed_ns
            longer_ms = (read_json(self._limit) or {"time_limit_ms": 0})["time_limit_ms"]
            more_ms = longer_ms - self._spec["time_limit_ms"]
            if more_ms > 0:
                self._spec["time_limit_ms"] = longer_ms
                said = b"u%d " % more_ms
        if not self._asked and elapsed_ms >= self._spec["time_limit_ms"] - self._spec["end_grace_ms"]:
            self._asked = True
            said += b"t "
        return said

    def _open_door(self) -> int:
        listener = socket.create_server((HOST, 0))
        write_json(self._folder / "relay.json", {"port": listener.getsockname()[1]}, durable=False)
        supervisor = os.getpid()
        child = os.fork()
        if child == 0:
            try:
                sys_.prctl(sys_.PR_SET_PDEATHSIG, signal.SIGKILL)
                if os.getppid() == supervisor:
                    self._carry(listener)
            finally:
                os._exit(1)
        listener.close()
        return child

    def _carry(self, listener: socket.socket) -> NoReturn:
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.chdir(self._folder / "home")
        os.closerange(3, listener.fileno())
        os.closerange(listener.fileno() + 1, 65_536)
        if self._uid is not None:
            os.setgroups([])
            os.setresgid(self._uid, self._uid, self._uid)
            os.setresuid(self._uid, self._uid, self._uid)

        async def serve() -> None:
            server = await asyncio.start_server(launcher.relay_to(launcher.DOOR), sock=listener)
            await server.serve_forever()

        asyncio.run(serve())
        os._exit(0)

    def close_door(self) -> None:
        """End the process at the door."""
        if self._door is not None:
            (self._folder / "relay.json").unlink(missing_ok=True)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._door, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._door, 0)
            self._door = None

    def save(self) -> bool:
        """Keep the work folder, once nobody is left who could change it; its time is nobody's bill."""
        work = self._folder / "home" / launcher.WORK
        return launcher.save(work, self._folder / SAVED, self._spec["disk_mib"] * _MIB)
