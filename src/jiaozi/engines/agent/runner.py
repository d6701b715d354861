"""The centre's end: asks the platform what is wanted, does it with the centre's own engine, tells what happened.

A step is: look at the engine, note what is new, exchange letters until neither side has more to say, do what was
asked. What was asked is kept before it is done, and stays until it was done; the engine is idempotent by order, so that
doing it again after a crash is harmless.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from jiaozi.engines.agent import leases, link, sitting, wire
from jiaozi.engines.agent.apart import Apart
from jiaozi.engines.agent.link import Line
from jiaozi.engines.agent.spool import Page, Spool
from jiaozi.kernel import clock
from jiaozi.order.ports import (
    Engine,
    JobStatus,
    UnableToFindJob,
    UnableToReachEngine,
    UnableToReadUsage,
    UnableToSubmit,
)

LETTERS_PER_STEP = 50
PAGES_PER_STEP = 20
STATUS_FAULTS_MAX = 24
"""How many status calls may break in one look: enough to find the one order among thousands that breaks them."""


class UnableToReachPlatform(Exception):  # noqa: N818 - an answer: try again later
    """No letter came back."""


Exchange = Callable[[bytes], bytes]
"""Carries a letter to the platform and brings the answer; raises ``UnableToReachPlatform``."""


class Agent:
    """One centre's agent."""

    def __init__(self, line: Line, spool: Spool, engine: Engine, exchange: Exchange) -> None:
        self.line, self.spool, self.engine, self._exchange = line, spool, engine, exchange
        self._untried: set[UUID] = set()
        """Jobs whose first attempt this process was asked for and has not made. It is kept nowhere: whoever comes after
        a process that was killed knows nothing of it and looks. A memory that was put back from a copy may hear a
        letter again that it never confirmed, and not look: that is why copies are forbidden."""
        self._apart = Apart()
        self._offered: sitting.Job | None = None
        with spool.change() as page:
            if page.get("memory_told") != page.get("memory"):
                leases.tell_memory(page)

    def step(self) -> bool:
        """Do one round; False where the platform could not be reached. What the engine can't do now is done later."""
        self.look()
        reached = self.talk()
        self.work()
        return reached

    def look(self) -> None:
        """Note what is new at the engine: statuses, sessions, usage, capacity; give back leases that have ended."""
        for name, part in (
            ("leases", self._look_at_leases),
            ("status", self._look_at_jobs),
            ("sessions", self._look_at_sessions),
            ("usage", self._look_at_usage),
            ("capacity", self._look_at_capacity),
        ):
            with self._apart.part(f"look at {name}"):
                part()

    def talk(self) -> bool:
        """Exchange letters until neither side has more to say, at most a bounded number."""
        for _ in range(LETTERS_PER_STEP):
            try:
                answer = self._exchange(link.write(self.line, self.spool))
            except UnableToReachPlatform:
                return False
            taken = None
            with self._apart.part("read the platform's letter"):  # a proxy's page is no letter: work goes on without
                taken = link.read(self.line, self.spool, answer, take=self._take, forgotten=_tell_all)
            if taken is None:
                return False
            with self.spool.change() as page:
                if not taken and not page.waiting():
                    return True
        return True

    def work(self) -> None:
        """Do what was asked; what can't be done now stays."""
        with self.spool.change() as page:
            wanted = page.live_jobs()
        for order_id, known in wanted.items():
            with suppress(UnableToReachEngine):
                for name, do in (
                    ("submit", self._submit),
                    ("cancel", self._cancel),
                    ("session", self._work_for_session),
                    ("log", self._log),
                ):
                    with self._apart.order(order_id, name):
                        do(order_id, known)

    def _take(self, page: Page, message: Mapping[str, Any]) -> None:
        if message.get("do") == "lease":
            leases.take_letter(page, message["letter"], self.line.other_key, self.line.centre)
        elif message.get("do") == "recall":
            leases.give_back(page, UUID(message["lease"]))
        else:
            if _is_first(page, message):
                self._untried.add(UUID(message["spec"]["order"]))
            _take(page, message)

    def _submit(self, order_id: UUID, known: dict[str, Any]) -> None:
        with self.spool.change() as page:  # as it is now: whoever else had this memory may have handed it over
            known |= page.job(order_id) or {}
        if known["stand"] != "asked":
            return
        first = order_id in self._untried
        self._untried.discard(order_id)
        try:
            job = self.engine.submit(wire.read_spec(known["spec"]), first_attempt=first)
            known |= {"job": job.engine_job, "stand": "answered"}
        except UnableToSubmit as refused:
            known |= {"refused": wire.write_reason(refused.reason), "stand": "refused"}
        with self.spool.change() as page:
            page.say(_answer(order_id, known))
            page.keep_job(order_id, known, live=known["stand"] == "answered")

    def _cancel(self, order_id: UUID, known: dict[str, Any]) -> None:
        """Ask for a job's end in each round until it has come: an engine may ask it first, and end it later."""
        if not known.get("cancel") or known["stand"] != "answered" or sitting.is_over(known):
            return
        try:
            self.engine.cancel(order_id)
        except UnableToFindJob:
            with self.spool.change() as page:
                page.keep_job(order_id, {**(page.job(order_id) or known), "cancel": False}, live=True)

    def _work_for_session(self, order_id: UUID, known: dict[str, Any]) -> None:
        sitting.work(self.spool, self.engine, order_id, known, self._apart)

    def _log(self, order_id: UUID, known: dict[str, Any]) -> None:
        if not known.get("log") or known["stand"] != "answered":
            return
        text = ""
        with self._apart.order(order_id, "read the log"), suppress(UnableToFindJob):
            text = base64.b64encode(self.engine.logs(order_id, known["log"])).decode()
        over = sitting.is_over(known)
        with self.spool.change() as page:
            page.say({"tell": "log", "order": str(order_id), "text": text, "final": over})
            latest = page.job(order_id) or known
            page.keep_job(order_id, {**latest, "log": 0}, live=sitting.is_live(latest))

    def _look_at_leases(self) -> None:
        leases.give_back_ended(self.line, self.spool, clock.now())

    def _look_at_jobs(self) -> None:
        with self.spool.change() as page:
            live = page.live_jobs()
        answered = {
            order_id: each
            for order_id, each in live.items()
            if each["stand"] == "answered" and not sitting.is_over(each)
        }
        for order_id, status in self._statuses(list(answered)).items():
            told = wire.write_status(status)
            if told == answered[order_id].get("status"):
                continue
            with self.spool.change() as page:
                page.say({"tell": "status", "order": str(order_id), "status": told})
                known = {**answered[order_id], "status": told}
                page.keep_job(order_id, known, live=sitting.is_live(known))

    def _statuses(self, order_ids: list[UUID]) -> dict[UUID, JobStatus]:
        """Ask for all at once; where that breaks, for halves, until the orders that break it are found."""
        found: dict[UUID, JobStatus] = {}
        parts, faults = [order_ids] if order_ids else [], 0
        while parts:
            asked = parts.pop()
            try:
                found |= self.engine.status(asked)
            except UnableToReachEngine:
                raise
            except Exception:
                faults += 1
                if faults > STATUS_FAULTS_MAX:
                    raise
                if len(asked) == 1:
                    with self._apart.order(asked[0], "status"):
                        raise
                else:
                    half = len(asked) // 2
                    parts += [asked[half:], asked[:half]]
        return found

    def _look_at_sessions(self) -> None:
        self._offered = sitting.tell_offer(self.spool, self.engine, self._offered)
        sitting.look(self.spool, self.engine, self._apart)

    def _look_at_usage(self) -> None:
        for _ in range(PAGES_PER_STEP):
            with self.spool.change() as page:
                cursor = page.get("cursor")
            try:
                found = self.engine.usage(cursor)
            except UnableToReadUsage:  # the engine has lost its past: read it again, what is known is the same again
                found = self.engine.usage("")
            if found.cursor != cursor or found.records:
                with self.spool.change() as page:
                    if found.records:
                        page.say({"tell": "usage", "records": [wire.write_record(each) for each in found.records]})
                    page.set("cursor", found.cursor)
            if not found.more:
                return

    def _look_at_capacity(self) -> None:
        text = json.dumps(wire.write_capacity(self.engine.capacity()))
        with self.spool.change() as page:
            if not page.waiting():  # without a line, only the latest is worth saying
                page.say({"tell": "capacity", "text": text})


def _answer(order_id: UUID, known: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "tell": "answer",
        "order": str(order_id),
        "job": known.get("job", ""),
        "refused": known.get("refused"),
    }


def _is_first(page: Page, message: Mapping[str, Any]) -> bool:
    """Say whether a job was never asked for before: so says the platform of this very memory, which has no such job."""
    if message.get("do") != "submit" or not message.get("first_for"):
        return False
    return bool(message["first_for"] == page.get("memory") and page.job(UUID(message["spec"]["order"])) is None)


def _take(page: Page, message: Mapping[str, Any]) -> None:
    """Keep a wish of the platform. Of a job that was asked for before, what is known is told again."""
    if message.get("do") == "submit":
        order_id = UUID(message["spec"]["order"])
        known = page.job(order_id)
        if known is None:
            page.keep_job(order_id, {"stand": "asked", "spec": message["spec"]}, live=True)
        elif known["stand"] != "asked":
            page.say(_answer(order_id, known))
            if known.get("status"):
                page.say({"tell": "status", "order": str(order_id), "status": known["status"]})
            known |= {"way_of": None, "saved_told": False}
            page.keep_job(order_id, known, live=sitting.is_live(known))
    elif message.get("do") in {"ended", "extend", "fetch"}:
        sitting.take(page, message)
    elif message.get("do") in {"cancel", "log"}:
        order_id = UUID(message["order"])
        known = page.job(order_id)
        if known is not None:
            is_cancel = message["do"] == "cancel"
            wish = {"cancel": True} if is_cancel else {"log": message["bytes"]}
            page.keep_job(order_id, {**known, **wish}, live=not is_cancel or sitting.is_live(known))


def _tell_all(page: Page) -> None:
    """Say again what a platform that lost its memory must know: what was admitted here, and all usage."""
    leases.tell_again(page)
    sitting.tell_again(page)
    page.set("cursor", "")
