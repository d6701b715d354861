"""Two at once: one payment a statement, never a fen past the reserve, a capture on one statement; caps on pay."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

from django.db import connection

from jiaozi.kernel.period import Period
from jiaozi.kernel.refusal import Refused
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.rules import UnableToPay
from tests.world import CENTRE, OPERATOR, PROGRAMME

from .conftest import LATER, NOVEMBER, House

TODAY = Period(date(2026, 12, 1), date(2026, 12, 2))
THREADS = 8


def at_once(*calls):
    """Run calls in threads and give each answer or refusal."""

    def one(call):
        try:
            return call()
        except Refused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def test_a_statement_is_paid_once_by_many(fresh_database):
    house = House()
    house.prefund()
    house.capture()
    row = house.approved(house.closed())
    answers = at_once(*[lambda: house.pay(row, "流水1")] * THREADS)
    assert {answer.state for answer in answers} == {"PAID"}
    assert queries.reserve_position(PROGRAMME).unreplenished_fen == row.total_fen
    assert queries.audit_all().holds


def test_two_statements_share_a_reserve_for_one(fresh_database):
    house = House()
    one = house.capture()
    house.prefund(one.voucher_fen)
    rows = [house.approved(house.closed())]
    house.capture(at=LATER)
    rows.append(house.approved(house.closed(TODAY)))
    answers = at_once(*[lambda row=row: house.pay(row) for row in rows])
    refused = [answer for answer in answers if isinstance(answer, UnableToPay)]
    assert [answer.reason.code for answer in refused] == ["RESERVE_SHORT"]
    assert queries.reserve_position(PROGRAMME).reserve_fen == 0
    assert queries.audit_all().holds


def test_a_reference_is_recorded_once_by_many(fresh_database):
    house = House()
    at_once(*[house.prefund] * THREADS)
    assert queries.reserve_position(PROGRAMME).advance_fen == 100_000_00
    assert len(queries.movements(PROGRAMME)) == 1


def test_closing_at_once_takes_each_capture_once(fresh_database):
    house = House()
    for _ in range(3):
        house.capture()
    periods = [NOVEMBER, NOVEMBER, TODAY, TODAY]
    words = {"programme": PROGRAMME, "centre": CENTRE, "by": OPERATOR, "now": LATER}
    at_once(*[lambda period=period: settlement.close_statement(period=period, **words) for period in periods])
    closed = queries.statements(PROGRAMME)
    assert sum(row.captures for row in closed) == 3
    assert queries.audit_all().holds
