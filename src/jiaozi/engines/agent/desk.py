"""The platform's end: what it asked of a centre behind a firewall, and what the centre's agent has told so far.

An order's job goes through three stands here: ``asked`` (the agent may or may not have it), then ``answered`` or
``refused`` as the agent said. Statuses and usage are kept as they come.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from itertools import takewhile
from typing import Any
from uuid import UUID

from jiaozi.engines.agent import link, session_desk, wire
from jiaozi.engines.agent.link import Line
from jiaozi.engines.agent.session_desk import SessionDesk, is_over
from jiaozi.engines.agent.spool import Page, Spool
from jiaozi.kernel import clock
from jiaozi.kernel.canonical import canonical
from jiaozi.lease.rules import seal
from jiaozi.order.ports import JobSpec, UnableToSubmit

Job = dict[str, Any]


class Desk:
    """One centre's."""

    def __init__(self, line: Line, spool: Spool) -> None:
        self.line, self.spool = line, spool
        self.sessions = SessionDesk(line, spool)

    def answer(self, letter: bytes) -> bytes:
        """Read the agent's letter and write back; what a face calls when the agent knocks.

        Raises
        ------
        UnableToRead
            When the letter is not from this centre's agent.
        """
        link.read(self.line, self.spool, letter, take=_take, forgotten=_tell_all)
        return link.write(self.line, self.spool)

    def ask(self, spec: JobSpec, *, first_attempt: bool = False) -> Job:
        """Ask for a job, once; give how far that is.

        A first attempt is one for the agent's memory that is known here: told again to one that lost its memory, it may
        have been made before.
        """
        with self.spool.change() as page:
            known = page.job(spec.order_id)
            if known is None:
                _check_text(spec)
                known = {"stand": "asked", "spec": wire.write_spec(spec), "asked_at": clock.now().isoformat()}
                session_desk.address(known["spec"], spec, self.line)
                page.keep_job(spec.order_id, known, live=True)
                first = {"first_for": page.get("agent_memory")} if first_attempt else {}
                page.say({"do": "submit", "spec": known["spec"], **first})
            return known

    def cancel(self, order_id: UUID) -> bool:
        """Ask for a job's end, once; False where none was ever asked for."""
        with self.spool.change() as page:
            known = page.job(order_id)
            if known is None:
                return False
            if not known.get("cancelled") and not is_over(known):
                page.keep_job(order_id, {**known, "cancelled": True}, live=True)
                page.say({"do": "cancel", "order": str(order_id)})
            return True

    def ask_log(self, order_id: UUID, tail_bytes: int) -> Job | None:
        """Ask for the end of a job's log, and give what is known of it by now."""
        with self.spool.change() as page:
            known = page.job(order_id)
            over = known is not None and is_over(known)
            if known is not None and not (over and known.get("log_final")) and not known.get("log_asked"):
                page.keep_job(order_id, {**known, "log_asked": True}, live=session_desk.is_live(known))
                page.say({"do": "log", "order": str(order_id), "bytes": tail_bytes})
            return known

    def jobs(self, order_ids: list[UUID]) -> dict[UUID, Job]:
        """Give what is known of orders."""
        with self.spool.change() as page:
            found = {order_id: page.job(order_id) for order_id in order_ids}
        return {order_id: job for order_id, job in found.items() if job is not None}

    def usage(self, stream: str, after: int, count: int) -> tuple[str, list[tuple[int, dict[str, Any]]]]:
        """Give records after a number; from the first one where the numbers are of another memory.

        They end before the first record of a job that the centre admitted and nobody has read of yet.
        """
        with self.spool.change() as page:
            memory = page.get("memory")
            rows = page.usage_after(after if stream == memory else 0, count)
            unread = page.told_orders(page.number("words_kept"))
        known = takewhile(lambda row: row[1].get("order") not in unread, rows)
        return memory, list(known)

    def grant(self, letter: Mapping[str, Any]) -> None:
        """Write about a lease, signed, once a serial."""
        name = f"lease:{letter['lease']}"
        with self.spool.change() as page:
            if page.number(name) < letter["serial"]:
                page.say({"do": "lease", "letter": seal(letter, self.line.key)})
                page.set(name, str(letter["serial"]))

    def recall(self, lease_id: UUID) -> None:
        """Ask a lease back, once."""
        name = f"recall:{lease_id}"
        with self.spool.change() as page:
            if not page.get(name):
                page.say({"do": "recall", "lease": str(lease_id)})
                page.set(name, "asked")

    def words(self, memory: str, after: int, count: int) -> tuple[str, int, list[tuple[int, dict[str, Any]]]]:
        """Give what was told of leases after a number; whoever asks has kept all up to it.

        Gives as well the memory that the numbers are of, and the number after which the words come: 0 where the given
        one is of another memory.
        """
        with self.spool.change() as page:
            now_memory = page.get("memory")
            begin = after if memory == now_memory else 0
            page.set("words_kept", str(begin))
            return now_memory, begin, page.told_after(begin, count)

    def told(self, name: str) -> str:
        """Give the last thing of a kind that the agent told: ``capacity``, ``heard_at``."""
        with self.spool.change() as page:
            return page.get(name)


def _check_text(spec: JobSpec) -> None:
    """Refuse what no letter can carry: it would stop the line for everybody."""
    try:
        canonical(wire.write_spec(spec))
    except ValueError:
        raise UnableToSubmit(
            "COMMAND_NOT_TEXT",
            "命令含有无法用UTF-8表示的字节，不能发往该中心",
            "the command has bytes that are no UTF-8 text; they can't travel to this centre",
            field="command",
        ) from None


def _take(page: Page, message: Mapping[str, Any]) -> None:
    kind = message.get("tell")
    page.set("heard_at", clock.now().isoformat())
    if kind == "usage":
        for record in message["records"]:
            page.keep_usage(record["id"], record)
    elif kind == "capacity":
        page.set("capacity", message["text"])
    elif kind == "memory":
        page.set("agent_memory", message["memory"])
    elif kind == "admitted":
        _take_admitted(page, message)
    elif kind == "given_back":
        page.keep_told(None, message)
    elif kind == "sessions":
        session_desk.take_offer(page, message)
    elif kind in {"answer", "status", "log", "access", "extension", "saved", "piece", "files"}:
        _take_of_job(page, kind, message)


def _take_admitted(page: Page, message: Mapping[str, Any]) -> None:
    """Keep a job that the centre admitted on its own, as if it had been asked for here."""
    word = {name: value for name, value in message.items() if name != "spec"}
    page.keep_told(message["order"], word)
    if page.job(UUID(message["order"])) is None:
        files = json.loads(message["wish"].partition("\n")[2]).get("files", {})
        spec = {**message["spec"], "files": {name: b64encode(text.encode()).decode() for name, text in files.items()}}
        known = {"stand": "asked", "spec": spec, "asked_at": message["at"]}
        page.keep_job(UUID(message["order"]), known, live=True)


def _take_of_job(page: Page, kind: str, message: Mapping[str, Any]) -> None:
    order_id = UUID(message["order"])
    known = page.job(order_id)
    if known is None:
        return
    if kind == "answer":
        known |= {"stand": "refused" if message["refused"] else "answered", "refused": message["refused"]}
        known["job"] = message["job"]
    elif kind == "status":
        known["status"] = message["status"]
    elif kind == "log":
        known |= {"log": message["text"], "log_asked": False, "log_final": message["final"]}
    session_desk.take(page, order_id, known, message)
    page.keep_job(order_id, known, live=session_desk.is_live(known))


def _tell_all(page: Page) -> None:
    """Say again what an agent that lost its memory must know: each job that may still run; twice is harmless.

    What has ended is not asked for again: an engine that forgot it would run it once more.
    """
    for order_id, known in page.live_jobs().items():
        if is_over(known):
            session_desk.tell_ended(page, order_id, known)
            continue
        page.say({"do": "submit", "spec": known["spec"]})
        if known.get("cancelled"):
            page.say({"do": "cancel", "order": str(order_id)})
        question = session_desk.again(known, order_id)
        if question is not None:
            page.say(question)
