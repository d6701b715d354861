"""Many holders order and cancel at once on several vouchers under one shared cap: never a fen over, never stuck."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import uuid4

from django.db import connection

from jiaozi.kernel.fen import parse_yuan
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import Account, AccountKind
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.rules import State
from jiaozi.settlement import queries as settlement
from jiaozi.voucher import queries as vouchers
from tests.order.test_terms import capped, request
from tests.settlement.cities import City
from tests.world import CENTRE, CENTRE_CLERK

THREADS = 32
ORDERS = 96
VOUCHERS = 4
CAP_FEN = 6_100
"""Room for 33 of the storm's orders at 180 fen each."""
SHARE_FEN = 180


def test_several_vouchers_under_one_shared_cap_are_never_a_fen_over(fresh_database):
    city = City(capped("61元"), date(2025, 6, 2))
    given = [voucher_of(city, number) for number in range(VOUCHERS)]
    quoted = [quote(city, given[number % VOUCHERS]) for number in range(ORDERS)]

    def storm(number: int) -> str:
        """Hold; every fourth that got its hold gives it back at once, so that others may have it."""
        row = quoted[number]
        by = city.by(row.holder)
        try:
            state = order.hold(order_id=row.id, by=by, now=city.now).state
            if state == State.HELD and number % 4 == 0:
                state = order.cancel(order_id=row.id, by=by, now=city.now).state
            return str(state)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        states = Counter(pool.map(storm, range(ORDERS), timeout=120))
    assert sum(states.values()) == ORDERS
    assert set(states) <= {State.HELD, State.REFUSED, State.CANCELLED}
    held = Order.objects.filter(state=State.HELD)
    cap = Account(AccountKind.CAP, city.slug, held[0].cap_keys[0])
    in_cap = ledger.balance(cap)
    assert in_cap.debits_pending == SHARE_FEN * states[State.HELD] <= CAP_FEN
    purses = [vouchers.purse(voucher.id) for voucher in given]
    assert sum(purse.held_fen for purse in purses) == in_cap.debits_pending
    # A refusal while another's hold stood is no fault; but what is free now can be had now.
    while in_cap.spendable >= SHARE_FEN:
        row = quote(city, given[0])
        assert order.hold(order_id=row.id, by=city.by(row.holder), now=city.now).state == State.HELD
        in_cap = ledger.balance(cap)
    assert in_cap.debits_pending == CAP_FEN // SHARE_FEN * SHARE_FEN
    assert settlement.audit_all().findings == ()


def voucher_of(city: City, number: int):
    holder = city.holder(f"持券人{number}")
    facts = city.sample("rent") | {"applicant": {"id": f"a-{number}"}}
    facts["rent"] = facts["rent"] | {"contract": f"k-{number}", "fee": "1000元"}
    voucher = city.voucher(holder, "rent", facts)
    order.credit_own(
        programme=city.slug,
        holder_id=holder.id,
        centre=CENTRE,
        amount_fen=parse_yuan("1万"),
        reference=uuid4(),
        by=CENTRE_CLERK,
        now=city.now,
    )
    return voucher


def quote(city: City, voucher):
    by = city.by(voucher.holder)
    return order.quote(voucher_id=voucher.id, request=request(), title="storm", by=by, now=city.now)
