"""One key, one write: many threads at once on real PostgreSQL, and a crash between."""

import threading
from uuid import uuid4

import pytest
from django.db import connection

from jiaozi.journal.models import JournalLine
from jiaozi.order.models import Order
from jiaozi.order.rules import State
from jiaozi.party.models import KeptAnswer
from jiaozi.voucher import queries as vouchers
from tests.api.conftest import Caller, furnished
from tests.world import CENTRE, build

THREADS = 8


@pytest.fixture
def live(fresh_database):
    return furnished(build())


def at_once(calls):
    """Run the calls in threads that start together; give what each answered."""
    answers, start = [None] * len(calls), threading.Barrier(len(calls))

    def run(index, call):
        try:
            start.wait()
            answers[index] = call()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def wanted(voucher):
    return {
        "voucher": str(voucher.id),
        "title": "race",
        "centre": CENTRE,
        "resource_class": "cpu-core",
        "units": 1,
        "memory_mib": 256,
        "time_limit_ms": 60_000,
        "command": ["true"],
    }


def same_caller(caller):
    return Caller(caller.name, caller.token)  # a client of its own for each thread


def test_many_at_once_with_one_key_write_once_and_all_get_that_answer(live):
    voucher = live.world.voucher(live.firm)
    body = wanted(voucher)
    answers = at_once([lambda: same_caller(live.holder).post("/orders", body, key="k") for _ in range(THREADS)])
    assert [answer.status_code for answer in answers] == [200] * THREADS
    assert len({answer.content for answer in answers}) == 1
    assert Order.objects.count() == 1
    assert JournalLine.objects.filter(stage="order", verb="quote").count() == 1


def test_many_at_once_with_one_key_and_different_requests_write_one_of_them(live):
    voucher = live.world.voucher(live.firm)
    bodies = [wanted(voucher) | {"title": f"race {number}"} for number in range(THREADS)]
    answers = at_once([lambda body=body: same_caller(live.holder).post("/orders", body, key="k") for body in bodies])
    assert sorted(answer.status_code for answer in answers) == [200] + [422] * (THREADS - 1)
    assert Order.objects.count() == 1


def test_holds_at_once_with_keys_of_their_own_take_one_hold(live):
    voucher = live.world.voucher(live.firm)
    live.world.credit(live.firm)
    order = live.world.quote(voucher)
    answers = at_once([lambda: same_caller(live.holder).post(f"/orders/{order.id}/hold") for _ in range(THREADS)])
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * (THREADS - 1)
    assert vouchers.purse(voucher.id).held_fen == Order.objects.get().voucher_hold_fen


def test_a_crash_after_the_verb_leaves_neither_write_nor_key_and_the_retry_heals(live, monkeypatch):
    voucher = live.world.voucher(live.firm)
    body = wanted(voucher)

    def crash(*_args, **_words):
        raise SystemError("the machine stopped")

    with monkeypatch.context() as broken:
        broken.setattr("jiaozi.api.rooms.orders.shown", crash)
        with pytest.raises(SystemError):
            live.holder.post("/orders", body, key="k")
    assert (Order.objects.count(), KeptAnswer.objects.count()) == (0, 0)
    assert live.holder.post("/orders", body, key="k").status_code == 200
    assert Order.objects.count() == 1


def test_an_engine_is_told_to_stop_after_the_commit(live, monkeypatch):
    """No transaction stays open while an engine is asked; the answer is kept before it is."""
    voucher = live.world.voucher(live.firm)
    live.world.credit(live.firm)
    order = live.world.held(voucher)
    Order.objects.filter(id=order.id).update(state=State.RUNNING)
    asked = []

    class Engine:
        def cancel(self, order_id):
            asked.append((order_id, connection.in_atomic_block, KeptAnswer.objects.filter(status=200).count()))

    monkeypatch.setattr("jiaozi.order.services.funding.engine_of", lambda _centre: Engine())
    key = str(uuid4())
    for _ in range(2):
        assert live.holder.post(f"/orders/{order.id}/cancel", key=key).json()["cancel_asked"] is True
    assert asked == [(order.id, False, 1)]
