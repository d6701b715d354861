"""The engine's face: checks what is asked, and reads or changes the spool. It keeps nothing in memory that matters."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from jiaozi.engines.process import forecast, readings, sitting, turns
from jiaozi.engines.process.checking import Protection, check
from jiaozi.engines.process.options import Options, spool_folder
from jiaozi.engines.process.specs import as_job, sessions_of, spec_bytes
from jiaozi.engines.process.spool import Spool, read_apart, read_json, write_json
from jiaozi.engines.sessions import launcher
from jiaozi.engines.sessions.dressing import ACCESS_BYTES_MAX, read_access, read_saved
from jiaozi.kernel import clock
from jiaozi.order.ports import (
    Access,
    Capacity,
    EngineJob,
    Forecast,
    JobSpec,
    JobState,
    JobStatus,
    Saved,
    UnableToExtend,
    UnableToFindJob,
    UnableToReachEngine,
    UsagePage,
)

USAGE_PAGE_RECORDS = 500
_USAGE_PAGE_BYTES = USAGE_PAGE_RECORDS * 1_024
_LOG_TAIL_BYTES_MAX = 16 * 1024 * 1024
_PROBE_TIMEOUT_S = 30
_PIECE_BYTES = 1024 * 1024
_START = str(Path(__file__).with_name("start.py"))


class ProcessEngine:
    """Runs jobs on this machine; keeps ``jiaozi.order.ports.Engine``."""

    granularity_ms = 1
    end_grace_ms = sitting.END_GRACE_MS
    carries_data = True

    def __init__(self, options: Options) -> None:
        self.options = options
        self.name = options.name
        self.kill_lag_ms = options.kill_lag_ms
        self._protection: Protection | None = None
        self._spool: Spool | None = None
        self._opening = threading.Lock()

    def submit(self, spec: JobSpec, *, first_attempt: bool = False) -> EngineJob:  # noqa: ARG002 - it finds by name
        """Take the job, or find the one that this order already has."""
        order = str(spec.order_id)
        with self._reached() as spool:
            if (spool.job(order) / "spec").exists():
                return EngineJob(order_id=spec.order_id, engine_job=order, already_there=True)
            job = as_job(spec, self.options)
            check(job, self.options, self.protection)
            try:
                taken = turns.take_in(spool, order, spec_bytes(job, self.options), queue_max=self.options.queue_max)
            except OverflowError:
                raise UnableToReachEngine(
                    "queue_full",
                    f"排队作业已满{self.options.queue_max}个，请稍后再试",
                    f"{self.options.queue_max} jobs wait already; try again later",
                ) from None
            self._move_on(spool)
        return EngineJob(order_id=spec.order_id, engine_job=order, already_there=not taken)

    def status(self, order_ids: Sequence[UUID]) -> dict[UUID, JobStatus]:
        """Say where these jobs stand; orders that the engine never took are absent."""
        with self._reached() as spool:
            self._move_on(spool)
            found = {order_id: readings.read_status(spool, order_id) for order_id in order_ids}
        return {order_id: status for order_id, status in found.items() if status is not None}

    def cancel(self, order_id: UUID) -> None:
        """Ask for the end of the job and of its whole process tree."""
        with self._reached() as spool:
            status = readings.read_status(spool, order_id)
            if status is None:
                raise _unknown(order_id)
            if status.state is not JobState.ENDED:
                turns.withdraw(spool, str(order_id))
            self._move_on(spool)

    @property
    def sessions(self) -> frozenset[str]:
        """What it opens, by its options."""
        return sessions_of(self.options)

    def extend(self, order_id: UUID, time_limit_ms: int) -> None:
        """Raise a running session's limit; its supervisor sees it within a tick."""
        with self._reached() as spool:
            status, order = readings.read_status(spool, order_id), str(order_id)
            if status is None:
                raise _unknown(order_id)
            limit_ms = spool.read_limit_ms(order)
            if time_limit_ms <= limit_ms:
                return
            began_at = status.started_at if status.state is JobState.RUNNING else None
            ends_in = timedelta(milliseconds=limit_ms - self.end_grace_ms)
            if began_at is None or clock.now() >= began_at + ends_in:
                raise UnableToExtend(
                    "SESSION_ENDING", "会话已结束或即将结束", "the session is over, or about to end", field="order"
                )
            write_json(spool.job(order) / "limit.json", {"time_limit_ms": time_limit_ms}, durable=True)

    def access(self, order_id: UUID) -> Access | None:
        """Say how a session is reached: what it wrote of itself, at the door that its supervisor opened."""
        with self._reached() as spool:
            folder = spool.job(str(order_id))
            door = read_json(folder / "relay.json")
            said = read_access(read_apart(folder / "home", launcher.OWN, "access.json", most=ACCESS_BYTES_MAX))
        if door is None or said is None:
            return None
        return replace(said, host=sitting.HOST, port=door["port"], node=socket.gethostname())

    def saved(self, order_id: UUID) -> Saved | None:
        """Say what was kept of an ended session."""
        with self._reached() as spool:
            note = spool.job(str(order_id)) / f"{sitting.SAVED}.json"
            return read_saved(note.read_bytes()) if note.exists() else None

    def read_saved(self, order_id: UUID) -> Iterator[bytes]:
        """Give what was kept, piece by piece."""
        with self._reached() as spool, (spool.job(str(order_id)) / sitting.SAVED).open("rb") as file:
            while block := file.read(_PIECE_BYTES):
                yield block

    def usage(self, cursor: str) -> UsagePage:
        """Give the records after a cursor, at most ``USAGE_PAGE_RECORDS``."""
        with self._reached() as spool:
            self._move_on(spool)
            about = read_json(spool.about) or {}
            offset = readings.read_cursor(cursor, about["id"], spool.journal.stat().st_size)
            with spool.journal.open("rb") as file:
                file.seek(offset)
                block = file.read(_USAGE_PAGE_BYTES)
        lines = block[: block.rfind(b"\n") + 1].splitlines(keepends=True)[:USAGE_PAGE_RECORDS]
        taken = sum(len(line) for line in lines)
        records = tuple(readings.read_record(self.name, json.loads(line)) for line in lines)
        return UsagePage(records, f"{about['id']}.{offset + taken}", more=len(block) > taken and bool(lines))

    def forecast_start(self, spec: JobSpec, now: datetime) -> Forecast:
        """Say when the job would start at the latest if all others ran to their limits."""
        with self._reached() as spool:
            return forecast.start_of(spool, cores=spec.cores, memory_mib=spec.memory_mib, now=now)

    def capacity(self) -> tuple[Capacity, ...]:
        """Say what is free; every resource class draws on the same cores."""
        with self._reached() as spool:
            self._move_on(spool)
            free, waiting = turns.free_now(spool)["cores"], len(spool.waiting())
        return tuple(
            Capacity(resource_class=name, units_total=self.options.cores, units_free=max(0, free), jobs_queued=waiting)
            for name in self.options.resource_classes or ("cpu",)
        )

    def logs(self, order_id: UUID, tail_bytes: int) -> bytes:
        """Give the last bytes of what the job printed."""
        with self._reached() as spool:
            if not spool.job(str(order_id)).exists():
                raise _unknown(order_id)
            path = spool.job(str(order_id)) / "output"
            if not path.exists():
                return b""
            with path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                wanted = min(max(0, tail_bytes), _LOG_TAIL_BYTES_MAX)
                file.seek(max(0, size - wanted))
                return file.read(wanted)

    def protection(self) -> Protection:
        """Find out, once, how well this machine can hold a job."""
        if self._protection is None:
            folder = Path(self.options.spool or self.options.var).resolve()
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            argv = [sys.executable, "-I", "-S", _START, "--probe", str(folder)]
            answer = subprocess.run(argv, capture_output=True, timeout=_PROBE_TIMEOUT_S, check=True, env={}, cwd="/")
            found = json.loads(answer.stdout)
            self._protection = Protection(
                own_account=os.geteuid() == 0,
                namespaces=found["namespaces"],
                memory_by_kernel=found["memory"],
                why_not=found["why"],
            )
        return self._protection

    @contextmanager
    def _reached(self) -> Iterator[Spool]:
        """Give the spool; a disk or a lock that fails means that the engine can't be reached."""
        try:
            yield self._open_spool()
        except (OSError, TimeoutError, subprocess.SubprocessError) as problem:
            raise UnableToReachEngine(
                "spool_unusable",
                f"本机作业目录不可用：{problem}",
                f"this machine's job folder can't be used: {problem}",
            ) from problem

    def _open_spool(self) -> Spool:
        with self._opening:
            if self._spool is None:
                by_account = os.geteuid() == 0 and (
                    self.options.isolation == "account" or not self.protection().namespaces
                )
                spool = Spool(spool_folder(self.options, by_account=by_account))
                spool.prepare(
                    spool_id=uuid.uuid5(uuid.NAMESPACE_URL, f"{spool.root}\0{os.urandom(16).hex()}").hex[:12],
                    cores=self.options.cores,
                    memory_mib=self.options.memory_mib,
                )
                turns.sweep_left_over(spool)
                self._spool = spool
        return self._spool

    def _move_on(self, spool: Spool) -> None:
        turns.settle(spool)
        if self.options.enabled:
            turns.start_waiting(spool)


def _unknown(order_id: UUID) -> UnableToFindJob:
    return UnableToFindJob(
        "job_unknown", f"没有订单{order_id}的作业", f"there is no job for order {order_id}", field="order_id"
    )
