"""A centre confirms what was metered, by line: that is its claim; what it objects to blocks the match."""

from __future__ import annotations

import pytest

from jiaozi.journal.models import JournalLine
from jiaozi.kernel.lifecycle import UnableToStep
from jiaozi.party.rules import UnableToActForCentre
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import ClaimLine
from jiaozi.settlement.rules import UnableToMatch
from jiaozi.settlement.rules.claim import UnableToClaim
from jiaozi.settlement.rules.confirming import Answer, check_objection
from tests.settlement.conftest import LATER, own_claim
from tests.world import CENTRE_CLERK, OFFICER, OPERATOR, OTHER_CENTRES_CLERK

BY = {"by": CENTRE_CLERK, "now": LATER}


@pytest.fixture
def row(house):
    for _ in range(3):
        house.capture()
    return house.closed()


def answers(row) -> list[str]:
    counts = queries.confirmation(row.id)
    return [counts.none, counts.confirmed, counts.objected]


def test_confirming_all_is_a_claim_that_matches(row) -> None:
    assert answers(row) == [3, 0, 0]
    done = settlement.confirm(statement_id=row.id, **BY)
    assert (done.claim_total_fen, done.claim_kind, done.claimed_by, done.claimed_at) == (
        row.total_fen,
        "CONFIRMED",
        CENTRE_CLERK.name,
        LATER,
    )
    assert answers(row) == [0, 3, 0]
    line = JournalLine.objects.get(verb="claim", subject=row.id)
    assert (line.by, line.at) == (CENTRE_CLERK.name, LATER)
    again = settlement.confirm(statement_id=row.id, **BY)
    assert again.claim_number == 1
    assert settlement.match(statement_id=row.id, by=OPERATOR, now=LATER).state == "MATCHED"


def test_an_objection_blocks_the_match_until_it_is_withdrawn(row) -> None:
    capture = queries.lines(row.id)[1].capture_id
    settlement.object_to(statement_id=row.id, capture_id=capture, amount_fen=1, reason="本中心账册为0.01元", **BY)
    assert answers(row) == [2, 0, 1]
    assert settlement.confirm(statement_id=row.id, **BY).claim_number == 2
    assert answers(row) == [0, 2, 1]
    row.refresh_from_db()
    [objected] = queries.answered_lines(row, answer=Answer.OBJECTED)
    assert (objected.capture_id, objected.claimed_fen, objected.reason) == (capture, 1, "本中心账册为0.01元")
    with pytest.raises(UnableToMatch):
        settlement.match(statement_id=row.id, by=OPERATOR, now=LATER)
    settlement.confirm_line(statement_id=row.id, capture_id=capture, **BY)
    row.refresh_from_db()
    assert queries.answered_lines(row, answer=Answer.OBJECTED) == []
    assert settlement.match(statement_id=row.id, by=OPERATOR, now=LATER).state == "MATCHED"
    assert ClaimLine.objects.filter(statement=row, capture=capture).exclude(reason="").count() == 2


def test_a_claim_from_the_books_stays_one_when_a_line_of_it_is_answered(row) -> None:
    lines = own_claim(row.id)
    wrong = next(iter(lines))
    settlement.claim(statement_id=row.id, lines=lines | {wrong: 7}, **BY)
    row.refresh_from_db()
    assert row.claim_kind == "FILE"
    [differs] = queries.answered_lines(row, answer=Answer.OBJECTED)
    assert differs.reason is None
    done = settlement.confirm_line(statement_id=row.id, capture_id=differs.capture_id, **BY)
    assert (done.claim_kind, done.claim_total_fen) == ("FILE", row.total_fen)
    assert answers(row) == [0, 3, 0]


def test_confirming_all_keeps_the_figures_of_the_books_that_differ(row) -> None:
    lines = own_claim(row.id)
    wrong, _missing, *rest = lines
    told = {each: lines[each] for each in rest} | {wrong: 7, "a job nobody metered": 5}
    settlement.claim(statement_id=row.id, lines=told, **BY)
    assert answers(row) == [1, 1, 1], "a line that the books don't name is not confirmed, and not objected to"
    done = settlement.confirm(statement_id=row.id, **BY)
    assert answers(row) == [0, 2, 1]
    assert done.claim_total_fen == row.total_fen - lines[wrong] + 7 + 5
    row.refresh_from_db()
    [differs] = queries.answered_lines(row, answer=Answer.OBJECTED)
    assert (str(differs.capture.order_id), differs.claimed_fen) == (wrong, 7)
    with pytest.raises(UnableToMatch):
        settlement.match(statement_id=row.id, by=OPERATOR, now=LATER)
    found, differing = queries.differences(row)
    assert (differing, {each.reference for each in found}) == (2, {wrong, "a job nobody metered"})


def test_a_statements_lines_are_found_by_order_and_record(row) -> None:
    line = queries.lines(row.id)[2]
    [by_number] = queries.answered_lines(row, text=line.capture.order.number)
    [by_record] = queries.answered_lines(row, text=line.capture.usage.get().record_id)
    assert by_number.id == by_record.id == line.id
    assert queries.answered_lines(row, text="nothing") == []


@pytest.mark.parametrize(
    ("own", "reason", "field"),
    [(-1, "少计", "amount"), (100, "少计", "amount"), (99, "", "reason"), (99, "x" * 401, "reason")],
)
def test_an_objection_needs_another_figure_and_a_reason(own, reason, field) -> None:
    with pytest.raises(UnableToClaim) as wrong:
        check_objection(100, own, reason)
    assert wrong.value.reason.field == field


def test_only_the_centres_own_person_answers_and_only_while_it_is_closed(row, house) -> None:
    capture = queries.lines(row.id)[0].capture_id
    with pytest.raises(UnableToActForCentre):
        settlement.confirm(statement_id=row.id, by=OTHER_CENTRES_CLERK, now=LATER)
    with pytest.raises(UnableToStep):
        settlement.confirm(statement_id=row.id, by=OFFICER, now=LATER)
    with pytest.raises(UnableToClaim, match="no line"):
        settlement.confirm_line(statement_id=row.id, capture_id=row.id, **BY)
    house.matched(row)
    with pytest.raises(UnableToStep):
        settlement.object_to(statement_id=row.id, capture_id=capture, amount_fen=1, reason="迟到的异议", **BY)
