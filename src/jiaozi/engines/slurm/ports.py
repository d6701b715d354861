"""What the engine asks of a way to a cluster, in Slurm's own terms: three verbs that change and four that read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

NAME_PREFIX = "jiaozi-"
"""A job's name is this and its order's id. Every Slurm keeps names; comments only where that is switched on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job as Slurm knows it, whichever way it came. Instants are epoch seconds, None where there is none.

    Attributes
    ----------
    state
        Slurm's base state in capitals, without flags: ``PENDING``, ``COMPLETED``.
    ran
        Whether it had nodes, which a start time alone does not prove.
    elapsed_s
        Run time without suspension; None where the source does not say.
    limit_min
        The time limit in minutes; None where there is none or the source does not say.
    allocated, requested
        Trackable resources by their name in Slurm: ``cpu``, ``gres/gpu``, ``gres/gpu:910b``.
    """

    job_id: int
    name: str
    state: str
    submit_s: int
    cluster: str = ""
    partition: str = ""
    user: str = ""
    start_s: int | None = None
    end_s: int | None = None
    ran: bool = False
    elapsed_s: int | None = None
    limit_min: int | None = None
    exit_status: int = 0
    exit_signal: int = 0
    reason: str = ""
    comment: str = ""
    allocated: dict[str, int] | None = None
    requested: dict[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch job to submit: one task on one node."""

    order: str
    name: str
    comment: str
    script: bytes
    partition: str
    account: str
    qos: str
    constraint: str
    gres: str
    cores: int
    memory_mib: int
    limit_min: int
    folder: str
    output: str
    end_signal_s: int = 0
    """How long before its limit the job's first process is asked to end; 0: it is not asked."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A partition's units: all of them, and those that are free now."""

    partition: str
    cores_total: int
    cores_free: int
    gres_total: dict[str, int]
    gres_free: dict[str, int]


class Cluster(Protocol):
    """A way to one cluster. Each call ends within the options' timeout, else raises ``UnableToReachEngine``."""

    def submit(self, batch: Batch) -> int:
        """Submit, and give the job's number."""

    def known(self) -> list[Job]:
        """Give what the controller has in memory of the account's jobs: all that live, and those that ended lately."""

    def recorded(self, names: Sequence[str]) -> list[Job]:
        """Give what accounting has under these names."""

    def ended(self, since_s: int, until_s: int | None) -> list[Job]:
        """Give what accounting has of the account's jobs that ended in a stretch of time; None: up to any time.

        Raises
        ------
        AnswerTooLarge
            When it is more than is read at once; ask for a shorter stretch.
        """

    def cancel(self, job_id: int) -> None:
        """Ask for a job's end; no effect on one that has ended."""

    def extend(self, job_id: int, limit_min: int) -> None:
        """Raise a running job's limit.

        Raises
        ------
        UnableToExtend
            When Slurm or the centre's gate says no.
        """

    def note(self, job_id: int, comment: str) -> None:
        """Give a running job another comment."""

    def forecast(self, batch: Batch, now: datetime) -> datetime | None:
        """Give when the job would start."""

    def pools(self) -> list[Pool]:
        """Give the partitions."""

    def tail(self, path: str, size: int) -> bytes:
        """Give the last bytes of a file at the centre; nothing where there is none."""


class AnswerTooLarge(Exception):  # noqa: N818 - an answer, met by asking for less
    """An answer passed the bound on what is read at once."""
