"""A cap that a further version lowers is never passed, whatever happens between looking at it and holding under it.

Two connections each: one stops right before it calls the ledger, the other acts and commits, then the first goes on.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import connection

from jiaozi.kernel.fen import parse_yuan
from jiaozi.ledger import queries as books
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import Account, AccountKind
from jiaozi.order import services as order
from jiaozi.order.rules import State, payable_accounts
from jiaozi.party.rules import Actor, Role
from jiaozi.policy import services as policies
from jiaozi.settlement import queries as settlement
from tests.order.test_terms import capped, quoted
from tests.settlement.cities import City
from tests.world import CENTRE

JUNE = date(2025, 6, 2)
SHARE_FEN = 180  # 4 cores for 10 hours at 0.15 yuan, and the engine's 2 s: 30 % of 6 yuan


class Stops:
    """Lets the first call of the ledger by each named thread wait until it is told to go on; every other passes."""

    def __init__(self, monkeypatch) -> None:
        self._inner, self._here = ledger.apply, threading.local()
        self._waits: dict[str, threading.Event] = {}
        self._goes: dict[str, threading.Event] = {}
        self._pool, self._going = ThreadPoolExecutor(2), {}
        monkeypatch.setattr(ledger, "apply", self)

    def __call__(self, *asked, **words):
        name, self._here.name = getattr(self._here, "name", ""), ""
        if name:
            self._waits[name].set()
            assert self._goes[name].wait(30)
        return self._inner(*asked, **words)

    def begin(self, name: str, verb) -> None:
        """Run a verb in a connection of its own, up to its call of the ledger."""
        self._waits[name], self._goes[name] = threading.Event(), threading.Event()

        def run():
            self._here.name = name
            try:
                return verb()
            finally:
                connection.close()

        self._going[name] = self._pool.submit(run)
        assert self._waits[name].wait(30)

    def end(self, name: str):
        """Let it go on; gives its answer."""
        self._goes[name].set()
        return self._going[name].result(30)


@pytest.fixture
def city(fresh_database):
    return City(capped("9元"), JUNE)


@pytest.fixture
def voucher(city):
    row = city.voucher(city.holder(), "rent", city.sample("rent"))
    order.credit_own(
        programme=city.slug, holder_id=row.holder_id, centre=CENTRE, amount_fen=parse_yuan("1万"),
        reference=row.id, by=Actor("operator:chen", Role.OPERATOR), now=city.now,
    )  # fmt: skip
    ledger.open_accounts(payable_accounts(city.slug, CENTRE))  # two that open one account at once wait for each other
    return row


def lower(city, limit: str) -> None:
    text = f"supersedes: {city.version.digest}\n" + capped(limit)
    policies.adopt(text=text, by="officer:li", now=city.now - timedelta(hours=1), demo=True)


def hold(city, row):
    return order.hold(order_id=row.id, by=city.by(row.holder), now=city.now)


def taken_fen(city) -> int:
    counter = books.balance(Account(AccountKind.COUNTED, city.slug, f"on_hold/programme/{city.slug}/2025"))
    return counter.credits_pending + counter.credits_posted


def test_what_a_cancel_frees_under_a_lowered_cap_is_not_held_again(city, voucher, monkeypatch):
    """Held are 3 × 1.80 of 9 yuan; lowered to 4: nothing fits, and a cancel at the same moment makes it no more."""
    rows = [hold(city, quoted(city, voucher)) for _ in range(3)]
    lower(city, "4元")
    asked, stops = quoted(city, voucher), Stops(monkeypatch)
    stops.begin("hold", lambda: hold(city, asked))
    order.cancel(order_id=rows[0].id, by=city.by(voucher.holder), now=city.now)
    done = stops.end("hold")
    assert taken_fen(city) == 2 * SHARE_FEN
    assert (done.state, done.reason_code) == (State.REFUSED, "CAP_REACHED")
    assert settlement.audit_all().findings == ()


def test_a_lowering_that_another_hold_overtakes_is_done_again(city, voucher, monkeypatch):
    """One hold has looked under 9 yuan when 4 come into force; the next, which lowers, is overtaken by it."""
    hold(city, quoted(city, voucher))
    large, small = quoted(city, voucher, seconds=72_000), quoted(city, voucher)
    stops = Stops(monkeypatch)
    stops.begin("large", lambda: hold(city, large))
    lower(city, "4元")
    stops.begin("small", lambda: hold(city, small))
    assert stops.end("large").state == State.HELD  # it was asked for while 9 yuan were in force
    done = stops.end("small")
    assert (done.state, done.reason_code) == (State.REFUSED, "CAP_REACHED")
    assert taken_fen(city) == 3 * SHARE_FEN
    assert settlement.audit_all().findings == ()
