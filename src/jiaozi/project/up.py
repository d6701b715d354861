"""``jiaozi up``: database, web and worker together, watched, and ended together.

A child that ends by itself is started again, but not for ever: one that keeps ending takes the whole service down with
a line that says so, because a service that looks alive and isn't helps nobody.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import logging
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress

import structlog
from django.core.management import call_command

from jiaozi.kernel.refusal import Refused
from jiaozi.project import boot, postgres
from jiaozi.project.environment import environment

RESTARTS_MAX, RESTARTS_WINDOW_S = 5, 60.0
_END_TIMEOUT_S = 30.0
_DATABASE_LOOK_S = 3.0
_BACKLOG = 128
_log = structlog.get_logger(__name__)


class UnableToServe(Refused):
    """The service can't start or can't go on."""


def run(host: str = "", port: int = 0) -> None:
    """Serve until told to end; empty arguments mean the settings' address."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # before the loop takes over, leave by the context managers
    host, port = host or environment().host, port or environment().port
    with _alone(), closing(listening(host, port)) as listener, boot.house(logging.INFO):
        call_command("collectstatic", interactive=False, verbosity=0)
        shown = f"[{host}]" if ":" in host else host
        _log.info("serving", address=f"http://{shown}:{listener.getsockname()[1]}/", stop="Ctrl-C or jiaozi down")
        asyncio.run(_serve(listener))


def end_other() -> bool:
    """End the service that runs on this ``var``; True when there was one."""
    path = environment().folder("up.lock")
    if not path.exists():
        return False
    with path.open("r+") as lock:
        if _flocked(lock.fileno()):
            return False
        pid = int(lock.read() or 0)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        if not postgres.wait_for_end(pid, 2 * _END_TIMEOUT_S):
            raise UnableToServe(
                "service_does_not_end",
                f"进程 {pid} 未能退出：请手动终止",
                f"process {pid} does not end: end it by hand",
            )
    return True


def listening(host: str, port: int) -> socket.socket:
    """Open the address, before anything else is started.

    Raises
    ------
    UnableToServe
        When it is taken, not this machine's, or below 1024 without the right to it.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UnableToServe(
                "port_taken",
                f"{host}:{port} 已被其他程序占用：请停止该程序，或设置 JIAOZI_PORT 为其他端口",
                f"{host}:{port} is taken by another program: stop it or set JIAOZI_PORT to another port",
                field="JIAOZI_PORT",
            ) from error
        raise UnableToServe(
            "address_unusable",
            f"无法监听 {host}:{port}（{error.strerror}）：请检查 JIAOZI_HOST 与 JIAOZI_PORT",
            f"can't listen on {host}:{port} ({error.strerror}): check JIAOZI_HOST and JIAOZI_PORT",
            field="JIAOZI_HOST",
        ) from error


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock that says whose ``var`` this is; its content is our pid."""
    path = environment().folder("up.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        if not _flocked(lock.fileno()):
            raise UnableToServe(
                "already_up",
                f"{path.parent} 上已有服务在运行：请先执行 jiaozi down",
                f"a service already runs on {path.parent}: end it first with jiaozi down",
                field="JIAOZI_VAR",
            )
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _flocked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _serve(listener: socket.socket) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for word in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(word, stop.set)
    fd = listener.fileno()
    watched = [
        _keep("web", [sys.executable, "-m", "jiaozi.project.serve", str(fd)], stop, pass_fds=(fd,)),
        _keep("worker", [sys.executable, "-c", "from jiaozi.project import worker; worker.main()"], stop),
        _keep_database(stop),
    ]
    outcomes = await asyncio.gather(*watched, return_exceptions=True)
    _log.info("ended")
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


async def _keep(name: str, command: Sequence[str], stop: asyncio.Event, pass_fds: tuple[int, ...] = ()) -> None:
    """Run a child, again when it ends by itself, until told to stop."""
    endings: deque[float] = deque(maxlen=RESTARTS_MAX)
    surroundings = {**os.environ, "JIAOZI_PARENT": str(os.getpid())}
    stopping = asyncio.create_task(stop.wait())
    while not stop.is_set():
        child = await asyncio.create_subprocess_exec(
            *command, env=surroundings, pass_fds=pass_fds, start_new_session=True, stdin=asyncio.subprocess.DEVNULL
        )
        ending = asyncio.create_task(child.wait())
        await asyncio.wait({ending, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            await _end(child)
            return
        _log.error("a child ended by itself and is started again", child=name, status=child.returncode)
        endings.append(asyncio.get_running_loop().time())
        if len(endings) == RESTARTS_MAX and endings[-1] - endings[0] < RESTARTS_WINDOW_S:
            stop.set()
            raise UnableToServe(
                "child_keeps_ending",
                f"{name} 进程在 {RESTARTS_WINDOW_S:.0f} 秒内退出了 {RESTARTS_MAX} 次：请查看上方日志",
                f"the {name} process ended {RESTARTS_MAX} times within {RESTARTS_WINDOW_S:.0f} s: see the log above",
            )


async def _end(child: asyncio.subprocess.Process) -> None:
    """Ask a child to end, then make it."""
    with suppress(ProcessLookupError):
        child.terminate()
    try:
        await asyncio.wait_for(child.wait(), _END_TIMEOUT_S)
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()


async def _keep_database(stop: asyncio.Event) -> None:
    """Look after the embedded server, which recovers from a kill by being started again."""
    if environment().database_url:
        return
    here = postgres.location(environment().folder("postgres"))
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _DATABASE_LOOK_S)
            return
        try:
            if await asyncio.to_thread(postgres.ensure, here):
                _log.error("the database had ended and was started again")
        except Refused:
            stop.set()
            raise
