"""What an order asks of an engine: submit a job, watch it, cancel it, and say exactly what it used.

An engine runs jobs somewhere (this machine, Slurm, Ray, Kubernetes). Orders know only this page; which engine stands
behind it is wired in the settings. The types are plain values, so that an engine can be tested without a database.

Four promises every engine makes:

- a second ``submit`` for an order finds the first job and starts nothing;
- a job is stopped at its time limit even when nobody watches, at most ``kill_lag_ms`` late;
- a usage record counts the time that the job ran, never the time that it waited;
- reading usage from a cursor neither loses a late record nor changes one that was given before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from jiaozi.kernel.label import Label
from jiaozi.order.ports.refusals import UnableToSubmit
from jiaozi.order.ports.session import SessionSpec

COMMAND_WORDS_MAX = 1_000
COMMAND_BYTES_MAX = 64 * 1024
FILES_MAX = 200
FILES_BYTES_MAX = 32 * 1024 * 1024
TIME_LIMIT_MS_MAX = 366 * 24 * 3_600_000
OUTPUT_BYTES_DEFAULT = 4 * 1024 * 1024
PROCESSES_DEFAULT = 64

# A plain name: no folder, no hidden file, nothing that a shell or a person could misread.
_FILE_NAME = re.compile(r"\w[\w.+-]{0,127}")


class JobState(StrEnum):
    """How far a job is: waiting for capacity, running, or over."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    ENDED = "ENDED"


class JobOutcome(StrEnum):
    """How a job that is over came to its end; ``LOST`` means that the engine can't know."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    CANCELLED = "CANCELLED"
    LOST = "LOST"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """What to run, and the limits that the hold was computed from.

    Attributes
    ----------
    order_id
        Names the job for ever; the idempotency key of ``submit``.
    command
        Program and arguments, never a shell line.
    files
        Input by plain file name, put into the job's folder before it starts.
    cores, cards
        Units of the resource class that the job occupies while it runs.
    memory_mib
        The most that all its processes may use together.
    time_limit_ms
        Run time after which it is stopped; the engine rounds it up to its granularity.
    voucher_id
        The voucher that pays, for engines that give each one room of its own; None where no voucher does.
    processes_max
        Most processes and threads at any moment.
    output_bytes_max
        Most that is kept of standard output and error; what comes after is dropped and said so.
    session
        What is opened instead of a command that the holder names; None for a batch job.
    inputs, outputs
        Name in the job's folder → path on the engine's machine: read before it starts, written after it ended. Only
        for an engine that ``carries_data``.
    """

    order_id: UUID
    command: tuple[str, ...]
    resource_class: str
    cores: int
    memory_mib: int
    time_limit_ms: int
    files: Mapping[str, bytes] = field(default_factory=dict)
    cards: int = 0
    voucher_id: UUID | None = None
    processes_max: int = PROCESSES_DEFAULT
    output_bytes_max: int = OUTPUT_BYTES_DEFAULT
    session: SessionSpec | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_command(self.command)
        _check_files(self.files)
        for name, least in (
            ("cores", 1),
            ("memory_mib", 1),
            ("processes_max", 1),
            ("cards", 0),
            ("output_bytes_max", 0),
        ):
            _check_least(name, getattr(self, name), least)
        if not 0 < self.time_limit_ms <= TIME_LIMIT_MS_MAX:
            raise UnableToSubmit(
                "time_limit_out_of_range",
                f"运行时限须大于0且不超过366天，当前为{self.time_limit_ms}毫秒",
                f"the time limit must be above 0 and at most 366 days, not {self.time_limit_ms} ms",
                field="time_limit_ms",
            )


def _check_command(command: tuple[str, ...]) -> None:
    if not command or not command[0]:
        raise UnableToSubmit("command_empty", "请填写要运行的程序", "name the program to run", field="command")
    size = sum(len(word.encode(errors="surrogatepass")) + 1 for word in command)
    if len(command) > COMMAND_WORDS_MAX or size > COMMAND_BYTES_MAX:
        raise UnableToSubmit(
            "command_too_long",
            f"命令最多{COMMAND_WORDS_MAX}个参数、{COMMAND_BYTES_MAX}字节，当前为{len(command)}个、{size}字节",
            f"at most {COMMAND_WORDS_MAX} words and {COMMAND_BYTES_MAX} bytes, not {len(command)} and {size}",
            field="command",
        )
    if any("\0" in word for word in command):
        raise UnableToSubmit(
            "command_has_nul", "命令不得含空字符", "a command can't hold a NUL character", field="command"
        )


def _check_files(files: Mapping[str, bytes]) -> None:
    for name in files:
        check_file_name(name, "files")
    size = sum(len(content) for content in files.values())
    if len(files) > FILES_MAX or size > FILES_BYTES_MAX:
        raise UnableToSubmit(
            "files_too_large",
            f"输入文件最多{FILES_MAX}个、共{FILES_BYTES_MAX}字节，当前为{len(files)}个、{size}字节",
            f"a job brings at most {FILES_MAX} files and {FILES_BYTES_MAX} bytes, not {len(files)} and {size}",
            field="files",
        )


def check_file_name(name: str, field: str) -> None:
    """Let a file have a name that stands for itself in a job's folder.

    Raises
    ------
    UnableToSubmit
        When it is no plain name.
    """
    if not _FILE_NAME.fullmatch(name):
        raise UnableToSubmit(
            "file_name_not_plain",
            f"文件名{name!r}无效：只能用字母、数字、点、加号和连字符，不得含斜杠，不得以点开头",
            f"{name!r} is no plain file name: letters, digits, dot, plus, hyphen; no slash, no leading dot",
            field=field,
        )


def _check_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise UnableToSubmit(
            "limit_too_small", f"须至少为{least}，当前为{value}", f"must be at least {least}, not {value}", field=name
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineJob:
    """The answer to ``submit``: the engine's own name of the job, and whether it was there already."""

    order_id: UUID
    engine_job: str
    already_there: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """Where a job stands. ``outcome`` and ``ended_at`` are there exactly when it has ended.

    ``started_at`` is when its command began, not when it was submitted; it stays None for a job that never ran.
    """

    order_id: UUID
    engine_job: str
    state: JobState
    submitted_at: datetime
    outcome: JobOutcome | None = None
    exit_code: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    reason: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRecord:
    """What one job used, once, never changed afterwards.

    Attributes
    ----------
    record_id
        Unique within the centre; the same id always carries the same record.
    order_id
        None for work that came to the centre by another way than an order.
    units
        Cores, or cards where the class counts cards, occupied for the whole run.
    elapsed_ms
        Run time by a clock that no one can set; excludes waiting in the queue.
    cpu_ms
        Processor time of the whole process tree, for the meter's plausibility; None where the engine can't say.
    memory_peak_mib
        The most at once, rounded up; None where the engine can't say.
    """

    record_id: str
    order_id: UUID | None
    resource_class: str
    units: int
    started_at: datetime
    ended_at: datetime
    elapsed_ms: int
    outcome: JobOutcome
    cpu_ms: int | None = None
    memory_peak_mib: int | None = None


@dataclass(frozen=True, slots=True)
class UsagePage:
    """Records after a cursor, and the cursor to ask with next; ``more`` says that asking at once is worth while."""

    records: tuple[UsageRecord, ...]
    cursor: str
    more: bool = False


@dataclass(frozen=True, slots=True)
class Forecast:
    """When a job would start; ``starts_at`` is None when it never could or nobody knows, and ``reason`` tells which."""

    starts_at: datetime | None
    reason: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Units of one resource class: all of them, those free now, and the jobs that wait."""

    resource_class: str
    units_total: int
    units_free: int
    jobs_queued: int


class Engine(Protocol):
    """A place where jobs run. Every call is bounded in time; without an answer it raises ``UnableToReachEngine``."""

    @property
    def name(self) -> str:
        """The engine's name in the settings, and the prefix of its record ids."""

    @property
    def granularity_ms(self) -> int:
        """The step to which the engine rounds a time limit up."""

    @property
    def kill_lag_ms(self) -> int:
        """How long past its limit a job may run before it is gone, as measured."""

    def submit(self, spec: JobSpec, *, first_attempt: bool = False) -> EngineJob:
        """Take the job, or find the one that this order already has.

        ``first_attempt`` is the caller's word that nobody ever asked for this order before, so that an engine which
        would have to look for an earlier job need not; True only where that is known for certain.

        Raises
        ------
        UnableToSubmit
            When the engine can never run it.
        """

    def status(self, order_ids: Sequence[UUID]) -> dict[UUID, JobStatus]:
        """Say where these jobs stand, in one round trip; orders that the engine never took are absent."""

    def cancel(self, order_id: UUID) -> None:
        """Ask for the end of the job and of all its processes; no effect on one that has ended.

        Raises
        ------
        UnableToFindJob
            When the engine never took a job for this order.
        """

    def usage(self, cursor: str) -> UsagePage:
        """Give a bounded page of records since a cursor; the empty text means from the beginning."""

    def forecast_start(self, spec: JobSpec, now: datetime) -> Forecast:
        """Say when the job would start if it were submitted now, without submitting it."""

    def capacity(self) -> tuple[Capacity, ...]:
        """Say what the engine has and what is free."""

    def logs(self, order_id: UUID, tail_bytes: int) -> bytes:
        """Give the last bytes of standard output and error, as far as they were kept."""


def carries_data(engine: Engine) -> bool:
    """Say whether an engine puts landed files into a job's folder and takes results out of it."""
    return bool(getattr(engine, "carries_data", False))


def longest_run_ms(time_limit_ms: int, granularity_ms: int, kill_lag_ms: int) -> int:
    """Give the longest that a job with this limit can run, which its hold must cover.

    >>> longest_run_ms(61_000, 60_000, 500)
    120500
    """
    return -(-time_limit_ms // granularity_ms) * granularity_ms + kill_lag_ms
