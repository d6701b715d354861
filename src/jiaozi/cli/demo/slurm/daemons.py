"""Starting and ending programs that stay: each in a session of its own, noted on disk by process id and start."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from jiaozi.kernel.refusal import Refused

PROGRAMS = ("slurmctld", "slurmd", "slurmdbd", "slurmrestd", "sbatch", "sacctmgr", "munged", "mariadbd")
COME_UP_MAX_S = 60.0
_END_MAX_S = 10.0
_LOOK_S = 0.05
_SYSTEM = "/usr/sbin:/sbin"
Found = TypeVar("Found")


class UnableToStartSlurm(Refused):
    """The clusters can't be brought up on this machine; the reason says what would help."""


def missing() -> UnableToStartSlurm | None:
    """Say why no cluster can be brought up here, with the command that helps; None where one can."""
    absent = [program for program in PROGRAMS if find(program) is None]
    if absent:
        return UnableToStartSlurm(
            "SLURM_MISSING",
            f"未安装Slurm（缺少{absent[0]}）；请以root运行：make setup-system",
            f"Slurm is not installed ({absent[0]} is missing); install it with: make setup-system",
            field="engines",
        )
    if os.geteuid() != 0:
        return UnableToStartSlurm(
            "ROOT_NEEDED",
            "Slurm的守护进程会切换账户，需要root权限；请用sudo重新运行",
            "Slurm's daemons change accounts and need root; run it again with sudo",
            field="engines",
        )
    return None


def require() -> None:
    """Go on only where clusters can be brought up.

    Raises
    ------
    UnableToStartSlurm
        With the command that helps.
    """
    why = missing()
    if why is not None:
        raise why


def find(program: str) -> str | None:
    """Find a program, daemons' folders included."""
    return shutil.which(program, path=path())


def path() -> str:
    """Give the search path of daemons."""
    return f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM}"


def until(condition: Callable[[], Found], what: str, bound_s: float = COME_UP_MAX_S) -> Found:
    """Wait for a condition, and give what it gave.

    Raises
    ------
    UnableToStartSlurm
        When it does not come true in time.
    """
    end = time.monotonic() + bound_s
    while not (found := condition()):
        if time.monotonic() > end:
            raise UnableToStartSlurm(
                "SLURM_TOO_SLOW", f"{bound_s:.0f}秒内未就绪：{what}", f"not within {bound_s:.0f} s: {what}"
            )
        time.sleep(_LOOK_S)
    return found


def free_ports(count: int) -> list[int]:
    """Give ports that are free now; they are held together, so that no two are the same."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in held]
    for each in held:
        each.close()
    return ports


class Daemons:
    """The programs that were started, in order; with a ``note`` their ids stand on disk while they run."""

    def __init__(self, root: Path, note: Path | None = None) -> None:
        self.root, self._note = root, note
        self._started: list[subprocess.Popen[bytes]] = []
        self._write()

    def start(
        self, name: str, words: Sequence[str], *, user: str = "", environ: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a program, as another account where one is named; what it says goes to a log of its name."""
        record = pwd.getpwnam(user) if user else None
        with (self.root / "log" / f"{name}.out").open("wb") as out:
            child = subprocess.Popen(
                [find(words[0]) or words[0], *words[1:]],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                env={**os.environ, "PATH": path(), **(environ or {})},
                user=record.pw_uid if record else None,
                group=record.pw_gid if record else None,
                extra_groups=[] if record else None,
            )
        self._started.append(child)
        self._write()
        return child

    def end(self, child: subprocess.Popen[bytes]) -> None:
        """End one, by force where it does not listen; one that stands still is woken first."""
        if child.poll() is not None:
            return
        child.send_signal(signal.SIGCONT)
        child.terminate()
        try:
            child.wait(_END_MAX_S)
        except subprocess.TimeoutExpired:
            # its session is its own: a supervisor and what it started end together
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait(_END_MAX_S)

    def end_all(self) -> None:
        """End all, the last first, and forget them."""
        for child in reversed(self._started):
            self.end(child)
        self._started.clear()
        end_rest(self.root)
        if self._note is not None:
            self._note.unlink(missing_ok=True)

    def _write(self) -> None:
        if self._note is None:
            return
        self._note.parent.mkdir(parents=True, exist_ok=True)
        body = {"root": str(self.root), "started": [[child.pid, _began(child.pid)] for child in self._started]}
        half = self._note.with_suffix(".new")
        half.write_text(json.dumps(body), encoding="utf-8")
        half.replace(self._note)


def note(folder: Path) -> Path:
    """Give where the clusters of a demo's folder are noted while they run."""
    return folder / "slurm.json"


def end_noted(note: Path) -> bool:
    """End what an earlier run left behind after a kill, and remove its folder; True when there was something.

    A process is ended only where its id and its start are the noted ones: an id alone may be somebody else's by now.
    """
    try:
        body = json.loads(note.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    for pid, began in reversed(body["started"]):
        if began is not None and _began(pid) == began:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    end_rest(Path(body["root"]))
    shutil.rmtree(body["root"], ignore_errors=True)
    note.unlink(missing_ok=True)
    return True


def end_rest(root: Path) -> None:
    """End whatever else belongs to a folder of ours: jobs outlive their daemons, in sessions of their own.

    What belongs there works in the folder, or was given its slurm.conf; the folder's name is random and ours alone.
    """
    end = time.monotonic() + _END_MAX_S
    while (left := [pid for pid in _processes() if _belongs(pid, root)]) and time.monotonic() < end:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_LOOK_S)


def _processes() -> list[int]:
    return [
        int(each.name) for each in Path("/proc").iterdir() if each.name.isdecimal() and int(each.name) != os.getpid()
    ]


def _belongs(pid: int, root: Path) -> bool:
    here = Path(f"/proc/{pid}")
    try:
        works_in = f"{(here / 'cwd').readlink()}/".startswith(f"{root}/")
        given = (here / "environ").read_bytes().split(b"\0")
    except OSError:  # gone, or somebody else's
        return False
    return works_in or any(each.startswith(f"SLURM_CONF={root}/".encode()) for each in given)


def _began(pid: int) -> str | None:
    """Give when a process began, in the kernel's own ticks; None for one that is gone or only waits to be reaped."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if words[0] == "Z" else words[19]
