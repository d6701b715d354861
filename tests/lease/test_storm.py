"""200 orders at once over two centres against one voucher, half of them placed where the platform is not asked."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.db import connection

from jiaozi.kernel.refusal import Refused
from jiaozi.lease.models import LeaseJob
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.rules import State
from jiaozi.order.services import engines
from jiaozi.settlement.queries import audit_all
from jiaozi.voucher.queries import purse
from tests.lease.city import CLASS, OTHER, Centres
from tests.world import CENTRE

ORDERS = 200
THREADS = 32
TRIES = 8


class Storm:
    """Half of the orders go by way of the platform, half are admitted by the centres' agents, while both are tended."""

    def __init__(self, centres):
        self.centres, self.over, self.turns = centres, threading.Event(), threading.Semaphore(0)
        asked = {"units": 4, "seconds": 60, "resource_class": CLASS}
        places = [(CENTRE, OTHER)[number % 2] for number in range(ORDERS // 2)]
        self.quoted = [centres.world.quote(centres.voucher, centre=centre, **asked) for centre in places]

    def tend(self):
        """Do what the worker does, and the agents; one centre's line is down every other turn."""
        turn = 0
        while not self.over.is_set():
            turn += 1
            self.centres.cut = {OTHER} if turn % 2 else set()
            self.centres.step()
            for _ in range(THREADS):
                self.turns.release()
        connection.close()

    def by_way_of_the_platform(self, number):
        try:
            row = self.quoted[number]
            return str(order.hold(order_id=row.id, by=self.centres.by, now=self.centres.at).state)
        finally:
            connection.close()

    def on_the_spot(self, number):
        centre = (CENTRE, OTHER)[number % 2]
        for _ in range(TRIES):
            for letter, _, over in self.centres.standing(centre):
                with suppress(Refused):
                    if not over:
                        self.centres.submit(self.centres.wish(letter.lease, units=4, seconds=60), centre)
                        return "ADMITTED"
            self.turns.acquire(timeout=60)
        return "NOT_ADMITTED"

    def blow(self):
        worker = threading.Thread(target=self.tend, daemon=True)
        worker.start()
        ways = (self.by_way_of_the_platform, self.on_the_spot)
        with ThreadPoolExecutor(THREADS) as pool:
            asked = [pool.submit(ways[number % 2], number // 2) for number in range(ORDERS)]
            found = Counter(each.result(timeout=240) for each in asked)
        self.over.set()
        worker.join(timeout=120)
        assert not worker.is_alive()
        self.centres.cut = set()
        return found


@pytest.mark.django_db(transaction=True)
def test_a_storm_over_two_centres_is_not_a_fen_over(fresh_database, tmp_path, monkeypatch):
    centres = Centres(tmp_path, monkeypatch, cost="300元")
    face = centres.voucher.face_fen
    centres.allow()
    centres.settle(2)
    found = Storm(centres).blow()
    centres.settle(3)
    assert sum(found.values()) == ORDERS
    assert set(found) <= {State.HELD, State.REFUSED, "ADMITTED", "NOT_ADMITTED"}
    assert found[State.HELD] > 0 < found["ADMITTED"]
    assert LeaseJob.objects.filter(order__isnull=False).count() == found["ADMITTED"]
    assert not LeaseJob.objects.filter(order=None).exists()
    left = purse(centres.voucher.id)
    assert left.spendable_fen + left.held_fen + left.used_fen == face
    assert left.spendable_fen >= 0 == left.ended_fen
    assert audit_all().findings == ()
    centres.settle(4, seconds=61)
    taken = Order.objects.filter(state=State.CAPTURED)
    assert taken.count() == found[State.HELD] + found["ADMITTED"]
    assert sum(taken.values_list("voucher_fen", flat=True)) == purse(centres.voucher.id).used_fen <= face
    assert audit_all().findings == ()
    engines._engine.cache_clear()
