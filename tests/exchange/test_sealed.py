"""No party sees another's limit: whatever a trader asks, before and after, no foreign figure or id comes back."""

import dataclasses
import inspect
import json

import pytest

from jiaozi.exchange import queries, services
from jiaozi.exchange.models import TradeOrder
from jiaozi.exchange.rules import NewOrder, Side, UnableToClear, UnableToReadOrders, UnableToReplay, UnableToTrade
from jiaozi.journal.models import JournalLine
from jiaozi.party.rules import UnableToSee
from tests.world import FINANCE, OFFICER, OPERATOR, PROGRAMME

from .conftest import AUDITOR, CLASS, Market

pytestmark = pytest.mark.django_db

SECRET = 7_654_321
"""A limit that is no one's price, so that it can be looked for as text."""


@pytest.fixture
def sealed(market: Market) -> Market:
    """A rival bids far above the price and holds for it; an outbid one far below."""
    market.open()
    market.capacity("seller")
    market.ask("seller", 50, 1_111)
    for name in ("rival", "me"):
        market.money(name, 1_000_000)
    market.bid("rival", 9, SECRET)
    market.bid("me", 60, 2_222)
    return market


def answers(market: Market, by):
    """Everything that the room's queries say to somebody, by name; a refusal is an answer too."""
    given = {
        "flags": lambda: queries.flags(market.session.id, by=by),
        "holding": lambda: queries.holding(PROGRAMME, by=by),
        "desk": lambda: queries.desk(market.session.id, by=by, programme=PROGRAMME),
        "trading_as": lambda: queries.trading_as(by, PROGRAMME).name,
        "trader_of": lambda: queries.trader_of(by, PROGRAMME),
        "may_trade": lambda: queries.may_trade(by, PROGRAMME),
        "replay": lambda: queries.replay(market.session.id, by=by),
        "own_orders": lambda: queries.own_orders(market.session.id, by=by),
        "result": lambda: queries.result(market.session.id),
        "prices": lambda: queries.prices(market.session.id),
        "flows": lambda: queries.flows(market.session.id),
        "schedules": lambda: queries.schedules(PROGRAMME),
        "sessions": lambda: queries.sessions(PROGRAMME),
        "sealed_orders": lambda: [vars(each) for each in queries.sealed_orders(market.session.id, by=by)],
    }
    found = {}
    for name, ask in given.items():
        try:
            found[name] = ask()
        except (UnableToReadOrders, UnableToTrade, UnableToSee, UnableToReplay) as refused:
            found[name] = refused
    return found


def text_of(answer):
    value = dataclasses.asdict(answer) if dataclasses.is_dataclass(answer) else answer
    return json.dumps(value, default=str, ensure_ascii=False) if not isinstance(value, list) else repr(value)


STATES = [(), ("close",), ("close", "clear"), ("close", "clear", "settle")]


@pytest.mark.parametrize("steps", STATES, ids=len)
def test_a_trader_never_gets_anothers_figures(sealed: Market, steps):
    sealed.step(*steps)
    foreign = [str(row.id) for row in TradeOrder.objects.exclude(party_id=sealed.trader("me").id)]
    told = answers(sealed, sealed.actor("me"))
    for name, answer in told.items():
        said = text_of(answer)
        for secret in (str(SECRET), "76,543.21", str(9 * SECRET), "1111", *foreign):
            assert secret not in said, name
    assert "2222" in text_of(told["own_orders"])
    assert isinstance(told["sealed_orders"], UnableToReadOrders)
    assert isinstance(told["flags"], UnableToReadOrders)


def test_every_query_that_a_face_can_reach_is_looked_at():
    """A new query with a reader must be put to the test above; what has none shows no order."""
    with_reader = {name for name in queries.__all__ if "by" in signature(getattr(queries, name))}
    assert with_reader == {
        "flags",
        "holding",
        "own_orders",
        "replay",
        "sealed_orders",
        "may_trade",
        "trader_of",
        "trading_as",
        "desk",
    }
    without = {name for name in queries.__all__ if inspect.isfunction(getattr(queries, name))} - with_reader
    assert without == {"audit", "flows", "prices", "result", "schedules", "seats", "sessions"}


def signature(thing):
    return inspect.signature(thing).parameters if inspect.isfunction(thing) else {}


@pytest.mark.parametrize("by", [OFFICER, FINANCE, OPERATOR, AUDITOR], ids=lambda by: by.role)
def test_before_the_clearing_the_book_is_open_to_nobody(sealed: Market, by):
    for steps in ((), ("close",)):
        sealed.step(*steps)
        assert isinstance(answers(sealed, by)["sealed_orders"], UnableToReadOrders)


def test_afterwards_to_an_auditor_alone(sealed: Market):
    sealed.step("close", "clear")
    assert len(queries.sealed_orders(sealed.session.id, by=AUDITOR)) == 3
    for by in (OFFICER, FINANCE, OPERATOR):
        with pytest.raises(UnableToReadOrders):
            queries.sealed_orders(sealed.session.id, by=by)


def test_a_refusal_tells_nothing_either(sealed: Market):
    """Another's order is not told from one that isn't there, and only own orders are compared on entry."""
    theirs = TradeOrder.objects.get(party_id=sealed.trader("rival").id).id
    said = []
    for name in (theirs, sealed.trader("me").id):
        with pytest.raises(UnableToTrade) as refused:
            services.withdraw(session_id=sealed.session.id, order_ids=[name], by=sealed.actor("me"), now=sealed.now)
        said.append(str(refused.value))
    assert said[0] == said[1]
    sealed.capacity("me", hub="chengyu")
    sealed.enter("me", NewOrder(Side.ASK, CLASS, "chengyu", "h0", 1, 2_223))
    with pytest.raises(UnableToClear) as crossed:
        sealed.enter("me", NewOrder(Side.ASK, CLASS, "chengyu", "h0", 1, 2_222))
    assert str(SECRET) not in str(crossed.value.problems)


def test_the_journal_tells_no_limit(sealed: Market):
    sealed.step("close", "clear", "settle")
    said = json.dumps([[line.verb, line.body] for line in JournalLine.objects.filter(stage="exchange")])
    assert str(SECRET) not in said
    assert str(9 * SECRET) not in said
