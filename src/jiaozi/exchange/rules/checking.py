"""Every mistake that a book can have, told by place and field; nothing is cleared until there is none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from typing import NamedTuple

from jiaozi.exchange.rules.book import Book, Contract, Link, Order, Product, Side, Terms
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.ledger.rules import AMOUNT_MAX_FEN

QUANTITY_MAX = 1_000_000_000
LIMIT_MAX_FEN = 10**12
LOT_MAX = 1_000_000
HUBS_MAX = 64
LINKS_MAX = 4_096
PERIODS_MAX = 1_000
CONTRACTS_MAX = 200
ORDERS_MAX = 1_000_000
STEPS_MAX = 1_000_000
NAME_MAX = 80
HHI_WHOLE = 10_000
PPM = 1_000_000
_PROBLEMS_MAX = 50


class Problem(NamedTuple):
    """One mistake: where it stands, what would be right."""

    field: str
    code: str
    zh: str
    en: str


class UnableToClear(Refused):
    """A book has mistakes; ``problems`` is every one that was found, up to fifty, the message tells the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        first, more = self.problems[0], len(self.problems) - 1
        zh, en = (f"{first.zh}（另有{more}处）", f"{first.en} (and {more} more)") if more else (first.zh, first.en)
        super().__init__(first.code, zh, en, field=first.field)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Every mistake as a reason."""
        return tuple(Reason(each.code, Label(each.zh, each.en), field=each.field) for each in self.problems)


def check_book(book: Book) -> None:
    """Refuse a book whose figures are wrong or contradict each other.

    Raises
    ------
    UnableToClear
        With the mistakes by field.
    """
    _raise(_all(book))


def check_terms(book: Book) -> None:
    """Refuse a session before it has orders: hubs, periods, classes, links, terms.

    Raises
    ------
    UnableToClear
        With the mistakes by field.
    """
    _raise(_frame(book))


def check_orders(new: Sequence[Order], book: Book) -> None:
    """Refuse new orders that don't fit a session's book; of ``book.orders`` only the parties' own are looked at.

    Raises
    ------
    UnableToClear
        With the mistakes by number and field.
    """
    _raise(_new_wrong(new, book))


def _new_wrong(new: Sequence[Order], book: Book) -> Iterator[Problem]:
    yield from _orders_wrong(book, new)
    own: dict[tuple[str, Product], dict[Side, Order]] = {}
    for each in book.orders:
        _keep_best(own.setdefault((each.party, each.product), {}), each)
    yield from _own_crossed(new, own)


def _raise(problems: Iterator[Problem]) -> None:
    if found := tuple(islice(problems, _PROBLEMS_MAX)):
        raise UnableToClear(found)


def _all(book: Book) -> Iterator[Problem]:
    yield from _frame(book)
    if len(book.orders) > ORDERS_MAX:
        yield Problem("orders", "TOO_MANY", f"报价至多{ORDERS_MAX}笔", f"there may be {ORDERS_MAX} orders at most")
        return
    yield from _orders_wrong(book, book.orders)
    yield from _own_crossed(book.orders, {})


def _frame(book: Book) -> Iterator[Problem]:
    yield from _few("hubs", book.hubs, HUBS_MAX)
    yield from _few("periods", [each.id for each in book.periods], PERIODS_MAX)
    yield from _few("classes", [each.resource_class for each in book.contracts], CONTRACTS_MAX)
    for number, each in enumerate(book.periods):
        if each.end <= each.start:
            told = "时段须先始后终", "a period must end after its start"
            yield Problem(f"periods[{number}].end", "PERIOD_ENDS_EARLY", *told)
    yield from _periods_overlap(book)
    for number, contract in enumerate(book.contracts):
        yield from _within(f"classes[{number}].lot_units", contract.lot_units, 1, LOT_MAX)
    yield from _links_wrong(book)
    yield from _terms_wrong(book.terms)
    for number, (one, other) in enumerate(book.related):
        if one == other:
            told = "关联的两方须不同", "two different parties are related"
            yield Problem(f"related[{number}]", "RELATED_TO_ITSELF", *told)


def _few(field: str, names: Iterable[str], most: int) -> Iterator[Problem]:
    seen: set[str] = set()
    number = -1
    for number, name in enumerate(names):
        if name in seen:
            yield Problem(f"{field}[{number}]", "TWICE", f"{name!r}重复", f"{name!r} is there twice")
        if not name or len(name) > NAME_MAX:
            told = f"名称应为1至{NAME_MAX}个字符", f"a name has 1 to {NAME_MAX} characters"
            yield Problem(f"{field}[{number}]", "NAME_WRONG", *told)
        seen.add(name)
    if not 0 <= number < most:
        yield Problem(field, "COUNT_WRONG", f"数量应为1至{most}", f"there must be 1 to {most}")


def _periods_overlap(book: Book) -> Iterator[Problem]:
    ranked = sorted(enumerate(book.periods), key=lambda pair: (pair[1].start, pair[0]))
    for (_, earlier), (number, later) in pairwise(ranked):
        if later.start < earlier.end:
            told = f"与时段{earlier.id!r}重叠", f"overlaps with {earlier.id!r}: one hour would be sold twice"
            yield Problem(f"periods[{number}].start", "PERIODS_OVERLAP", *told)


def _terms_wrong(terms: Terms) -> Iterator[Problem]:
    yield from _within("share_max_ppm", terms.share_max_ppm, 0, PPM)
    yield from _within("hhi_max", terms.hhi_max, 0, HHI_WHOLE)
    yield from _within("steps_max", terms.steps_max, 1, STEPS_MAX)


def _within(at: str, value: int, least: int, most: int) -> Iterator[Problem]:
    if not least <= value <= most:
        told = f"应在{least}至{most}之间，不能是{value}", f"must be {least} to {most}, not {value}"
        yield Problem(at, "FIGURE_WRONG", *told)


def _links_wrong(book: Book) -> Iterator[Problem]:
    if len(book.links) > LINKS_MAX:
        yield Problem("links", "TOO_MANY", f"链路至多{LINKS_MAX}条", f"there may be {LINKS_MAX} links at most")
        return
    hubs, periods = set(book.hubs), {each.id for each in book.periods}
    between: dict[tuple[str, str], list[tuple[int, Link]]] = defaultdict(list)
    for number, link in enumerate(book.links):
        at = f"links[{number}]"
        yield from _unknown(f"{at}.start", "HUB", link.start, hubs)
        yield from _unknown(f"{at}.end", "HUB", link.end, hubs)
        if link.start == link.end:
            told = "链路两端相同", "a link leads to another hub than its own"
            yield Problem(f"{at}.end", "LINK_CROSSED", *told)
        if link.period:
            yield from _unknown(f"{at}.period", "PERIOD", link.period, periods)
        if link.resource_class:
            classes = {each.resource_class for each in book.contracts}
            yield from _unknown(f"{at}.resource_class", "CLASS", link.resource_class, classes)
        yield from _within(f"{at}.capacity", link.capacity, 0, QUANTITY_MAX)
        yield from _within(f"{at}.charge", link.charge_fen, 0, LIMIT_MAX_FEN)
        for other, earlier in between[link.start, link.end]:
            if _meet(link.resource_class, earlier.resource_class) and _meet(link.period, earlier.period):
                told = (
                    f"与links[{other}]就同一方向、资源类和时段各说一数",
                    f"crosses links[{other}]: both speak for the same way, class and period; keep one",
                )
                yield Problem(at, "LINK_CROSSED", *told)
                break
        between[link.start, link.end].append((number, link))


def _meet(one: str, other: str) -> bool:
    return not one or not other or one == other


_UNKNOWN = {"HUB": ("枢纽", "hub"), "PERIOD": ("时段", "period"), "CLASS": ("资源类", "resource class")}


def _unknown(at: str, what: str, name: str, known: Iterable[str]) -> Iterator[Problem]:
    if name not in known:
        zh, en = _UNKNOWN[what]
        told = f"本场没有{zh}{name!r}", f"the session has no {en} {name!r}"
        yield Problem(at, f"{what}_UNKNOWN", *told)


def _orders_wrong(book: Book, orders: Iterable[Order]) -> Iterator[Problem]:
    hubs, periods = frozenset(book.hubs), frozenset(each.id for each in book.periods)
    lots: dict[str, Contract] = {each.resource_class: each for each in book.contracts}
    seen: set[str] = set()
    for number, order in enumerate(orders):
        fits = order.hub in hubs and order.period in periods and order.resource_class in lots
        if fits and order.id not in seen and order.id and order.party and _figures_right(order):
            seen.add(order.id)
            continue
        at = f"orders[{number}]"
        if order.id in seen:
            yield Problem(f"{at}.id", "TWICE", f"编号{order.id!r}重复", f"the id {order.id!r} is there twice")
        seen.add(order.id)
        for name in ("id", "party"):
            if not getattr(order, name):
                yield Problem(f"{at}.{name}", "NAME_WRONG", "不能为空", "must not be empty")
        yield from _unknown(f"{at}.hub", "HUB", order.hub, hubs)
        yield from _unknown(f"{at}.period", "PERIOD", order.period, periods)
        yield from _unknown(f"{at}.resource_class", "CLASS", order.resource_class, lots)
        yield from _figures_wrong(at, order)


def _figures_right(order: Order) -> bool:
    """Say at one glance what ``_figures_wrong`` spells out: a book has a hundred thousand orders."""
    return (
        0 < order.quantity <= QUANTITY_MAX
        and 0 <= order.limit_fen <= LIMIT_MAX_FEN
        and 0 <= order.minimum <= order.quantity
        and order.quantity * order.limit_fen <= AMOUNT_MAX_FEN
    )


def _figures_wrong(at: str, order: Order) -> Iterator[Problem]:
    yield from _within(f"{at}.quantity", order.quantity, 1, QUANTITY_MAX)
    yield from _within(f"{at}.limit", order.limit_fen, 0, LIMIT_MAX_FEN)
    if not 0 <= order.minimum <= order.quantity:
        told = f"最小成交量应在0至{order.quantity}之间", f"must be 0 up to the quantity, {order.quantity}"
        yield Problem(f"{at}.minimum", "MINIMUM_WRONG", *told)
    if order.quantity * order.limit_fen > AMOUNT_MAX_FEN:
        yield Problem(
            f"{at}.quantity", "TOO_MUCH", "数量乘限价过大", "quantity times limit is more than the ledger carries"
        )


def _own_crossed(orders: Sequence[Order], own: dict[tuple[str, Product], dict[Side, Order]]) -> Iterator[Problem]:
    buyers, sellers = ({each.party for each in orders if each.side is side} for side in Side)
    both = (buyers & sellers) | {party for party, _ in own}  # hardly anybody is, so the rest needs no look
    for number, order in enumerate(orders):
        if order.party not in both:
            continue
        mine = own.setdefault((order.party, order.product), {})
        yield from _self_trade(f"orders[{number}].limit", order, mine)
        _keep_best(mine, order)


def _keep_best(mine: dict[Side, Order], order: Order) -> None:
    """Keep the order of each side that reaches furthest into the other."""
    best = mine.get(order.side)
    if best is None or (
        order.limit_fen > best.limit_fen if order.side is Side.BID else order.limit_fen < best.limit_fen
    ):
        mine[order.side] = order


def _self_trade(at: str, order: Order, mine: dict[Side, Order]) -> Iterator[Problem]:
    """Find a party that would trade with itself: its bid reaches its own ask of the same product."""
    other = mine.get(order.side.opposite)
    if other is None:
        return
    bid, ask = (order, other) if order.side is Side.BID else (other, order)
    if bid.limit_fen >= ask.limit_fen:
        told = (
            f"会与本单位的报价{other.id!r}自成交：买价须低于本单位同一产品的卖价",
            f"would trade with {other.id!r} of the same party: a bid stays below the party's own asks of the product",
        )
        yield Problem(at, "SELF_TRADE", *told)
