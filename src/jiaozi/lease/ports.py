"""What a lease asks of an engine whose centre can spend without asking: take letters, ask back, tell what was run.

Two promises such an engine makes: what it tells comes in the order in which it happened, each once for a cursor; and no
usage of a job is given out before the job itself was read here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A job that the centre admitted under a lease; ``at`` is by the centre's clock."""

    lease: UUID
    serial: int
    order: UUID
    wish: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """The centre admits nothing more under a lease; what it admitted was told before."""

    lease: UUID


@dataclass(frozen=True, slots=True)
class Told:
    """What a centre told after a cursor, oldest first, and the cursor to ask with next."""

    events: tuple[Admitted | GivenBack, ...]
    cursor: str
    more: bool = False


@runtime_checkable
class LeaseKeeper(Protocol):
    """An engine that can keep leases."""

    def lease_memory(self) -> str:
        """Name the memory that the centre's leases are in; empty while it never told."""

    def lease_heard_at(self) -> datetime | None:
        """Say when the centre was heard last."""

    def grant_lease(self, letter: Mapping[str, Any]) -> None:
        """Leave a letter for the centre, signed; the same one again has no effect."""

    def recall_lease(self, lease_id: UUID) -> None:
        """Ask a lease back; again has no effect."""

    def leases_told(self, cursor: str) -> Told:
        """Give a bounded page of what the centre told since a cursor; the empty text means from the beginning."""


@runtime_checkable
class Correspondent(Protocol):
    """An engine whose centre writes signed letters."""

    def peer_key(self) -> str:
        """Give the fingerprint of the key by which the centre's letters are known."""
