"""A session as a job: the launcher and its configuration are files of it, starting the launcher is its command."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from jiaozi.engines.sessions.launcher import MARK
from jiaozi.order.ports import JUPYTERLAB, SSH, Access, JobSpec, Saved, UnableToSubmit

ACCESS_BYTES_MAX = 64 * 1024
_LAUNCHER, CONFIG = "jiaozi-session.py", "jiaozi-session.json"
_TEXT_MAX, _NAME_MAX = 512, 400
_PORT_MAX = 65_535
_SHA256_DIGITS = 64
MORE: Mapping[str, Any] = {
    "given": "",  # a folder that has the files, where they don't lie in the job's own
    "limit": "",  # a file that says the limit in ms, where nobody else asks for the end
    "port": 0,
    "token": "",
    "host_key": "",  # the way in, where it was made already; the host key as its private file
    "note": "",  # a file that is told what was saved
    "ends": [],  # words of a program that says when the job ends, where nobody asks for the end before
    "tell": [],  # words of a program that is told how it is reached and what was saved, where no file can be read
    "output_bytes_max": 0,  # most of the saved files that goes into the output
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """What an engine's settings name for sessions; empty where it opens none of the kind.

    Attributes
    ----------
    jupyter, sshd
        JupyterLab's and the SSH server's program with its first words, as the node knows them.
    sftp
        The program of SSH's subsystem for files.
    """

    jupyter: tuple[str, ...] = ()
    sshd: tuple[str, ...] = ()
    sftp: str = "/usr/lib/openssh/sftp-server"

    @property
    def opens(self) -> frozenset[str]:
        """What can be opened with them."""
        return frozenset(opens for opens, program in ((JUPYTERLAB, self.jupyter), (SSH, self.sshd)) if program)


def dressed(
    spec: JobSpec,
    programs: Programs,
    *,
    listen: str,
    access: str,
    archive: str = "",
    archive_bytes_max: int = 0,
    end_within_s: int = 0,
    more: Mapping[str, Any] | None = None,
) -> JobSpec:
    """Give the job that opens a session.

    Parameters
    ----------
    listen
        The node's address at which it listens; empty for its socket's file alone.
    access
        Where it writes how it is reached.
    archive
        Where it keeps its work folder at the end; empty where the engine does.
    end_within_s
        How long it may take from being asked to end; 0: whoever asks sees to it.
    more
        What else of the launcher's configuration this engine sets: ``MORE`` has all and what they are without.

    Raises
    ------
    UnableToSubmit
        When the engine opens no such session, or a file has a name that the session needs.
    """
    session = spec.session
    if session is None:
        return spec
    if session.opens not in programs.opens:
        raise UnableToSubmit(
            "SESSION_NOT_OFFERED",
            f"该引擎不能打开{session.opens}",
            f"this engine opens no {session.opens}",
            field="opens",
        )
    taken = {_LAUNCHER, CONFIG, "work"} & set(spec.files)
    if taken:
        name = min(taken)
        raise UnableToSubmit(
            "FILE_NAME_TAKEN",
            f"文件名{name}由会话自身使用，请换一个",
            f"the session itself uses the name {name}: give the file another one",
            field="files",
        )
    config = {
        "opens": session.opens,
        "authorized_key": session.authorized_key,
        "files": list(spec.files),
        "jupyter": programs.jupyter,
        "sshd": programs.sshd,
        "sftp": programs.sftp,
        "listen": listen,
        "access": access,
        "archive": archive,
        "archive_bytes_max": archive_bytes_max,
        "end_within_s": end_within_s,
        **MORE,
        **(more or {}),
    }
    files = {**spec.files, _LAUNCHER: _launcher(), CONFIG: json.dumps(config).encode()}
    where = f"{config['given']}/" if config["given"] else ""
    return replace(spec, command=("python3", f"{where}{_LAUNCHER}", f"{where}{CONFIG}"), files=files)


@cache
def _launcher() -> bytes:
    return Path(__file__).with_name("launcher.py").read_bytes()


def read_access(content: bytes) -> Access | None:
    """Read what a session wrote of itself; None where that is nothing, or nothing that can be believed."""
    said = _object(content)
    texts = {name: said.get(name, "") for name in ("opens", "node", "host", "token", "user", "host_key")}
    port = said.get("port", 0)
    plain = all(isinstance(text, str) and len(text) <= _TEXT_MAX and text.isprintable() for text in texts.values())
    if not plain or type(port) is not int or not 0 <= port <= _PORT_MAX or not texts["opens"]:
        return None
    return Access(port=port, **texts)


def read_saved(content: bytes) -> Saved | None:
    """Read what a session wrote of its saved files; None where that is nothing."""
    said = _object(content)
    name, size, sha256 = said.get("name"), said.get("size"), said.get("sha256")
    if not isinstance(name, str) or type(size) is not int or not isinstance(sha256, str):
        return None
    is_hash = len(sha256) == _SHA256_DIGITS and sha256.isalnum()
    is_unsaid = name.startswith("/") and not size and not sha256  # a place at the centre of which nobody said more
    if size < 0 or len(name) > _NAME_MAX or not (is_hash or is_unsaid):
        return None
    return Saved(name=name, size=size, sha256=sha256)


def parted(output: bytes) -> tuple[bytes, bytes]:
    """Part a session's output into what the holder sees and the saved files that were put into it."""
    mark = MARK.encode()
    seen: list[bytes] = []
    packed: list[bytes] = []
    for line in output.split(b"\n"):
        (packed if line.startswith(mark) else seen).append(line)
    try:
        return b"\n".join(seen), b"".join(base64.b64decode(line[len(mark) :], validate=True) for line in packed)
    except binascii.Error:
        return b"\n".join(seen), b""


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content) if content else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
