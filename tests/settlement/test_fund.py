"""The reserve fund: the imprest identity after every movement, a model beside it, the year's end."""

from contextlib import ExitStack
from datetime import UTC, date, datetime

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from jiaozi.kernel.period import Period
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import AccountKind
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.rules import UnableToMoveFunds, UnableToPay, UnableToWrite, split_disallowed
from tests.world import FINANCE, OFFICER, OPERATOR, PROGRAMME

from .conftest import LATER, House

WORDS = {"by": FINANCE, "now": LATER}


def disallow(row, capture, amount_fen, reference="审计1"):
    return settlement.disallow(
        statement_id=row.id,
        capture_id=capture.id,
        amount_fen=amount_fen,
        reason="虚假合同",
        reference=reference,
        by=OFFICER,
        now=LATER,
    )


@pytest.mark.django_db
def test_disallowed_before_and_after_it_was_replaced(house):
    house.prefund()
    capture = house.capture(units=4, seconds=3600)
    fen = capture.voucher_fen
    row = house.paid(house.closed())
    settlement.replenish(programme=PROGRAMME, amount_fen=fen - 10, reference="补1", **WORDS)
    first = disallow(row, capture, 30)
    assert (first.from_unreplenished_fen, first.due_fen) == (10, 20)
    position = queries.reserve_position(PROGRAMME)
    assert (position.unreplenished_fen, position.receivable_fen, position.due_fen) == (0, 30, 20)
    assert position.difference_fen == 0
    settlement.recover(disallowance_id=first.id, amount_fen=30, reference="退1", **WORDS)
    settlement.remit(programme=PROGRAMME, amount_fen=20, reference="缴1", **WORDS)
    position = queries.reserve_position(PROGRAMME)
    assert (position.reserve_fen, position.receivable_fen, position.due_fen) == (100_000_00, 0, 0)
    assert queries.audit_all().findings == ()


@pytest.mark.django_db
def test_every_verb_is_once_by_its_reference(house):
    house.prefund()
    house.prefund()
    assert queries.reserve_position(PROGRAMME).reserve_fen == 100_000_00
    with pytest.raises(UnableToWrite, match="库款2026-001"):
        house.prefund(5)
    capture = house.capture()
    row = house.paid(house.closed())
    assert disallow(row, capture, 5) == disallow(row, capture, 5)
    assert queries.reserve_position(PROGRAMME).receivable_fen == 5


@pytest.mark.django_db
def test_no_more_moves_than_there_is(house):
    house.prefund()
    capture = house.capture()
    row = house.closed()
    with pytest.raises(UnableToMoveFunds, match="dispute the statement instead"):
        disallow(row, capture, 1)
    house.paid(row)
    with pytest.raises(UnableToMoveFunds, match="not replenished yet"):
        settlement.replenish(programme=PROGRAMME, amount_fen=capture.voucher_fen + 1, reference="补", **WORDS)
    with pytest.raises(UnableToMoveFunds, match="left of this line"):
        disallow(row, capture, capture.voucher_fen + 1)
    owed = disallow(row, capture, 3)
    with pytest.raises(UnableToMoveFunds, match="still owed"):
        settlement.recover(disallowance_id=owed.id, amount_fen=4, reference="退", **WORDS)
    with pytest.raises(UnableToMoveFunds, match="due to the treasury"):
        settlement.remit(programme=PROGRAMME, amount_fen=1, reference="缴", **WORDS)
    with pytest.raises(UnableToMoveFunds, match="finance moves"):
        settlement.replenish(programme=PROGRAMME, amount_fen=1, reference="补", by=OPERATOR, now=LATER)
    for amount in (0, -1):
        with pytest.raises(UnableToMoveFunds, match="more than zero"):
            settlement.replenish(programme=PROGRAMME, amount_fen=amount, reference="补", **WORDS)


@pytest.mark.django_db
def test_the_years_end(house):
    house.prefund()
    house.capture()
    row = house.closed()
    new_year = datetime(2026, 12, 31, 16, tzinfo=UTC)
    with pytest.raises(UnableToMoveFunds, match="2027-01-01"):
        settlement.close_year(
            programme=PROGRAMME, year=2026, by=FINANCE, now=datetime(2026, 12, 31, 15, 59, tzinfo=UTC)
        )
    face_fen = house.voucher.face_fen
    done = settlement.close_year(programme=PROGRAMME, year=2026, by=FINANCE, now=new_year)
    assert (done.lapsed_fen, done.returned_fen) == (1000_0000_00 - face_fen, 0)
    assert {reason.code for reason in done.outstanding} == {"UNPAID", "STATEMENTS_UNFINISHED"}
    house.paid(row)
    assert ledger.total(PROGRAMME, AccountKind.LAPSED).credit == 1000_0000_00 - face_fen
    done = settlement.close_year(programme=PROGRAMME, year=2026, by=FINANCE, now=new_year)
    assert {reason.code for reason in done.outstanding} == {"UNREPLENISHED"}
    settlement.replenish(programme=PROGRAMME, amount_fen=row.total_fen, reference="补", **WORDS)
    done = settlement.close_year(programme=PROGRAMME, year=2026, by=FINANCE, now=new_year)
    assert (done.lapsed_fen, done.returned_fen, done.outstanding) == (0, 100_000_00, ())
    assert queries.reserve_position(PROGRAMME).reserve_fen == 0
    again = settlement.close_year(programme=PROGRAMME, year=2026, by=FINANCE, now=new_year)
    assert (again.lapsed_fen, again.returned_fen) == (0, 0)
    glance = queries.year_at_a_glance(PROGRAMME, 2026)
    assert (glance.unissued_fen, glance.unissued_lapsed_fen) == (0, 1000_0000_00 - face_fen)
    assert queries.audit_all().findings == ()


@pytest.mark.django_db
def test_the_year_at_a_glance_adds_up_in_three_statements(house, django_assert_max_num_queries):
    house.prefund()
    house.capture()
    row = house.paid(house.closed())
    captured = house.capture(at=LATER)
    held = house.world.held(house.voucher, units=2)
    with django_assert_max_num_queries(3):
        glance = queries.year_at_a_glance(PROGRAMME, 2026)
    assert (glance.cap_fen, glance.budget_fen) == (1000_0000_00, 1000_0000_00)
    assert glance.budget_fen == glance.issued_fen + glance.unissued_fen
    assert glance.issued_fen == house.voucher.face_fen
    assert glance.issued_fen == glance.spendable_fen + glance.held_fen + glance.used_fen + glance.ended_fen
    assert glance.held_fen == held.voucher_hold_fen
    assert glance.used_fen == row.total_fen + captured.voucher_fen
    assert glance.settled_fen == row.total_fen
    assert glance.reserve == queries.reserve_position(PROGRAMME)
    assert (glance.reserve_size_fen, glance.trigger_fen) == (300_0000_00, 100_0000_00)
    assert glance.demo
    assert "reserve_size" in glance.unpublished
    assert queries.year_at_a_glance("nowhere", 2026).budget_fen == 0


@pytest.mark.parametrize(
    ("amount", "net", "earlier", "replenished", "parts"),
    [(10, 100, 0, 0, (10, 0)), (10, 100, 0, 100, (0, 10)), (10, 100, 50, 50, (10, 0)), (100, 100, 50, 51, (99, 1))],
)
def test_replenishments_replace_the_oldest_payments_first(amount, net, earlier, replenished, parts):
    split = split_disallowed(amount, net_fen=net, earlier_fen=earlier, replenished_fen=replenished)
    assert (split.from_unreplenished_fen, split.due_fen) == parts


class Imprest(RuleBasedStateMachine):
    """Random movements against a model of five numbers; what an example wrote is rolled back when it ends."""

    def __init__(self) -> None:
        super().__init__()
        self.scope = ExitStack()
        self.scope.enter_context(transaction.atomic())
        self.made = 0
        self.reserve = self.unreplenished = self.receivable = self.due = self.advance = 0
        self.paid = []  # [statement, capture, left to disallow, not replaced yet]
        self.owed = []  # [disallowance, still owed]

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.scope.close()

    def words(self):
        self.made += 1
        return {"reference": f"凭证{self.made}", "by": FINANCE, "now": LATER}

    @initialize()
    def build(self) -> None:
        self.house = House()

    @rule(amount=st.integers(1, 400))
    def prefund(self, amount) -> None:
        settlement.prefund_reserve(programme=PROGRAMME, amount_fen=amount, **self.words())
        self.reserve += amount
        self.advance += amount

    @precondition(lambda self: len(self.paid) < 4)
    @rule(units=st.integers(1, 4))
    def pay(self, units) -> None:
        period = Period(date(2027 + len(self.paid), 1, 1), date(2027 + len(self.paid), 1, 6))
        at = datetime(2027 + len(self.paid), 1, 5, tzinfo=UTC)
        with transaction.atomic():
            capture = self.house.capture(at=at, units=units, seconds=1800)
            row = self.house.approved(self.house.closed(period, now=at))
            fen = capture.voucher_fen
            if fen > self.reserve:
                with pytest.raises(UnableToPay):
                    self.house.pay(row)
                transaction.set_rollback(True)
                return
            self.house.pay(row)
        self.reserve -= fen
        self.unreplenished += fen
        self.paid.append([row, capture, fen, fen])

    @precondition(lambda self: self.unreplenished)
    @rule(data=st.data())
    def replenish(self, data) -> None:
        amount = data.draw(st.integers(1, self.unreplenished))
        settlement.replenish(programme=PROGRAMME, amount_fen=amount, **self.words())
        self.reserve += amount
        self.unreplenished -= amount
        for each in self.paid:  # the oldest payment first
            part = min(amount, each[3])
            each[3] -= part
            amount -= part

    @precondition(lambda self: any(each[2] for each in self.paid))
    @rule(data=st.data())
    def disallow(self, data) -> None:
        each = data.draw(st.sampled_from([each for each in self.paid if each[2]]))
        amount = data.draw(st.integers(1, each[2]))
        self.made += 1
        row = disallow(each[0], each[1], amount, f"审计{self.made}")
        not_replaced = min(amount, each[3])
        assert (row.from_unreplenished_fen, row.due_fen) == (not_replaced, amount - not_replaced)
        each[2] -= amount
        each[3] -= not_replaced
        self.unreplenished -= not_replaced
        self.due += amount - not_replaced
        self.receivable += amount
        self.owed.append([row, amount])

    @precondition(lambda self: any(each[1] for each in self.owed))
    @rule(data=st.data())
    def recover(self, data) -> None:
        each = data.draw(st.sampled_from([each for each in self.owed if each[1]]))
        amount = data.draw(st.integers(1, each[1]))
        settlement.recover(disallowance_id=each[0].id, amount_fen=amount, **self.words())
        each[1] -= amount
        self.receivable -= amount
        self.reserve += amount

    @precondition(lambda self: min(self.due, self.reserve) > 0)
    @rule(data=st.data())
    def remit(self, data) -> None:
        amount = data.draw(st.integers(1, min(self.due, self.reserve)))
        settlement.remit(programme=PROGRAMME, amount_fen=amount, **self.words())
        self.due -= amount
        self.reserve -= amount

    @invariant()
    def identity(self) -> None:
        found = queries.reserve_position(PROGRAMME)
        assert found.difference_fen == 0
        assert (found.reserve_fen, found.unreplenished_fen) == (self.reserve, self.unreplenished)
        assert (found.receivable_fen, found.due_fen, found.advance_fen) == (self.receivable, self.due, self.advance)
        assert queries.audit() == []


@pytest.mark.django_db
def test_the_imprest_identity_always_holds():
    run_state_machine_as_test(
        Imprest,
        settings=settings(max_examples=8, stateful_step_count=12, suppress_health_check=list(HealthCheck)),
    )
