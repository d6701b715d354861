"""Centres and hubs trade spare capacity: a session a month, then yesterday's is settled and today's takes offers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.table import Table

from jiaozi.cli.demo.cast import FINANCE, OFFICER, OPERATOR, Stage
from jiaozi.cli.demo.names import CENTRES, PROGRAMME
from jiaozi.exchange import queries
from jiaozi.exchange import services as exchange
from jiaozi.exchange.models import Schedule, Session
from jiaozi.exchange.rules import Block, NewOrder, Side, next_close
from jiaozi.exchange.services.scheduling import Times
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.period import local_date, start_of_day
from jiaozi.party import services as party
from jiaozi.party.rules import SYSTEM, Actor, HolderClass, Registration, Role

CLASS, LOT, HOURS = "gpu-910b", 8, 8
TIMES = Times(opens_minute=540, closes_minute=1_080, days_ahead=1, first_minute=480, period_minutes=60, periods=HOURS)
FRAME: dict[str, Any] = {
    "hubs": ["chengyu", "guizhou", "neimenggu"],
    "classes": [{"resource_class": CLASS, "lot_units": LOT}],
    "links": [
        {"start": "guizhou", "end": "chengyu", "capacity": 30, "charge": "1.20"},
        {"start": "neimenggu", "end": "chengyu", "capacity": 12, "charge": "2.50"},
    ],
}
_SELLERS = (
    ("演示·成都超算运营公司", "91510100MAEXCH01AT", "chengyu", 20, 6_900),
    ("演示·成都智算运营公司", "91510100MAEXCH02AU", "chengyu", 16, 7_200),
    ("演示·贵州算力公司", "91520100MAEXCH03A1", "guizhou", 40, 4_800),
    ("演示·内蒙古算力公司", "91150100MAEXCH04AK", "neimenggu", 40, 4_100),
)
_DEPOSIT_FEN = 5_000_000
_BUYERS = 3
_BLOCK_HOURS = 8


def act(stage: Stage, console: Console) -> None:
    """Trade a day's hours, settle them, and leave the next session open."""
    sellers = stage.sellers or _admit(stage, stage.now)
    schedule = exchange.set_schedule(
        programme=PROGRAMME, name="演示·次日八时段", frame=FRAME, times=TIMES, by=OPERATOR, now=stage.now
    )
    closes = next_close(TIMES.closes_minute, stage.now)
    opened = closes - timedelta(days=1, hours=9)
    past = _open(schedule, closes - timedelta(days=1), opened)
    buyers = _deposited(stage, opened)
    _trade(past, sellers, buyers, opened)
    _end(past, stage.now)
    coming = _open(schedule, closes, stage.now)
    _trade(coming, sellers[:1], buyers[1:], stage.now)
    _show(past, coming, console)


def note(stage: Stage) -> None:
    """Note a session in the middle of every month, for one block of hours."""
    for number, whole in enumerate(stage.diary.months()):
        opens = stage.diary.on(whole.first + timedelta(days=14))
        stage.diary.note(opens, partial(_hold, stage, number))


def _hold(stage: Stage, number: int, at: datetime) -> None:
    """Hold one session from its opening to its settlement, what is asked for it a little different each time."""
    sellers = stage.sellers or _admit(stage, at)
    closes = start_of_day(local_date(at)) + timedelta(minutes=TIMES.closes_minute)
    frame = _frame(f"演示·月度{local_date(at):%Y-%m}", closes, 1, _BLOCK_HOURS)
    row = exchange.open_session(programme=PROGRAMME, frame=frame, closes_at=closes, by=SYSTEM, now=at)
    _trade(row, sellers, _deposited(stage, at), at + timedelta(hours=1), 90 * (number * 5 % 7))
    _end(row, closes)


def _deposited(stage: Stage, at: datetime) -> list[UUID]:
    """Give who buys, each with a deposit for this session."""
    buyers = [row.id for row in stage.shown_holders()[:_BUYERS]]
    for number, buyer in enumerate(buyers):
        exchange.deposit(
            programme=PROGRAMME,
            party_id=buyer,
            amount_fen=_DEPOSIT_FEN,
            reference=f"DEMO-{local_date(at)}-{number + 1}",
            by=FINANCE,
            now=at,
        )
    return buyers


def _end(row: Session, now: datetime) -> None:
    for step in ("close", "clear", "settle"):
        getattr(exchange, f"{step}_session")(session_id=row.id, by=SYSTEM, now=now)


def _admit(stage: Stage, at: datetime) -> list[UUID]:
    """Register who sells, and say which of them the two centres trade as."""
    found: list[UUID] = []
    for name, uscc, *_ in _SELLERS:
        registration = Registration(name=name, holder_class=HolderClass.TECH_SME, uscc=uscc)
        found.append(party.register(registration=registration, by=OFFICER, now=at).id)
    for centre, seller in zip(CENTRES, found, strict=False):
        exchange.admit_centre(programme=PROGRAMME, centre=centre, party_id=seller, by=OPERATOR, now=at)
    stage.sellers = found
    return found


def _open(schedule: Schedule, closes: datetime, now: datetime) -> Session:
    """Open the session that the schedule would have opened for that day, under the id that it would have."""
    day = local_date(closes)
    return exchange.open_session(
        programme=PROGRAMME,
        frame=_frame(f"{schedule.name} {day}", closes, HOURS),
        closes_at=closes,
        schedule=schedule,
        id_=named_id("exchange.session", schedule.id, day),
        by=SYSTEM,
        now=now,
    )


def _frame(name: str, closes: datetime, periods: int, hours: int = 1) -> dict[str, Any]:
    """Give the frame of a session whose periods are those of the day after it closes, each of so many hours."""
    first = start_of_day(local_date(closes) + timedelta(days=TIMES.days_ahead)) + timedelta(minutes=TIMES.first_minute)
    starts = [first + timedelta(hours=hours * number) for number in range(periods)]
    blocks = [
        {"id": f"h{number}", "start": start.isoformat(), "end": (start + timedelta(hours=hours)).isoformat()}
        for number, start in enumerate(starts)
    ]
    return {**FRAME, "session": name, "periods": blocks}


def _trade(row: Session, sellers: list[UUID], buyers: list[UUID], now: datetime, dearer_fen: int = 0) -> None:
    hours = len(row.frame["periods"])
    for number, seller in enumerate(sellers):
        _, _, hub, lots, limit_fen = _SELLERS[number]
        for hour, period in enumerate(row.frame["periods"]):
            start, end = (datetime.fromisoformat(period[edge]) for edge in ("start", "end"))
            block = Block(party=seller, hub=hub, resource_class=CLASS, start=start, end=end)
            exchange.declare_capacity(
                programme=PROGRAMME,
                block=block,
                units=lots * LOT,
                reference=f"{row.name}/{number}/{hour}",
                by=OPERATOR,
                now=now,
            )
        _enter(row, seller, _asks(hub, lots, limit_fen + dearer_fen, hours), now)
    for number, buyer in enumerate(buyers):
        _enter(row, buyer, _bids(number, hours), now)


def _asks(hub: str, lots: int, limit_fen: int, hours: int) -> Iterator[NewOrder]:
    """Offer half at a low limit and a quarter above it, dearer towards noon; one block that is all or nothing."""
    for hour in range(hours):
        dearer = limit_fen + 150 * min(hour, HOURS - hour)
        yield NewOrder(Side.ASK, CLASS, hub, f"h{hour}", lots // 2, dearer)
        yield NewOrder(Side.ASK, CLASS, hub, f"h{hour}", lots // 4, dearer + 600)
        if hour % 2:
            yield NewOrder(Side.ASK, CLASS, hub, f"h{hour}", lots // 4, dearer + 250, lots // 4)


def _bids(number: int, hours: int) -> Iterator[NewOrder]:
    """Bid for more towards noon, each buyer a little lower than the one before."""
    for hour in range(hours):
        lots = 8 + 3 * min(hour, HOURS - hour) - 2 * number
        yield NewOrder(Side.BID, CLASS, "chengyu", f"h{hour}", max(2, lots), 9_800 - 700 * number - 60 * hour)


def _enter(row: Session, trader: UUID, orders: Iterator[NewOrder], now: datetime) -> None:
    who = Actor(f"demo:{trader.hex[:12]}", Role.APPLICANT, trader)
    exchange.enter(session_id=row.id, orders=list(orders), by=who, now=now)


def _show(past: Session, coming: Session, console: Console) -> None:
    found = queries.result(past.id)
    table = Table(title=f"算力交易 · exchange：{found.name}（演示 demo）", title_justify="left")
    for heading in ("时段 period", *found.book.hubs):
        table.add_column(heading, justify="right")
    told = {(each.product.period, each.product.hub): each for each in found.prices}
    for period in found.book.periods:
        cells = [told.get((period.id, hub)) for hub in found.book.hubs]
        table.add_row(period.id, *(f"{yuan(each.price_fen)} × {each.sold}" if each else "—" for each in cells))
    console.print(table)
    same = queries.replay(past.id, by=SYSTEM).same
    console.print(
        f"  元/手 × 卖出手数 CNY a lot × lots sold · 重算 replay {'一致 same' if same else '不一致 DIFFERS'} · "
        f"下一场 next: {coming.name}"
    )
