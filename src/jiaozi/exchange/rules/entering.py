"""Orders on their way in: what a trader says, what the session's book lets in, what the journal may tell of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from jiaozi.exchange.rules.book import Book, Order, Period, Side
from jiaozi.exchange.rules.checking import Problem, UnableToClear, check_orders
from jiaozi.exchange.rules.life import UnableToTrade
from jiaozi.exchange.rules.lines import Block, Entry
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.period import SHANGHAI, local_date, start_of_day
from jiaozi.ledger.rules import TransferStatus


class NewOrder(NamedTuple):
    """What a trader asks for; ``Order`` says what the figures mean."""

    side: Side
    resource_class: str
    hub: str
    period: str
    quantity: int
    limit_fen: int
    minimum: int = 0


def check_new(book: Book, party: str, new: Sequence[NewOrder], names: Sequence[str]) -> tuple[Order, ...]:
    """Give new orders of a party as the book takes them; ``book.orders`` are the party's own live ones.

    Raises
    ------
    UnableToClear
        Naming what is wrong, as ``orders[0].limit``.
    """
    taken = tuple(Order(name, party, *each) for name, each in zip(names, new, strict=True))
    check_orders(taken, book)
    return taken


def check_catalogue(book: Book, hubs: Iterable[str], classes: Iterable[str]) -> None:
    """Let a session trade only at hubs and in classes that the catalogue has.

    Raises
    ------
    UnableToClear
        Naming those that it has not.
    """
    known_hubs, known = set(hubs), set(classes)
    wrong = [
        Problem(f"hubs[{number}]", "HUB_UNKNOWN", f"资源目录中没有枢纽{hub!r}", f"the catalogue has no hub {hub!r}")
        for number, hub in enumerate(book.hubs)
        if hub not in known_hubs
    ]
    wrong += [
        Problem(
            f"classes[{number}]",
            "CLASS_UNKNOWN",
            f"资源目录中没有资源类{each.resource_class!r}",
            f"the catalogue has no class {each.resource_class!r}",
        )
        for number, each in enumerate(book.contracts)
        if each.resource_class not in known
    ]
    if wrong:
        raise UnableToClear(wrong)


def seal(order: Order, salt: bytes) -> str:
    """Give what the journal tells of an order: a digest that only its owner can open."""
    return digest({"order": [*order[:2], order.side.value, *order[3:]], "salt": salt.hex()}).hex()


def refusal(order: Entry, number: int, status: TransferStatus) -> UnableToTrade:
    """Say which order the ledger would not hold for."""
    if status is TransferStatus.EXCEEDS_CREDITS and order.side is Side.BID:
        amount = yuan(order.quantity * order.limit_fen)
        return UnableToTrade(
            "DEPOSIT_SHORT",
            f"保证金不足：本笔须冻结{amount}元；请先存入或减少数量",
            f"the deposit does not cover a hold of {amount}; deposit more or bid for less",
            field=f"orders[{number}]",
        )
    if status is TransferStatus.EXCEEDS_CREDITS:
        units = order.quantity * order.lot_units
        return UnableToTrade(
            "CAPACITY_SHORT",
            f"可售容量不足：本笔须冻结{units}单位；请先登记或减少数量",
            f"the declared capacity does not cover {units} units; have more declared or offer less",
            field=f"orders[{number}]",
        )
    return UnableToTrade(
        "LEDGER_REFUSED", f"台账拒绝：{status}", f"the ledger refused: {status}", field=f"orders[{number}]"
    )


def entry_of(order: Order, book: Book) -> Entry:
    """Give an order as the ledger sees it."""
    period = next(each for each in book.periods if each.id == order.period)
    lot = next(each for each in book.contracts if each.resource_class == order.resource_class)
    block = Block(
        party=UUID(order.party),
        hub=order.hub,
        resource_class=order.resource_class,
        start=period.start,
        end=period.end,
    )
    return Entry(
        id=UUID(order.id),
        side=order.side,
        block=block,
        quantity=order.quantity,
        limit_fen=order.limit_fen,
        lot_units=lot.lot_units,
    )


def window(
    opens: datetime, closes: datetime, first: datetime, now: datetime, *, stood_since: datetime
) -> datetime | None:
    """Give when a scheduled session closes if it is to be open now, or None.

    Within its window it closes in time. After it, it is made up where the schedule stood before the window began: open
    for the same length, cut at the first period's beginning, unless that leaves less than half.

    Parameters
    ----------
    first
        When the first period that is traded begins.
    stood_since
        When the schedule was set.
    """
    if opens <= now < closes:
        return closes
    if now < opens or stood_since > opens:
        return None
    made_up = min(now + (closes - opens), first)
    return made_up if (made_up - now) * 2 >= closes - opens else None


def next_close(closes_minute: int, now: datetime) -> datetime:
    """Give when a schedule's next session closes."""
    midnight = start_of_day(local_date(now))
    today = midnight + timedelta(minutes=closes_minute)
    return today if now < today else today + timedelta(days=1)


def blocks(first: datetime, minutes: int, count: int) -> tuple[Period, ...]:
    """Give a schedule's periods, named by their start in Shanghai."""
    starts = [first + number * timedelta(minutes=minutes) for number in range(count)]
    return tuple(
        Period(f"{start.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}", start, start + timedelta(minutes=minutes))
        for start in starts
    )


def framed(frame: dict[str, Any], name: str, periods: Sequence[Period]) -> dict[str, Any]:
    """Give a schedule's frame with a session's name and periods."""
    told = [{"id": each.id, "start": each.start.isoformat(), "end": each.end.isoformat()} for each in periods]
    return {**frame, "session": name, "periods": told}
