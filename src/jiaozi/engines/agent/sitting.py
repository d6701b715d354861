"""The centre's end of sessions: tells what its engine opens, the way in sealed, if there is more time, what was saved.

What is told of a way in is sealed before it is kept, so this side's memory has it for nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from jiaozi.engines.agent import sealing, wire
from jiaozi.engines.agent.apart import Apart
from jiaozi.engines.agent.spool import Page, Spool
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.order.ports import (
    Engine,
    JobState,
    SessionEngine,
    UnableToExtend,
    UnableToFindJob,
    UnableToReachEngine,
)

Job = dict[str, Any]
SAVED_WITHIN = timedelta(hours=24)
"""How long an ended session's files are asked for; as long as an order asks."""
MISSES_MAX = 3
PIECE_BYTES = 1024 * 1024
_NO_FILES = UnableToReachEngine(
    "SAVED_UNREADABLE",
    "中心已没有该会话保存的文件，或其大小有变",
    "the centre no longer has what this session saved, or it has another size",
)
_GONE = Reason("SESSION_OVER", Label("会话已结束", "the session is over"), field="order")


def tell_offer(spool: Spool, engine: Engine, told: Job | None) -> Job:
    """Tell what is opened here where it is new, and at each start: a platform of before confirmed the word unread.

    ``told`` is what this process told last; gives what it has told now.
    """
    offer = _offer(engine)
    with spool.change() as page:
        if told != offer or page.get("sessions_told") != json.dumps(offer):
            page.say({"tell": "sessions", **offer})
            page.set("sessions_told", json.dumps(offer))
    return offer


def look(spool: Spool, engine: Engine, apart: Apart) -> None:
    """Tell what is new of sessions; what goes wrong with one is its own.

    Raises
    ------
    UnableToReachEngine
        When the engine did not answer for several of them; the rest waits for the next round.
    """
    with spool.change() as page:
        sessions = {order_id: known for order_id, known in page.live_jobs().items() if _is_session(known)}
    if not isinstance(engine, SessionEngine):
        return
    misses = 0
    for order_id, known in sessions.items():
        try:
            with apart.order(order_id, "look at the session"):
                (_tell_saved if is_over(known) else _tell_access)(spool, engine, order_id, known)
        except UnableToReachEngine:
            misses += 1
            if misses == MISSES_MAX:
                raise


def _offer(engine: Engine) -> Job:
    if not isinstance(engine, SessionEngine):
        return {"opens": [], "grace_ms": 0}
    return {"opens": sorted(engine.sessions), "grace_ms": engine.end_grace_ms}


def _is_session(known: Mapping[str, Any]) -> bool:
    return bool(known["spec"].get("session")) and known["stand"] == "answered"


def is_over(known: Mapping[str, Any]) -> bool:
    """Say whether the engine said that a job has ended."""
    status = known.get("status")
    return status is not None and status["state"] == JobState.ENDED


def is_live(known: Mapping[str, Any]) -> bool:
    """Say whether there is still something to look for: an end, or what an ended session saved."""
    if known["stand"] == "refused":
        return False
    return not is_over(known) or bool(known.get("fetch")) or (_is_session(known) and not known.get("saved_told"))


def _tell_access(spool: Spool, engine: SessionEngine, order_id: UUID, known: Job) -> None:
    """Tell the way in once a run; a session that was started anew has another."""
    status, seal_to = known.get("status") or {}, known["spec"]["session"].get("seal_to")
    run = status.get("started_at")
    if status.get("state") != JobState.RUNNING or known.get("way_of") == run or not seal_to:
        return
    found = None
    with suppress(UnableToFindJob):
        found = engine.access(order_id)
    if found is None:
        return
    sealed = sealing.seal(json.dumps(asdict(found)).encode(), seal_to, order_id, "access")
    with spool.change() as page:
        page.say({"tell": "access", "order": str(order_id), "sealed": sealed})
        page.keep_job(order_id, {**(page.job(order_id) or known), "way_of": run}, live=True)


def _tell_saved(spool: Spool, engine: SessionEngine, order_id: UUID, known: Job) -> None:
    """Tell once what a session saved, or that nothing came of it within a day."""
    ended_at, found = datetime.fromisoformat(known["status"]["ended_at"]), None
    is_early = bool(known["status"]["started_at"]) and clock.now() - ended_at < SAVED_WITHIN
    try:
        found = engine.saved(order_id)
    except UnableToReachEngine:
        raise
    except UnableToFindJob:
        pass
    except Exception:
        if is_early:
            raise
    if found is None and is_early:
        return
    with spool.change() as page:
        page.say({"tell": "saved", "order": str(order_id), "saved": asdict(found) if found else None})
        known = {**(page.job(order_id) or known), "saved_told": True}
        page.keep_job(order_id, known, live=is_live(known))


def take(page: Page, message: Mapping[str, Any]) -> None:
    """Keep the platform's wish for more time, or for saved files; an answer that was given is not given twice.

    An ended session that a memory which was lost has told of is looked at again for what it saved, and not asked for.
    """
    order_id = UUID(message["order"])
    known = page.job(order_id)
    if message["do"] == "ended":
        known = known or {"stand": "answered", "spec": message["spec"], "job": message["job"]}
        if known["stand"] == "answered":
            known |= {"status": message["status"], "saved_told": False}
            page.keep_job(order_id, known, live=is_live(known))
    elif known is None:
        if message["do"] == "fetch":
            page.say({"tell": "files", "order": str(order_id), "count": 0, "refused": _no_files()})
    elif message["do"] == "fetch":
        page.keep_job(order_id, {**known, "fetch": message["bytes_max"]}, live=True)
    elif known.get("extended") != message["ask"]:
        wish = {"ask": message["ask"], "limit_ms": message["limit_ms"]}
        page.keep_job(order_id, {**known, "extend": wish}, live=True)


def work(spool: Spool, engine: Engine, order_id: UUID, known: Mapping[str, Any], apart: Apart) -> None:
    """Do what was asked for a session, and tell the answer.

    Raises
    ------
    UnableToReachEngine
        When nobody knows whether a limit was raised; the wish stays.
    """
    if known["stand"] == "answered" and known.get("extend"):
        with apart.order(order_id, "extend"):
            _extend(spool, engine, order_id, known)
    if known["stand"] == "answered" and known.get("fetch"):
        _give(spool, engine, order_id, known, apart)


def _extend(spool: Spool, engine: Engine, order_id: UUID, known: Mapping[str, Any]) -> None:
    wish = known["extend"]
    refused: Reason | None = None
    try:
        if isinstance(engine, SessionEngine):
            engine.extend(order_id, wish["limit_ms"])
        else:
            refused = _GONE  # the centre runs another engine by now: what it did before, its usage tells
    except UnableToExtend as no:
        refused = no.reason
    except UnableToFindJob:
        refused = _GONE
    with spool.change() as page:
        latest = page.job(order_id) or known
        said = wire.write_reason(refused) if refused else None
        page.say({"tell": "extension", "order": str(order_id), "ask": wish["ask"], "refused": said})
        page.keep_job(order_id, {**latest, "extend": None, "extended": wish["ask"]}, live=is_live(latest))


def _give(spool: Spool, engine: Engine, order_id: UUID, known: Mapping[str, Any], apart: Apart) -> None:
    """Tell the saved files piece by piece, sealed; how many pieces there were comes last, or why there are none."""
    count, said = 0, _no_files()
    try:
        with apart.order(order_id, "read the saved files"), suppress(UnableToFindJob):
            count = _tell_pieces(spool, engine, order_id, known)
    except UnableToReachEngine as away:
        said = wire.write_reason(away.reason)
    with spool.change() as page:
        latest = {**(page.job(order_id) or known), "fetch": 0}
        page.say({"tell": "files", "order": str(order_id), "count": count, "refused": None if count else said})
        page.keep_job(order_id, latest, live=is_live(latest))


def _tell_pieces(spool: Spool, engine: Engine, order_id: UUID, known: Mapping[str, Any]) -> int:
    """Tell all pieces; gives how many there were."""
    count = 0
    for block in _blocks(engine, order_id, known["fetch"]):
        sealed = sealing.seal(block, known["spec"]["session"]["seal_to"], order_id, f"saved {count}")
        with spool.change() as page:
            page.say({"tell": "piece", "order": str(order_id), "number": count, "sealed": sealed})
        count += 1
    return count


def _no_files() -> Job:
    return wire.write_reason(_NO_FILES.reason)


def _blocks(engine: Engine, order_id: UUID, bytes_max: int) -> Iterator[bytes]:
    """Give saved files in blocks of a letter's size, and nothing more once they are larger than was told."""
    left = bytes_max
    for part in engine.read_saved(order_id) if isinstance(engine, SessionEngine) else ():
        left -= len(part)
        if left < 0:
            raise _NO_FILES
        for at in range(0, len(part), PIECE_BYTES):
            yield part[at : at + PIECE_BYTES]


def tell_again(page: Page) -> None:
    """Tell again what is opened here: the platform's end has lost its memory."""
    page.set("sessions_told", "")
