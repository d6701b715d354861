"""An order under a voucher on a real Kubernetes: held, run, metered, captured; one namespace a voucher."""

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
from tests.engines.kubernetes.cluster import IMAGE, until
from tests.engines.kubernetes.test_sessions import GRACE_S, SHELLS, shells, ssh
from tests.engines.test_sessions import keys, sshd
from tests.world import CENTRE, build

__all__ = ["shells", "sshd"]
pytestmark = [pytest.mark.xdist_group("kubernetes"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(fresh_database, place):
    made = build(clock.now())
    _engine.cache_clear()
    options = {**place.options, "classes": {"demo-core": {"image": IMAGE}}, "quota": {"requests.cpu": "8"}}
    Centre.objects.filter(id=CENTRE).update(
        connected=True, engine="kubernetes", engine_options=options,
        engine_granularity_ms=1_000, kill_lag_ms=place.engine.kill_lag_ms,
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
            centre=CENTRE, resource_class="demo-core", units=1, memory_mib=32, time_limit_ms=60_000, command=command
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
        assert usage.units == 1
    assert after.used_fen == sum(Capture.objects.values_list("voucher_fen", flat=True)) <= before.held_fen
    assert metered.audit() == ledger.audit() == []


def test_a_session_goes_from_hold_over_an_extension_to_capture(world, shells, tmp_path):
    classes = {"demo-core": {"image": IMAGE, "session_image": SHELLS}}
    Centre.objects.filter(id=CENTRE).update(engine_options={**shells.options, "classes": classes})
    lived = session_orders.held(world, keys(tmp_path))
    access = session_orders.opened(lived)
    assert ssh(shells, lived.id, access, tmp_path, "echo kept > out.txt").returncode == 0
    session_orders.extended(lived)
    session_orders.ended(lived, grace_s=GRACE_S)
    assert session_orders.saved(lived) == {"work/out.txt": b"kept\n"}
