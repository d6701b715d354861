"""A market on the real database: Chengdu's programme, the catalogue, a few traders with money and capacity."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from jiaozi.exchange import queries, services
from jiaozi.exchange.models import Session
from jiaozi.exchange.queries import reading
from jiaozi.exchange.rules import Block, NewOrder, Side
from jiaozi.exchange.rules.life import SessionState
from jiaozi.party.models import Organisation
from jiaozi.party.rules import SYSTEM, Actor, Role
from tests.world import FINANCE, OPERATOR, PROGRAMME, World, build

HUBS = ("chengyu", "guizhou")
CLASS = "gpu-910b"
AUDITOR = Actor("auditor:sun", Role.AUDITOR)


def named(hubs=HUBS):
    return {"session": "evening", "hubs": list(hubs)}


@dataclass
class Market:
    """Shortcuts: what a person would do, in one line each."""

    world: World
    traders: dict[str, Organisation] = field(default_factory=dict)
    session: Session | None = None

    @property
    def now(self) -> datetime:
        return self.world.now

    @property
    def closes_at(self) -> datetime:
        return self.now + timedelta(hours=1)

    @property
    def later(self) -> datetime:
        return self.now + timedelta(hours=1, minutes=1)

    def trader(self, name: str) -> Organisation:
        if name not in self.traders:
            self.traders[name] = self.world.holder(f"交易方{name}", serial=700 + len(self.traders))
        return self.traders[name]

    def actor(self, name: str) -> Actor:
        return Actor(f"applicant:{name}", Role.APPLICANT, self.trader(name).id)

    def clerk(self, name: str, centre: str = "nscc-chengdu") -> Actor:
        """A centre's clerk, the centre admitted as a trader of the market."""
        services.admit_centre(
            programme=PROGRAMME, centre=centre, party_id=self.trader(name).id, by=OPERATOR, now=self.now
        )
        return Actor(f"centre:{name}", Role.CENTRE, centre=centre)

    def frame(self, *, capacity: int = 100, charge: str = "0.10", periods: int = 2, **terms: object) -> dict:
        first = (self.now + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
        return {
            **named(),
            "periods": [
                {
                    "id": f"h{hour}",
                    "start": (first + hour * timedelta(hours=1)).isoformat(),
                    "end": (first + (hour + 1) * timedelta(hours=1)).isoformat(),
                }
                for hour in range(periods)
            ],
            "classes": [{"resource_class": CLASS, "lot_units": 8}],
            "links": [{"start": "guizhou", "end": "chengyu", "capacity": capacity, "charge": charge}],
            "terms": terms,
        }

    def open(self, **words: object) -> Session:
        self.session = services.open_session(
            programme=PROGRAMME, frame=self.frame(**words), closes_at=self.closes_at, by=OPERATOR, now=self.now
        )
        return self.session

    def money(self, name: str, yuan: int = 10_000) -> None:
        services.deposit(
            programme=PROGRAMME,
            party_id=self.trader(name).id,
            amount_fen=yuan * 100,
            reference=str(uuid4()),
            by=FINANCE,
            now=self.now,
        )

    def block(self, name: str, hub: str = "guizhou", period: int = 0) -> Block:
        start = datetime.fromisoformat(self.frame()["periods"][period]["start"])
        return Block(
            party=self.trader(name).id, hub=hub, resource_class=CLASS, start=start, end=start + timedelta(hours=1)
        )

    def capacity(self, name: str, units: int = 800, hub: str = "guizhou", period: int = 0) -> None:
        services.declare_capacity(
            programme=PROGRAMME,
            block=self.block(name, hub, period),
            units=units,
            reference=str(uuid4()),
            by=OPERATOR,
            now=self.now,
        )

    def enter(self, name: str, *orders: NewOrder) -> list[UUID]:
        return services.enter(session_id=self.session.id, orders=orders, by=self.actor(name), now=self.now)

    def bid(self, name: str, quantity: int, limit_fen: int, minimum: int = 0, *, hub="chengyu", period="h0") -> UUID:
        return self.enter(name, NewOrder(Side.BID, CLASS, hub, period, quantity, limit_fen, minimum))[0]

    def ask(self, name: str, quantity: int, limit_fen: int, minimum: int = 0, *, hub="guizhou", period="h0") -> UUID:
        return self.enter(name, NewOrder(Side.ASK, CLASS, hub, period, quantity, limit_fen, minimum))[0]

    def step(self, *verbs: str, now: datetime | None = None) -> Session:
        for verb in verbs:
            self.session = getattr(services, f"{verb}_session")(
                session_id=self.session.id, by=SYSTEM, now=now or self.later
            )
        return self.session

    def own(self, name: str) -> list[queries.OwnOrder]:
        return queries.own_orders(self.session.id, by=self.actor(name))

    def holding(self, name: str) -> queries.Holding:
        return queries.holding(PROGRAMME, by=self.actor(name))

    def state(self) -> SessionState:
        return SessionState(reading.session(self.session.id).state)


@pytest.fixture
def market(db) -> Market:
    return Market(build())


@pytest.fixture
def busy(market: Market) -> Market:
    """A session with three buyers and two sellers, of which every kind of outcome comes."""
    market.open()
    for name in ("b1", "b2", "b3"):
        market.money(name)
    for name in ("s1", "s2"):
        market.capacity(name)
    market.ask("s1", 30, 1_000)
    market.ask("s2", 40, 1_500, 35)
    market.bid("b1", 25, 3_001)
    market.bid("b2", 20, 2_000)
    market.bid("b3", 5, 900)
    return market
