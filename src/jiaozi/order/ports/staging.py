"""What an order asks of what moves its data, and of the operator's places: who may name which, where data lands.

A movement is one file from a URL to another. Plain values, as the jobs' are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from jiaozi.kernel.refusal import Refused


class Direction(StrEnum):
    """Which way data goes: to the centre before a job, or back after it."""

    IN = "IN"
    OUT = "OUT"


class UnableToMove(Refused):
    """The data can't be moved as asked; asking again with the same movement is pointless."""


class UnableToReachPlace(Refused):
    """A place gave no answer or broke off; asking again goes on where it stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One file from a URL to another; ``id`` is the idempotency key.

    Attributes
    ----------
    bytes_max
        The most that it may be: what the hold was computed from.
    sha256
        What the content must be, in hexadecimal; empty where nobody said.
    """

    id: UUID
    order_id: UUID
    direction: Direction
    source: str
    target: str
    bytes_max: int
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementRecord:
    """What one movement was, once, never changed afterwards.

    Attributes
    ----------
    size
        Bytes of the file, the figure that is charged.
    sent
        Bytes that went over the line, those sent again after a break included.
    """

    record_id: str
    order_id: UUID
    direction: Direction
    source: str
    target: str
    size: int
    sent: int
    sha256: str
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class MovementPage:
    """Records after a cursor, and the cursor to ask with next."""

    records: tuple[MovementRecord, ...]
    cursor: str
    more: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """A file's size in bytes and its content, piece by piece; ``close`` lets go of it before the end."""

    size: int
    pieces: Iterator[bytes]

    def close(self) -> None:
        """Let go of the file."""
        close = getattr(self.pieces, "close", None)
        if close is not None:
            close()


Progress = Callable[[int, int | None], None]
"""Told the bytes that are there, and the size where it is known."""


class Stager(Protocol):
    """Moves a job's data. A movement that broke off goes on where it stopped; one that is done is not done again."""

    def size(self, url: str) -> int | None:
        """Say how large a file is, for the quote; None where the place can't say."""

    def move(self, movement: Movement, progress: Progress | None = None) -> MovementRecord:
        """Move a file and check it; nothing of it is seen at the target before it is whole.

        Raises
        ------
        UnableToMove, UnableToReachPlace
            Naming the URL and why.
        """

    def movements(self, cursor: str) -> MovementPage:
        """Give a bounded page of records since a cursor; the empty text means from the beginning."""

    def content(self, url: str, until: datetime) -> Content:
        """Give what a file on the platform's own machine holds, until an instant.

        Raises
        ------
        UnableToMove
            When it lies elsewhere, is not there, or may not be read.
        """


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
