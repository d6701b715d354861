"""A year is played as the service would decide it, one application after the other, to the fen."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiaozi.lab.rules.playing import Sum, play, take_in_order
from jiaozi.policy import rules
from jiaozi.policy.rules import many
from jiaozi.policy.rules.decision import Outcome
from tests.policy.answers import table_of
from tests.policy.documents import small

CAPS = """\
  year: {zh: 年度, en: year, amount: 300元, measures: issued, per: calendar_year, subject: programme}
  month: {zh: 月度, en: month, amount: 90元, measures: issued, per: calendar_month, subject: programme}
  holder: {zh: 主体, en: holder, amount: 70元, measures: issued, per: calendar_year, subject: holder}"""
SECOND = """\
  - id: two
    zh: 二
    en: two
    source: {ref: test, grade: A}
    when: [{if: need.count > 2, zh: 多, en: many}]
    grants: voucher
    amount: {ratio: 45%, of: need.cost}
    caps: [holder, month]
    once: {subject: holder, per: calendar_year, most: 2}"""
CASES = "  - {clause: one, on: 2023-06-01, expect: refused}"


def _document(amount: str, together: str, caps: str) -> rules.Document:
    return rules.load(
        small(caps=CAPS, amount=amount, clause_caps=caps, together=together, more_clauses=SECOND, cases=CASES)
    )


DOCUMENTS = {
    "caps of three kinds, the highest": _document("{ratio: 30%, of: need.cost}", "highest", "[holder, month, year]"),
    "added up": _document("{ratio: 30%, of: need.cost}", "sum", "[holder, month, year]"),
    "a minimum and whole steps": _document(
        "{ratio: 30%, of: need.cost, minimum: 5元, rounding: {unit: 3元, rule: UP}}", "highest", "[year, holder]"
    ),
}


def one_after_another(document: rules.Document, rows) -> list[dict[str, int]]:
    """Decide as the service does, each time with the counters that the ones before filled."""
    counters: dict[str, int] = {}
    given = []
    for on, facts in rows:
        decision = rules.decide(document, facts=facts, counters=counters, on=on, allow_demo=True)
        pieces = {piece.clause: piece.amount_fen for piece in decision.pieces}
        if decision.outcome is Outcome.GRANTED and not pieces:
            pieces = {decision.chosen: decision.amount_fen}
        for found in decision.clauses:
            for use in found.caps:
                counters[use.key] = counters.get(use.key, 0) + pieces.get(found.clause, 0)
        if decision.once and decision.outcome is Outcome.GRANTED:
            counters[decision.once.key] = counters.get(decision.once.key, 0) + 1
        given.append({name: fen for name, fen in pieces.items() if fen})
    return given


ROW = st.tuples(
    st.integers(0, 70), st.integers(0, 40_000), st.sampled_from(["h-1", "h-2", "h-3", "h-4"]), st.integers(0, 4)
)


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.lists(ROW, min_size=1, max_size=60))
def test_a_year_is_played_as_it_would_be_decided(name, drawn):
    document = DOCUMENTS[name]
    rows = [
        (date(2023, 11, 15) + timedelta(days=day), {"need": {"cost": cost, "count": count}, "holder": {"id": holder}})
        for day, cost, holder, count in sorted(drawn)
    ]
    made = many.weigh(document, table_of(document, rows), allow_demo=True)
    played = play(made)
    ids = [one.clause.id for one in made.weighed]
    given = [
        {name: int(fen) for name, fen in zip(ids, column, strict=True) if fen}
        for column in played.decided.chosen.pieces_fen.T
    ]
    assert given == one_after_another(document, rows)
    assert made.slow == 0


def test_rows_in_doubt_are_played_in_their_turn():
    when = "      - {if: \"need.tags.all(t, t != 'x')\", zh: 全, en: all}"
    document = rules.load(small(caps=CAPS, clause_caps="[holder, year]", when=when, cases=CASES))
    rows = [
        (
            date(2023, 3, 1),
            {"need": {"cost": 20_000, "tags": ["x"] if n % 4 == 3 else []}, "holder": {"id": f"h-{n % 5}"}},
        )
        for n in range(20)
    ]
    made = many.weigh(document, table_of(document, rows), allow_demo=True)
    played = play(made)
    assert made.slow == 20
    assert played.decided.chosen.amount_fen.tolist() == [
        sum(pieces.values()) for pieces in one_after_another(document, rows)
    ]


def test_a_long_chain_of_dependence_still_ends_exactly():
    """Each grant changes what the next may have: the worst case for guessing all at once."""
    document = DOCUMENTS["a minimum and whole steps"]
    rows = [
        (date(2023, 1, 1), {"need": {"cost": 1_700 + 37 * (n % 50), "count": n % 4}, "holder": {"id": f"h-{n % 13}"}})
        for n in range(400)
    ]
    made = many.weigh(document, table_of(document, rows), allow_demo=True)
    played = play(made)
    expected = [sum(pieces.values()) for pieces in one_after_another(document, rows)]
    assert played.decided.chosen.amount_fen.tolist() == expected


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 100)), min_size=1, max_size=50))
def test_what_was_taken_before_is_summed_by_key(rows):
    keys, taken = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    before, seen = [], {}
    for key, fen in rows:
        before.append(seen.get(key, 0))
        seen[key] = before[-1] + fen
    assert Sum(keys).before(taken).tolist() == before


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 90)), min_size=1, max_size=40))
def test_rows_take_in_order_what_their_limits_leave(rows):
    one, other, wanted = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    limits = [(one, 100), (other, 150)]
    taken, left = [], {}
    for row in rows:
        keys = [(0, row[0], 100), (1, row[1], 150)]
        mine = min(row[2], *(left.get(key, key[2]) for key in keys))
        for key in keys:
            left[key] = left.get(key, key[2]) - mine
        taken.append(mine)
    made = take_in_order(wanted, [(Sum(keys), np.full(len(rows), limit)) for keys, limit in limits])
    assert made.tolist() == taken
