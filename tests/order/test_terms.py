"""What a city's own document says about spending: its classes' shares, no list of suppliers, a last day for all.

And caps on use: they count in the year of the hold, by the calendar of Chengdu.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from jiaozi.kernel.fen import parse_yuan
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import Account, AccountKind
from jiaozi.order import services as order
from jiaozi.order.rules import Request, State, UnableToQuote
from jiaozi.party.rules import Role
from jiaozi.settlement import queries as settlement
from jiaozi.voucher.rules import UnableToSpend
from tests.settlement.cities import City, text_of
from tests.world import CENTRE

JUNE = date(2025, 6, 2)
ELSEWHERE = "chengdu-aicc"


def request(centre=CENTRE, resource_class="cpu-core", *, units=4, seconds=36_000):
    return Request(
        centre=centre,
        resource_class=resource_class,
        units=units,
        memory_mib=256,
        time_limit_ms=seconds * 1000,
        command=("true",),
    )


def quoted(city, voucher, *, now=None, **asked):
    by = city.by(voucher.holder)
    return order.quote(voucher_id=voucher.id, request=request(**asked), title="t", by=by, now=now or city.now)


def held(city, voucher, *, now=None, **asked):
    row = quoted(city, voucher, now=now, **asked)
    return order.hold(order_id=row.id, by=city.by(voucher.holder), now=now or city.now)


@pytest.mark.parametrize(("clause", "sample", "share"), [("model", "model", 50), ("rent", "rent", 30)])
def test_a_voucher_pays_the_share_of_its_own_class(db, clause, sample, share):
    """Shanghai: compute vouchers pay 30 % of an order, model vouchers 50 %."""
    city = City(text_of("shanghai-2025"), JUNE)
    voucher = city.voucher(city.holder(), clause, city.sample(sample))
    row = quoted(city, voucher)
    assert Fraction(row.share_numerator, row.share_denominator) == Fraction(share, 100)
    assert row.voucher_hold_fen == row.most_fen * share // 100


def test_without_a_list_of_suppliers_any_centre_that_offers_it_will_do(db):
    city = City(text_of("shanghai-2025"), JUNE)
    voucher = city.voucher(city.holder(), "rent", city.sample("rent"))
    assert quoted(city, voucher).centre_id == CENTRE
    assert quoted(city, voucher, centre=ELSEWHERE, resource_class="demo-core", seconds=3600).centre_id == ELSEWHERE
    with pytest.raises(UnableToQuote) as refused:
        quoted(city, voucher, centre="no-such-centre")
    assert refused.value.reason.field == "resource_class"


def ending(text: str, last: str) -> str:
    """The document with a last day for all its vouchers, whatever their months."""
    return text.replace("\nvoucher:\n", f"\nvoucher:\n  valid_until: {last}\n")


def test_a_programme_that_ends_all_validity_ends_its_vouchers(db):
    city = City(ending(text_of("shanghai-2025"), "2025-06-30"), JUNE)
    voucher = city.voucher(city.holder(), "rent", city.sample("rent"))
    assert voucher.valid_until == date(2025, 6, 30)
    last = datetime(2025, 6, 30, 15, 59, tzinfo=UTC)
    assert quoted(city, voucher, now=last).state == State.QUOTED
    with pytest.raises(UnableToSpend, match="2025-06-30"):
        quoted(city, voucher, now=last + timedelta(minutes=1))


def test_an_order_quoted_on_the_last_day_is_not_held_for_the_day_after(db):
    city = City(ending(text_of("shanghai-2025"), "2025-06-30"), JUNE)
    voucher = city.voucher(city.holder(), "rent", city.sample("rent"))
    last = datetime(2025, 6, 30, 15, 59, tzinfo=UTC)
    row = quoted(city, voucher, now=last)
    with pytest.raises(UnableToSpend, match="2025-06-30"):
        order.hold(order_id=row.id, by=city.by(voucher.holder), now=last + timedelta(minutes=1))


def capped(limit: str) -> str:
    """Shanghai's document with a cap of the programme on what is held in a calendar year."""
    cap = (
        f"  on_hold: {{zh: 年度冻结上限, en: yearly cap on holds, amount: {limit}, measures: held, per: calendar_year, "
    )
    cap += "subject: programme, source: {ref: 测试, grade: B}}\n"
    text = text_of("shanghai-2025").replace("\ncaps:\n", f"\ncaps:\n{cap}")
    return text.replace("caps: [compute_year]}", "caps: [compute_year, on_hold]}")


def counted_fen(city, year: str) -> int:
    """What the cap's counter of a year holds."""
    key = f"on_hold/{city.slug}/{year}"
    return ledger.balance(Account(AccountKind.COUNTED, city.slug, key)).credits_pending


def test_a_cap_on_holds_counts_in_the_year_of_the_hold(db):
    """Granted in 2025; the year turns in Chengdu at 16:00 UTC of 31 December, and with it the cap begins anew."""
    city = City(capped("3元"), date(2025, 12, 30))
    voucher = city.voucher(city.holder(), "rent", city.sample("rent"))
    order.credit_own(
        programme=city.slug, holder_id=voucher.holder_id, centre=CENTRE, amount_fen=parse_yuan("1万"),
        reference=voucher.id, by=city.by(voucher.holder).__class__("operator:chen", Role.OPERATOR), now=city.now,
    )  # fmt: skip
    turn = datetime(2025, 12, 31, 16, tzinfo=UTC)
    before, after = turn - timedelta(seconds=1), turn
    first = held(city, voucher, now=before)
    assert (first.state, first.voucher_hold_fen) == (State.HELD, 180)
    refused = held(city, voucher, now=before)
    assert (refused.state, refused.reason_code) == (State.REFUSED, "CAP_REACHED")
    second = held(city, voucher, now=after)
    assert second.state == State.HELD
    assert [key.rsplit("/", 1)[-1] for row in (first, second) for key in row.cap_keys] == ["2025", "2026"]
    order.cancel(order_id=first.id, by=city.by(voucher.holder), now=after)
    assert settlement.audit_all().findings == ()
