"""The audit finds work without money and money without work."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, connections, transaction

from jiaozi.kernel.ids import named_id
from jiaozi.ledger import services as ledger
from jiaozi.ledger.rules import void
from jiaozi.order import queries
from jiaozi.order import services as order
from jiaozi.order.models import Order, OwnCredit
from jiaozi.order.rules import hold_id
from tests.world import build


def found():
    return [(each.invariant, each.where) for each in queries.audit()]


def test_an_order_is_held_for_from_its_hold_to_its_end(world, engine, held):
    assert found() == []
    order.submit(order_id=held.id, now=world.now)
    assert found() == []
    refused = world.held(held.voucher, units=4, seconds=36_000)
    order.cancel(order_id=refused.id, by=world.applicant(held.holder), now=world.now)
    assert found() == []


@pytest.mark.parametrize("part", ["voucher", "own"])
def test_work_without_money_is_found(world, held, part):
    line = void(named_id("test", part), hold_id(held.id, part), "order.release", held.id)
    ledger.require([line], at=world.now)
    assert found() == [("an order is held for exactly while it is under way", str(held.id))]


def test_money_without_work_is_found(held):
    Order.objects.filter(id=held.id).update(state="CANCELLED")
    assert found() == [("an order is held for exactly while it is under way", str(held.id))]


def test_a_hold_that_is_not_what_the_order_says_is_found(held):
    fen = held.voucher_hold_fen + 1
    Order.objects.filter(id=held.id).update(voucher_hold_fen=fen, most_fen=fen + held.own_hold_fen)
    assert len(found()) == 1


BOOKED = "what a holder prepaid is booked once and in full"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE order_own_credit SET amount_fen = amount_fen + 1",
        "UPDATE order_own_credit SET holder_id = (SELECT id FROM party_organisation WHERE id <> holder_id LIMIT 1)",
        "UPDATE order_own_credit SET centre_id = 'chengdu-aicc'",
        "UPDATE order_own_credit SET programme = 'elsewhere'",
        "DELETE FROM order_own_credit",
    ],
    ids=["amount", "holder", "centre", "programme", "gone"],
)
def test_what_a_holder_prepaid_is_booked(fresh_database, change):
    world = build()
    world.credit(world.holder("成都高新算法"))
    world.holder("锦城软件", serial=2)
    row = OwnCredit.objects.get()
    assert found() == []
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE order_own_credit DISABLE TRIGGER USER")
        cursor.execute(change)
        assert cursor.rowcount == 1
    assert found() == [(BOOKED, str(row.id))]


@pytest.mark.parametrize("change", ["UPDATE order_own_credit SET amount_fen = 1", "DELETE FROM order_own_credit"])
def test_what_was_recorded_is_never_edited(held, change):
    with pytest.raises(DatabaseError, match="never edited"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert found() == []
