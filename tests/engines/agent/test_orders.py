"""Orders under a voucher at a centre behind a firewall: held, handed over by letters, run, metered, captured."""

import pytest
from django.test import Client

from jiaozi.catalogue.models import Centre
from jiaozi.engines.agent import link
from jiaozi.engines.agent.runner import UnableToReachPlatform
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
from tests.engines.agent.centre import Both
from tests.world import CENTRE, build

pytestmark = pytest.mark.django_db(transaction=True)
KIND = "application/octet-stream"


@pytest.fixture
def world(fresh_database):
    made = build(clock.now())
    _engine.cache_clear()
    yield made
    _engine.cache_clear()


@pytest.fixture
def both(world, tmp_path):
    """The agent posts its letters where a centre's agent would; the platform's engine is the settings' own."""
    client = Client()

    def post(letter):
        answer = client.post(f"/agents/{CENTRE}/letters", data=letter, content_type=KIND)
        if answer.status_code != 200:
            raise UnableToReachPlatform(answer.content)
        return answer.content

    made = Both(tmp_path, exchange=post, centre=CENTRE)
    Centre.objects.filter(id=CENTRE).update(
        connected=True, engine="agent", engine_options=made.options, engine_granularity_ms=1_000, kill_lag_ms=0
    )
    return made


def step(both):
    order.submit_waiting(now=clock.now())
    both.agent.step()
    order.watch_all(now=clock.now())
    metering.collect_all(now=clock.now())
    both.paper.tick(1)


def test_orders_go_from_hold_to_capture_by_letters(world, both):
    holder = world.holder("样例科技")
    world.credit(holder)
    voucher = world.voucher(holder)
    by = world.applicant(voucher.holder)
    both.paper.at = clock.now()
    request = Request(
        centre=CENTRE, resource_class="demo-core", units=2, memory_mib=64, time_limit_ms=5_000, command=("true",)
    )
    row = order.quote(voucher_id=voucher.id, request=request, title="real", by=by, now=clock.now())
    row = order.hold(order_id=row.id, by=by, now=clock.now())
    assert row.state == State.HELD, row.reason_en
    before = purse(voucher.id)
    order.submit_waiting(now=clock.now())
    assert Order.objects.get().state == State.SUBMITTED, "left for the agent; the hold stays"
    assert purse(voucher.id).held_fen == before.held_fen > 0
    for _ in range(12):
        step(both)
    assert Order.objects.get().state == State.CAPTURED
    usage, after = UsageRow.objects.get(), purse(voucher.id)
    assert (usage.elapsed_ms, usage.units, usage.order_id) == (5_000, 2, row.id)
    assert after.held_fen == 0
    assert after.used_fen == Capture.objects.get().voucher_fen <= before.held_fen
    assert metered.audit() == ledger.audit() == []


def test_who_may_not_knock_is_told_why(both):
    client = Client()
    letter = link.write(both.agent.line, both.agent.spool)
    for centre, data, status, said in (
        ("no-such-centre", letter, 404, "no centre"),
        ("chengdu-aicc", letter, 404, "has no agent"),
        (CENTRE, letter[:-1], 403, "not signed"),
        (CENTRE, b"x", 403, "not signed"),
        (CENTRE, b"", 400, "needs its length"),
    ):
        answer = client.post(f"/agents/{centre}/letters", data=data, content_type=KIND)
        assert answer.status_code == status, answer.content
        assert said in answer.content.decode()
    assert client.get(f"/agents/{CENTRE}/letters").status_code == 405
    assert client.post(f"/agents/{CENTRE}/letters", data=letter, content_type=KIND).status_code == 200
    Centre.objects.filter(id=CENTRE).update(engine_options={**both.options, "key_file": "/nowhere"})
    assert client.post(f"/agents/{CENTRE}/letters", data=letter, content_type=KIND).status_code == 503
