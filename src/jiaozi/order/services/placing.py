"""Asking dispatch where a job should run, among the places where its voucher may be spent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jiaozi.catalogue import queries as catalogue
from jiaozi.catalogue.models import Centre
from jiaozi.dispatch.queries import options_for
from jiaozi.dispatch.rules import Answer, Option
from jiaozi.dispatch.rules import Request as Wanted
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.ledger import queries as ledger
from jiaozi.order import rules
from jiaozi.order.rules import Request, placing
from jiaozi.order.rules import session as sessions
from jiaozi.order.rules.staging import no_landing
from jiaozi.order.rules.wishes import NONE, Wishes
from jiaozi.order.services.data import takes_data
from jiaozi.order.services.engines import has_engine, sessions_of
from jiaozi.voucher.models import Voucher

_MS_PER_S = 1_000


@dataclass(frozen=True, slots=True)
class Placed:
    """The centre that was chosen, and what is remembered of the choice."""

    centre: str
    record: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Survey:
    """Every place, those that are out of question now and why, and the one that an unpinned order takes.

    ``closed`` are the centres that can't open the session that is asked for.
    """

    answer: Answer
    aside: Mapping[str, Reason]
    taken: Option | None
    closed: Mapping[str, Reason]


def survey(request: Request, wishes: Wishes, voucher: Voucher, now: datetime, *, tried: Collection[str] = ()) -> Survey:
    """Ask dispatch for every place of a job, and see which are open to this holder now.

    Raises
    ------
    UnableToPlace
        When a figure can't be meant.
    """
    wanted = Wanted(
        id=str(voucher.id),
        resource_class=request.resource_class,
        units=request.units,
        duration_s=-(-request.time_limit_ms // _MS_PER_S),
        earliest_s=int(now.timestamp()),
    )
    answer = options_for(voucher, wishes.weighed(wanted), now)
    own = {each.centre: rules.own_account(voucher.programme, voucher.holder_id, each.centre) for each in answer.options}
    balances = ledger.balances(own.values()) if own else {}
    connected = catalogue.centres(connected=True)
    there = [each for each in connected if has_engine(each)]
    unable = {each.id: no_landing() for each in there if wishes.has_data and not takes_data(each)}
    closed = unable_to_open(request.session.opens, connected) if request.session else {}
    aside = placing.set_aside(
        answer,
        tried=tried,
        engines={each.id for each in there},
        unable=unable | closed,
        own_left_fen={centre: balances[account.id].spendable for centre, account in own.items()},
    )
    return Survey(answer, aside, placing.take_best(answer, aside, first=not tried), closed)


def choose(
    request: Request, voucher: Voucher, now: datetime, *, tried: Collection[str] = (), wishes: Wishes = NONE
) -> Placed:
    """Choose the best place for a job that names no centre; ``tried`` are those that failed to take it.

    Raises
    ------
    UnableToQuote
        When no place will do: what would help, or why.
    """
    seen = survey(request, wishes, voucher, now, tried=tried)
    if seen.taken is None:
        raise placing.no_place(seen.answer, seen.aside)
    return Placed(seen.taken.centre, placing.record(seen.answer, seen.taken, seen.aside))


def check_pinned(request: Request, wishes: Wishes, voucher: Voucher, now: datetime) -> None:
    """Let a job that names its centre have its wishes there.

    Raises
    ------
    UnableToQuote
        With every check that fails there.
    """
    seen = survey(request, wishes, voucher, now)
    placing.check_there(request.centre, seen.answer, seen.aside)


def unable_to_open(opens: str, centres: Collection[Centre] | None = None) -> dict[str, Reason]:
    """Say which of some centres, else of all that are connected, can't open such a session, and why."""
    asked = catalogue.centres(connected=True) if centres is None else centres
    return {
        each.id: sessions.not_offered(Label(each.name_zh, each.name_en), opens)
        for each in asked
        if opens not in sessions_of(each)
    }
