"""Totals that are kept say what the rows say, at every moment, whoever writes meanwhile; and the audit knows if not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, connections, transaction

from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import CentreTotal, Kept, YearTotal
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher import services as voucher
from tests.settlement.conftest import LATER, House
from tests.settlement.test_races import at_once
from tests.world import OFFICER, PROGRAMME

YEAR = 2026
RACERS = 4
TRIES = 600
"""A tenth of a second each."""


def figures():
    """All that is read from kept totals."""
    view = queries.budget(PROGRAMME, YEAR, now=LATER)
    return view.year, view.clauses, view.weeks, queries.waiting(programme=PROGRAMME)


def keep():
    """Add up all that is committed by now; who still writes elsewhere on the same server holds that back meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        (now,) = cursor.fetchone()
    for _ in range(TRIES):
        settlement.keep_totals()
        if Kept.objects.get().tx > now:
            return
        Event().wait(0.1)
    pytest.fail("some transaction on this server does not end")


def check_against_rows():
    """Hold the figures to what each voucher has, added up one by one."""
    purses = vouchers.purses(programme=PROGRAMME)
    year, (clause,), *_ = figures()
    for each in (year, clause):
        assert each.spendable_fen == sum(purse.spendable_fen for purse in purses)
        assert each.held_fen == sum(purse.held_fen for purse in purses)
        assert each.used_fen == sum(purse.used_fen for purse in purses)
        assert each.ended_fen == sum(purse.ended_fen for purse in purses)
    assert year.issued_fen == clause.granted_fen == sum(purse.voucher.face_fen for purse in purses)
    assert year.vouchers == clause.grants == len(purses)
    assert queries.audit() == []


def test_a_figure_is_the_same_whether_it_is_kept_or_newer(fresh_database):
    house = House()
    house.prefund()
    paid = house.capture()
    house.paid(house.closed())
    waits = house.capture(at=LATER)
    house.world.held(house.voucher)
    ended = house.world.voucher(house.world.holder("锦城软件有限公司", serial=2))
    voucher.revoke(voucher_id=ended.id, reason="主体注销", by=OFFICER, now=LATER)
    newer = figures()
    check_against_rows()
    assert not YearTotal.objects.exists()

    keep()
    assert figures() == newer
    check_against_rows()
    assert newer[0].settled_fen == paid.voucher_fen
    assert [(each.captures, each.amount_fen) for each in newer[3]] == [(1, waits.voucher_fen)]
    assert CentreTotal.objects.get().captures == 2

    house.capture(at=LATER)
    more = figures()
    assert more[0].used_fen > newer[0].used_fen
    keep()
    keep()
    assert figures() == more
    check_against_rows()


def test_everything_is_added_up_anew_from_nothing(fresh_database):
    house = House()
    house.capture()
    keep()
    before = figures()
    YearTotal.objects.all().delete()
    CentreTotal.objects.all().delete()
    Kept.objects.update(tx=0)
    keep()
    assert figures() == before
    check_against_rows()


def test_what_commits_late_is_counted_once(fresh_database):
    house = House()
    written, may_end = Event(), Event()

    def slowly():
        try:
            with transaction.atomic():
                house.capture()
                written.set()
                assert may_end.wait(30)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(slowly)
        assert written.wait(30)
        house.world.voucher(house.world.holder("锦城软件有限公司", serial=2))
        settlement.keep_totals()  # reaches no further than the transaction that still runs
        assert queries.waiting() == []
        may_end.set()
        slow.result()
    (waiting,) = queries.waiting()
    assert waiting.captures == 1
    check_against_rows()
    keep()
    assert queries.waiting() == [waiting]
    check_against_rows()


def test_many_add_to_them_at_once(fresh_database):
    house = House()
    house.capture()
    at_once(*[settlement.keep_totals] * RACERS, *[figures] * RACERS)
    check_against_rows()
    keep()
    assert CentreTotal.objects.get().captures == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE settlement_year_total SET held_fen = held_fen + 1, used_fen = used_fen - 1",
        "DELETE FROM settlement_centre_total",
        "UPDATE settlement_kept SET tx = tx + 1000000",
    ],
    ids=["a year's", "a centre's", "how far they reach"],
)
def test_a_spoilt_total_is_found(fresh_database, statement):
    house = House()
    house.capture()
    keep()
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement)
    house.capture(at=LATER)
    assert {found.invariant for found in queries.audit()} >= {"a kept total is the sum of its rows"}
    assert not queries.audit_all().holds


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("WHEN t.kind = 2 THEN t.amount_fen", "WHEN t.kind = 2 THEN t.amount_fen + 1"),
        ("THEN -h.amount_fen", "THEN 0"),
        ("c.kind NOT IN ('LAPSED', 'REVOKED', 'AVAILABLE')", "c.kind IN ('LAPSED', 'REVOKED', 'AVAILABLE')"),
    ],
    ids=["held too much", "never let go", "used for ended"],
)
def test_totals_that_are_worked_out_wrongly_are_found(fresh_database, right, wrong):
    house = House()
    house.capture()
    house.world.held(house.voucher)
    ended = house.world.voucher(house.world.holder("锦城软件有限公司", serial=2))
    voucher.revoke(voucher_id=ended.id, reason="主体注销", by=OFFICER, now=LATER)
    assert queries.audit() == []
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('settlement_movements'::regproc)")
        text = cursor.fetchone()[0]
        assert right in text
        cursor.execute(text.replace(right, wrong))
    settlement.keep_totals()
    assert {found.invariant for found in queries.audit()} == {"a year's totals are its vouchers' accounts"}
