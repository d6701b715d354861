"""The platform's end of sessions: more time asked for and answered, the way in kept sealed, what was saved.

More time goes through two stands: asked (the agent may or may not have raised the limit), then answered. One question
is under way at a time, and it has a name of its own, so that no answer is taken for another's. Nobody may take a hold
back before the answer is here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from jiaozi.engines.agent import sealing
from jiaozi.engines.agent.link import Line
from jiaozi.engines.agent.spool import Page, Spool
from jiaozi.engines.sessions.dressing import read_access, read_saved
from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import Access, JobSpec, JobState, Saved, UnableToExtend, UnableToFindJob, UnableToReachEngine

Job = dict[str, Any]
LETTERS_MS = 15_000
"""How much earlier more time must be asked for, so that a letter brings it there: three of the agent's rounds."""
ACCESS = "access"
PIECES_MAX = 10_000
"""Most pieces that are kept of a session's files, whatever a centre sends."""
_FETCH_AGAIN = timedelta(minutes=10)
_FILES_KEPT = timedelta(hours=24)
_SAVED_WITHIN = timedelta(hours=24)
"""How long the agent looks for what an ended session saved."""
_KEPT_BEYOND = timedelta(minutes=10)
"""How long past its limit a way in may lie here when nobody says that the session is over."""


def address(body: Job, spec: JobSpec, line: Line) -> None:
    """Put into a session's job to which key its secrets are sealed."""
    if spec.session is not None:
        body["session"]["seal_to"] = sealing.public_half(line.key, spec.order_id)


class SessionDesk:
    """One centre's."""

    def __init__(self, line: Line, spool: Spool) -> None:
        self._line, self._spool = line, spool

    def offer(self) -> tuple[frozenset[str], int]:
        """Give what the agent opens, and how many ms before its limit a session can no longer be extended."""
        with self._spool.change() as page:
            said = json.loads(page.get("sessions") or '{"opens": [], "grace_ms": 0}')
        return frozenset(said["opens"]), int(said["grace_ms"]) + LETTERS_MS

    def extend(self, order_id: UUID, limit_ms: int) -> None:
        """Ask for a longer limit, once; give the answer as soon as there is one, and a refusal once.

        Raises
        ------
        UnableToExtend
            When the agent says that it was not raised.
        UnableToReachEngine
            While there is no answer: nobody knows.
        """
        with self._spool.change() as page:
            known = page.job(order_id)
            if known is None:
                raise UnableToFindJob(
                    "job_unknown", f"没有订单{order_id}的作业", f"there is no job for order {order_id}", field="order"
                )
            if is_over(known):
                raise UnableToExtend("SESSION_OVER", "会话已结束", "the session is over", field="order")
            if limit_ms <= known.get("limit_ms", 0):
                return
            refused = _refusal(known.get("extension"), limit_ms)
            if refused is None and (known.get("extension") or {}).get("limit_ms") != limit_ms:
                self._ask(page, order_id, known, limit_ms)
            elif refused is not None:  # told once: the same question may be asked anew, under another hold
                page.keep_job(order_id, {**known, "extension": None}, live=True)
        if refused is not None:
            raise UnableToExtend(refused["code"], refused["zh"], refused["en"], field=refused["field"])
        raise UnableToReachEngine(
            "AGENT_NOT_ANSWERED",
            "已交给中心代理，等待答复",
            "left for the centre's agent, which has not answered yet",
        )

    @staticmethod
    def _ask(page: Page, order_id: UUID, known: Job, limit_ms: int) -> None:
        extension = {"ask": str(new_id()), "limit_ms": limit_ms}
        known["extension"] = extension
        page.keep_job(order_id, known, live=True)
        page.say({"do": "extend", "order": str(order_id), **extension})
        page.prolong_way(order_id, _until(known))

    def access(self, order_id: UUID) -> Access | None:
        """Open the way into a session that runs; None while none was told.

        Raises
        ------
        UnableToReachEngine
            When it can't be opened: the platform's key is not the one that the session was ordered with.
        """
        self.forget_late()
        with self._spool.change() as page:
            sealed = page.way(order_id)
        if not sealed:
            return None
        try:
            return read_access(sealing.unseal(sealed, self._line.key, order_id, ACCESS))
        except ValueError:
            raise _another_key() from None

    def saved(self, order_id: UUID) -> Saved | None:
        """Give what the agent told of an ended session's files."""
        with self._spool.change() as page:
            known = page.job(order_id) or {}
        return read_saved(json.dumps(known["saved"]).encode()) if known.get("saved") else None

    def read_saved(self, order_id: UUID, bytes_max: int) -> Iterator[bytes]:
        """Give an ended session's files, whole and as they were told; ask for them where they are not here.

        Raises
        ------
        UnableToReachEngine
            While they are on their way, or with the reason why none come.
        """
        saved = self.saved(order_id)
        if saved is None:
            return
        if saved.size > bytes_max:
            raise UnableToReachEngine(
                "SAVED_TOO_LARGE",
                f"保存的文件有{saved.size}字节，超过经代理传回的上限{bytes_max}字节，请向该中心索取（作业{order_id}）",
                f"{saved.size} bytes were saved, more than the {bytes_max} that come through the agent: "
                f"ask the centre for job {order_id}",
            )
        count = self._fetched(order_id, bytes_max)
        digest = sha256()
        for block in self._pieces(order_id, count):
            digest.update(block)
        if digest.hexdigest() != saved.sha256:
            self._fetch_anew(order_id)
            raise UnableToReachEngine(
                "SAVED_CHANGED",
                "中心传来的文件与会话结束时的SHA-256不符，请再试一次",
                "the files that the centre sent don't have the SHA-256 of the session's end; try once more",
            )
        yield from self._pieces(order_id, count)

    def _fetched(self, order_id: UUID, bytes_max: int) -> int:
        """Give how many pieces are here, all of them; else ask for them, and say so."""
        now = clock.now()
        with self._spool.change() as page:
            known = page.job(order_id) or {}
            count, fetching = known.get("pieces", 0), known.get("fetching")
            if count and page.count_pieces(order_id) == count:
                return int(count)
            refused = known.get("files_refused")
            if refused or not fetching or now - datetime.fromisoformat(fetching) > _FETCH_AGAIN:
                fetching = None if refused else now.isoformat()
                told = {"fetching": fetching, "files_refused": None, "pieces": 0}
                page.keep_job(order_id, {**known, **told}, live=False)  # its hash was told: it is over
                if not refused:
                    page.say({"do": "fetch", "order": str(order_id), "bytes_max": bytes_max})
        if refused:  # told once: whoever asks again has them asked for again
            raise UnableToReachEngine(refused["code"], refused["zh"], refused["en"])
        raise UnableToReachEngine(
            "SAVED_ON_ITS_WAY",
            "已向中心索取，文件正随信件传来，请一两分钟后再下载",
            "asked the centre for them; they come by letters: download them in a minute or two",
        )

    def _fetch_anew(self, order_id: UUID) -> None:
        with self._spool.change() as page:
            known = page.job(order_id) or {}
            page.keep_job(order_id, {**known, "fetching": None, "pieces": 0}, live=False)

    def _pieces(self, order_id: UUID, count: int) -> Iterator[bytes]:
        for number in range(count):
            with self._spool.change() as page:
                sealed = page.piece(order_id, number)
            try:
                yield sealing.unseal(sealed, self._line.key, order_id, f"saved {number}")
            except ValueError:
                raise _another_key() from None

    def forget_late(self) -> None:
        """Forget ways into sessions that must be over by now, and files that were here for long."""
        now = clock.now()
        with self._spool.change() as page:
            page.forget_late(now, now - _FILES_KEPT)


def _another_key() -> UnableToReachEngine:
    return UnableToReachEngine(
        "SEALED_TO_ANOTHER_KEY",
        "平台密钥已更换，无法读取该会话从中心传来的内容；请向该中心索取",
        "the platform's key was changed since this session was ordered, so what its centre sent can't be read: "
        "ask the centre",
    )


def is_over(known: Mapping[str, Any]) -> bool:
    """Say whether a job has ended, or never began."""
    status = known.get("status")
    return known["stand"] == "refused" or (status is not None and status["state"] == JobState.ENDED)


def is_live(known: Mapping[str, Any]) -> bool:
    """Say whether the agent may have more to tell of a job: its end, or what an ended session saved, for a day."""
    if not is_over(known):
        return True
    if known["stand"] == "refused" or not known["spec"].get("session") or "saved" in known:
        return False
    return clock.now() - datetime.fromisoformat(known["status"]["ended_at"]) < _SAVED_WITHIN


def tell_ended(page: Page, order_id: UUID, known: Job) -> None:
    """Have an agent without memory look for what an ended session saved; one that ended long ago is left."""
    if is_live(known):
        body = {"spec": known["spec"], "job": known.get("job", ""), "status": known["status"]}
        page.say({"do": "ended", "order": str(order_id), **body})
    else:
        page.keep_job(order_id, known, live=False)


def _refusal(extension: Mapping[str, Any] | None, limit_ms: int) -> Mapping[str, Any] | None:
    answer = extension.get("refused") if extension and extension["limit_ms"] == limit_ms else None
    return answer if isinstance(answer, Mapping) else None


def _until(known: Mapping[str, Any]) -> datetime:
    """Give the instant at which a session must be over whatever was answered.

    It began when its centre says, or when that was heard here if that is later: a centre's clock may be slow.
    """
    status, extension = known.get("status") or {}, known.get("extension") or {}
    began = datetime.fromisoformat(status.get("started_at") or known["asked_at"])
    run, heard_at = known.get("run_heard") or ("", "")
    if run and run == status.get("started_at"):
        began = max(began, datetime.fromisoformat(heard_at))
    longest_ms = max(known["spec"]["time_limit_ms"], known.get("limit_ms", 0), extension.get("limit_ms", 0))
    return began + timedelta(milliseconds=longest_ms) + _KEPT_BEYOND


def take_offer(page: Page, message: Mapping[str, Any]) -> None:
    """Keep what the agent opens."""
    page.set("sessions", json.dumps({"opens": message["opens"], "grace_ms": message["grace_ms"]}))


def take(page: Page, order_id: UUID, known: Job, message: Mapping[str, Any]) -> None:
    """Keep what the agent told of a session, and forget the way in when it is over."""
    kind = message["tell"]
    if kind == "access" and not is_over(known):
        page.keep_way(order_id, message["sealed"], _until(known))
    elif kind == "extension":
        _take_answer(known, message)
    elif kind == "saved":
        known["saved"] = known.get("saved") or message["saved"]  # the first word stands
    elif kind == "piece" and known.get("fetching") and 0 <= message["number"] < PIECES_MAX:
        page.keep_piece(order_id, message["number"], message["sealed"], clock.now())
    elif kind == "files" and known.get("fetching"):
        known |= {"pieces": message["count"], "files_refused": message["refused"]}
    elif kind == "status" and is_over(known):
        page.forget_way(order_id)
    elif kind == "status":
        run = known["status"]["started_at"]
        if run and run != (known.get("run_heard") or [""])[0]:
            known["run_heard"] = [run, clock.now().isoformat()]


def _take_answer(known: Job, message: Mapping[str, Any]) -> None:
    extension = known.get("extension")
    if not extension or extension["ask"] != message["ask"] or "refused" in extension:
        return
    if message["refused"]:
        known["extension"] = {**extension, "refused": message["refused"]}
    else:
        known |= {"limit_ms": max(extension["limit_ms"], known.get("limit_ms", 0)), "extension": None}


def again(known: Mapping[str, Any], order_id: UUID) -> Mapping[str, Any] | None:
    """Give the question that an agent without memory must hear again; None where none is under way."""
    extension = known.get("extension")
    if not extension or "refused" in extension:
        return None
    return {"do": "extend", "order": str(order_id), "ask": extension["ask"], "limit_ms": extension["limit_ms"]}
