"""Where one embedded server lives: its data, socket, log and secrets, found from one folder alone.

An ordinary user keeps everything in that folder. Root keeps it there too when the database's account can walk in;
otherwise below ``/var/lib/jiaozi``, because opening the permissions of parent folders is not ours to do.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from jiaozi.project.environment import kept_secret
from jiaozi.project.postgres.account import Account, chosen, may_enter

OWNER_ROLE = "jiaozi_owner"
DATABASE = "jiaozi"
PORT = 5432
"""Only names the socket file: the server listens on no network."""
_SOCKET_BYTES_MAX = 100
"""A Unix socket's whole path must stay below 108 bytes; some room for the lock file's suffix."""
_OUTSIDE = Path("/var/lib/jiaozi")


@dataclass(frozen=True, slots=True)
class Location:
    """The paths of one server.

    Attributes
    ----------
    home
        The folder that was asked for, below ``var``: holds the lock and, for root, the note of ``place``.
    place
        Where data and log are: ``home``, or a folder that the database's account can enter.
    socket
        Folder of the Unix socket, open to the database's account alone.
    account
        Who runs the server when we are root.
    """

    home: Path
    place: Path
    socket: Path
    account: Account | None

    @property
    def data(self) -> Path:
        """The cluster's data folder."""
        return self.place / "data"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.place / "log" / "postgres.log"

    @property
    def lock(self) -> Path:
        """Held by whoever starts or stops the server."""
        return self.home / "lock"

    @property
    def note(self) -> Path:
        """Remembers ``place``, so that data stays found when permissions change."""
        return self.home / "place"

    def secret(self, role: str) -> Path:
        """File of a role's password."""
        return self.home.parent / "secrets" / f"{self.home.name}-{role}"

    def password(self, role: str) -> str:
        """Read a role's password, made on first use."""
        return kept_secret(self.secret(role))

    def url(self, role: str, database: str = DATABASE) -> str:
        """Give the address of a database as a role; contains the password."""
        return f"postgresql://{role}:{quote(self.password(role))}@/{database}?host={quote(str(self.socket), safe='')}"


def _short(home: Path) -> str:
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:12]


def _fits(socket: Path) -> bool:
    return len(os.fsencode(socket / f".s.PGSQL.{PORT}.lock")) < _SOCKET_BYTES_MAX


def _place_for(account: Account, home: Path) -> Path:
    note = home / "place"
    if note.exists():
        return Path(note.read_text(encoding="utf-8").strip())
    home.mkdir(parents=True, exist_ok=True)
    inside = may_enter(account, home) and _fits(home / "socket")
    return home if inside else _OUTSIDE / _short(home)


def location(folder: Path) -> Location:
    """Find the server of a folder; starts nothing."""
    home = folder.resolve()
    account = chosen()
    place = _place_for(account, home) if account else home
    socket = place / "socket"
    if not _fits(socket):
        socket = Path("/tmp") / f"jiaozi-{os.geteuid()}-{_short(home)}"  # noqa: S108 - made 0700 and its owner checked
    return Location(home, place, socket, account)
