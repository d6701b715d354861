"""Why an order got what it got, in words that tell nothing of any other order."""

from __future__ import annotations

from enum import StrEnum

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label


class Code(StrEnum):
    """Why an order got what it got; those that begin with MINIMUM would gain at the price and are left out."""

    WHOLE = "WHOLE"
    MARGIN = "MARGIN"
    PRICE = "PRICE"
    NO_TRADE = "NO_TRADE"
    MINIMUM_LOSS = "MINIMUM_LOSS"
    MINIMUM_WORSE = "MINIMUM_WORSE"
    MINIMUM = "MINIMUM"

    @property
    def would_gain(self) -> bool:
        """Whether the order is left out though the price suits it."""
        return self.value.startswith("MINIMUM")


_SAID = {
    Code.WHOLE: Label("全部成交", "accepted whole"),
    Code.MARGIN: Label(
        "限价等于出清价：余量按数量比例分配", "its limit is the price: what is left there is shared pro rata"
    ),
    Code.PRICE: Label("限价未达出清价", "the price did not reach its limit"),
    Code.NO_TRADE: Label("该产品无成交", "nothing of the product was traded"),
    Code.MINIMUM_LOSS: Label(
        "价格合适但未成交：若须满足其最小成交量，则不存在人人不亏的价格",
        "left out though the price suits it: with its minimum no price is left at which no accepted order loses",
    ),
    Code.MINIMUM_WORSE: Label(
        "价格合适但未成交：满足其最小成交量会挤出更有价值的交易",
        "left out though the price suits it: its minimum would push out trade that is worth more",
    ),
    Code.MINIMUM: Label(
        "价格合适但未成交：最小成交量无法满足（同类报价过多，未逐笔试算）",
        "left out though the price suits it: its minimum can't be met; too many are alike to try each",
    ),
}


def say(code: Code, *, price_fen: int | None = None, limit_fen: int | None = None) -> Label:
    """Say a code, with the public price and the order's own limit where they are given."""
    said = _SAID[code]
    if price_fen is None or limit_fen is None or code is Code.WHOLE:
        return said
    return Label(
        f"{said.zh}（出清价{yuan(price_fen)}，限价{yuan(limit_fen)}）",
        f"{said.en} (price {yuan(price_fen)}, limit {yuan(limit_fen)})",
    )
