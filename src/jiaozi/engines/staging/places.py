"""Places by URL: which are allowed, and how they are reached. Credentials come from the operator, never in a URL."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import asyncssh
import fsspec
from fsspec import AbstractFileSystem
from obstore.fsspec import FsspecStore

from jiaozi.engines.staging.addresses import check_host, host_of
from jiaozi.engines.staging.links import leads_below
from jiaozi.order.ports import UnableToMove, UnableToReachPlace

SCHEMES = ("file", "sftp", "s3")
URL_MAX = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the operator allows and knows.

    Attributes
    ----------
    roots
        URLs under which data may be read and written: ``file:///data/jiaozi``, ``sftp://login/scratch``, ``s3://bucket``.
    spool
        Folder where half-done movements and records are kept.
    access
        ``sftp://host`` or ``s3://bucket`` → words for its file system (user, keys, endpoint).
    piece_bytes
        How much is read at once.
    read_back
        Whether what was written is read again and hashed; it doubles the target's traffic.
    landings
        Centre → ``url`` that data is moved to, and the ``path`` by which the engine's machine knows it.
    places
        Root → the place of the network where it lies.
    networks
        Private networks that may be called; None calls any address, for an operator's own command.
    """

    roots: tuple[str, ...]
    spool: Path
    access: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    piece_bytes: int = 4 * 1024 * 1024
    read_back: bool = True
    landings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    networks: tuple[str, ...] | None = None


class Place(NamedTuple):
    """A file on a file system."""

    url: str
    scheme: str
    system: AbstractFileSystem
    path: str

    @property
    def appends(self) -> bool:
        """Whether a file there can be written on; an object store only knows whole objects."""
        return self.scheme != "s3"


class _Parts(NamedTuple):
    scheme: str
    host: str
    path: str

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}"


def place(url: str, options: Options) -> Place:
    """Find the file that a URL names.

    Raises
    ------
    UnableToMove
        When the URL is malformed, carries a password, lies under no root, or leads out of its root by a link.
    UnableToReachPlace
        When there is no answer.
    """
    found = _place(url, options)
    check_links(found, options)
    return found


def check_links(at: Place, options: Options) -> None:
    """Refuse a file whose links lead out of its own root, the innermost: another root may be another holder's.

    Raises
    ------
    UnableToMove
        When one does, or the account may not look.
    UnableToReachPlace
        When there is no answer.
    """
    if at.scheme == "s3":
        return  # an object store has no links
    if not leads_below(at.scheme, at.system, _parts(at.url).path, innermost(at.url, options), at.url):
        told = "符号链接指向允许位置之外", "leads by a link out of the places that are allowed"
        raise _refuse("NOT_ALLOWED", at.url, *told)


def innermost(url: str, options: Options) -> str:
    """Give the path of the innermost root that a URL lies under."""
    parts = _parts(url)
    return max((root.path for root in map(_parts, options.roots) if _under(parts, root)), key=len)


def _place(url: str, options: Options) -> Place:
    root_of(url, options.roots)
    parts = _parts(url)
    if parts.scheme == "file":
        return Place(url, parts.scheme, fsspec.filesystem("file"), parts.path)
    words = _known(options.access.get(parts.origin, {}), url)
    if parts.scheme == "sftp":
        _check_host(str(words.get("host") or urlsplit(url).hostname), options, url)
        return Place(url, parts.scheme, _sftp(parts.host, words), parts.path)
    if "endpoint" in words:
        _check_host(host_of(str(words["endpoint"])), options, url)
    return Place(url, parts.scheme, _s3(words), f"{parts.host}{parts.path}")


def root_of(url: str, roots: Sequence[str]) -> str:
    """Give the root that a URL lies under.

    Raises
    ------
    UnableToMove
        When the URL is malformed, carries a password, or lies under none.
    """
    parts = _parts(url)
    for root in roots:
        if _under(parts, _parts(root)):
            return root
    raise _refuse("NOT_ALLOWED", url, "不在允许的存储位置内", "lies under none of the places that are allowed")


def _check_host(host: str, options: Options, url: str) -> None:
    if options.networks is not None:
        check_host(host, options.networks, url)


def _known(words: Mapping[str, Any], url: str) -> dict[str, Any]:
    """Put secrets in where they are named: ``{"env": "NAME"}`` or ``{"file": "/path"}``; they are kept nowhere else."""
    return {name: _secret(value, url) if isinstance(value, dict) else value for name, value in words.items()}


def _secret(named: Mapping[str, str], url: str) -> str:
    try:
        if "env" in named:
            return os.environ[named["env"]]
        return Path(named["file"]).read_text(encoding="utf-8").strip()
    except (KeyError, OSError, ValueError):
        raise _refuse(
            "SECRET_MISSING", url, "平台缺少访问凭据，请联系运维", "can't be reached: the platform lacks its secret"
        ) from None


def _sftp(host: str, words: Mapping[str, Any]) -> AbstractFileSystem:
    """Connect anew: a file system that fsspec keeps would keep a broken connection."""
    try:
        return fsspec.filesystem("ssh", skip_instance_cache=True, **{"host": host, **words})
    except (OSError, asyncssh.Error) as broken:
        why = str(broken) or type(broken).__name__
        raise UnableToReachPlace("BROKE_OFF", f"连接中断：{why}", f"can't be reached: {why}", field=host) from broken


def _s3(words: Mapping[str, Any]) -> AbstractFileSystem:
    """Give S3 by obstore; ``words`` are its own names, and ``allow_http`` for a server on a closed network."""
    make: Any = FsspecStore  # its overloads name every word of every cloud; these come from the operator's file
    config = {name: value for name, value in words.items() if name != "allow_http"}
    client = {"allow_http": bool(words.get("allow_http")), "timeout": "60s"}
    retries = {"max_retries": 3, "retry_timeout": timedelta(minutes=2)}
    system: AbstractFileSystem = make(
        "s3", config=config, client_options=client, retry_config=retries, skip_instance_cache=True
    )
    return system


def _parts(url: str) -> _Parts:
    try:
        split = urlsplit(url)
        host = split.netloc
    except ValueError:
        raise _refuse("URL_WRONG", url, "不是合格的网址", "is no URL") from None
    if split.scheme not in SCHEMES or len(url) > URL_MAX or not url.isprintable():
        known = "、".join(SCHEMES)
        raise _refuse("URL_WRONG", url, f"协议须为{known}", f"must be a URL of {known.replace('、', ', ')}")
    if "@" in host:
        raise _refuse(
            "PASSWORD_IN_URL",
            f"{split.scheme}://…",
            "网址不得含用户名或密码，请由运维配置",
            "carries a user or password; the operator configures those",
        )
    if split.query or split.fragment or (not host) is (split.scheme != "file"):
        raise _refuse("URL_WRONG", url, "网址须为 协议://主机/路径", "must be scheme://host/path, and nothing after it")
    path = unquote(split.path)
    if posixpath.normpath(path or "/") != (path.rstrip("/") or "/") or "\0" in path:
        raise _refuse("URL_WRONG", url, "路径不得含 . 或 ..", "has a path with . or .. or empty parts")
    return _Parts(split.scheme, host, path.rstrip("/"))


def _under(parts: _Parts, root: _Parts) -> bool:
    return parts.origin == root.origin and parts.path.startswith(f"{root.path}/")


def _refuse(code: str, url: str, zh: str, en: str) -> UnableToMove:
    return UnableToMove(code, zh, en, field=url[:200])
