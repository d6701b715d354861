"""From captures to a paid statement: what it takes, what it refuses, and what the database keeps as it is."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from jiaozi.journal.models import JournalLine
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.lifecycle import UnableToStep
from jiaozi.kernel.period import month
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import Account, AccountKind, post
from jiaozi.order.models import Order
from jiaozi.party.rules import SYSTEM, UnableToActForCentre
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import ClaimLine, Statement, StatementLine
from jiaozi.settlement.rules import UnableToClaim, UnableToClose, UnableToMatch, UnableToPay, UnableToWrite
from tests.world import CENTRE, CENTRE_CLERK, FINANCE, OFFICER, OPERATOR, OTHER_CENTRES_CLERK, PROGRAMME

from .conftest import CASHIER, LATER, NOVEMBER, NOW, own_claim

pytestmark = pytest.mark.django_db

HOUR_LATER = NOW + timedelta(hours=1)


def code(raised):
    return raised.value.reason.code


def test_a_statement_goes_from_captures_to_payment(house):
    captures = [house.capture(), house.capture(units=3, seconds=100)]
    total_fen = sum(each.voucher_fen for each in captures)
    house.prefund()
    row = house.paid(house.closed(), "银行流水8821")
    assert (row.state, row.captures, row.total_fen) == ("PAID", 2, total_fen)
    assert (row.claim_total_fen, row.ledger_total_fen, row.bank_reference) == (total_fen, total_fen, "银行流水8821")
    position = queries.reserve_position(PROGRAMME)
    assert (position.reserve_fen, position.unreplenished_fen) == (100_000_00 - total_fen, total_fen)
    assert position.difference_fen == 0
    assert set(Order.objects.values_list("state", flat=True)) == {"SETTLED"}
    assert queries.audit_all().findings == ()
    verbs = JournalLine.objects.filter(subject=row.id).order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["open", "close", "claim", "match", "approve", "pay"]


def test_the_years_turn_is_midnight_in_chengdu(house):
    last = house.capture(at=datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC))
    first = house.capture(at=datetime(2026, 12, 31, 16, tzinfo=UTC))
    after = datetime(2027, 2, 1, tzinfo=UTC)
    december = house.closed(month(2026, 12), now=after)
    january = house.closed(month(2027, 1), now=after)
    assert [(line.capture_id, line.kind) for line in queries.lines(december.id)] == [(last.id, "CAPTURE")]
    assert [(line.capture_id, line.kind) for line in queries.lines(january.id)] == [(first.id, "CAPTURE")]


def test_a_late_capture_is_an_adjustment_of_the_next_statement(house):
    house.capture()
    november = house.closed()
    late = house.capture(at=NOW + timedelta(hours=1))
    assert house.closed() == november
    december = house.closed(month(2026, 12), now=datetime(2027, 1, 2, tzinfo=UTC))
    november.refresh_from_db()
    assert november.captures == 1
    assert [(line.capture_id, line.kind) for line in queries.lines(december.id)] == [(late.id, "ADJUSTMENT")]


def test_two_months_share_nothing_and_lose_nothing(house):
    """A job that runs over the border is one month's, and a month's statement is that month's alone."""
    across = house.capture(at=datetime(2026, 11, 30, 16, 20, tzinfo=UTC), seconds=3600)
    inside = [house.capture(at=at, units=units) for at, units in ((HOUR_LATER, 1), (HOUR_LATER, 2), (LATER, 3))]
    after = datetime(2027, 1, 2, tzinfo=UTC)
    november, december = house.closed(now=after), house.closed(month(2026, 12), now=after)
    assert november.total_fen == inside[0].voucher_fen + inside[1].voucher_fen
    assert december.total_fen == across.voucher_fen + inside[2].voucher_fen
    assert queries.waiting() == []


def test_nothing_to_close_leaves_nothing_behind(house):
    with pytest.raises(UnableToClose) as raised:
        house.closed()
    assert code(raised) == "NOTHING_CAPTURED"
    assert not Statement.objects.exists()


def test_the_clock_closes_only_what_is_over(house):
    house.capture()
    words = {"programme": PROGRAMME, "centre": CENTRE, "period": NOVEMBER, "by": SYSTEM}
    with pytest.raises(UnableToClose, match="2026-12-01"):
        settlement.close_statement(**words, now=datetime(2026, 11, 30, 15, 59, tzinfo=UTC))
    assert settlement.close_due(now=datetime(2026, 11, 30, 15, 59, tzinfo=UTC)) == []
    (row,) = settlement.close_due(now=datetime(2026, 11, 30, 16, tzinfo=UTC))
    assert (row.first, row.end, row.captures) == (NOVEMBER.first, NOVEMBER.end, 1)
    assert settlement.close_due(now=datetime(2026, 11, 30, 16, 1, tzinfo=UTC)) == []


def test_a_missing_claim_is_a_difference(house):
    captured = house.capture()
    row = house.closed()
    with pytest.raises(UnableToMatch, match=str(captured.order_id)) as raised:
        settlement.match(statement_id=row.id, by=OPERATOR, now=LATER)
    (difference,) = raised.value.differences
    assert (difference.claimed_fen, difference.metered_fen) == (None, captured.voucher_fen)
    assert difference.ledger_fen == captured.voucher_fen


@pytest.mark.parametrize("off_by", [1, -1])
def test_a_fen_of_difference_blocks_and_is_named(house, off_by):
    captured, other = house.capture(), house.capture(units=2)
    row = house.closed()
    house.claim(row, **{str(captured.order_id): captured.voucher_fen + off_by, str(other.order_id): other.voucher_fen})
    with pytest.raises(UnableToMatch, match="1 lines differ") as raised:
        settlement.match(statement_id=row.id, by=OPERATOR, now=LATER)
    assert [each.reference for each in raised.value.differences] == [str(captured.order_id)]
    row.refresh_from_db()
    assert row.state == "CLOSED"
    assert not StatementLine.objects.filter(ledger_fen__isnull=False).exists()


def test_equal_sums_with_unequal_lines_are_a_difference(house):
    one, other = house.capture(), house.capture()
    row = house.closed()
    house.claim(row, **{str(one.order_id): one.voucher_fen + 1, str(other.order_id): other.voucher_fen - 1})
    assert queries.differences(row)[1] == 2


def test_a_claim_for_what_nobody_metered_is_a_difference(house):
    house.capture()
    row = house.closed()
    house.claim(row, **{"job-unknown": 500})
    (difference,), number = queries.differences(row)
    assert (difference.reference, difference.claimed_fen, difference.metered_fen, number) == (
        "job-unknown",
        500,
        None,
        1,
    )


def test_the_ledger_is_the_third_way(house):
    captured = house.capture()
    row = house.closed()
    house.claim(row)
    shard = Account(AccountKind.PAYABLE, PROGRAMME, f"{CENTRE}/{captured.payable_shard}")
    authority = Account(AccountKind.AUTHORITY, PROGRAMME)
    ledger.require([post(new_id(), shard, authority, 7, "correction", captured.order_id)], at=LATER)
    (difference,), _ = queries.differences(row)
    assert difference.ledger_fen == captured.voucher_fen - 7
    assert "payable is what was captured and not paid" in {each.invariant for each in queries.audit()}


def test_a_claim_may_name_the_usage_record(house):
    captured = house.capture()
    row = house.closed()
    settlement.claim(statement_id=row.id, lines={"job-1": captured.voucher_fen}, by=CENTRE_CLERK, now=LATER)
    assert settlement.match(statement_id=row.id, by=OPERATOR, now=LATER).state == "MATCHED"


def test_a_later_claim_replaces_the_earlier_and_both_are_kept(house):
    captured = house.capture()
    row = house.closed()
    house.claim(row, **{str(captured.order_id): 1})
    house.claim(row)
    assert queries.differences(row) == ([], 0)
    claimed = ClaimLine.objects.order_by("number").values_list("number", "amount_fen")
    assert list(claimed) == [(1, 1), (2, captured.voucher_fen)]


def test_a_wrong_claim_names_its_entry(house):
    house.capture()
    row = house.closed()
    with pytest.raises(UnableToClaim, match="entry 2"):
        house.claim(row, x=-1)
    assert not ClaimLine.objects.exists()


@pytest.mark.parametrize(
    ("verb", "by"),
    [
        ("claim", OPERATOR),
        ("match", CENTRE_CLERK),
        ("match", FINANCE),
        ("approve", FINANCE),
        ("pay", FINANCE),
    ],
)
def test_wrong_role_or_too_early(house, verb, by):
    house.capture()
    row = house.closed()
    words = {"claim": {"lines": {}}, "pay": {"bank_reference": "1"}}.get(verb, {})
    with pytest.raises(UnableToStep):
        getattr(settlement, verb)(statement_id=row.id, by=by, now=LATER, **words)
    row.refresh_from_db()
    assert row.state == "CLOSED"


def test_who_approved_can_not_pay(house):
    house.capture()
    house.prefund()
    row = house.approved(house.closed())
    with pytest.raises(UnableToPay) as raised:
        house.pay(row, by=FINANCE)
    assert code(raised) == "SAME_PERSON"
    assert house.pay(row).state == "PAID"


def test_a_short_reserve_pays_nothing_and_says_how_much(house):
    captured = house.capture()
    house.prefund(captured.voucher_fen - 1)
    row = house.approved(house.closed())
    with pytest.raises(UnableToPay, match=r"short by 0\.01 yuan; replenish first"):
        house.pay(row)
    row.refresh_from_db()
    assert (row.state, row.bank_reference) == ("APPROVED", "")
    assert Order.objects.get().state == "CAPTURED"
    house.prefund(1, "库款2026-002")
    assert house.pay(row).state == "PAID"


def test_paying_twice_is_paying_once(house):
    house.capture()
    house.prefund()
    row = house.paid(house.closed(), "流水1")
    before = queries.reserve_position(PROGRAMME)
    assert house.pay(row, "流水1").state == "PAID"
    assert queries.reserve_position(PROGRAMME) == before
    with pytest.raises(UnableToStep):
        house.pay(row, "流水2")


def test_a_bank_reference_pays_one_statement(house):
    house.capture()
    house.prefund()
    house.paid(house.closed(), "流水1")
    house.capture(at=LATER)
    row = house.approved(house.closed(month(2026, 12), now=datetime(2027, 1, 2, tzinfo=UTC)))
    with pytest.raises(UnableToWrite, match="流水1"):
        house.pay(row, "流水1")
    with pytest.raises(UnableToWrite):
        house.pay(row, "  ")


def test_a_disputed_statement_is_adjusted_by_the_next_one(house):
    captured = house.capture()
    house.prefund()
    row = house.approved(house.closed())
    settlement.dispute(statement_id=row.id, reason="中心对价格有异议", by=CENTRE_CLERK, now=LATER)
    with pytest.raises(UnableToStep):
        house.pay(row)
    settlement.resolve(statement_id=row.id, resolution="按价目表计价无误", by=OFFICER, now=LATER)
    again = house.closed()
    assert again != row
    assert house.paid(again).total_fen == captured.voucher_fen
    assert queries.audit_all().findings == ()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE settlement_statement SET total_fen = total_fen + 1",
        "UPDATE settlement_statement SET state = 'APPROVED'",
        "UPDATE settlement_statement SET bank_reference = 'x'",
        "DELETE FROM settlement_statement",
        "UPDATE settlement_line SET amount_fen = amount_fen + 1",
        "UPDATE settlement_line SET released = true",
        "UPDATE settlement_line SET claimed_fen = 0",
        "DELETE FROM settlement_line",
        "UPDATE settlement_claim_line SET amount_fen = 0",
        "DELETE FROM settlement_fund_movement",
    ],
)
def test_a_paid_statement_never_changes(house, statement):
    house.capture()
    house.prefund()
    house.paid(house.closed())
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_database_refuses_a_match_that_does_not_agree(house):
    house.capture()
    row = house.closed()
    with pytest.raises(IntegrityError, match="agree on every line"), transaction.atomic():
        Statement.objects.filter(id=row.id).update(
            state="MATCHED", claim_total_fen=row.total_fen, ledger_total_fen=row.total_fen
        )


def test_a_capture_is_on_one_statement(house):
    captured = house.capture()
    house.closed()
    other = settlement.open_statement(
        programme=PROGRAMME, centre=CENTRE, period=month(2026, 12), by=OPERATOR, now=LATER
    )
    with pytest.raises(IntegrityError, match="capture_on_one_statement"), transaction.atomic():
        StatementLine.objects.create(
            statement=other, capture=captured, kind="ADJUSTMENT", amount_fen=captured.voucher_fen
        )


def test_reading_a_statement_costs_the_same_at_any_size(house, django_assert_num_queries):
    for _ in range(3):
        house.capture(units=1, seconds=900)
    row = house.closed()
    with django_assert_num_queries(1):
        assert [each.centre.name_zh for each in queries.statements(PROGRAMME)] == ["国家超算成都中心"]
    with django_assert_num_queries(1):
        assert len([line.capture.order.title for line in queries.lines(row.id)]) == 3


def test_the_export_adds_up_and_is_no_formula(house):
    captured = house.capture()
    row = house.closed()
    house.claim(row)
    text = queries.export_csv(row.id)
    amount = f"{captured.voucher_fen // 100}.{captured.voucher_fen % 100:02d}"
    assert f"{captured.order_id},CAPTURE,2026-11-24 11:00:00,{amount},{amount}," in text
    assert "人民币" in text.splitlines()[-1]
    assert own_claim(row.id) == {str(captured.order_id): captured.voucher_fen}


def test_only_the_house_opens(house):
    with pytest.raises(UnableToClose, match="officer or the operator"):
        settlement.open_statement(programme=PROGRAMME, centre=CENTRE, period=NOVEMBER, by=CASHIER, now=NOW)


@pytest.mark.parametrize(("verb", "words"), [("claim", {"lines": {"job-1": 1}}), ("dispute", {"reason": "价格有误"})])
def test_a_centre_speaks_for_its_own_statements_alone(house, verb, words):
    house.capture()
    row = house.closed()
    with pytest.raises(UnableToActForCentre, match="your own centre"):
        getattr(settlement, verb)(statement_id=row.id, by=OTHER_CENTRES_CLERK, now=LATER, **words)
    row.refresh_from_db()
    assert (row.state, row.claim_number) == ("CLOSED", 0)


@pytest.mark.parametrize("by", [CENTRE_CLERK, OTHER_CENTRES_CLERK, OFFICER])
def test_who_may_not_pay_is_told_nothing_else(house, by):
    house.capture()
    house.prefund()
    row = house.approved(house.closed())
    with pytest.raises(UnableToStep, match="may not pay"):
        house.pay(row, by=by)
    house.pay(row, "银行流水9")
    with pytest.raises(UnableToStep, match="may not pay"):
        house.pay(row, "银行流水9", by=by)
