"""A session's end: settled through the ledger, or voided with every hold released."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from jiaozi.alert import services as alert
from jiaozi.exchange.models import LinkFlow, Session
from jiaozi.exchange.queries.reading import session
from jiaozi.exchange.queries.replaying import entries
from jiaozi.exchange.rules.book import Side
from jiaozi.exchange.rules.life import TRANSITIONS, SessionState, check_words
from jiaozi.exchange.rules.lines import Accounts, Rent, release_lines, settle_lines
from jiaozi.exchange.services.sessions import related_subjects
from jiaozi.exchange.services.step import take
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.lifecycle import advance
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import Chain, UnableToTransfer
from jiaozi.party.rules import Actor, check_own_programme


def settle_session(*, session_id: UUID, by: Actor, now: datetime) -> Session:
    """Settle a cleared session, all of it or nothing: buyers pay the price, sellers and links get it, capacity moves.

    Raises
    ------
    UnableToStep, UnableToProceed
        When it is not cleared; when related parties traded and nobody has looked at it.
    """
    with transaction.atomic():
        row = session(session_id, lock=True)
        check_own_programme(by, row.programme)
        advance(TRANSITIONS, SessionState(row.state), "settle", by.role)
        alert.require_clear(subjects=related_subjects(row))
        got = entries(row)
        rents = _rents(row)
        row.ended_at = now
        body = {
            "paid_fen": sum(lots * price for order, lots, price in got if order.side is Side.BID),
            "rent_fen": sum(each.fen for each in rents),
            "result": row.result_digest,
        }
        take(row, "settle", by=by, now=now, body=body, changed=("ended_at",))
        accounts, chains = settle_lines(Accounts(row.programme, row.id), got, rents)
        ledger.open_accounts(accounts)
        _apply(chains, now)
    return row


def _rents(row: Session) -> list[Rent]:
    summed = LinkFlow.objects.filter(session=row).values_list("start", "end").annotate(fen=Sum("rent_fen"))
    return [Rent(start, end, int(fen)) for start, end, fen in summed.order_by("start", "end")]


def void_session(*, session_id: UUID, reason: str, by: Actor, now: datetime) -> Session:
    """Void a session that is not settled, with a reason: nobody trades, every hold is released.

    Raises
    ------
    UnableToStep, UnableToTrade
        When it is settled or void already, or the actor is no officer; when the reason is missing.
    """
    words = check_words(reason, "reason")
    with transaction.atomic():
        row = session(session_id, lock=True)
        check_own_programme(by, row.programme)
        row.reason, row.ended_at = words, now
        body = {"reason": digest(words).hex()}
        take(row, "void", by=by, now=now, body=body, changed=("reason", "ended_at"))
        _apply(list(release_lines(order for order, _, _ in entries(row))), now)
    return row


def _apply(chains: Sequence[Chain], now: datetime) -> None:
    """Apply chains that must all stand: the caller's transaction makes them one."""
    for chain, statuses in zip(chains, ledger.apply(chains, at=now), strict=True):
        for line, status in zip(chain, statuses, strict=True):
            if not status.stands:
                raise UnableToTransfer(status, line)
