"""A voucher world with an engine that the test moves: orders are held, run and ended without a real job."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from jiaozi.metering import services as metering
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.ports import JobOutcome, JobState, JobStatus, UsageRecord
from jiaozi.order.services.engines import _engine
from jiaozi.party.models import Organisation
from jiaozi.voucher.models import Voucher
from tests.metering import fake_engine
from tests.metering.fake_engine import FakeEngine
from tests.world import CENTRE, World, build

NOW = datetime(2023, 6, 1, 2, tzinfo=UTC)


@dataclass
class Scene:
    """A world, one holder with a voucher and credit, and the engines of the centres."""

    world: World
    holder: Organisation
    voucher: Voucher
    serial: int = field(default=100)

    @property
    def now(self) -> datetime:
        return self.world.now

    def engine(self, centre: str = CENTRE) -> FakeEngine:
        return fake_engine.ENGINES.setdefault(centre, FakeEngine())

    def another(self, cost: str = "30万", **facts) -> Voucher:
        """A voucher of another holder, with credit."""
        self.serial += 1
        holder = self.world.holder(f"企业{self.serial}", serial=self.serial, **facts)
        self.world.credit(holder)
        return self.world.voucher(holder, cost)

    def started(self, voucher: Voucher | None = None, **asked) -> Order:
        """A held order, handed over."""
        row = self.world.held(voucher or self.voucher, **asked)
        assert row.state == "HELD", row.reason_en
        return order.submit(order_id=row.id, now=self.now)

    def end(self, row: Order, *, ran: bool = True, outcome: JobOutcome = JobOutcome.SUCCEEDED, seconds=30) -> Order:
        """The engine says that the job has ended."""
        engine = self.engine(row.centre_id)
        engine.jobs[row.id] = JobStatus(
            order_id=row.id,
            engine_job=str(row.id),
            state=JobState.ENDED,
            submitted_at=self.now,
            outcome=outcome,
            started_at=self.now if ran else None,
            ended_at=self.now + timedelta(seconds=seconds),
        )
        order.watch(centre=row.centre_id, now=self.now)
        row.refresh_from_db()
        return row

    def record(self, row: Order, *, elapsed_ms: int = 30_000, name: str = "", units: int | None = None, **said):
        """What the engine metered for an order."""
        words = {
            "record_id": f"fake:{row.id}{name}",
            "order_id": row.id,
            "resource_class": row.resource_class_id,
            "units": row.units if units is None else units,
            "started_at": self.now,
            "ended_at": self.now + timedelta(milliseconds=max(elapsed_ms, 0)),
            "elapsed_ms": elapsed_ms,
            "outcome": JobOutcome.SUCCEEDED,
        }
        return UsageRecord(**{**words, **said})

    def ran(self, voucher: Voucher | None = None, *, elapsed_ms: int = 30_000, **asked) -> Order:
        """An order whose job has ended and whose usage the engine has."""
        row = self.started(voucher, **asked)
        self.engine(row.centre_id).records.append(self.record(row, elapsed_ms=elapsed_ms))
        return self.end(row)

    def collect(self, centre: str = CENTRE, now: datetime | None = None):
        """Read a centre when the last of its runs is over."""
        ends = [record.ended_at for record in self.engine(centre).records]
        return metering.collect(centre=centre, now=now or max([self.now, *ends]))


@pytest.fixture
def fakes(settings):
    """Every engine name leads to the fake one, empty at the start."""
    fake_engine.ENGINES.clear()
    _engine.cache_clear()
    settings.JIAOZI_ENGINES = {"process": "tests.metering.fake_engine"}
    settings.JIAOZI_ENGINE_OPTIONS = {"tests.metering.fake_engine": {"centre": "{centre}"}}
    yield
    _engine.cache_clear()


def make_scene() -> Scene:
    world = build(NOW)
    holder = world.holder("样例科技")
    world.credit(holder)
    return Scene(world, holder, world.voucher(holder))


@pytest.fixture
def scene(db, fakes) -> Scene:
    return make_scene()


@pytest.fixture
def committed(fresh_database, fakes) -> Scene:
    """The same in a database of its own, where threads see each other's commits."""
    return make_scene()
