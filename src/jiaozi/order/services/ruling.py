"""What people decide about orders that stand still: the engine is asked first, and its word goes before theirs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.kernel.text import kept_text
from jiaozi.order import queries
from jiaozi.order.models import Order, OrderRuling
from jiaozi.order.ports import JobOutcome, JobState, JobStatus, UnableToReachEngine
from jiaozi.order.rules import standing
from jiaozi.order.rules.standing import Answer, Verdict
from jiaozi.order.services.apart import alone
from jiaozi.order.services.engines import engine_of, has_engine
from jiaozi.order.services.following import end
from jiaozi.order.services.funding import release
from jiaozi.order.services.step import say, take
from jiaozi.party.rules import Actor

_GIVEN_UP = Reason("GIVEN_UP", Label("经办或运营方认定作业不存在，已解冻", "found to have no job, its hold released"))
_LOST = Reason(standing.LOST, Label("作业失联，用量待报或待免除", "its job is lost; usage is awaited or waived"))


def give_up(*, order_id: UUID, reason: str, by: Actor, now: datetime) -> Order:
    """Let go of an order whose engine forgot it, whose centre was disconnected, or that nobody runs.

    What never ran fails and gives its hold back. What ran, or may have, is lost: it has ended, and its hold waits for
    usage or for ``metering.waive_usage``. An end that the engine still knows counts as its end.

    Raises
    ------
    UnableToGiveUp
        When the job lives, it has been missing for too short a time, or the person may not.
    UnableToReachEngine
        When the engine is there and does not answer, or the order is being handed over: nothing is believed then.
    """
    reason = kept_text(reason, "reason", most=standing.REASON_MAX, refusal=standing.UnableToGiveUp)
    row = queries.order(order_id)
    standing.check_ruler(by, row.programme)
    with alone(order_id) as mine:
        if not mine:
            raise UnableToReachEngine(
                "BEING_HANDED_OVER",
                "订单正在提交，请稍后再试",
                "the order is being handed over; try again",
                field="order",
            )
        said = _asked(row)
        with transaction.atomic():
            return _rule(queries.order(order_id, lock=True), said, reason, by, now)


def _asked(row: Order) -> JobStatus | None:
    if not has_engine(row.centre):
        return None
    return engine_of(row.centre).status([row.id]).get(row.id)


def _answer(said: JobStatus | None) -> Answer:
    if said is None:
        return Answer.UNKNOWN
    return Answer.ENDED if said.state is JobState.ENDED else Answer.LIVES


def _rule(row: Order, said: JobStatus | None, reason: str, by: Actor, now: datetime) -> Order:
    order = queries.standing_of(row, has_engine=has_engine(row.centre))
    verdict = standing.decide(order, _answer(said), now)
    ruling = OrderRuling(id=new_id(), order=row, verdict=verdict, reason=reason, by=by.name, at=now)
    ruling.save(force_insert=True)
    body = {"reason": digest(reason).hex(), "ruling": str(ruling.id)}
    if verdict is Verdict.FOLLOW and said is not None:
        end(row, said, now)
    elif verdict is Verdict.LOSE:
        lose(row, by=by, now=now, body=body)
    else:
        take(row, "give_up", by=by, now=now, body=body | {"released_fen": row.most_fen}, changed=say(row, _GIVEN_UP))
        release(row, now)
    return row


def lose(row: Order, *, by: Actor, now: datetime, body: dict[str, str]) -> None:
    """End a locked order whose job nobody can find; its hold stays."""
    row.outcome, row.ended_at = JobOutcome.LOST, now
    take(row, "lose", by=by, now=now, body=body, changed=("outcome", "ended_at", *say(row, _LOST)))
