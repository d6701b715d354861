"""The engine's face on the platform: what an order asks is left at the desk, what the agent told is given.

Nothing here waits for the centre. A job that the agent has not answered yet is "asked again later", as an order does
with every engine that gives no answer; its hold stays.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from jiaozi.engines.agent import wire
from jiaozi.engines.agent.desk import Desk
from jiaozi.engines.agent.options import Options
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.lease.ports import Admitted, GivenBack, Told
from jiaozi.order.ports import (
    Access,
    Capacity,
    EngineJob,
    Forecast,
    JobSpec,
    JobState,
    JobStatus,
    Saved,
    UnableToFindJob,
    UnableToReachEngine,
    UnableToReadUsage,
    UnableToSubmit,
    UsagePage,
)

USAGE_PAGE_RECORDS = 1_000
WORDS_PAGE = 200
_BUSY = Label("中心繁忙，开始时间未知", "the centre is busy; nobody knows when it would start")
_SILENT = Label("中心代理尚未报告容量", "the centre's agent has not told what it has")
_ASKED = Label("已交给中心代理，等待答复", "left for the centre's agent, which has not answered yet")


class AgentEngine:
    """Runs jobs and sessions at a centre that can't be reached, through its agent; keeps order's and lease's ports."""

    def __init__(self, options: Options, desk: Desk) -> None:
        self.options, self.desk = options, desk
        self.name = options.name
        self.granularity_ms = options.granularity_ms
        self.kill_lag_ms = options.kill_lag_ms

    def submit(self, spec: JobSpec, *, first_attempt: bool = False) -> EngineJob:
        """Leave the job for the agent, once; give its answer as soon as there is one.

        That it is the first attempt goes with the letter, for the agent's present memory alone.

        Raises
        ------
        UnableToReachEngine
            While the agent has not answered.
        """
        known = self.desk.ask(spec, first_attempt=first_attempt)
        if known["stand"] == "asked":
            raise UnableToReachEngine("AGENT_NOT_ANSWERED", _ASKED.zh, _ASKED.en)
        if known["stand"] == "refused":
            said = known["refused"]
            raise UnableToSubmit(said["code"], said["zh"], said["en"], field=said["field"])
        return EngineJob(order_id=spec.order_id, engine_job=known["job"], already_there=True)

    def status(self, order_ids: Sequence[UUID]) -> dict[UUID, JobStatus]:
        """Say where these jobs stand as far as the agent told; one that was only asked for waits."""
        self.desk.sessions.forget_late()
        found = self.desk.jobs(list(order_ids))
        return {order_id: _status(order_id, known) for order_id, known in found.items() if known["stand"] != "refused"}

    def cancel(self, order_id: UUID) -> None:
        """Leave the wish for the agent."""
        if not self.desk.cancel(order_id):
            raise _unknown(order_id)

    @property
    def sessions(self) -> frozenset[str]:
        """What the agent told that it opens; nothing where it has been silent for long."""
        return frozenset() if self._is_silent() else self.desk.sessions.offer()[0]

    @property
    def end_grace_ms(self) -> int:
        """How long before its limit a session can no longer be extended, with time for a letter."""
        return self.desk.sessions.offer()[1]

    def extend(self, order_id: UUID, time_limit_ms: int) -> None:
        """Leave the wish for a longer limit for the agent, once; give its answer as soon as there is one."""
        self.desk.sessions.extend(order_id, time_limit_ms)

    def access(self, order_id: UUID) -> Access | None:
        """Give the way into a session as the agent told it, sealed to the platform."""
        return self.desk.sessions.access(order_id)

    def saved(self, order_id: UUID) -> Saved | None:
        """Give what the agent told of an ended session's files."""
        return self.desk.sessions.saved(order_id)

    def read_saved(self, order_id: UUID) -> Iterator[bytes]:
        """Give an ended session's files once the agent has sent them; asking for them is what makes it send."""
        return self.desk.sessions.read_saved(order_id, self.options.saved_bytes_max)

    def usage(self, cursor: str) -> UsagePage:
        """Give what the agent told, in the order in which it came."""
        memory, after = _read(cursor)
        now_memory, rows = self.desk.usage(memory, after, USAGE_PAGE_RECORDS + 1)
        given = rows[:USAGE_PAGE_RECORDS]
        last = given[-1][0] if given else (after if memory == now_memory else 0)
        text = json.dumps({"agent": 1, "memory": now_memory, "after": last}, separators=(",", ":"))
        records = tuple(wire.read_record(body) for _, body in given)
        return UsagePage(records, text, more=len(rows) > len(given))

    def forecast_start(self, spec: JobSpec, now: datetime) -> Forecast:
        """Now, where the agent told of room and of nobody waiting."""
        for each in self.capacity():
            if each.resource_class == spec.resource_class:
                fits = each.units_free >= (spec.cards or spec.cores) and not each.jobs_queued
                return Forecast(now) if fits else Forecast(None, _BUSY)
        return Forecast(None, _SILENT)

    def capacity(self) -> tuple[Capacity, ...]:
        """Say what the agent told last; nothing where it has been silent for long."""
        told = self.desk.told("capacity")
        return wire.read_capacity(json.loads(told)) if told and not self._is_silent() else ()

    @property
    def heard_at(self) -> datetime | None:
        """When the agent was heard last: nothing that is said of a job is newer."""
        heard = self.desk.told("heard_at")
        return datetime.fromisoformat(heard) if heard else None

    def _is_silent(self) -> bool:
        heard_at = self.heard_at
        return heard_at is None or clock.now() - heard_at > timedelta(seconds=self.options.silent_s)

    def logs(self, order_id: UUID, tail_bytes: int) -> bytes:
        """Give the end of the log that the agent sent last, and ask it for a newer one."""
        known = self.desk.ask_log(order_id, self.options.log_bytes_max)
        if known is None:
            raise _unknown(order_id)
        kept = base64.b64decode(known.get("log") or "")
        return kept[-tail_bytes:] if tail_bytes > 0 else b""

    def lease_memory(self) -> str:
        """Name the agent's memory."""
        return self.desk.told("agent_memory")

    def peer_key(self) -> str:
        """Give the SHA-256 of the agent's public key, as operators compare it: hex in groups of four."""
        raw = self.desk.line.other_key.public_bytes_raw()
        text = sha256(raw).hexdigest()
        return " ".join(text[at : at + 4] for at in range(0, len(text), 4))

    def lease_heard_at(self) -> datetime | None:
        """Say when the agent was heard last."""
        return self.heard_at

    def grant_lease(self, letter: Mapping[str, Any]) -> None:
        """Leave a letter about a lease for the agent."""
        self.desk.grant(letter)

    def recall_lease(self, lease_id: UUID) -> None:
        """Ask the agent for a lease."""
        self.desk.recall(lease_id)

    def leases_told(self, cursor: str) -> Told:
        """Give what the agent told of leases since a cursor, in the order in which it came."""
        memory, after = _read(cursor)
        now_memory, begin, rows = self.desk.words(memory, after, WORDS_PAGE + 1)
        given = rows[:WORDS_PAGE]
        last = given[-1][0] if given else begin
        text = json.dumps({"agent": 1, "memory": now_memory, "after": last}, separators=(",", ":"))
        return Told(tuple(_word(body) for _, body in given), text, more=len(rows) > len(given))


def _word(body: Mapping[str, Any]) -> Admitted | GivenBack:
    if body["tell"] == "given_back":
        return GivenBack(lease=UUID(body["lease"]))
    return Admitted(
        lease=UUID(body["lease"]),
        serial=body["serial"],
        order=UUID(body["order"]),
        wish=body["wish"],
        at=datetime.fromisoformat(body["at"]),
    )


def _status(order_id: UUID, known: dict[str, Any]) -> JobStatus:
    if known.get("status"):
        return wire.read_status(known["status"])
    return JobStatus(
        order_id=order_id,
        engine_job=known.get("job") or "",
        state=JobState.QUEUED,
        submitted_at=datetime.fromisoformat(known["asked_at"]),
        reason=_ASKED,
    )


def _read(cursor: str) -> tuple[str, int]:
    if not cursor:
        return "", 0
    try:
        words = json.loads(cursor)
        if words["agent"] != 1:
            raise ValueError  # noqa: TRY301 - one refusal for every wrong form
        return str(words["memory"]), int(words["after"])
    except (ValueError, TypeError, KeyError):
        raise UnableToReadUsage(
            "cursor_foreign",
            f"游标{cursor[:40]!r}不是本引擎给出的；从空游标重新读取",
            f"cursor {cursor[:40]!r} is none of this engine's; read again from the empty one",
            field="cursor",
        ) from None


def _unknown(order_id: UUID) -> UnableToFindJob:
    return UnableToFindJob(
        "job_unknown", f"没有订单{order_id}的作业", f"there is no job for order {order_id}", field="order_id"
    )
