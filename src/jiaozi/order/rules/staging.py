"""An order's data on its way: states of a file, when it is tried again, and what its movement costs."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from jiaozi.catalogue.rules import movement_fen
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.order.rules.life import State
from jiaozi.order.rules.quoting import Quote, voucher_share

ATTEMPTS_MAX = 8
"""How often in a row a file is tried without getting any further before its movement has failed."""
_AGAIN = timedelta(seconds=5)
_AGAIN_MAX = timedelta(minutes=5)


class DataState(StrEnum):
    """Where a file is: not begun, under way, there and verified, given up, or not wanted any more."""

    WAITING = "WAITING"
    MOVING = "MOVING"
    DONE = "DONE"
    FAILED = "FAILED"
    STOPPED = "STOPPED"

    @property
    def label(self) -> Label:
        """Its name on screen."""
        return _LABELS[self]


_LABELS = {
    DataState.WAITING: Label("待传输", "waiting"),
    DataState.MOVING: Label("传输中", "moving"),
    DataState.DONE: Label("已到达并核验", "there and verified"),
    DataState.FAILED: Label("传输失败", "failed"),
    DataState.STOPPED: Label("不再传输", "stopped"),
}

OPEN = (DataState.WAITING, DataState.MOVING)
OVER = (State.ENDED, State.METERED, State.CAPTURED, State.SETTLED)
"""States in which results go back."""
CLOSABLE = (*OVER, State.CANCELLED, State.FAILED)
"""States in which the movement's price may be settled, once nothing is under way any more."""


def moving_quote(price_per_gb_ufen: int, size_bytes: int, ratio: Fraction) -> Quote:
    """Price the movement of so many bytes, rounded up once, and split it as the programme says.

    >>> moving_quote(2_000_000, 2_500_000_000, Fraction(0))
    Quote(most_fen=5, voucher_fen=0, own_fen=5)
    """
    price = movement_fen(price_per_gb_ufen, size_bytes)
    voucher = voucher_share(price, ratio)
    return Quote(most_fen=price, voucher_fen=voucher, own_fen=price - voucher)


def movement_id(order_id: UUID) -> UUID:
    """Name what is held and captured for an order's data movement."""
    return named_id("order.movement", order_id)


def again_at(attempts: int, now: datetime) -> datetime | None:
    """Say when a file is tried again after so many attempts that got no further; None when it has failed.

    >>> again_at(ATTEMPTS_MAX, datetime(2026, 1, 1)) is None
    True
    """
    if attempts >= ATTEMPTS_MAX:
        return None
    wait: timedelta = min(_AGAIN * 2 ** (attempts - 1), _AGAIN_MAX)
    return now + wait


def no_landing() -> Reason:
    """The centre takes no data by URL."""
    return Reason("NO_LANDING", Label("该中心不能接收网址数据", "it takes no data by URL"), field="data_at")


def failed(name: str, why: Reason) -> Reason:
    """Say that an order can't begin because a file can't be moved."""
    return Reason(
        f"DATA_{why.code}",
        Label(f"输入文件{name}未能传入：{why.label.zh}", f"its input {name} could not be moved: {why.label.en}"),
        field=name,
    )
