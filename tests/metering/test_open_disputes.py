"""What is under dispute is not charged yet: nothing captured is given back, so the order waits for the ruling."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jiaozi.ledger import queries as ledger
from jiaozi.metering import queries
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture, UsageDispute
from jiaozi.voucher.queries import purse
from tests.world import CENTRE, OFFICER

HOUR_MS = 3_600_000


@pytest.fixture
def disputed(scene):
    """An ended order, metered for two hours and then, before it was captured, for one."""
    row = scene.ran(units=2, seconds=7200, elapsed_ms=2 * HOUR_MS)
    for record in (scene.engine().records[0], scene.record(row, elapsed_ms=HOUR_MS)):
        metering.receive(centre=CENTRE, records=[record], source="push", now=later(scene))
    assert scene.collect(now=later(scene)).captured == ()
    return row


def later(scene):
    return scene.now + timedelta(hours=4)


def resolve(scene, accept, dispute=None):
    found = dispute or UsageDispute.objects.get()
    words = {"reason": "核对后裁定", "by": OFFICER, "now": later(scene)}
    metering.resolve_dispute(dispute_id=found.id, accept=accept, **words)


@pytest.mark.parametrize(("accept", "price_fen"), [("old", 60), ("new", 30)])
def test_order_is_captured_once_its_dispute_is_resolved(scene, disputed, accept, price_fen):
    assert not Capture.objects.exists()
    (stuck,) = queries.stuck(CENTRE)
    assert (stuck.order_id, stuck.held_back) == (disputed.id, 0)
    resolve(scene, accept)
    disputed.refresh_from_db()
    assert (disputed.state, disputed.price_fen) == ("CAPTURED", price_fen)
    assert purse(scene.voucher.id).held_fen == 0
    assert queries.stuck(CENTRE) == []
    assert queries.audit() == ledger.audit() == []


def test_order_waits_for_every_dispute_of_a_record(scene, disputed):
    """A second dispute still stands over the row that the first ruling put in the record's place."""
    first = UsageDispute.objects.get()
    record = scene.record(disputed, elapsed_ms=HOUR_MS // 2)
    metering.receive(centre=CENTRE, records=[record], source="push", now=later(scene))
    resolve(scene, "new", first)
    assert not Capture.objects.exists()
    assert [each.order_id for each in queries.stuck(CENTRE)] == [disputed.id]
    resolve(scene, "old", UsageDispute.objects.get(resolved_at=None))
    disputed.refresh_from_db()
    assert (disputed.state, disputed.price_fen) == ("CAPTURED", 30)


def test_dispute_of_another_order_is_not_waited_for(scene, disputed):
    other = scene.ran()
    assert scene.collect(now=later(scene)).captured == (other.id,)
