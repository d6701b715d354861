"""The guard stands between the supervisor and the command: it builds the job's world, starts the command, outlives it.

Three processes, each the parent of the next::

    outer guard     steps into new namespaces; ended by the kernel when the supervisor dies
    inner guard     first process of the job's own process table: when it ends, the kernel ends all others in it
    command         under its limits, as its own account

So there is no order of deaths that leaves a job running: the supervisor's death ends the outer guard, that one's death
the inner, and that one's the whole tree. The inner guard also keeps the time limit, a little later than the supervisor
does, for the case that the supervisor was stopped instead of killed.

Where the machine allows no namespaces, the inner guard is no such first process; it then ends the tree by account (as
root) or by walking its descendants.
"""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import select
import signal
import time
from dataclasses import dataclass
from typing import Any, NoReturn

from jiaozi.engines.process import accounts, descendants, sandbox
from jiaozi.engines.process import syscalls as sys_

_GRACE_MS = 2_000
_PULSE_S = 0.2
_OPEN_FILES_MAX = 1_024
_CLOSE_UP_TO = 65_536
_OOM_SCORE = b"500"
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """All that the guard must know.

    ``spec`` is the job's header; ``uid`` its account, None when it runs as the supervisor's own; ``limit_memory`` asks
    for a per-process limit because no control group holds one; ``doors`` are the control groups' files to enter by.
    """

    spec: dict[str, Any]
    folder: str
    uid: int | None
    namespaces: bool
    limit_memory: bool
    doors: tuple[str, ...]

    @property
    def home(self) -> str:
        """The private folder, as the machine names it."""
        return f"{self.folder}/home"


@dataclass(frozen=True, slots=True)
class Pipes:
    """One side's ends: ``control`` says go and, by its closing, stop; ``status`` tells back; ``output`` is the log."""

    control: int
    status: int
    output: int

    def close(self) -> None:
        """Close those that are still open."""
        for handle in (self.control, self.status, self.output):
            with contextlib.suppress(OSError):
                os.close(handle)


def start(plan: Plan) -> tuple[int, Pipes]:
    """Fork the guards; give the outer one's process id and the supervisor's ends."""
    control, go = os.pipe()
    told, status = os.pipe()
    log, output = os.pipe()
    mine, theirs = Pipes(go, told, log), Pipes(control, status, output)
    supervisor = os.getpid()
    child = os.fork()
    if child == 0:
        mine.close()
        _end_with_exit(lambda: _outer(plan, theirs, supervisor), status)
    theirs.close()
    return child, mine


def _end_with_exit(body: Any, status: int) -> NoReturn:
    """Run a forked child's body; whatever happens, it must never run on in its parent's code."""
    try:
        body()
        os._exit(0)
    except BaseException as problem:  # noqa: BLE001 - the last line of a forked child: told, then ended
        _tell(status, f"failed {type(problem).__name__}: {problem}")
    finally:
        os._exit(1)


def _tell(status: int, text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(status, text.replace("\n", " ")[:500].encode(errors="replace") + b"\n")


def _outer(plan: Plan, pipes: Pipes, supervisor: int) -> None:
    if plan.namespaces:
        sys_.prctl(sys_.PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != supervisor:
            return
        sandbox.leave_machine()
    inner = os.fork()
    if inner == 0:
        _end_with_exit(lambda: _inner(plan, pipes), pipes.status)
    pipes.close()
    os.waitpid(inner, 0)


def _inner(plan: Plan, pipes: Pipes) -> None:
    spec = plan.spec
    doors = [os.open(path, os.O_WRONLY) for path in plan.doors]  # they lead out of the world that is built next
    if plan.namespaces:
        sys_.prctl(sys_.PR_SET_PDEATHSIG, signal.SIGKILL)
        uid = os.geteuid() if plan.uid is None else plan.uid
        software, session = tuple(spec["software"]), bool(spec.get("session"))
        sandbox.build(f"{plan.folder}/root", plan.home, uid=uid, software=software, session=session)
    else:
        sys_.prctl(sys_.PR_SET_CHILD_SUBREAPER, 1)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    _tell(pipes.status, "ready")
    if os.read(pipes.control, 1) != b"g":
        return
    deadline = time.monotonic() + (spec["time_limit_ms"] + _GRACE_MS) / 1000
    command = _start_command(plan, pipes, doors)
    if command is None:
        return
    os.close(pipes.output)
    exit_status = _await_command(command, pipes.control, deadline)
    if exit_status is not None:
        _tell(pipes.status, f"exit {exit_status}")
    if not plan.namespaces:
        _end_tree(plan)


def _end_tree(plan: Plan) -> None:
    if plan.uid is None:
        descendants.end_all(os.getpid())
    else:
        accounts.end_all(plan.uid, descendants.collect)


def _await_command(command: int, control: int, deadline: float) -> int | None:
    """Collect every process that ends here until the command does; None when it must be stopped instead.

    What comes by ``control`` meanwhile: ``u<ms>`` moves the deadline on by so much, ``t`` asks the command to end.
    """
    watch = select.poll()
    watch.register(control, select.POLLIN)
    while time.monotonic() < deadline:
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == command:
                    return os.waitstatus_to_exitcode(status)
                if pid == 0:
                    break
        except ChildProcessError:
            return None
        if watch.poll(0):
            said = os.read(control, 4096)
            if not said:  # the other end was closed
                return None
            deadline += _obey(said, command)
        signal.sigtimedwait([signal.SIGCHLD], _PULSE_S)
    return None


def _obey(said: bytes, command: int) -> float:
    """Do what the supervisor says of a session; gives by how many seconds its deadline moves on."""
    more_s = 0.0
    for word in said.split():
        if word.startswith(b"u"):
            more_s += int(word[1:]) / 1000
        elif word == b"t":
            os.kill(command, signal.SIGTERM)
    return more_s


def _start_command(plan: Plan, pipes: Pipes, doors: list[int]) -> int | None:
    """Start the command; None, and the reason told, when the kernel refuses to."""
    trouble, tell_trouble = os.pipe()  # closed by a successful exec, so that its end means "started"
    child = os.fork()
    if child == 0:
        try:
            for door in doors:
                os.write(door, b"0")
            _become_command(plan, pipes.output, tell_trouble)
        except BaseException as problem:  # noqa: BLE001 - the last line of a forked child: told, then ended
            os.write(tell_trouble, (getattr(problem, "strerror", None) or repr(problem)).encode(errors="replace")[:200])
        finally:
            os._exit(127)
    os.close(tell_trouble)
    why = os.read(trouble, 512)
    os.close(trouble)
    if why:
        os.waitpid(child, 0)
        _tell(pipes.status, f"refused {why.decode(errors='replace')}")
        return None
    return child


def _become_command(plan: Plan, output: int, tell_trouble: int) -> None:
    spec = plan.spec
    os.setsid()
    home = sandbox.HOME if plan.namespaces else plan.home
    os.chdir(home)
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.closerange(3, tell_trouble)
    os.closerange(tell_trouble + 1, _CLOSE_UP_TO)
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    with contextlib.suppress(OSError):
        os.write(os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC), _OOM_SCORE)
    os.nice(10)
    os.umask(0o077)
    _set_limits(plan)
    if plan.uid is not None:
        os.setgroups([])
        os.setresgid(plan.uid, plan.uid, plan.uid)
        os.setresuid(plan.uid, plan.uid, plan.uid)
    sys_.prctl(sys_.PR_SET_NO_NEW_PRIVS, 1)
    path = sandbox.search_path(spec["software"])
    environment = {
        "PATH": path,
        "HOME": home,
        "TMPDIR": os.path.join(home, "tmp"),  # noqa: PTH118
        "LANG": "C.UTF-8",
    }
    _execute(spec["command"], path, environment)


def _execute(command: list[str], path: str, environment: dict[str, str]) -> None:
    """Find the program as a shell would and become it. Python's own search imports modules, which are out of sight."""
    places = [command[0]] if "/" in command[0] else [f"{folder}/{command[0]}" for folder in path.split(":")]
    missing = OSError(errno.ENOENT, os.strerror(errno.ENOENT))
    for place in places:
        try:
            os.execve(place, command, environment)  # noqa: S606 - no shell is meant
        except (FileNotFoundError, NotADirectoryError) as problem:
            missing = problem
    raise missing


def _set_limits(plan: Plan) -> None:
    spec = plan.spec
    cpu_s = -(-spec["time_limit_ms"] * spec["cores"] // 1000) + 1
    wanted = {
        # No process can have this one raised later: a session, whose time may be extended, has the meter's limit alone.
        **({} if spec.get("session") else {resource.RLIMIT_CPU: (cpu_s, cpu_s + 1)}),
        resource.RLIMIT_NPROC: (_processes(plan),) * 2,
        resource.RLIMIT_FSIZE: (spec["disk_mib"] * _MIB,) * 2,
        # One byte, not none: where dumps are piped to a program, the kernel skips a limit of 1 and ignores one of 0.
        resource.RLIMIT_CORE: (1, 1),
        resource.RLIMIT_NOFILE: (_OPEN_FILES_MAX,) * 2,
    }
    if plan.limit_memory:
        wanted[resource.RLIMIT_AS] = (spec["memory_mib"] * _MIB,) * 2
    for kind, (soft, hard) in wanted.items():
        ceiling = resource.getrlimit(kind)[1]
        if ceiling != resource.RLIM_INFINITY and os.geteuid() != 0:
            soft, hard = min(soft, ceiling), min(hard, ceiling)  # noqa: PLW2901
        resource.setrlimit(kind, (soft, hard))


def _processes(plan: Plan) -> int:
    """Give the kernel's limit: it counts the account's processes, of which the job has all or only some."""
    own = int(plan.spec["processes_max"])
    if plan.uid is not None:
        return own
    if plan.namespaces:
        return own + 1  # a new user namespace counts from zero; the inner guard is in it
    return own + descendants.count_of_user(os.geteuid()) - 1  # this process becomes the job's first
