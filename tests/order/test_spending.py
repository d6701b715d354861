"""Spending limits of members: what counts, who sets them, every verb that holds keeps them, also two at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiaozi.journal.models import JournalLine
from jiaozi.kernel.ids import new_id
from jiaozi.order import queries
from jiaozi.order import services as order
from jiaozi.order.models import Order, SpendingLimit
from jiaozi.order.rules import UNFINISHED, State, spending
from jiaozi.order.rules.spending import Per, Placed, Spending, UnableToLimit
from jiaozi.party import services as party
from jiaozi.party.models import Membership
from jiaozi.party.rules import SYSTEM, Actor, Grant, Role
from jiaozi.party.rules.person import name_of
from tests.web.people import enrol
from tests.world import OFFICER, OPERATOR, build

HOURS = {"units": 4, "seconds": 36_000}
COST_FEN = 600
"""What such an order holds at most: 4 cores for 10 h at 0.15 yuan, its engine's kill lag rounds away."""
AMOUNTS = st.integers(0, 10**6)
STORED = st.builds(
    Placed,
    state=st.sampled_from(State),
    most_fen=AMOUNTS,
    price_fen=st.none() | AMOUNTS,
    movement_hold_fen=AMOUNTS,
    movement_fen=st.none() | AMOUNTS,
)


def team(world, holder, *, administrator: bool = False, name: str = "li"):
    """A member of an organisation: its membership and whom it acts as."""
    person = enrol(name, world.now)
    grant = Grant(role=Role.APPLICANT, since_at=world.now, organisation=holder.id, administrator=administrator)
    row = party.grant(person=person, grant=grant, by=SYSTEM, now=world.now)
    return row, Actor(name_of(person), Role.APPLICANT, holder.id, administrator=administrator)


@pytest.fixture
def crew(world, holder):
    head, chief = team(world, holder, administrator=True, name="head")
    row, by = team(world, holder)
    return SimpleNamespace(head=head, chief=chief, row=row, by=by, voucher=world.voucher(holder))


def limited(crew, world, limit_fen, per=Per.MONTH):
    return order.set_limit(membership_id=crew.row.id, per=per, limit_fen=limit_fen, by=crew.chief, now=world.now)


def placed(crew, world, *, by=None, now=None, **asked):
    now = now or world.now
    quoted = replace(world, now=now).quote(crew.voucher, **(HOURS | asked))
    return order.hold(order_id=quoted.id, by=by or crew.by, now=now)


@given(st.lists(STORED))
def test_what_counts_is_captured_or_held_and_nothing_twice(orders):
    counted = spending.counted_fen(orders)
    assert counted == sum(spending.counted_fen([each]) for each in orders)
    for each in orders:
        one = spending.counted_fen([each])
        unfunded = each.state in {State.QUOTED, State.REFUSED}
        assert one <= max(each.most_fen, each.price_fen or 0) + max(each.movement_hold_fen, each.movement_fen or 0)
        if unfunded and each.price_fen is None and each.movement_fen is None:
            assert one == 0


@given(AMOUNTS, st.lists(st.tuples(AMOUNTS, st.integers(0, 100), st.booleans()), max_size=30))
def test_held_and_captured_together_never_pass_the_limit(limit_fen, asked):
    """Any order of holds, captures of a part and cancels: what counts stays within, and what is left is exact."""
    orders: list[Placed] = []
    for most_fen, percent, ends in asked:
        now = Spending(Per.TOTAL, limit_fen, spending.counted_fen(orders))
        over = spending.past_limit(now, most_fen)
        assert (over is None) == (now.spent_fen + most_fen <= limit_fen)
        if over is None:
            price_fen = most_fen * percent // 100 if ends and percent else None
            state = State.HELD if not ends else State.CAPTURED if percent else State.CANCELLED
            orders.append(Placed(state=state, most_fen=most_fen, price_fen=price_fen))
        assert spending.counted_fen(orders) + Spending(Per.TOTAL, limit_fen, spending.counted_fen(orders)).left_fen == (
            limit_fen
        )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(STORED, max_size=12))
def test_the_database_counts_as_the_rules_do(crew, world, orders):
    limited(crew, world, 10**9, Per.TOTAL)
    like = Order.objects.first() or world.quote(crew.voucher)
    Order.objects.filter(held_by=crew.by.name).delete()
    Order.objects.bulk_create([stored(like, each, crew.by.name, world.now) for each in orders])
    found = queries.spending_of(crew.voucher.holder_id, crew.by.name, world.now)
    assert found.spent_fen == spending.counted_fen(orders)


def stored(like, each, name, at):
    """A row that says what ``each`` says, its shares such that the table takes it."""
    price, moved = each.price_fen, each.movement_fen
    words = {field.attname: getattr(like, field.attname) for field in Order._meta.concrete_fields}
    words |= {"id": new_id(), "state": each.state, "held_by": name, "held_at": at}
    words |= {"most_fen": max(each.most_fen, price or 0) if price is not None else each.most_fen}
    words |= {"voucher_hold_fen": words["most_fen"], "own_hold_fen": 0}
    words |= {"price_fen": price, "voucher_fen": price, "own_fen": None if price is None else 0}
    words |= {"movement_voucher_hold_fen": each.movement_hold_fen, "movement_own_hold_fen": 0}
    if moved is not None:
        words |= {"movement_voucher_hold_fen": max(each.movement_hold_fen, moved)}
    words |= {"movement_fen": moved, "movement_voucher_fen": moved}
    return Order(**words)


def test_a_member_orders_up_to_the_limit_and_is_told_what_is_left(crew, world):
    limited(crew, world, 2 * COST_FEN + 50)
    assert [placed(crew, world).state for _ in range(2)] == [State.HELD, State.HELD]
    row = placed(crew, world)
    assert (row.state, row.reason_code, row.held_by) == (State.REFUSED, "LIMIT_REACHED", "")
    assert "本月支出限额12.50元：已冻结和核销12.00元，还剩0.50元，本次须6.00元" in row.reason_zh
    assert "limit of 12.50 yuan this month" in row.reason_en
    assert "0.50 is left, 6.00 is needed" in row.reason_en
    assert "\n" not in row.reason_zh + row.reason_en
    assert placed(crew, world, by=crew.chief).state == State.HELD  # whoever has no limit goes on
    assert placed(crew, world, units=1, seconds=60).state == State.HELD  # as does what still fits


def test_what_is_released_may_be_spent_again_and_what_is_captured_counts(crew, world):
    limited(crew, world, COST_FEN)
    first = placed(crew, world)
    assert placed(crew, world).state == State.REFUSED
    order.cancel(order_id=first.id, by=crew.by, now=world.now)
    second = placed(crew, world)
    assert second.state == State.HELD
    cost = {"price_fen": 400, "voucher_fen": 200, "own_fen": 200}
    Order.objects.filter(id=second.id).update(state=State.CAPTURED, **cost)
    found = queries.spending_of(crew.voucher.holder_id, crew.by.name, world.now)
    assert (found.spent_fen, found.left_fen) == (400, 200)


def test_a_month_is_shanghais_and_a_total_has_no_end(crew, world):
    assert spending.window(Per.MONTH, datetime(2026, 11, 30, 15, 59, tzinfo=UTC))[1] == datetime(
        2026, 11, 30, 16, tzinfo=UTC
    )
    limited(crew, world, COST_FEN)
    assert placed(crew, world).state == State.HELD
    _, end = spending.window(Per.MONTH, world.now)
    assert placed(crew, world, now=end).state == State.HELD
    before = queries.spending_of(crew.voucher.holder_id, crew.by.name, end - timedelta(microseconds=1))
    after = queries.spending_of(crew.voucher.holder_id, crew.by.name, end)
    assert (before.left_fen, after.left_fen) == (0, 0)
    limited(crew, world, 3 * COST_FEN, Per.TOTAL)
    assert placed(crew, world, now=end + timedelta(days=40)).state == State.HELD
    refused = placed(crew, world, now=end + timedelta(days=40))
    assert (refused.state, "累计支出限额18.00元" in refused.reason_zh) == (State.REFUSED, True)


def test_what_was_held_before_the_limit_counts(crew, world):
    placed(crew, world)
    limited(crew, world, COST_FEN)
    assert placed(crew, world).reason_code == "LIMIT_REACHED"


def test_a_lowered_limit_stops_at_once_and_leaves_what_runs(crew, world):
    limited(crew, world, 3 * COST_FEN)
    running = placed(crew, world)
    limited(crew, world, COST_FEN - 1)
    assert Order.objects.get(id=running.id).state == State.HELD
    assert queries.spending_of(crew.voucher.holder_id, crew.by.name, world.now).left_fen == 0
    assert placed(crew, world).state == State.REFUSED


def test_two_orders_at_once_never_pass_a_limit_together(fresh_database):
    world = build()
    holder = world.holder("成都高新算法")
    world.credit(holder)
    _, chief = team(world, holder, administrator=True, name="head")
    row, by = team(world, holder)
    crew = SimpleNamespace(row=row, by=by, chief=chief, voucher=world.voucher(holder))
    limited(crew, world, 3 * COST_FEN)
    quoted = [world.quote(crew.voucher, **HOURS).id for _ in range(8)]
    start = Barrier(len(quoted))

    def hold(order_id):
        try:
            start.wait(30)
            return order.hold(order_id=order_id, by=by, now=world.now).state
        finally:
            connection.close()

    with ThreadPoolExecutor(len(quoted)) as pool:
        states = sorted(pool.map(hold, quoted, timeout=120))
    assert states == [State.HELD] * 3 + [State.REFUSED] * 5
    assert queries.spending_of(holder.id, by.name, world.now).left_fen == 0


def test_nobody_sets_ones_own_limit_and_no_member_anothers(crew, world, holder):
    words = {"per": Per.MONTH, "limit_fen": 10**6, "now": world.now}
    limited(crew, world, 100)
    promoted = replace(crew.by, administrator=True)
    for by, code in (
        (promoted, "SELF_LIMIT"),
        (crew.by, "SELF_LIMIT"),
        (replace(crew.by, name="person:" + str(uuid4())), "NOT_ADMINISTRATOR"),
        (OFFICER, "NOT_ADMINISTRATOR"),
        (replace(OPERATOR, administrator=True), "NOT_ADMINISTRATOR"),
        (replace(crew.chief, organisation=world.holder("别家", serial=2).id), "NOT_ADMINISTRATOR"),
    ):
        with pytest.raises(UnableToLimit) as refused:
            order.set_limit(membership_id=crew.row.id, by=by, **words)
        assert refused.value.reason.code == code
        with pytest.raises(UnableToLimit):
            order.remove_limit(membership_id=crew.row.id, by=by, now=world.now)
    assert queries.limit_of(holder.id, crew.row.person_id).limit_fen == 100


def test_each_change_is_a_row_and_a_line_of_its_own(crew, world, holder):
    first = limited(crew, world, 100)
    assert limited(crew, world, 100).id == first.id
    second = limited(crew, world, 200, Per.TOTAL)
    order.remove_limit(membership_id=crew.row.id, by=crew.chief, now=world.now)
    assert order.remove_limit(membership_id=crew.row.id, by=crew.chief, now=world.now) is None
    assert queries.limits(crew.chief, holder.id, world.now) == []
    rows = {row.id: row for row in SpendingLimit.objects.all()}
    assert set(rows) == {first.id, second.id}
    assert {row.ended_by for row in rows.values()} == {crew.chief.name}
    lines = JournalLine.objects.filter(stage="order", subject__in=rows).order_by("id")
    assert [(line.verb, line.before, line.after) for line in lines] == [
        ("set_limit", "", "MONTH"),
        ("set_limit", "MONTH", "TOTAL"),
        ("remove_limit", "TOTAL", ""),
    ]
    assert lines[1].body == {"limit_fen": 200, "membership": str(crew.row.id), "per": "TOTAL"}


@pytest.mark.parametrize(("limit_fen", "ended", "field"), [(-1, False, "limit_fen"), (100, True, "person")])
def test_a_limit_that_can_be_none_is_named(crew, world, limit_fen, ended, field):
    if ended:
        party.end_membership(membership_id=crew.row.id, by=crew.chief, now=world.now)
        crew.row = Membership.objects.get(id=crew.row.id)
    with pytest.raises(UnableToLimit) as refused:
        limited(crew, world, limit_fen)
    assert refused.value.reason.field == field


def test_nothing_is_left_of_a_limit_of_nothing(crew, world):
    limited(crew, world, 0)
    row = placed(crew, world)
    assert (row.state, "限额0.00元" in row.reason_zh) == (State.REFUSED, True)


def test_the_operators_orders_count_for_no_member(crew, world, holder):
    limited(crew, world, COST_FEN)
    assert placed(crew, world, by=OPERATOR).held_by == OPERATOR.name
    assert queries.spending_of(holder.id, crew.by.name, world.now).spent_fen == 0
    assert queries.spending_of(holder.id, OPERATOR.name, world.now) is None


def test_states_that_count_are_those_in_which_money_is_held():
    held = {state for state in State if spending.counted_fen([Placed(state=state, most_fen=1, price_fen=None)])}
    assert held == set(UNFINISHED)
