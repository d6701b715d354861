"""A year's burn-down is of that year's vouchers alone, whichever year paid for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from jiaozi.kernel.period import month, start_of_day
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from tests.settlement.conftest import CASHIER, LATER
from tests.world import PROGRAMME, build

NEXT_YEAR = datetime(2027, 1, 6, 2, tzinfo=UTC)


def paid_fen(view) -> int:
    return view.ceiling_fen - view.weeks[-1].unpaid_fen


def test_what_is_paid_is_of_the_year_of_its_voucher(house) -> None:
    house.prefund()
    now, later = house.capture(), house.capture(at=LATER)
    house.paid(house.closed())
    view = queries.budget(PROGRAMME, 2026, now=LATER)
    assert paid_fen(view) == now.voucher_fen == view.year.settled_fen
    december = house.approved(house.closed(month(2026, 12), now=NEXT_YEAR))
    settlement.pay(statement_id=december.id, bank_reference="银行流水12", by=CASHIER, now=NEXT_YEAR)
    assert queries.budget(PROGRAMME, 2026, now=NEXT_YEAR).year.settled_fen == now.voucher_fen + later.voucher_fen
    view = queries.budget(PROGRAMME, 2027, now=NEXT_YEAR)
    assert paid_fen(view) == 0 == view.year.settled_fen
    assert sum(week.paid_fen for week in view.weeks) == 0


@pytest.mark.parametrize(
    ("first", "last", "place"),
    [(date(2026, 11, 19), date(2026, 11, 25), -1), (date(2026, 1, 1), date(2026, 1, 7), 0)],
    ids=["a week's first day", "the year's first day"],
)
def test_what_happens_at_midnight_is_of_the_week_that_begins(db, first, last, place) -> None:
    """An instant belongs to the day that it begins, be it a grant or a payment."""
    at = start_of_day(first)
    world = replace(build(at), now=at)
    granted = world.voucher(world.holder("蓉城算法科技有限公司"))
    assert granted.issued_at == at
    view = queries.budget(PROGRAMME, 2026, now=start_of_day(last))
    assert view.weeks[place].last == last
    assert [week.granted_fen for week in view.weeks if week.granted_fen] == [granted.face_fen]
    assert view.weeks[place].granted_fen == granted.face_fen


def test_what_is_paid_at_midnight_is_of_the_week_that_begins(house) -> None:
    house.prefund()
    house.capture()
    row = house.approved(house.closed())
    first, last = date(2026, 12, 3), date(2026, 12, 9)
    settlement.pay(statement_id=row.id, bank_reference="银行流水11", by=CASHIER, now=start_of_day(first))
    view = queries.budget(PROGRAMME, 2026, now=start_of_day(last))
    assert [week.last for week in view.weeks if week.paid_fen] == [last]
    assert view.weeks[-1].paid_fen == row.total_fen
