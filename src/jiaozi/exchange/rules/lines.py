"""What the exchange writes into the books ``trade`` (fen) and ``capacity`` (units of a class for a whole period)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from jiaozi.exchange.rules.book import Side
from jiaozi.kernel.ids import named_id
from jiaozi.ledger.rules import Account, AccountKind, Chain, Transfer, hold, post, resolve, void

_K = AccountKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Capacity of a party: a class at a hub from an instant to another."""

    party: UUID
    hub: str
    resource_class: str
    start: datetime
    end: datetime

    @property
    def subject(self) -> str:
        """Its name in the ledger."""
        start, end = (f"{each.astimezone(UTC):%Y%m%dT%H%M%SZ}" for each in (self.start, self.end))
        return f"{self.party}/{self.hub}/{self.resource_class}/{start}/{end}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One order as the ledger sees it: ``units`` is quantity times the lot."""

    id: UUID
    side: Side
    block: Block
    quantity: int
    limit_fen: int
    lot_units: int


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of one session of a programme."""

    programme: str
    session: UUID

    def trader(self, party: UUID) -> Account:
        """Give what a party has deposited and earned."""
        return trader_account(self.programme, party)

    def capacity(self, block: Block) -> Account:
        """Give what a party may sell or use of a block."""
        return capacity_account(self.programme, block)

    def clearing(self) -> Account:
        """Give where the session's money meets; it is empty when the session is over."""
        return Account(_K.TRADE_CLEARING, self.programme, str(self.session))

    def pool(self) -> Account:
        """Give where the session's capacity meets; likewise."""
        return Account(_K.CAPACITY_POOL, self.programme, str(self.session))

    def rent(self, start: str, end: str) -> Account:
        """Give what a link has earned."""
        return Account(_K.TRADE_RENT, self.programme, f"{start}/{end}")


def trader_account(programme: str, party: UUID) -> Account:
    """Give what a party has deposited and earned."""
    return Account(_K.TRADER, programme, str(party))


def capacity_account(programme: str, block: Block) -> Account:
    """Give what a party may sell or use of a block."""
    return Account(_K.CAPACITY, programme, block.subject)


def hold_id(order_id: UUID) -> UUID:
    """Name an order's hold."""
    return named_id("trade.hold", order_id)


def hold_line(at: Accounts, order: Entry) -> tuple[Account, Account, Transfer | None]:
    """Give what entering an order holds: all that a bid may cost, or all that an ask may have to deliver.

    A bid of nothing a lot holds nothing.
    """
    if order.side is Side.ASK:
        from_, to, amount = at.capacity(order.block), at.pool(), order.quantity * order.lot_units
        event = "trade.hold.capacity"
    else:
        from_, to, amount = at.trader(order.block.party), at.clearing(), order.quantity * order.limit_fen
        event = "trade.hold"
    line = hold(hold_id(order.id), from_, to, amount, event, order.id) if amount else None
    return from_, to, line


def release_lines(orders: Iterable[Entry]) -> Iterator[Chain]:
    """Give what withdrawing or voiding writes: every hold goes back."""
    for order in orders:
        if order.side is Side.ASK or order.limit_fen:
            yield (void(named_id("trade.resolve", order.id), hold_id(order.id), "trade.release", order.id),)


@dataclass(frozen=True, slots=True)
class Rent:
    """What a link earned in a session."""

    start: str
    end: str
    fen: int


def settle_lines(
    at: Accounts, got: Iterable[tuple[Entry, int, int]], rents: Iterable[Rent]
) -> tuple[tuple[Account, ...], tuple[Chain, ...]]:
    """Give the accounts and the chains that settle a session; first all that comes in, then all that goes out.

    Parameters
    ----------
    got
        Each order with the lots accepted and the price.
    """
    accounts = {at.clearing(), at.pool()}
    inward: list[Chain] = []
    outward: list[Chain] = []
    for order, lots, price_fen in got:
        selling, fen, units = order.side is Side.ASK, lots * price_fen, lots * order.lot_units
        if selling or order.limit_fen:
            due = units if selling else fen
            event = "trade.capture" if due else "trade.release"
            inward.append((resolve(named_id("trade.resolve", order.id), hold_id(order.id), due, event, order.id),))
        from_, to, amount = (
            (at.clearing(), at.trader(order.block.party), fen)
            if selling
            else (at.pool(), at.capacity(order.block), units)
        )
        if amount:
            accounts.add(to)
            event = "trade.pay" if selling else "trade.deliver"
            outward.append((post(named_id(event, order.id), from_, to, amount, event, order.id),))
    for rent in rents:
        if rent.fen:
            account = at.rent(rent.start, rent.end)
            accounts.add(account)
            id_ = named_id("trade.rent", at.session, rent.start, rent.end)
            outward.append((post(id_, at.clearing(), account, rent.fen, "trade.rent", at.session),))
    return tuple(accounts), (*inward, *outward)


def movement_line(
    programme: str, party: UUID, movement: UUID, amount_fen: int, *, paid_out: bool
) -> tuple[tuple[Account, ...], tuple[Transfer, ...]]:
    """Give what a deposit or a payment out writes."""
    source, account = Account(_K.TRADE_SOURCE, programme), trader_account(programme, party)
    from_, to = (account, source) if paid_out else (source, account)
    event = "trade.pay_out" if paid_out else "trade.deposit"
    return (source, account), (post(named_id("trade.move", movement), from_, to, amount_fen, event, movement),)


def capacity_line(
    programme: str, block: Block, declaration: UUID, units: int
) -> tuple[tuple[Account, ...], tuple[Transfer, ...]]:
    """Give what declaring capacity writes."""
    source, account = Account(_K.CAPACITY_SOURCE, programme), capacity_account(programme, block)
    id_ = named_id("trade.declare", declaration)
    return (source, account), (post(id_, source, account, units, "trade.declare", declaration),)
