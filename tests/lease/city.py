"""A voucher that may be spent at two centres behind firewalls, each with its agent; time moves when a test says so."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jiaozi.catalogue.models import Centre
from jiaozi.engines.agent import leases
from jiaozi.engines.agent.runner import UnableToReachPlatform
from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.lease import queries, services
from jiaozi.lease.rules import Wish, public_text, seal
from jiaozi.metering import services as metering
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.ports import UnableToReachEngine
from jiaozi.order.rules import State
from jiaozi.order.services import engines
from tests.engines.agent.centre import Both
from tests.world import CENTRE, build

OTHER = "chengdu-aicc"
CLASS = "demo-core"
REAL = clock.now


class Centres:
    """The platform with two agents; ``cut`` names those whose line is down."""

    def __init__(self, folder, monkeypatch, *, cost="2000元", own="100万", carry=None):
        self.at = REAL()
        monkeypatch.setattr(clock, "now", lambda: self.at)
        engines._engine.cache_clear()
        self.world = build(self.at)
        self.holder = self.world.holder("样例科技")
        for centre in (CENTRE, OTHER):
            self.world.credit(self.holder, own, centre=centre)
        self.voucher = self.world.voucher(self.holder, cost)
        self.by = self.world.applicant(self.holder)
        self.key = Ed25519PrivateKey.generate()
        self.cut = set()
        self.both = {}
        for centre in (CENTRE, OTHER):
            (folder / centre).mkdir()
            self.both[centre] = self._centre(folder / centre, centre, carry)

    def _centre(self, folder, centre, carry):
        made = SimpleNamespace(both=None)

        def exchange(letter):
            if centre in self.cut:
                raise UnableToReachPlatform("cut")
            return (carry or self.direct)(centre, letter)

        made = Both(folder, exchange=exchange, centre=centre)
        made.paper.at = self.at
        Centre.objects.filter(id=centre).update(
            connected=True, engine="agent", engine_options=made.options, engine_granularity_ms=1_000, kill_lag_ms=0
        )
        return made

    def direct(self, centre, letter):
        return order.engine_of(Centre.objects.get(id=centre)).desk.answer(letter)

    def allow(self):
        text = public_text(self.key.public_key())
        return services.allow(voucher_id=self.voucher.id, holder_key=text, by=self.by, now=self.at)

    def move(self, **by):
        self.at += timedelta(**by)
        for both in self.both.values():
            both.paper.tick(timedelta(**by).total_seconds())

    def step(self):
        """Let everything that runs by itself run once."""
        services.tend_all(now=self.at)
        for both in self.both.values():
            both.agent.step()
        services.hear_all(now=self.at)
        for row in Order.objects.filter(state__in=[State.HELD, State.SUBMITTED], engine_job=""):
            with suppress(UnableToReachEngine):
                order.submit(order_id=row.id, now=self.at)  # as each order's own task does
        order.watch_all(now=self.at)
        metering.collect_all(now=self.at)

    def settle(self, times=4, **by):
        for _ in range(times):
            self.move(**(by or {"seconds": 1}))
            self.step()

    def lease(self, centre=CENTRE):
        return queries.open_lease(self.voucher.id, centre)

    def wish(self, lease, *, units=2, seconds=60, key=None, **given):
        made = Wish(
            nonce=given.pop("nonce", None) or new_id(), lease=lease, title=given.pop("title", "local"), units=units,
            resource_class=given.pop("resource_class", CLASS), memory_mib=64, time_limit_ms=seconds * 1000,
            command=("true",), files={"a.sh": "echo 1"},
        )  # fmt: skip
        return seal(made.to_json(), key or self.key)

    def submit(self, wish, centre=CENTRE):
        both = self.both[centre]
        return leases.admit_job(both.agent.line, both.agent.spool, wish, self.at)

    def standing(self, centre=CENTRE):
        both = self.both[centre]
        return leases.standing(both.agent.line, both.agent.spool)
