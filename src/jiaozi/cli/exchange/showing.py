"""What a clearing says: the machine's form of it, and its tables."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jiaozi.exchange.rules import Book, Clearing, Code, say
from jiaozi.kernel.fen import yuan

_SHOWN = 40


def body(book: Book, found: Clearing) -> dict[str, Any]:
    """Give the machine's form of a clearing; amounts in fen, quantities in lots."""
    price = found.price_of()
    return {
        "session": found.session,
        "book_digest": book.digest(),
        "digest": found.digest(),
        "welfare_fen": found.welfare_fen,
        "bound_fen": found.bound_fen,
        "gap_ppm": found.gap_ppm,
        "finished": found.finished,
        "cleared": [{**each._asdict(), "gap_ppm": each.gap_ppm} for each in found.cleared],
        "prices": [
            {**each.product._asdict(), "price_fen": each.price_fen, "bought": each.bought, "sold": each.sold}
            for each in found.prices
        ],
        "flows": [each._asdict() for each in found.flows],
        "orders": [
            {
                "id": each.id,
                "accepted": found.accepted.get(each.id, 0),
                "price_fen": price.get(each.product),
                "code": found.why[each.id].value,
                **_said(found.why[each.id], price.get(each.product), each.limit_fen),
            }
            for each in book.orders
        ],
        "market_power": [
            {
                **each.product._asdict(),
                "sellers": list(each.sellers),
                "share_ppm": each.share_ppm,
                "hhi": each.hhi,
                "pivotal": each.pivotal,
            }
            for each in found.powers
        ],
        "related_trades": [
            {**each.product._asdict(), "buyer": each.buyer, "seller": each.seller, "lots": each.lots}
            for each in found.related_trades
        ],
    }


def _said(code: Code, price_fen: int | None, limit_fen: int) -> dict[str, str]:
    label = say(code, price_fen=price_fen, limit_fen=limit_fen)
    return {"zh": label.zh, "en": label.en}


def show(book: Book, found: Clearing, console: Console) -> None:
    """Print the sums, the prices, the flows, the orders with their reasons, and what is flagged."""
    console.print(
        f"{escape(found.session)}: 福利 welfare {yuan(found.welfare_fen)} · 上界 bound {yuan(found.bound_fen)} · "
        f"差距 gap {found.gap_ppm} ppm" + ("" if found.finished else " · 搜索步数用尽 out of steps")
    )
    console.print(_prices(found))
    if found.flows:
        console.print(_flows(found))
    console.print(_orders(book, found))
    for code in sorted(set(found.why.values())):
        console.print(f"{code.value}: {escape(str(say(code)))}")
    if len(book.orders) > _SHOWN:
        console.print(f"… {len(book.orders) - _SHOWN:,} 笔未列 more orders (--json)")
    for power in found.powers[:_SHOWN]:
        where = " ".join(power.product)
        sellers = "、".join(power.sellers)
        console.print(
            f"[yellow]![/] 市场力 market power {escape(where)}: {escape(sellers)}: {escape(str(power.label))}"
        )
    for trade in found.related_trades[:_SHOWN]:
        where = " ".join(trade.product)
        console.print(
            f"[yellow]![/] 关联成交 related trade {escape(where)}: {escape(trade.seller)} → {escape(trade.buyer)}, "
            f"{trade.lots:,}"
        )
    console.print(f"digest {found.digest()}")


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading.removeprefix(">"), justify="right" if heading.startswith(">") else "left")
    return table


def _prices(found: Clearing) -> Table:
    table = _table(
        "出清价 prices", "资源类 class", "时段 period", "枢纽 hub", ">价格 price", ">买入 bought", ">卖出 sold"
    )
    for each in found.prices[:_SHOWN]:
        names = (escape(part) for part in each.product)
        table.add_row(*names, yuan(each.price_fen), f"{each.bought:,}", f"{each.sold:,}")
    return table


def _flows(found: Clearing) -> Table:
    table = _table("跨枢纽 flows", "资源类 class", "时段 period", "自 from", "至 to", ">数量 lots", ">链路费 rent")
    for each in found.flows[:_SHOWN]:
        table.add_row(*(escape(part) for part in each[:4]), f"{each.lots:,}", yuan(each.rent_fen))
    return table


def _orders(book: Book, found: Clearing) -> Table:
    table = _table(
        "报价 orders",
        "id",
        "",
        "枢纽 hub",
        "时段 period",
        ">数量 lots",
        ">成交 got",
        ">限价 limit",
        ">价格 price",
        "why",
    )
    price = found.price_of()
    # first what asks for an explanation, then in the file's order
    ranked = sorted(book.orders, key=lambda each: not found.why[each.id].would_gain)
    for each in ranked[:_SHOWN]:
        told = price.get(each.product)
        figures = f"{each.quantity:,}", f"{found.accepted.get(each.id, 0):,}", yuan(each.limit_fen)
        names = (each.id, str(each.side.label), each.hub, each.period)
        table.add_row(
            *(escape(name) for name in names), *figures, "-" if told is None else yuan(told), found.why[each.id].value
        )
    return table
