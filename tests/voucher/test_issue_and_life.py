"""Vouchers on real PostgreSQL: the year's cap is an account, ended vouchers give back what is unspent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from jiaozi.application import queries as applications
from jiaozi.application.rules import UnableToDecide
from jiaozi.kernel.fen import parse_yuan
from jiaozi.kernel.lifecycle import UnableToStep
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import AccountKind
from jiaozi.order import services as order
from jiaozi.party.rules import Actor, Role
from jiaozi.voucher import queries, rules
from jiaozi.voucher import services as voucher
from jiaozi.voucher.rules import State, UnableToChange, UnableToIssue
from tests.world import FINANCE, OFFICER, PROGRAMME, World, build


@pytest.fixture
def world(db) -> World:
    return build()


def books_are_true() -> bool:
    return not ledger.audit() and not queries.audit()


def test_issue_approves_and_posts_in_one_step(world):
    row = world.voucher(world.holder("甲"), "30万")
    assert (row.face_fen, row.state, row.clause) == (15_000_000, State.ACTIVE, "general")
    purse = queries.purse(row.id)
    assert (purse.spendable_fen, purse.held_fen, purse.used_fen, purse.ended_fen) == (15_000_000, 0, 0, 0)
    assert ledger.total(PROGRAMME, AccountKind.AVAILABLE).spendable == parse_yuan("1000万") - 15_000_000
    assert applications.application(row.application_id).state == "APPROVED"
    assert books_are_true()


def test_a_holders_yearly_cap_leaves_the_rest(world):
    holder = world.holder("甲")
    world.voucher(holder, "30万")
    second = world.voucher(holder, "30万")
    assert second.face_fen == parse_yuan("20万") - 15_000_000
    with pytest.raises(UnableToDecide, match="cap"):
        world.voucher(holder, "1万")
    assert books_are_true()


def test_an_issue_past_the_budget_leaves_nothing_behind(db):
    world = build(budget="10万")
    application_id = world.to_notice(world.apply(world.holder("甲"), "30万"))
    with pytest.raises(UnableToIssue, match=r"budget does not cover 150,000\.00"):
        voucher.issue(application_id=application_id, by=OFFICER, now=world.now)
    assert applications.application(application_id).state == "PUBLIC_NOTICE"
    assert queries.purses(programme=PROGRAMME) == []
    assert books_are_true()


def test_only_finance_approves_a_budget_and_once_by_its_reference(db):
    world = build(budget="900万")
    year = local_date(world.now).year
    with pytest.raises(UnableToIssue, match="finance"):
        voucher.approve_budget(
            programme=PROGRAMME, year=year, amount_fen=1, by=OFFICER, now=world.now, reference=uuid4()
        )
    before = ledger.total(PROGRAMME, AccountKind.AVAILABLE).spendable
    reference = uuid4()
    for _ in range(2):
        voucher.approve_budget(
            programme=PROGRAMME, year=year, amount_fen=100, by=FINANCE, now=world.now, reference=reference
        )
    assert ledger.total(PROGRAMME, AccountKind.AVAILABLE).spendable == before + 100


def test_a_storm_of_issues_never_passes_the_years_cap(fresh_database):
    """40 officers issue 20万 each at once against a cap of 1,000万 of which 900万 are gone: exactly 5 succeed."""
    world = build()
    voucher.approve_budget(
        programme=PROGRAMME,
        year=local_date(world.now).year,
        amount_fen=parse_yuan("1000万"),
        by=FINANCE,
        now=world.now,
        reference=uuid4(),
        for_awards=True,  # more money than the cap, so that it is the cap that binds
    )
    project = {"id": "p-1", "won": True, "level": "national", "supplier": "nscc-chengdu", "compute_cost": "3000万"}
    for serial in range(3):
        holder = world.holder(f"项目{serial}", serial=500 + serial)
        application_id = world.to_notice(
            world.apply(holder, clause="project-national", project={**project, "id": f"p-{serial}"})
        )
        voucher.issue(application_id=application_id, by=OFFICER, now=world.now)
    holders = [world.holder(f"持券人{serial}", serial=serial) for serial in range(32)]
    ready = [world.to_notice(world.apply(holder, "40万")) for holder in holders]

    def attempt(application_id):
        try:
            return voucher.issue(application_id=application_id, by=OFFICER, now=world.now).face_fen
        except Refused:
            return 0
        finally:
            connection.close()

    with ThreadPoolExecutor(32) as pool:
        issued = list(pool.map(attempt, ready, timeout=120))
    assert sum(issued) == parse_yuan("100万")
    assert sorted(issued)[-5:] == [parse_yuan("20万")] * 5
    assert ledger.total(PROGRAMME, AccountKind.VOUCHER).credits_posted == parse_yuan("1000万")
    assert books_are_true()


def test_frozen_cannot_be_spent_and_can_be_freed(world):
    row = world.voucher(world.holder("甲"))
    voucher.freeze(voucher_id=row.id, reason="疑似转售", by=OFFICER, now=world.now)
    with pytest.raises(Refused, match="frozen"):
        world.quote(row)
    voucher.unfreeze(voucher_id=row.id, reason="核查无误", by=OFFICER, now=world.now)
    assert world.quote(row).state == "QUOTED"
    with pytest.raises(UnableToChange, match="reason"):
        voucher.freeze(voucher_id=row.id, reason=" ", by=OFFICER, now=world.now)


@pytest.mark.parametrize(
    ("verb", "state", "kind"), [("revoke", "REVOKED", "REVOKED"), ("cancel", "CANCELLED", "REVOKED")]
)
def test_what_is_taken_back_leaves_the_voucher_for_its_sink(world, verb, state, kind):
    row = world.voucher(world.holder("甲"))
    ended = getattr(voucher, verb)(voucher_id=row.id, reason="弄虚作假", by=OFFICER, now=world.now)
    assert ended.state == state
    assert queries.purse(row.id).ended_fen == row.face_fen
    assert ledger.total(PROGRAMME, AccountKind(kind)).credit == row.face_fen
    with pytest.raises(UnableToStep):
        voucher.freeze(voucher_id=row.id, reason="x", by=OFFICER, now=world.now)
    assert books_are_true()


def test_a_partly_held_voucher_is_revoked_but_not_cancelled(world):
    holder = world.holder("甲")
    row = world.voucher(holder)
    world.credit(holder)
    held = world.held(row, units=2, seconds=3600)
    assert held.state == "HELD"
    with pytest.raises(UnableToChange, match="revoke instead"):
        voucher.cancel(voucher_id=row.id, reason="x", by=OFFICER, now=world.now)
    voucher.revoke(voucher_id=row.id, reason="弄虚作假", by=OFFICER, now=world.now)
    purse = queries.purse(row.id)
    assert (purse.spendable_fen, purse.held_fen) == (0, held.voucher_hold_fen)
    assert purse.ended_fen == row.face_fen - held.voucher_hold_fen
    assert books_are_true()


def test_what_a_cancelled_order_releases_follows_its_ended_voucher(world):
    holder = world.holder("甲")
    row = world.voucher(holder)
    world.credit(holder)
    held = world.held(row, units=2, seconds=3600)
    voucher.revoke(voucher_id=row.id, reason="弄虚作假", by=OFFICER, now=world.now)
    order.cancel(order_id=held.id, by=world.applicant(holder), now=world.now)
    purse = queries.purse(row.id)
    assert (purse.spendable_fen, purse.held_fen, purse.ended_fen) == (0, 0, row.face_fen)
    assert books_are_true()


def test_expiry_comes_after_the_last_day_in_shanghai(db):
    world = build(datetime(2026, 3, 15, 4, tzinfo=UTC))
    row = world.voucher(world.holder("甲"))
    assert row.valid_until.isoformat() == "2027-03-15"
    last_second = datetime(2027, 3, 15, 15, 59, 59, tzinfo=UTC)
    assert voucher.expire_due(now=last_second) == 0
    with pytest.raises(UnableToChange, match="not over yet"):
        voucher.expire(voucher_id=row.id, now=last_second)
    assert voucher.expire_due(now=last_second + timedelta(seconds=1)) == 1
    assert queries.purse(row.id).ended_fen == row.face_fen
    assert ledger.total(PROGRAMME, AccountKind.LAPSED).credit == row.face_fen
    assert books_are_true()


def test_the_year_turns_at_1600_utc(db):
    """An issue at 31 December 16:00 UTC is the next year's, and that year has no budget yet."""
    world = build(datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC))
    assert world.voucher(world.holder("甲", serial=1)).face_fen == 15_000_000
    later = World(world.version, datetime(2026, 12, 31, 16, tzinfo=UTC))
    with pytest.raises(UnableToIssue, match="budget"):
        later.voucher(world.holder("乙", serial=2))
    assert ledger.balance(rules.available_account(PROGRAMME, 2026)).debits_posted == 15_000_000


def test_only_an_officer_freezes(world):
    row = world.voucher(world.holder("甲"))
    with pytest.raises(UnableToStep, match="OFFICER may"):
        voucher.freeze(voucher_id=row.id, reason="x", by=Actor("centre:x", Role.CENTRE), now=world.now)


def test_purses_take_two_statements_at_any_size(world, django_assert_num_queries):
    for serial in range(6):
        world.voucher(world.holder(f"持券人{serial}", serial=serial))
    with django_assert_num_queries(2):
        assert len(queries.purses(programme=PROGRAMME, limit=5)) == 5


EDITS = {
    "face": "UPDATE voucher SET face_fen = face_fen + 1",
    "holder": "UPDATE voucher SET holder_id = (SELECT id FROM party_organisation WHERE id <> holder_id LIMIT 1)",
    "validity": "UPDATE voucher SET valid_until = valid_until + 1",
    "deletion": "DELETE FROM voucher",
    "truncation": "TRUNCATE voucher CASCADE",
}


@pytest.mark.parametrize("edit", EDITS)
def test_what_was_issued_is_never_edited(world, edit):
    world.holder("乙", serial=2)
    row = world.voucher(world.holder("甲"))
    with pytest.raises(DatabaseError, match=r"never edited|permission denied|pending trigger"), transaction.atomic():
        connection.cursor().execute(EDITS[edit])
    assert queries.voucher(row.id).face_fen == row.face_fen


def test_a_voucher_that_ended_comes_back_for_nobody(world):
    row = world.voucher(world.holder("甲"))
    voucher.revoke(voucher_id=row.id, reason="弄虚作假", by=OFFICER, now=world.now)
    with pytest.raises(DatabaseError, match="never edited"), transaction.atomic():
        connection.cursor().execute("UPDATE voucher SET state = 'ACTIVE'")
