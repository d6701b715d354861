"""An order under a voucher on a real Ray: held, run, metered, captured, with its waiting free of charge."""

import pytest

from jiaozi.catalogue.models import Centre
from jiaozi.kernel import clock
from jiaozi.ledger import queries as ledger
from jiaozi.metering import queries as metered
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture, UsageRow
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.rules import Request, State
from jiaozi.order.services.engines import _engine
from jiaozi.voucher.queries import purse
from tests.engines import session_orders
from tests.engines.ray.cluster import until
from tests.engines.test_sessions import keys, ssh, sshd
from tests.world import CENTRE, build

__all__ = ["sshd"]
GRACE_S = 5
pytestmark = [pytest.mark.xdist_group("ray"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(fresh_database, place):
    made = build(clock.now())
    _engine.cache_clear()
    Centre.objects.filter(id=CENTRE).update(
        connected=True, engine="ray", engine_options={**place.options, "classes": {"demo-core": {}}},
        engine_granularity_ms=1, kill_lag_ms=place.engine.kill_lag_ms,
    )  # fmt: skip
    yield made
    _engine.cache_clear()


def step():
    order.submit_waiting(now=clock.now())
    order.watch_all(now=clock.now())
    metering.collect_all(now=clock.now())


def test_orders_go_from_hold_to_capture(world):
    holder = world.holder("样例科技")
    world.credit(holder)
    voucher = world.voucher(holder)
    rows = []
    for command in (("sleep", "1"), ("sh", "-c", "sleep 1; exit 3")):
        request = Request(
            centre=CENTRE, resource_class="demo-core", units=2, memory_mib=64, time_limit_ms=60_000, command=command
        )
        by = world.applicant(voucher.holder)
        row = order.quote(voucher_id=voucher.id, request=request, title="real", by=by, now=clock.now())
        row = order.hold(order_id=row.id, by=by, now=clock.now())
        assert row.state == State.HELD, row.reason_en
        rows.append(row)
    before = purse(voucher.id)

    def done():
        step()
        return Order.objects.filter(state=State.CAPTURED).count() == len(rows)

    until(done, "both orders to be captured")
    after = purse(voucher.id)
    assert (after.held_fen, before.held_fen > 0) == (0, True)
    for row in rows:
        usage = UsageRow.objects.get(order_id=row.id)
        assert 1_000 <= usage.elapsed_ms < 10_000
        assert usage.units == 2
    assert after.used_fen == sum(Capture.objects.values_list("voucher_fen", flat=True)) <= before.held_fen
    assert metered.audit() == ledger.audit() == []


def test_a_session_goes_from_hold_over_an_extension_to_capture(world, place, sshd, tmp_path):
    options = {**place.options, "classes": {"demo-core": {}}, "sshd": [sshd], "session_grace_s": GRACE_S}
    options |= {"sessions_share_an_account": True, "session_key_file": str(tmp_path / "sessions.key")}
    Centre.objects.filter(id=CENTRE).update(engine_options=options)
    lived = session_orders.held(world, keys(tmp_path))
    assert ssh(session_orders.opened(lived), tmp_path, "echo kept > out.txt").returncode == 0
    session_orders.extended(lived)
    session_orders.ended(lived, grace_s=GRACE_S)
    assert session_orders.saved(lived) == {"work/out.txt": b"kept\n"}
