"""Asking dispatch where a job should run, among the places where its voucher may be spent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jiaozi.catalogue import queries as catalogue
from jiaozi.catalogue.models import Centre
from jiaozi.dispatch.queries import options_for
from jiaozi.dispatch.rules import Request as Wanted
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.ledger import queries as ledger
from jiaozi.order import rules
from jiaozi.order.rules import Request, placing
from jiaozi.order.rules import session as sessions
from jiaozi.order.services.engines import has_engine, sessions_of
from jiaozi.voucher.models import Voucher

_MS_PER_S = 1_000


@dataclass(frozen=True, slots=True)
class Placed:
    """The centre that was chosen, and what is remembered of the choice."""

    centre: str
    record: dict[str, Any]


def choose(request: Request, voucher: Voucher, now: datetime, *, tried: Collection[str] = ()) -> Placed:
    """Choose the best place for a job that names no centre; ``tried`` are those that failed to take it.

    Raises
    ------
    UnableToQuote
        When no place will do: what would help, or why.
    """
    wanted = Wanted(
        id=str(voucher.id),
        resource_class=request.resource_class,
        units=request.units,
        duration_s=-(-request.time_limit_ms // _MS_PER_S),
        earliest_s=int(now.timestamp()),
    )
    answer = options_for(voucher, wanted, now)
    own = {each.centre: rules.own_account(voucher.programme, voucher.holder_id, each.centre) for each in answer.options}
    balances = ledger.balances(own.values()) if own else {}
    there = [each for each in catalogue.centres(connected=True) if has_engine(each)]
    aside = placing.set_aside(
        answer,
        tried=tried,
        engines={each.id for each in there},
        unable=unable_to_open(request.session.opens, there) if request.session else {},
        own_left_fen={centre: balances[account.id].spendable for centre, account in own.items()},
    )
    taken = placing.take_best(answer, aside, first=not tried)
    if taken is None:
        raise placing.no_place(answer)
    return Placed(taken.centre, placing.record(answer, taken, aside))


def unable_to_open(opens: str, centres: Collection[Centre] | None = None) -> dict[str, Reason]:
    """Say which of some centres, else of all that are connected, can't open such a session, and why."""
    asked = catalogue.centres(connected=True) if centres is None else centres
    return {
        each.id: sessions.not_offered(Label(each.name_zh, each.name_en), opens)
        for each in asked
        if opens not in sessions_of(each)
    }
