"""Opens a session where a job runs, and saves its work at the end: ``python3 launcher.py CONFIG.json`` in its folder.

It travels with the job, so it needs nothing but Python 3.8's own library. In the job's folder it makes::

    work/           what the holder sees, and all that is saved
    .jiaozi/        for this session alone: keys, the server's socket ``s``

JupyterLab listens on a socket that only this account may open, with a token made here. For SSH every connection gets
an ``sshd -i`` of its own, which knows one host key, made here, and one key that may come in. Where the configuration
names a host, a port of it leads to the socket. How the session is reached is written to the file ``access`` when
something really listens, and taken away at its end.

Where nobody beside it asks for the end, it follows a file that says the limit, whenever that changes, and ends in time
before it. Where no folder outlives the job, it puts the saved files into its output: lines that begin with ``MARK``.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import getpass
import gzip
import hashlib
import json
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Child = subprocess.Popen[bytes]
    Way = tuple[asyncio.StreamReader, asyncio.StreamWriter]

OWN, WORK, DOOR = ".jiaozi", "work", ".jiaozi/s"
CONNECTIONS_MAX = 64
_READY_S = 120.0
_END_S = 5.0
_BLOCK = 64 * 1024
_LOOK_S = 0.5
_TELL_S, _TELL_AGAIN_S, _TELLS_AT_END = 10.0, 5.0, 3
_ASK_END_S = 10.0
MARK, _MARKED = "[jiaozi:saved] ", 6 * 1024
"""What begins a line of the output that carries saved files, and the bytes of them in each."""

_SHOWN = ("SLURM_", "CUDA_", "ROCR_", "ASCEND_", "NVIDIA_")


def main(path: str) -> None:
    """Open what the configuration says; ends when the server does or when asked to."""
    os.umask(0o077)
    began = time.monotonic()
    config = json.loads(Path(path).read_bytes())
    for folder in (OWN, WORK):
        Path(folder).mkdir(mode=0o700, exist_ok=True)
    if not config["given"]:
        Path(path).unlink()
    for name in config["files"]:
        if config["given"]:
            Path(WORK, name).write_bytes(Path(config["given"], name).read_bytes())
            Path(WORK, name).chmod(0o700)
        else:
            shutil.move(name, str(Path(WORK, name)))
    code = asyncio.run(_Session(config, began).run())
    kept = bool(config["archive"]) and save(Path(WORK), Path(config["archive"]), config["archive_bytes_max"])
    if kept:
        give(Path(config["archive"]), config["note"], config["output_bytes_max"])
    if config["tell"]:
        _tell_saved(config["tell"], Path(config["archive"]) if kept else None)
    sys.exit(code)


class _Session:
    """One session from its start to its end."""

    def __init__(self, config: dict[str, Any], began: float) -> None:
        self.config, self.began = config, began
        self.own, self.work = (str(Path(name).resolve()) for name in (OWN, WORK))
        self.ending = asyncio.Event()
        self.children: list[Child] = []
        self.said: dict[str, Any] = {}
        self.told: dict[str, Any] = {}

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ask_to_end)
        follows = [loop.create_task(each) for each in (self._follow_limit(), self._follow_end())]
        server = self._jupyter() if self.config["opens"] == "JUPYTERLAB" else None
        try:
            if server is None:
                self._make_keys()
            if not await self._is_ready(server):
                return 0 if self.ending.is_set() else 1
            listener = await self._listen()
            self._tell()
            tells = loop.create_task(self._tell_on())
            over = loop.run_in_executor(None, server.wait) if server else None
            await asyncio.wait(
                [each for each in (asyncio.ensure_future(self.ending.wait()), over) if each],
                return_when=asyncio.FIRST_COMPLETED,
            )
            tells.cancel()
            if listener is not None:
                listener.close()
            return 0 if self.ending.is_set() or server is None else server.poll() or 0
        finally:
            for each in follows:
                each.cancel()
            # Whoever asks once more from now on must not end the saving: it has no handler any more by then.
            signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
            self._end()

    async def _follow_limit(self) -> None:
        """Ask for the end in time before the limit that a file says, which may change at any time."""
        while self.config["limit"] and not self.ending.is_set():
            limit_s = _limit_s(Path(self.config["limit"]))
            if limit_s is not None and time.monotonic() - self.began >= limit_s - self.config["end_within_s"]:
                self._ask_to_end()
            await asyncio.sleep(_LOOK_S)

    async def _follow_end(self) -> None:
        """Ask for the end in time before the instant that a program says, which may be put off at any time."""
        loop = asyncio.get_running_loop()
        while self.config["ends"] and not self.ending.is_set():
            end_s = await loop.run_in_executor(None, _end_s, self.config["ends"])
            left_s = _ASK_END_S if end_s is None else end_s - self.config["end_within_s"] - time.time()
            if left_s <= 0:
                self._ask_to_end()
            await asyncio.sleep(max(_LOOK_S, min(_ASK_END_S, left_s)))

    def _ask_to_end(self) -> None:
        """Begin to end; whatever hangs then is ended by an alarm, so that the job does not reach its limit for it."""
        if self.config["end_within_s"] and not self.ending.is_set():
            if os.getpid() == 1:  # the first process of a container has no default of its own for any signal
                signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
            signal.alarm(self.config["end_within_s"])
        self.ending.set()

    def _jupyter(self) -> Child:
        token = self.config["token"] or secrets.token_urlsafe(32)
        self.said = {"token": token}
        words = [
            *self.config["jupyter"],
            "--no-browser",
            f"--ServerApp.sock={DOOR}",
            "--ServerApp.sock_mode=0600",
            f"--ServerApp.root_dir={self.work}",
            f"--ServerApp.allow_remote_access={not _is_loopback(self.config['listen'] or '127.0.0.1')}",
            "--ServerApp.allow_root=True",
        ]
        return self._start(words, {**os.environ, "JUPYTER_TOKEN": token, "JUPYTER_PREFER_ENV_PATH": "1"})

    def _make_keys(self) -> None:
        """Make this session's own host key, and what its SSH servers must know."""
        own = self.own
        if self.config["host_key"]:
            Path(own, "host").write_text(self.config["host_key"], encoding="ascii")
            made = subprocess.run(["ssh-keygen", "-y", "-f", f"{own}/host"], check=True, stdout=subprocess.PIPE)
            Path(own, "host.pub").write_bytes(made.stdout)
        else:
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{own}/host"], check=True)
        Path(own, "allowed").write_text(self.config["authorized_key"] + "\n", encoding="ascii")
        shell = Path(own, "shell")
        shell.write_text(_shell(self.work), encoding="utf-8")
        shell.chmod(0o700)
        Path(own, "sshd_config").write_text(_sshd_config(own, self.config["sftp"]), encoding="utf-8")
        self.said = {
            "user": getpass.getuser(),
            "host_key": " ".join(Path(own, "host.pub").read_text(encoding="ascii").split()[:2]),
        }

    async def _serve_ssh(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Give one connection a server of its own."""
        ours, theirs = socket.socketpair()
        words = [*self.config["sshd"], "-i", "-e", "-f", f"{self.own}/sshd_config"]
        child = self._start(words, os.environ, stdin=theirs, stdout=theirs)
        theirs.close()
        far = await asyncio.open_connection(sock=ours)
        await _join((reader, writer), far)
        child.terminate()

    def _start(self, words: list[str], environ: Mapping[str, str], **more: Any) -> Child:
        self.children = [each for each in self.children if each.poll() is None]
        if len(self.children) >= CONNECTIONS_MAX:
            raise ConnectionRefusedError("too many connections")
        given = {"stdin": subprocess.DEVNULL, **more}
        self.children.append(subprocess.Popen(words, env=environ, start_new_session=True, **given))
        return self.children[-1]

    async def _is_ready(self, server: Child | None) -> bool:
        """Wait until something listens at the door; SSH servers are started one a connection, there is no wait."""
        until = time.monotonic() + _READY_S
        while server is not None and time.monotonic() < until and not self.ending.is_set():
            if server.poll() is not None:
                _say("the server ended before it listened")
                return False
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_unix_connection(DOOR)
                writer.close()
                return True
            await asyncio.sleep(0.1)
        return server is None

    async def _listen(self) -> asyncio.AbstractServer | None:
        host = self.config["listen"]
        if not host:
            return await asyncio.start_unix_server(self._serve_ssh, DOOR) if self.config["opens"] == "SSH" else None
        serve = self._serve_ssh if self.config["opens"] == "SSH" else relay_to(DOOR)
        listener = await asyncio.start_server(serve, host, self.config["port"])
        self.said["port"] = listener.sockets[0].getsockname()[1]
        return listener

    def _tell(self) -> None:
        """Write how the session is reached, whole or not at all, for this account alone."""
        said = {
            "opens": self.config["opens"],
            "node": socket.gethostname(),
            "host": self.config["listen"] or "",
            "port": 0,
            "token": "",
            "user": "",
            "host_key": "",
            **self.said,
        }
        self.told = {**said, "token": ""}
        place = Path(self.config["access"])
        draft = place.with_name(place.name + ".new")
        draft.unlink(missing_ok=True)
        with draft.open("x", encoding="utf-8") as file:  # a new file, 0600 by the umask
            json.dump(said, file)
        draft.replace(place)
        _say("the session is open")

    async def _tell_on(self) -> None:
        """Tell the program that was named how the session is reached, without its token, until it has heard."""
        loop = asyncio.get_running_loop()
        while self.config["tell"]:
            if await loop.run_in_executor(None, tell, self.config["tell"], self.told):
                return
            await asyncio.sleep(_TELL_AGAIN_S)

    def _end(self) -> None:
        Path(self.config["access"]).unlink(missing_ok=True)
        living = [each for each in self.children if each.poll() is None]
        for each in living:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(each.pid, signal.SIGTERM)
        until = time.monotonic() + _END_S
        for each in living:
            try:
                each.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(each.pid, signal.SIGKILL)


def tell(words: list[str], said: dict[str, Any]) -> bool:
    """Tell a program something as one more word, JSON in base64; says whether it heard."""
    text = base64.urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode()).decode().rstrip("=")
    try:
        done = subprocess.run(
            [*words, text], stdin=subprocess.DEVNULL, capture_output=True, timeout=_TELL_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _tell_saved(words: list[str], archive: Path | None) -> None:
    """Tell what was saved, or that nothing was; the job is not kept from its end for long by one that does not hear."""
    about = json.loads(archive.with_name(archive.name + ".json").read_bytes()) if archive else {}
    for _ in range(_TELLS_AT_END):
        if tell(words, about):
            break
        time.sleep(1)


def _end_s(words: list[str]) -> int | None:
    """Ask a program at which second since the epoch the job ends; None where it can't say now."""
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TELL_S, check=False)
        return int(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def _limit_s(file: Path) -> float | None:
    try:
        return int(file.read_text(encoding="ascii")) / 1000
    except (OSError, ValueError):
        return None  # it is being replaced


def _say(text: str) -> None:
    sys.stdout.write(f"[jiaozi] {text}\n")
    sys.stdout.flush()


def _shell(work: str) -> str:
    """Give what every SSH connection runs: in the work folder, with the job's environment."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "TMPDIR", "LANG") or name.startswith(_SHOWN)
    }
    kept["HOME"] = work
    lines = ["#!/bin/sh", *(f"export {name}={shlex.quote(value)}" for name, value in sorted(kept.items()))]
    lines += [
        f"cd {shlex.quote(work)} || exit 126",
        'if [ -n "$SSH_ORIGINAL_COMMAND" ]; then exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"; fi',
        "if [ -x /bin/bash ]; then exec /bin/bash -i; fi",
        "exec /bin/sh -i",
    ]
    return "\n".join(lines) + "\n"


def _sshd_config(own: str, sftp: str) -> str:
    lines = [
        f"HostKey {own}/host",
        f"AuthorizedKeysFile {own}/allowed",
        "AuthenticationMethods publickey",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "UsePAM no",
        # The keys lie in a folder that this account alone may read; the folders above it are the centre's.
        "StrictModes no",
        "PidFile none",
        "PermitUserRC no",
        "PermitTunnel no",
        "X11Forwarding no",
        "AllowAgentForwarding no",
        "AllowTcpForwarding local",
        "PermitOpen 127.0.0.1:* localhost:*",
        "PrintMotd no",
        "PrintLastLog no",
        "LogLevel ERROR",
        f"ForceCommand {shlex.quote(own + '/shell')}",
    ]
    return "\n".join([*lines, *([f"Subsystem sftp {sftp}"] if sftp else [])]) + "\n"


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def relay_to(door: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Give a handler that leads a connection to a socket's file; more than ``CONNECTIONS_MAX`` at once are closed."""
    room = asyncio.Semaphore(CONNECTIONS_MAX)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if room.locked():
            writer.close()
            return
        async with room:
            try:
                far = await asyncio.open_unix_connection(door)
            except OSError:
                writer.close()
                return
            await _join((reader, writer), far)

    return handle


async def _join(near: Way, far: Way) -> None:
    """Carry bytes both ways until both sides have said all."""
    try:
        await asyncio.gather(_carry(near[0], far[1]), _carry(far[0], near[1]))
    finally:
        for _, writer in (near, far):
            writer.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while True:
            block = await reader.read(_BLOCK)
            if not block:
                break
            writer.write(block)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


class _Hashed:
    """A file that is hashed as it is written."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.sha256, self.size = file, hashlib.sha256(), 0

    def write(self, block: bytes) -> int:
        self.sha256.update(block)
        self.size += len(block)
        return self.file.write(block)

    def flush(self) -> None:
        self.file.flush()


def save(work: Path, archive: Path, bytes_max: int) -> bool:
    """Keep a folder as a gzipped tar file, and beside it what it is: ``<archive>.json``; True when it was kept.

    Nothing is followed out of the folder: a link is kept as a link, and what is neither file, folder nor link is left.
    """
    draft = archive.with_name(archive.name + ".new")
    try:
        with draft.open("wb") as file:
            hashed = _Hashed(file)
            # No time of its own in the header: the same files give the same bytes.
            with (
                gzip.GzipFile("", "wb", 1, hashed, 0) as packed,
                tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
            ):
                tar.add(str(work), WORK, filter=lambda info: _kept(info, hashed, bytes_max))
            file.flush()
            os.fsync(file.fileno())
    except (OSError, ValueError, RecursionError, tarfile.TarError) as problem:
        _say(f"nothing was saved: {problem}")
        draft.unlink(missing_ok=True)
        return False
    draft.replace(archive)
    about = {"name": archive.name, "size": hashed.size, "sha256": hashed.sha256.hexdigest()}
    note = archive.with_name(archive.name + ".json")
    draft = note.with_name(note.name + ".new")
    draft.write_text(json.dumps(about), encoding="utf-8")
    draft.replace(note)
    return True


def give(archive: Path, note: str, output_bytes_max: int) -> None:
    """Say what was saved where it is asked for, and put it into the output unless it is too large for that."""
    about = archive.with_name(archive.name + ".json").read_bytes()
    if 0 < archive.stat().st_size <= output_bytes_max:
        with archive.open("rb") as file:
            for block in iter(lambda: file.read(_MARKED), b""):
                sys.stdout.write(f"{MARK}{base64.b64encode(block).decode()}\n")
        sys.stdout.flush()
    if note:
        Path(note).write_bytes(about)


def _kept(info: tarfile.TarInfo, hashed: _Hashed, bytes_max: int) -> tarfile.TarInfo | None:
    if hashed.size > bytes_max:
        raise ValueError(f"more than {bytes_max} bytes")
    if not (info.isreg() or info.isdir() or info.issym() or info.islnk()):
        return None
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info


if __name__ == "__main__":
    main(sys.argv[1])
