"""How the year's figures divide its ceiling into parts that lie end to end and add up to it."""

from __future__ import annotations

from dataclasses import dataclass

from jiaozi.kernel.label import Label
from jiaozi.transparency.queries import OpenYear

BAR_WIDTH = 10_000
SEEN_WIDTH_MIN = 120
"""A part that isn't zero is at least so wide, some pixels on any screen, and takes it from the widest."""


@dataclass(frozen=True, slots=True)
class Portion:
    """One part of the bar: ``x`` and ``width`` in ten-thousandths of it."""

    key: str
    label: Label
    hint: Label
    amount_fen: int
    x: int
    width: int


_PARTS = {
    "settled": (Label("已结算", "Settled"), Label("已从备用金支付给算力中心", "paid to the centres from the reserve")),
    "used": (Label("已核销待结算", "Used, to be settled"), Label("作业已计量并核销", "metered and captured")),
    "held": (Label("冻结中", "Held"), Label("为进行中的订单冻结", "held for orders under way")),
    "spendable": (Label("持券人可用", "With holders"), Label("已发放，尚未使用", "issued and not spent yet")),
    "ended": (Label("已失效", "Ended"), Label("过期、作废或撤销", "lapsed, cancelled or revoked")),
    "unissued": (Label("未发放", "Not issued"), Label("上限之内的余额", "what is left under the ceiling")),
}


def portions(figures: OpenYear, ceiling_fen: int) -> list[Portion]:
    """Divide the ceiling, the year's cap or its budget, into its parts."""
    amounts = {
        "settled": figures.settled_fen,
        "used": figures.used_fen - figures.settled_fen,
        "held": figures.held_fen,
        "spendable": figures.spendable_fen,
        "ended": figures.ended_fen,
        "unissued": max(0, ceiling_fen - figures.issued_fen),
    }
    found, x = [], 0
    for (key, (label, hint)), width in zip(_PARTS.items(), widths(list(amounts.values())), strict=True):
        found.append(Portion(key, label, hint, amounts[key], x, width))
        x += width
    return found


def widths(amounts_fen: list[int]) -> list[int]:
    """Give each amount its width; together they fill the bar.

    >>> widths([1, 0, 999_999])
    [120, 0, 9880]
    """
    whole_fen = sum(amounts_fen)
    if not whole_fen:
        return [0 for _ in amounts_fen]
    found = [max(SEEN_WIDTH_MIN, fen * BAR_WIDTH // whole_fen) if fen else 0 for fen in amounts_fen]
    found[found.index(max(found))] += BAR_WIDTH - sum(found)
    return found
