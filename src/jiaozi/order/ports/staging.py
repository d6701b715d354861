"""What an order asks of the operator's places: who may name which, and where data lands at a centre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from jiaozi.order.ports.jobs import Direction, Stager


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a file lies at a centre: the URL that it is moved by, and its path on the machine of the engine."""

    url: str
    path: str


class Staging(Protocol):
    """An operator's places: which a holder may name, and where its data lands at a centre."""

    def place_of(self, url: str, holder: UUID, *, write: bool = False) -> str:
        """Say at which place of the network a URL lies; empty where the operator did not say.

        Raises
        ------
        UnableToMove
            When the holder may not use it.
        """

    def landing(self, centre: str, order_id: UUID, direction: Direction, name: str) -> Landing | None:
        """Say where a file lands; None where the centre takes no data."""

    def stager(self, centre: str, order_id: UUID, holder: UUID) -> Stager:
        """Give what moves one order's data: between its holder's places and its own landing, nowhere else."""

    def clear(self, centre: str, order_id: UUID) -> None:
        """Take away what an order left at its landing; no harm where there is nothing."""
