"""Caps on use count imported usage on the day of its use, as an order's count on the day of its hold; on pay, that day.

No published programme has such caps: the document is Shanghai's with two of the tests' own.
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from jiaozi.kernel.fen import parse_yuan
from jiaozi.kernel.period import month
from jiaozi.ledger import queries as books
from jiaozi.ledger.rules import Account, AccountKind
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture, UsageRow
from jiaozi.order import services as order
from jiaozi.settlement import queries as audits
from jiaozi.settlement import services as settlement
from jiaozi.settlement.rules.life import UnableToPay
from tests.metering.test_import import line
from tests.settlement.cities import CASHIER, City, text_of
from tests.world import CENTRE, CENTRE_CLERK, FINANCE, OPERATOR

TURN = datetime(2025, 12, 31, 16, tzinfo=UTC)
"""Where the year turns in Chengdu."""


def capped(limit: str) -> str:
    cap = "amount: {}, per: calendar_year, subject: programme, source: {{ref: 测试, grade: B}}}}\n"
    caps = "".join(
        f"  on_{what}: {{zh: 年度上限, en: yearly cap, measures: {what}, {cap.format(limit)}"
        for what in ("used", "paid")
    )
    text = text_of("shanghai-2025").replace("\ncaps:\n", f"\ncaps:\n{caps}")
    return text.replace("caps: [compute_year]}", "caps: [compute_year, on_used, on_paid]}")


@pytest.fixture
def city(db):
    return City(capped("1元"), date(2025, 12, 30))


@pytest.fixture
def voucher(city):
    return funded(city)


def funded(city):
    row = city.voucher(city.holder(), "rent", city.sample("rent"))
    order.credit_own(
        programme=city.slug, holder_id=row.holder_id, centre=CENTRE, amount_fen=parse_yuan("1万"),
        reference=row.id, by=OPERATOR, now=city.now,
    )  # fmt: skip
    return row


def counted_fen(city, cap: str, year: int) -> int:
    return books.balance(Account(AccountKind.COUNTED, city.slug, f"{cap}/programme/{city.slug}/{year}")).credits_posted


def load(city, voucher, jobs, now):
    lines = [line(name, wait=0, processors=10, submit=int(at.timestamp())) for name, at in jobs]
    accounts = {"1": voucher.id}
    return metering.import_jobs(
        lines=lines, centre=CENTRE, programme=city.slug, accounts=accounts, by=OPERATOR, now=now
    )


def test_imported_usage_counts_in_the_year_that_it_is_of(city, voucher):
    """10 cores for an hour are 1.50 yuan, 0.45 of them on the voucher; a year may see 1 yuan."""
    hour = timedelta(hours=1)
    jobs = [
        (1, TURN - 3 * hour),
        (2, TURN - 2 * hour),
        (3, TURN - hour),
        (4, TURN),
        (5, TURN + hour),
        (6, TURN + 2 * hour),
    ]
    found = load(city, voucher, jobs, TURN + 4 * hour)
    assert (found.captured, found.held_back) == (4, {"CAP_REACHED": 2})
    assert (counted_fen(city, "on_used", 2025), counted_fen(city, "on_used", 2026)) == (90, 90)
    assert {*UsageRow.objects.filter(state="HELD_BACK").values_list("record_id", flat=True)} == {"swf:3", "swf:6"}
    assert audits.audit_all().findings == ()


def approved(city, period, now):
    row = settlement.close_statement(programme=city.slug, centre=CENTRE, period=period, by=OPERATOR, now=now)
    lines = {str(each.id): each.voucher_fen for each in Capture.objects.filter(statement_lines__statement=row)}
    settlement.claim(statement_id=row.id, lines=lines, by=CENTRE_CLERK, now=now)
    settlement.match(statement_id=row.id, by=OPERATOR, now=now)
    return settlement.approve(statement_id=row.id, by=FINANCE, now=now)


def pay(row, now):
    return settlement.pay(statement_id=row.id, bank_reference=f"流水{row.id}", by=CASHIER, now=now)


def test_a_statement_counts_in_the_year_in_which_it_is_paid(city, voucher):
    load(city, voucher, [(1, city.now - timedelta(hours=2))], city.now)
    city.prefund()
    after = TURN + timedelta(days=1)
    pay(approved(city, month(2025, 12), after), after)
    assert (counted_fen(city, "on_paid", 2025), counted_fen(city, "on_paid", 2026)) == (0, 45)
    assert audits.audit_all().findings == ()


def test_a_cap_on_pay_binds_the_payment(db):
    """Three jobs of 0.45 yuan under 1 yuan a year: the third is of next year's use, paid in the same year."""
    city = City(capped("1元"), date(2025, 12, 30))
    voucher = funded(city)
    hour = timedelta(hours=1)
    load(city, voucher, [(1, TURN - 3 * hour), (2, TURN - 2 * hour), (3, TURN + hour)], TURN + 3 * hour)
    city.prefund()
    first = TURN + timedelta(days=40)
    row = approved(city, month(2026, 1), first)
    before = audits.reserve_position(city.slug)
    with pytest.raises(UnableToPay) as refused:
        pay(row, first)
    assert (refused.value.reason.code, refused.value.reason.clause) == ("CAP_REACHED", "on_paid")
    assert audits.reserve_position(city.slug) == before
    assert counted_fen(city, "on_paid", 2026) == 0
    assert audits.audit_all().findings == ()
