"""A year's burn-down is of that year's vouchers alone, whichever year paid for them."""

from __future__ import annotations

from datetime import UTC, datetime

from jiaozi.kernel.period import month
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from tests.settlement.conftest import CASHIER, LATER
from tests.world import PROGRAMME

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
