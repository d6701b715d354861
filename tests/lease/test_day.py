"""A day without a line, by the clock's argument: an agent over real HTTP goes on under its lease, and tells all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jiaozi.engines.agent.http import Https
from jiaozi.engines.agent.runner import UnableToReachPlatform
from jiaozi.lease.models import LeaseJob
from jiaozi.lease.rules import UnableToAdmit
from jiaozi.metering.models import UsageRow
from jiaozi.order.models import Order
from jiaozi.order.rules import State
from jiaozi.settlement.queries import audit_all
from jiaozi.voucher.queries import purse
from tests.engines.agent.test_agent import Face
from tests.lease.city import CLASS
from tests.world import CENTRE


def test_a_day_cut_off_loses_and_doubles_nothing(centres):
    both = centres.both[CENTRE]
    face = Face(both.engine.desk.answer)
    carry = Https(face.url)
    both.exchange = carry
    centres.allow()
    centres.settle(3)
    lease = centres.lease()
    both.exchange = Https("http://127.0.0.1:9/nobody")
    mine, theirs = set(), set()
    for hour in range(24):
        for _ in range(3):
            mine.add(centres.submit(centres.wish(lease.id, units=1, seconds=20 + hour))[0])
        if hour % 6 == 0:
            world = replace(centres.world, now=centres.at)
            theirs.add(world.held(centres.voucher, units=1, seconds=30, resource_class=CLASS).id)
        if hour == 12:
            both.open_agent()  # the agent's machine restarts
            with pytest.raises(UnableToAdmit):  # and remembers what it has spent
                centres.submit(centres.wish(lease.id, units=4, seconds=3_600))
        centres.settle(2, minutes=30)
    assert set(Order.objects.values_list("id", flat=True)) == theirs
    assert len(both.paper.jobs) == len(mine), "all of it ran"
    lost = iter(range(4))

    def half(letter):
        """Carry the letter, and lose the first answers: the platform has it, the agent does not know."""
        answer = carry(letter)
        if next(lost, None) is not None:
            raise UnableToReachPlatform("the answer was lost")
        return answer

    both.exchange = half
    centres.settle(8, seconds=31)
    orders = Order.objects.all()
    assert {row.id for row in orders} == mine | theirs
    assert {row.state for row in orders} == {State.CAPTURED}
    assert sorted(UsageRow.objects.values_list("order_id", flat=True)) == sorted(mine | theirs)
    assert set(LeaseJob.objects.values_list("order_id", flat=True)) == mine
    assert set(both.paper.submissions.values()) == {1}
    left = purse(centres.voucher.id)
    assert left.used_fen == sum(row.voucher_fen for row in orders)
    assert left.spendable_fen + left.held_fen + left.used_fen == centres.voucher.face_fen
    assert audit_all().findings == ()
    face.close()
