"""Where a path really leads, links followed, on this machine and by SFTP."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Any

import asyncssh
from fsspec import AbstractFileSystem
from fsspec.asyn import sync

from jiaozi.order.ports import UnableToMove, UnableToReachPlace

_MISSING = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)
_ANSWER_S = 60


def leads_below(scheme: str, system: AbstractFileSystem, path: str, root: str, url: str) -> bool:
    """Say whether a path, and its folders as far as they are there, lie below a root once every link is followed.

    Raises
    ------
    UnableToMove
        When the account may not look.
    UnableToReachPlace
        When there is no answer.
    """
    if scheme == "file":
        real, top = str(Path(path).resolve()), str(Path(root or "/").resolve())
    else:
        found = _asked(system, path, root or "/", url)
        if found is None:
            return False
        real, top = found
    return real.startswith(f"{top.rstrip('/')}/")


def _asked(system: Any, path: str, root: str, url: str) -> tuple[str, str] | None:
    try:
        found: tuple[str, str] | None = sync(system.loop, _both, system.client, path, root, timeout=_ANSWER_S)
    except (PermissionError, asyncssh.SFTPPermissionDenied) as wrong:
        raise UnableToMove("NOT_PERMITTED", f"无法访问：{wrong}", f"can't be used: {wrong}", field=url) from wrong
    except (OSError, asyncssh.Error, TimeoutError) as broken:
        why = str(broken) or type(broken).__name__
        raise UnableToReachPlace("BROKE_OFF", f"连接中断：{why}", f"broke off: {why}", field=url) from broken
    return found


async def _both(client: asyncssh.SSHClientConnection, path: str, root: str) -> tuple[str, str] | None:
    async with client.start_sftp_client() as sftp:
        real, top = await _real(sftp, path), await _real(sftp, root)
    return None if real is None or top is None else (real, top)


async def _real(sftp: asyncssh.SFTPClient, path: str) -> str | None:
    """Give the real path of what is there, with the names below it that aren't yet; None for a link that leads nowhere.

    A server says "not there" of a path whose folders are yet to be made, and of a link that leads out of what it shows.
    """
    below = ""
    while True:
        try:
            return posixpath.normpath(posixpath.join(str(await sftp.realpath(path)), below))
        except _MISSING:
            if path == "/" or await _is_there(sftp, path):
                return None
        path, name = posixpath.split(path)
        below = posixpath.join(name, below) if below else name


async def _is_there(sftp: asyncssh.SFTPClient, path: str) -> bool:
    try:
        await sftp.lstat(path)
    except _MISSING:
        return False
    return True
