"""Sessions: what an order asks of an engine that opens a notebook or a shell instead of running a batch job.

Three promises beside those of every engine:

- the new limit of ``extend`` is absolute, so asking twice is asking once;
- before its limit a session is asked to end, so that its work folder is saved; one that does not is killed then;
- the way in (``Access``) is made where the session runs, for that session alone, and ends with it.

Every verb raises the refusals that it names and no other: a caller must know whether asking again is right. What an
engine meets on its way, such as a refusal of something that it submits for a verb, it turns into one of them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable
from uuid import UUID

from jiaozi.order.ports.refusals import UnableToSubmit

JUPYTERLAB, SSH = "JUPYTERLAB", "SSH"
OPENS = (JUPYTERLAB, SSH)
KEY_MAX = 4_096
_KEY_KINDS = (
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSpec:
    """What a session opens.

    Attributes
    ----------
    opens
        ``JUPYTERLAB`` or ``SSH``.
    authorized_key
        For SSH the one public key that may come in, without options or comment; empty for JupyterLab.
    """

    opens: str
    authorized_key: str = ""

    def __post_init__(self) -> None:
        if self.opens not in OPENS:
            raise UnableToSubmit(
                "SESSION_UNKNOWN",
                f"交互会话可打开{'、'.join(OPENS)}，不能是{self.opens}",
                f"a session opens {' or '.join(OPENS)}, not {self.opens}",
                field="opens",
            )
        object.__setattr__(self, "authorized_key", plain_key(self.authorized_key) if self.opens == SSH else "")


def plain_key(text: str) -> str:
    """Give an OpenSSH public key as its kind and its content alone: options and comments are dropped or refused.

    Raises
    ------
    UnableToSubmit
        When it is no single public key.
    """
    words = text.split()
    if len(text) <= KEY_MAX and len(text.strip().splitlines()) == 1 and len(words) > 1 and words[0] in _KEY_KINDS:
        kind = words[0].encode()
        try:
            content = base64.b64decode(words[1], validate=True)
        except binascii.Error:
            content = b""
        if content.startswith(len(kind).to_bytes(4, "big") + kind):
            return f"{words[0]} {words[1]}"
    raise UnableToSubmit(
        "KEY_WRONG",
        "请粘贴一行OpenSSH公钥，以ssh-ed25519等开头（如~/.ssh/id_ed25519.pub的内容），不要粘贴私钥",
        "paste one OpenSSH public key, such as the line in ~/.ssh/id_ed25519.pub; never a private key",
        field="authorized_key",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a running session is reached; for its holder's eyes alone, and never kept by the platform in clear.

    Attributes
    ----------
    host, port
        Where it listens: a loopback address is one of the node's own, ``node`` says which.
    token
        The way into JupyterLab; empty for SSH.
    user, host_key
        For SSH: whom to sign in as, and the public key that the server must show.
    """

    opens: str
    node: str
    host: str
    port: int
    token: str = field(default="", repr=False)
    user: str = ""
    host_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A session's work folder, kept at its end as one gzipped tar file.

    A ``name`` that begins with a slash is the file's path at the centre, from where it can't be brought; ``sha256`` is
    empty where nobody said what it is.
    """

    name: str
    size: int
    sha256: str


@runtime_checkable
class SessionEngine(Protocol):
    """An engine that opens sessions, beside ``jiaozi.order.ports.Engine``."""

    @property
    def sessions(self) -> frozenset[str]:
        """What it can open; nothing where its settings name no program for it."""

    @property
    def end_grace_ms(self) -> int:
        """How long before its limit a session is asked to end, at most: an extension must come before that."""

    def extend(self, order_id: UUID, time_limit_ms: int) -> None:
        """Raise a running session's limit to this run time; an equal or smaller one changes nothing.

        Raises
        ------
        UnableToExtend
            When it will never be raised; the old limit stands.
        UnableToReachEngine
            When nobody knows whether it was, or it could not be told; asking again is right.
        UnableToFindJob
            When the engine knows no such session. It may have raised the limit before: the slice waits for the usage.
        """

    def access(self, order_id: UUID) -> Access | None:
        """Say how a session is reached; None as long as it does not listen, and after its end.

        Raises
        ------
        UnableToReachEngine
            When there was no answer.
        UnableToFindJob
            When the engine knows no such session, or none any more.
        """

    def saved(self, order_id: UUID) -> Saved | None:
        """Say what was kept of an ended session; None where nothing was, or not yet.

        Raises
        ------
        UnableToReachEngine
            When there was no answer.
        UnableToFindJob
            When the engine knows no such session, or none any more: the same as None to whoever keeps the answer.
        """

    def read_saved(self, order_id: UUID) -> Iterator[bytes]:
        """Give what was kept, piece by piece.

        Raises
        ------
        UnableToReachEngine
            When it can't be brought, now or at all, with the place where it lies; also in the middle of the pieces,
            which must not be taken for the whole then.
        UnableToFindJob
            When the engine knows no such session, or none any more.
        """
