"""Where an expired voucher's rest goes: it lapses, or the year's budget has it again, as the programme says.

Guizhou's document says neither; its demo value is ``available``. A last day for all vouchers ends them in the year.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from jiaozi.kernel.fen import parse_yuan
from jiaozi.ledger import queries as books
from jiaozi.ledger.rules import Account, AccountKind
from jiaozi.order import services as order
from jiaozi.settlement import queries as settlement
from jiaozi.settlement import services as settling
from jiaozi.voucher import queries, services
from jiaozi.voucher.rules import UnableToIssue, available_account
from tests.order.test_terms import ending, held
from tests.settlement.cities import City, text_of
from tests.world import CENTRE, FINANCE, OFFICER, OPERATOR

MARCH = date(2026, 3, 1)
JULY = datetime(2026, 6, 30, 16, tzinfo=UTC)
FACE_FEN = parse_yuan("30万")
CLAUSE_USES = ("spendable_fen", "held_fen", "used_fen", "ended_fen")


def guizhou(*, expiry: str = "available", last: str = "2026-06-30") -> str:
    text = text_of("guizhou-2026").replace("unpublished: true, demo: available", f"unpublished: true, demo: {expiry}")
    return ending(text, last)


def grown(text: str, **changes: str) -> City:
    return City(text, MARCH, budget=changes.get("budget", "45万"))


def voucher(city):
    return city.voucher(city.holder(), "order", city.sample("firm"))


def available_fen(city, year: int = 2026) -> int:
    return books.balance(available_account(city.slug, year)).spendable


def lapsed_fen(city) -> int:
    return books.balance(Account(AccountKind.LAPSED, city.slug)).credits_posted


def adds_up(city) -> bool:
    found = settlement.year_at_a_glance(city.slug, 2026)
    parts = (found.issued_fen, found.awarded_fen, found.unissued_fen, found.unissued_lapsed_fen)
    uses = (found.spendable_fen, found.held_fen, found.used_fen, found.ended_fen)
    clauses = settlement.budget(city.slug, 2026, now=city.now).clauses
    by_clause = [sum(getattr(each, name) for each in clauses) for name in CLAUSE_USES]
    return (
        found.budget_fen + found.returned_fen == sum(parts)
        and found.issued_fen == sum(uses)
        and by_clause == list(uses)
        and [each.difference_fen for each in settlement.year_ahead(city.slug, 2026, now=city.now).checks] == [0, 0, 0]
        and settlement.audit_all().findings == ()
    )


@pytest.mark.parametrize(("expiry", "back_fen"), [("available", FACE_FEN), ("lapsed", 0)])
def test_the_rest_goes_where_the_programme_says(db, expiry, back_fen):
    city = grown(guizhou(expiry=expiry))
    row = voucher(city)
    left_fen = available_fen(city)
    services.expire(voucher_id=row.id, now=JULY)
    assert (available_fen(city) - left_fen, lapsed_fen(city)) == (back_fen, FACE_FEN - back_fen)
    assert queries.purse(row.id).ended_fen == FACE_FEN
    assert settlement.year_at_a_glance(city.slug, 2026).budget_fen == parse_yuan("45万")
    assert adds_up(city)


def test_what_is_back_is_issued_again_and_the_cap_on_issue_counts_both(db):
    """45万 of budget cover one voucher of 30万: one that expires makes room for the next, a revoked one does not."""
    city = grown(guizhou())
    first = voucher(city)
    with pytest.raises(UnableToIssue, match="budget"):
        voucher(city)
    services.expire(voucher_id=first.id, now=JULY)
    second = voucher(city)
    assert books.balance(
        Account(AccountKind.COUNTED, city.slug, f"year/programme/{city.slug}/2026")
    ).credits_posted == (2 * FACE_FEN)
    services.revoke(voucher_id=second.id, reason="违规", by=OFFICER, now=city.now)
    with pytest.raises(UnableToIssue, match="budget"):
        voucher(city)
    assert adds_up(city)


def test_what_a_hold_releases_of_an_expired_voucher_follows_it(db):
    city = grown(guizhou())
    row = voucher(city)
    order.credit_own(
        programme=city.slug, holder_id=row.holder_id, centre=CENTRE, amount_fen=parse_yuan("1万"),
        reference=row.id, by=OPERATOR, now=city.now,
    )  # fmt: skip
    asked = held(city, row)
    assert asked.voucher_hold_fen > 0
    left_fen = available_fen(city)
    services.expire(voucher_id=row.id, now=JULY)
    assert available_fen(city) - left_fen == FACE_FEN - asked.voucher_hold_fen
    order.cancel(order_id=asked.id, by=city.by(row.holder), now=JULY + timedelta(days=1))
    assert available_fen(city) - left_fen == FACE_FEN
    assert adds_up(city)


def test_of_a_year_that_is_over_nothing_comes_back(db):
    """Budgets end with their year: what expires afterwards lapses, whatever the programme says."""
    city = grown(guizhou(last="2027-03-01"))
    row = voucher(city)
    after = datetime(2027, 3, 1, 16, tzinfo=UTC)
    settling.close_year(programme=city.slug, year=2026, by=FINANCE, now=datetime(2027, 1, 5, tzinfo=UTC))
    services.expire(voucher_id=row.id, now=after)
    assert (available_fen(city), lapsed_fen(city)) == (0, parse_yuan("45万"))
    assert adds_up(city)
