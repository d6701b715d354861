"""One session for the pages to show: two hubs, two hours, a holder that bids and a centre that offers for a firm."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from jiaozi.exchange import services as exchange
from jiaozi.exchange.models import Session
from jiaozi.exchange.rules import Block, NewOrder, Side
from jiaozi.party.rules import SYSTEM, Actor, Role
from tests.world import CENTRE, FINANCE, OPERATOR, PROGRAMME

CLASS = "gpu-910b"


def opened(world: Any, buyer: Any, seller: Any) -> Session:
    """Open a session, with money and capacity behind both sides, and enter their orders."""
    now = world.now - timedelta(hours=3)
    first = (world.now + timedelta(hours=6)).replace(minute=0, second=0, microsecond=0)
    periods = [(f"h{hour}", first + timedelta(hours=hour), first + timedelta(hours=hour + 1)) for hour in range(2)]
    frame = {
        "session": "晚间场次",
        "hubs": ["chengyu", "guizhou"],
        "periods": [{"id": id_, "start": start.isoformat(), "end": end.isoformat()} for id_, start, end in periods],
        "classes": [{"resource_class": CLASS, "lot_units": 8}],
        "links": [{"start": "guizhou", "end": "chengyu", "capacity": 20, "charge": "0.60"}],
    }
    row = exchange.open_session(
        programme=PROGRAMME, frame=frame, closes_at=world.now - timedelta(hours=1), by=OPERATOR, now=now
    )
    money = {"programme": PROGRAMME, "party_id": buyer.id, "amount_fen": 10_000_000}
    exchange.deposit(**money, reference="D1", by=FINANCE, now=now)
    exchange.admit_centre(programme=PROGRAMME, centre=CENTRE, party_id=seller.id, by=OPERATOR, now=now)
    for number, (_, start, end) in enumerate(periods):
        block = Block(party=seller.id, hub="guizhou", resource_class=CLASS, start=start, end=end)
        exchange.declare_capacity(
            programme=PROGRAMME, block=block, units=400, reference=f"C{number}", by=OPERATOR, now=now
        )
    asks = [
        NewOrder(Side.ASK, CLASS, "guizhou", "h0", 10, 6_000),
        NewOrder(Side.ASK, CLASS, "guizhou", "h0", 12, 6_900, 12),
        NewOrder(Side.ASK, CLASS, "guizhou", "h1", 8, 7_000),
    ]
    bids = [NewOrder(Side.BID, CLASS, "chengyu", "h0", 15, 9_000), NewOrder(Side.BID, CLASS, "chengyu", "h1", 6, 8_000)]
    for party, orders in ((seller, asks), (buyer, bids)):
        who = Actor(f"applicant:{party.id.hex[:8]}", Role.APPLICANT, party.id)
        exchange.enter(session_id=row.id, orders=orders, by=who, now=now)
    return row


def traded(world: Any, buyer: Any, seller: Any) -> Session:
    """Have a session closed, cleared and settled."""
    row = opened(world, buyer, seller)
    for step in ("close", "clear", "settle"):
        getattr(exchange, f"{step}_session")(session_id=row.id, by=SYSTEM, now=world.now)
    return row
