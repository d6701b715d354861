"""What a trader may see: whom it trades for, its own orders with their reasons, its own money and capacity."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from jiaozi.exchange.models import ProductPrice, Seat, TradeOrder
from jiaozi.exchange.queries.reading import PRICES_MAX, ROWS_MAX, session
from jiaozi.exchange.rules import Code, Product, Side, say
from jiaozi.exchange.rules.life import OrderState, UnableToTrade, trader
from jiaozi.exchange.rules.lines import trader_account
from jiaozi.kernel.label import Label
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import AccountKind
from jiaozi.party import queries as parties
from jiaozi.party.models import Organisation
from jiaozi.party.rules import Actor, Role, UnableToActForProgramme, check_own_programme


@dataclass(frozen=True, slots=True)
class OwnOrder:
    """A trader's own order and what became of it; ``accepted`` is None until the session is cleared."""

    id: UUID
    side: Side
    product: Product
    quantity: int
    limit_fen: int
    minimum: int
    state: OrderState
    accepted: int | None
    price_fen: int | None
    code: Code | None
    why: Label | None


@dataclass(frozen=True, slots=True)
class Holding:
    """A trader's own money, in fen, and its own capacity by block (units that it may still offer)."""

    free_fen: int
    held_fen: int
    capacity: dict[str, int]


def seat_of(programme: str, centre: str) -> Seat | None:
    """Give the seat that a centre has in a programme's exchange now."""
    return seats_of(programme, centre).first()


def seats_of(programme: str, centre: str | None) -> QuerySet[Seat]:
    """Give the seats that a centre has had, the newest first: that one holds."""
    return Seat.objects.filter(programme=programme, centre_id=centre).order_by("-at", "-id")


def seats(programme: str) -> list[Seat]:
    """Give every centre's seat of a programme as it is now, with the organisation."""
    rows = Seat.objects.filter(programme=programme).order_by("centre_id", "-at", "-id").distinct("centre_id")
    return list(rows.select_related("party", "centre")[:ROWS_MAX])


def trader_of(by: Actor, programme: str) -> UUID:
    """Give the organisation that somebody trades for in a programme: an applicant's own, a centre's by its seat.

    Raises
    ------
    UnableToTrade, UnableToActForProgramme
        When there is none; when the membership names another programme.
    """
    check_own_programme(by, programme)
    seat = seat_of(programme, by.centre) if by.role is Role.CENTRE and by.centre else None
    return trader(by, seat.party_id if seat else None)


def may_trade(by: Actor, programme: str) -> bool:
    """Say whether somebody trades for an organisation in a programme: a centre without a seat doesn't."""
    try:
        trader_of(by, programme)
    except (UnableToTrade, UnableToActForProgramme):
        return False
    return True


def trading_as(by: Actor, programme: str) -> Organisation:
    """Give the organisation that somebody trades for, in one statement; as ``trader_of``."""
    check_own_programme(by, programme)
    seat = seats_of(programme, by.centre).select_related("party").first() if by.role is Role.CENTRE else None
    if seat is not None:
        return seat.party
    return parties.organisation(trader(by))


@dataclass(frozen=True, slots=True)
class Desk:
    """All that a trader's page of one session needs, whom it trades for looked up once."""

    party: Organisation
    holding: Holding
    orders: list[OwnOrder]


def desk(session_id: UUID, *, by: Actor, programme: str, limit: int = 100) -> Desk:
    """Give the reader's own money, capacity and orders of a session of a programme.

    Raises
    ------
    UnableToTrade, UnableToActForProgramme
        When the reader speaks for no organisation; when the membership names another programme.
    """
    party = trading_as(by, programme)
    return Desk(party, _holding(programme, party.id), _orders(session_id, party.id, None, None, limit))


def own_orders(
    session_id: UUID, *, by: Actor, product: Product | None = None, after: UUID | None = None, limit: int = 100
) -> list[OwnOrder]:
    """Give a page of the reader's own orders, of one product where asked, with the reasons once it is cleared.

    Raises
    ------
    UnableToTrade
        When the reader speaks for no organisation.
    """
    return _orders(session_id, trader_of(by, session(session_id).programme), product, after, limit)


def _orders(session_id: UUID, party: UUID, product: Product | None, after: UUID | None, limit: int) -> list[OwnOrder]:
    rows = TradeOrder.objects.filter(session_id=session_id, party_id=party).order_by("id")
    if product is not None:
        rows = rows.filter(**product._asdict())
    if after is not None:
        rows = rows.filter(id__gt=after)
    found = list(rows[: max(1, min(limit, ROWS_MAX))])
    prices = _prices(session_id) if any(row.code for row in found) else {}
    return [_own(row, prices.get((row.resource_class, row.period, row.hub))) for row in found]


def _prices(session_id: UUID) -> dict[tuple[str, str, str], int]:
    rows = ProductPrice.objects.filter(session_id=session_id).order_by("id")
    values = rows.values_list("resource_class", "period", "hub", "price_fen")[:PRICES_MAX]
    return {(resource_class, period, hub): price for resource_class, period, hub, price in values}


def _own(row: TradeOrder, price_fen: int | None) -> OwnOrder:
    code = Code(row.code) if row.code else None
    return OwnOrder(
        id=row.id,
        side=Side(row.side),
        product=Product(row.resource_class, row.period, row.hub),
        quantity=row.quantity,
        limit_fen=row.limit_fen,
        minimum=row.minimum,
        state=OrderState(row.state),
        accepted=row.accepted,
        price_fen=price_fen,
        code=code,
        why=say(code, price_fen=price_fen, limit_fen=row.limit_fen) if code else None,
    )


def holding(programme: str, *, by: Actor) -> Holding:
    """Give the reader's own money and capacity.

    Raises
    ------
    UnableToTrade
        When the reader speaks for no organisation.
    """
    return _holding(programme, trader_of(by, programme))


def _holding(programme: str, party: UUID) -> Holding:
    money = ledger.balance(trader_account(programme, party))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject, credits_posted - debits_posted - debits_pending FROM ledger_account"
            " WHERE programme = %s AND kind = %s AND starts_with(subject, %s) ORDER BY subject LIMIT %s",
            [programme, AccountKind.CAPACITY, f"{party}/", ROWS_MAX],
        )
        blocks = {subject.partition("/")[2]: units for subject, units in cursor.fetchall()}
    return Holding(money.spendable, money.debits_pending, blocks)


def live_count(session_id: UUID, party: UUID) -> int:
    """Say how many live orders a party has."""
    return TradeOrder.objects.filter(session_id=session_id, party_id=party, state=OrderState.LIVE).count()
