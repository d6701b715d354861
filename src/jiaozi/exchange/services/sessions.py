"""A session from its opening to its result: open, close, clear."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from jiaozi.alert import queries as alerts
from jiaozi.alert import services as alert
from jiaozi.alert.rules import AlertKind, Level, Purchase, Subject, SubjectKind, Suspicion, related_supplier
from jiaozi.catalogue import queries as catalogue
from jiaozi.exchange import rules
from jiaozi.exchange.models import LinkFlow, ProductPrice, Schedule, Session, TradeOrder
from jiaozi.exchange.queries.reading import session
from jiaozi.exchange.queries.replaying import book_of
from jiaozi.exchange.rules import Clearing, RelatedTrade, Side
from jiaozi.exchange.rules.entering import check_catalogue
from jiaozi.exchange.rules.life import (
    TRANSITIONS,
    SessionState,
    UnableToTrade,
    check_closing,
    check_opening,
    check_role,
    check_words,
)
from jiaozi.exchange.services.step import take
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.lifecycle import advance
from jiaozi.kernel.period import local_date
from jiaozi.party import queries as parties
from jiaozi.party.rules import Actor, Role, check_own_programme

_NAME_MAX = 80


def open_session(
    *,
    programme: str,
    frame: Mapping[str, Any],
    closes_at: datetime,
    by: Actor,
    now: datetime,
    id_: UUID | None = None,
    schedule: Schedule | None = None,
) -> Session:
    """Open a session; ``frame`` is a book without orders in the file's form. With an id that is there, give that one.

    Raises
    ------
    UnableToTrade, UnableToClear
        When the role or the times are wrong; with every mistake of the frame by field.
    """
    check_role(by, Role.OPERATOR, Role.SYSTEM)
    check_own_programme(by, programme)
    book = rules.read_frame(frame)
    rules.check_terms(book)
    check_catalogue(book, [each.id for each in catalogue.hubs()], [each.code for each in catalogue.resource_classes()])
    check_opening(closes_at, min(each.start for each in book.periods), now)
    name = check_words(book.session, "session", _NAME_MAX)
    with transaction.atomic():
        row, made = Session.objects.get_or_create(
            id=id_ or new_id(),
            defaults={
                "programme": programme,
                "name": name,
                "schedule": schedule,
                "state": SessionState.OPEN,
                "frame": {key: value for key, value in frame.items() if key != "related"},
                "opened_at": now,
                "closes_at": closes_at,
            },
        )
        if made:
            body = {"closes_at": closes_at.isoformat(), "name": name, "programme": programme}
            journal.write(Line("exchange", "open", row.id, "", row.state, by.name, now, body))
    return row


def close_session(*, session_id: UUID, by: Actor, now: datetime) -> Session:
    """Close a session at its time: the book is fixed, with who is related to whom today.

    Raises
    ------
    UnableToTrade, UnableToStep
        When it is too early, or the session is no longer open.
    """
    with transaction.atomic():
        row = session(session_id, lock=True)
        check_own_programme(by, row.programme)
        advance(TRANSITIONS, SessionState(row.state), "close", by.role)
        check_closing(row.closes_at, now)
        row.related = _related(row, now)
        book = book_of(row)
        row.book_digest = book.digest()
        body = {"book": row.book_digest, "orders": len(book.orders)}
        take(row, "close", by=by, now=now, body=body, changed=("related", "book_digest"))
    return row


def _related(row: Session, now: datetime) -> list[list[str]]:
    """Give the pairs of a session's parties that are related today, walking from every seller: one statement each."""
    thresholds = alerts.parameters(row.programme)
    traders = TradeOrder.objects.filter(session=row, state="LIVE").order_by("party_id")
    present = set(traders.values_list("party_id", flat=True).distinct())
    sellers = set(traders.filter(side=Side.ASK).values_list("party_id", flat=True).distinct())
    pairs = set()
    for seller in sellers:
        group = parties.group_of(
            seller, on=local_date(now), depth=thresholds.depth, share_least_bp=thresholds.share_least_bp
        )
        pairs |= {tuple(sorted((str(seller), str(other)))) for other in group.paths if other in present}
    return [list(each) for each in sorted(pairs)]


def clear_session(*, session_id: UUID, by: Actor, now: datetime) -> Session:
    """Clear a closed session: every order gets its lots and its reason, related trades become alerts.

    The work is done before the transaction begins: the book can't change any more.

    Raises
    ------
    UnableToStep, UnableToClear
        When it is not closed; when its book is not what it was when it closed.
    """
    row = session(session_id)
    check_own_programme(by, row.programme)
    advance(TRANSITIONS, SessionState(row.state), "clear", by.role)
    book = book_of(row)
    found = rules.clear(book)
    with transaction.atomic():
        row = session(session_id, lock=True)
        advance(TRANSITIONS, SessionState(row.state), "clear", by.role)
        if row.book_digest != book.digest():
            raise UnableToTrade(
                "BOOK_CHANGED", "报价簿与截止时不一致", "the book is not what it was at the close", field="session"
            )
        _store(row, found)
        alert.raise_all(programme=row.programme, suspicions=list(_suspicions(row, found, now)), by=by, now=now)
        body = {
            "accepted": len(found.accepted),
            "finished": found.finished,
            "gap_ppm": found.gap_ppm,
            "result": row.result_digest,
        }
        changed = ("result_digest", "cleared", "gap_ppm", "finished", "flags")
        take(row, "clear", by=by, now=now, body=body, changed=changed)
    return row


def _store(row: Session, found: Clearing) -> None:
    names = list(found.why)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE exchange_order AS o SET accepted = d.accepted, code = d.code"
            " FROM unnest(%s::uuid[], %s::bigint[], %s::text[]) AS d(id, accepted, code) WHERE o.id = d.id",
            [names, [found.accepted.get(name, 0) for name in names], [found.why[name].value for name in names]],
        )
    ProductPrice.objects.bulk_create(
        [
            ProductPrice(session=row, **each.product._asdict(), **_figures(each, "price_fen", "bought", "sold"))
            for each in found.prices
        ],
        batch_size=1000,
    )
    LinkFlow.objects.bulk_create([LinkFlow(session=row, **each._asdict()) for each in found.flows], batch_size=1000)
    row.result_digest, row.gap_ppm, row.finished = found.digest(), found.gap_ppm, found.finished
    row.cleared = [each._asdict() for each in found.cleared]
    row.flags = {
        "powers": [
            {**each.product._asdict(), **_figures(each, "sellers", "share_ppm", "hhi", "pivotal")}
            for each in found.powers
        ],
        "related_trades": [
            {**each.product._asdict(), **_figures(each, "buyer", "seller", "lots")} for each in found.related_trades
        ],
    }


def _figures(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _suspicions(row: Session, found: Clearing, now: datetime) -> Iterable[Suspicion]:
    """Give one suspicion for each pair that traded with its own, about the buyer's first order of the product."""
    thresholds = alerts.parameters(row.programme)
    for trade in found.related_trades:
        group = parties.group_of(
            UUID(trade.buyer), on=local_date(now), depth=thresholds.depth, share_least_bp=thresholds.share_least_bp
        )
        order = bought(row, trade)
        purchase = Purchase(
            subject=subject_of(order.id), holder=order.party_id, supplier=UUID(trade.seller), asked_by=order.entered_by
        )
        yield from related_supplier(purchase, group, parties.names_of(group.members), thresholds) or (
            _no_longer(purchase),
        )


def _no_longer(purchase: Purchase) -> Suspicion:
    """Suspect a trade of two that were related at the close, though the register says nothing of it by now."""
    return Suspicion(
        kind=AlertKind.RELATED_SUPPLIER,
        subject=purchase.subject,
        level=Level.HIGH,
        reason=Label(
            "截止时买卖双方有关联，其后登记已变",
            "buyer and seller were related at the close; the register has changed since",
        ),
        figures={"supplier": str(purchase.supplier)},
        rule="related_at_close",
        asked_by=purchase.asked_by,
    )


def bought(row: Session, trade: RelatedTrade) -> TradeOrder:
    """Give the first order by which a buyer bought of a product."""
    rows = TradeOrder.objects.filter(
        session=row, side=Side.BID, party_id=UUID(trade.buyer), accepted__gt=0, **trade.product._asdict()
    )
    return rows.order_by("id")[0]


def subject_of(order_id: UUID) -> Subject:
    """Give what an alert about an order of the exchange is about."""
    return Subject(SubjectKind.ORDER, str(order_id))


def related_subjects(row: Session) -> list[Subject]:
    """Give what must be clear before a session is settled."""
    trades = [
        RelatedTrade(
            rules.Product(each["resource_class"], each["period"], each["hub"]),
            each["buyer"],
            each["seller"],
            each["lots"],
        )
        for each in row.flags.get("related_trades", ())
    ]
    return [subject_of(bought(row, each).id) for each in trades]
