"""The year's end: a closed year takes nothing more, gives back its own advance only, and is closed once."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connections, transaction

from jiaozi.journal.models import JournalLine
from jiaozi.kernel.period import month
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import Account, AccountKind
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import ClosedYear, FundMovement
from jiaozi.settlement.rules import FundKind, ReservePosition, UnableToMoveFunds, UnableToWrite
from jiaozi.settlement.rules.year import YearEnd, outstanding
from jiaozi.voucher import services as voucher
from jiaozi.voucher.rules import UnableToIssue
from tests.world import CENTRE, FINANCE, OPERATOR, PROGRAMME

from .conftest import LATER, NOW, House
from .test_races import at_once

NEW_YEAR = datetime(2026, 12, 31, 16, tzinfo=UTC)
FEBRUARY = datetime(2027, 2, 1, 2, tzinfo=UTC)


def close(year=2026, *, now=NEW_YEAR, programme=PROGRAMME, by=FINANCE):
    return settlement.close_year(programme=programme, year=year, by=by, now=now)


def prefund(amount_fen, reference, *, now=NEW_YEAR, **words):
    return settlement.prefund_reserve(
        programme=PROGRAMME, amount_fen=amount_fen, reference=reference, by=FINANCE, now=now, **words
    )


def codes(done):
    return {reason.code for reason in done.outstanding}


@pytest.mark.django_db
def test_a_closed_year_is_closed_once(house):
    house.prefund()
    first = close()
    assert (first.returned_fen, first.already_closed) == (100_000_00, False)
    lines = JournalLine.objects.count()
    again = close(now=FEBRUARY)
    assert (again.lapsed_fen, again.returned_fen, again.already_closed) == (0, 0, True)
    assert JournalLine.objects.count() == lines
    assert ClosedYear.objects.count() == 1
    assert queries.audit_all().findings == ()


@pytest.mark.django_db
def test_a_year_with_nothing_to_lapse_is_closed_too(house):
    assert not close(2025).already_closed
    assert close(2025).already_closed
    assert JournalLine.objects.filter(verb="close_year").count() == 1


@pytest.mark.django_db
def test_a_new_advance_after_the_close_is_the_new_years(house):
    house.prefund()
    close()
    assert prefund(70, "库款2027-001").year == 2027
    again = close()
    assert (again.returned_fen, again.outstanding) == (0, ())
    assert queries.reserve_position(PROGRAMME).advance_fen == 70


@pytest.mark.django_db
def test_a_closed_year_takes_neither_budget_nor_advance(house):
    close()
    with pytest.raises(UnableToIssue, match="2026 is over"):
        voucher.approve_budget(
            programme=PROGRAMME, year=2026, amount_fen=5, by=FINANCE, now=NEW_YEAR, reference=house.voucher.id
        )
    with pytest.raises(UnableToMoveFunds) as raised:
        prefund(5, "库款2026-002", year=2026)
    assert (raised.value.reason.code, raised.value.reason.field) == ("YEAR_CLOSED", "year")
    assert not close().lapsed_fen
    assert queries.audit_all().findings == ()


@pytest.mark.django_db
def test_closing_leaves_the_next_years_advance(house):
    house.prefund()
    prefund(40_000_00, "库款2027-001", now=LATER, year=2027)
    done = close()
    assert done.returned_fen == 100_000_00
    assert queries.reserve_position(PROGRAMME).advance_fen == 40_000_00
    assert close(2027, now=datetime(2028, 1, 3, tzinfo=UTC)).returned_fen == 40_000_00
    assert queries.audit_all().findings == ()


@pytest.mark.django_db
def test_an_advance_has_its_year_under_its_reference(house):
    prefund(5, "库款1", now=LATER, year=2027)
    assert prefund(5, "库款1", now=LATER).year == 2027
    assert prefund(5, "库款1", now=LATER, year=2027).year == 2027
    with pytest.raises(UnableToWrite, match="库款1"):
        prefund(5, "库款1", now=LATER, year=2026)


@pytest.mark.django_db
def test_the_old_years_statements_keep_its_advance(house):
    house.prefund()
    prefund(100_000_00, "库款2027-001", now=LATER, year=2027)
    house.capture()
    assert codes(close()) == {"UNPAID"}
    row = house.closed()
    assert codes(close()) == {"UNPAID", "STATEMENTS_UNFINISHED"}
    house.paid(row)
    assert codes(close()) == {"UNREPLENISHED"}
    settlement.replenish(programme=PROGRAMME, amount_fen=row.total_fen, reference="补", by=FINANCE, now=NEW_YEAR)
    done = close()
    assert (done.returned_fen, done.outstanding) == (100_000_00, ())
    assert queries.reserve_position(PROGRAMME).reserve_fen == 100_000_00


@pytest.mark.django_db
def test_what_later_months_may_cost_must_be_covered_by_what_stays(house):
    house.prefund()
    held = house.world.held(house.voucher, units=2)
    late = house.capture(at=datetime(2027, 1, 5, tzinfo=UTC))
    needed = held.voucher_hold_fen + late.voucher_fen
    assert codes(close(now=FEBRUARY)) == {"NOT_COVERED"}
    prefund(needed - 1, "库款2027-001", now=FEBRUARY)
    assert codes(close(now=FEBRUARY)) == {"NOT_COVERED"}
    prefund(1, "库款2027-002", now=FEBRUARY)
    assert close(now=FEBRUARY).returned_fen == 100_000_00
    row = house.paid(house.closed(month(2027, 1), now=FEBRUARY))
    assert row.state == "PAID"
    assert queries.audit_all().findings == ()


@pytest.mark.django_db
def test_a_statement_of_the_new_year_does_not_keep_the_old_advance(house):
    house.prefund()
    prefund(100_000_00, "库款2027-001", now=LATER, year=2027)
    house.capture(at=datetime(2027, 1, 5, tzinfo=UTC))
    house.closed(month(2027, 1), now=FEBRUARY)
    assert close(now=FEBRUARY).returned_fen == 100_000_00


@pytest.mark.django_db
def test_the_turn_of_the_year_parts_captures_at_midnight_in_chengdu(house):
    house.prefund()
    prefund(100_000_00, "库款2027-001", now=LATER, year=2027)
    old = house.capture(at=datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC))
    new = house.capture(at=NEW_YEAR)
    row = house.closed(month(2026, 12), now=FEBRUARY)
    assert (row.captures, row.total_fen) == (1, old.voucher_fen)
    january = house.closed(month(2027, 1), now=FEBRUARY)
    assert january.total_fen == new.voucher_fen
    house.paid(row)
    settlement.replenish(programme=PROGRAMME, amount_fen=row.total_fen, reference="补", by=FINANCE, now=FEBRUARY)
    assert close(now=FEBRUARY).returned_fen == 100_000_00


@pytest.mark.django_db
@pytest.mark.parametrize("year", [-5, 0, 1, 10_000, 9999, 2**70])
def test_a_year_that_is_none_is_refused(house, year):
    with pytest.raises(UnableToMoveFunds) as raised:
        close(year)
    assert raised.value.reason.field == "year"
    with pytest.raises(UnableToMoveFunds) as raised:
        prefund(5, "库款", year=year)
    assert raised.value.reason.field == "year"


@pytest.mark.django_db
def test_an_unknown_programme_is_neither_closed_nor_advanced(house):
    for verb in (
        lambda: close(programme="nowhere"),
        lambda: settlement.prefund_reserve(programme="nowhere", amount_fen=5, reference="x", by=FINANCE, now=NOW),
        lambda: settlement.open_statement(
            programme="nowhere", centre=CENTRE, period=month(2026, 11), by=OPERATOR, now=LATER
        ),
    ):
        with pytest.raises(queries.UnableToFindProgramme) as raised:
            verb()
        assert raised.value.reason.field == "programme"
    assert not ClosedYear.objects.exists()


def test_a_year_is_closed_once_by_many(fresh_database):
    house = House()
    house.prefund()
    answers = at_once(*[close] * 6)
    assert sorted(answer.already_closed for answer in answers) == [False] + [True] * 5
    assert sum(answer.returned_fen for answer in answers) == 100_000_00
    assert FundMovement.objects.filter(kind=FundKind.RETURN).count() == 1
    assert ledger.balance(Account(AccountKind.AVAILABLE, PROGRAMME, "2026")).spendable == 0
    assert queries.audit_all().findings == ()


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize(
    "statement", ["UPDATE settlement_closed_year SET year = 1", "DELETE FROM settlement_closed_year"]
)
def test_a_closed_year_is_never_opened_again(house, statement):
    close(2025)
    for alias in ("default", "owner"):
        with (
            pytest.raises(IntegrityError, match="nothing is edited"),
            transaction.atomic(using=alias),
            connections[alias].cursor() as cursor,
        ):
            cursor.execute(statement)


POSITION = ReservePosition(reserve_fen=100, advance_fen=100)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (YearEnd(position=POSITION, advanced_fen=100), set()),
        (YearEnd(position=POSITION, advanced_fen=0, year_unpaid_fen=5, unpaid_fen=5, unfinished=1), set()),
        (YearEnd(position=POSITION, advanced_fen=60, unpaid_fen=40), set()),
        (YearEnd(position=POSITION, advanced_fen=60, unpaid_fen=41), {"NOT_COVERED"}),
        (YearEnd(position=POSITION, advanced_fen=60, year_unpaid_fen=9, unpaid_fen=49), {"UNPAID"}),
        (YearEnd(position=POSITION, advanced_fen=100, unfinished=1), {"STATEMENTS_UNFINISHED"}),
        (
            YearEnd(
                position=ReservePosition(unreplenished_fen=1, receivable_fen=1, due_fen=1, advance_fen=1),
                advanced_fen=1,
            ),
            {"UNREPLENISHED", "RECEIVABLE", "DUE_TO_TREASURY"},
        ),
    ],
)
def test_what_keeps_an_advance(end, expected):
    assert {reason.code for reason in outstanding(end)} == expected


def test_the_figure_that_is_not_covered_is_said():
    (reason,) = outstanding(YearEnd(position=POSITION, advanced_fen=60, unpaid_fen=41))
    assert reason.label.en.endswith("0.41, more than the 0.40 yuan that would stay")
