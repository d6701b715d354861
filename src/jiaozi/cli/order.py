"""``jiaozi order``: the orders of a server elsewhere, from the quote to the log."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jiaozi.cli.server import asked, shown
from jiaozi.client import every
from jiaozi.client.shapes import NewOrder
from jiaozi.kernel.fen import yuan

ID_WIDTH = 36
app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


@app.command("list")
def list_orders(
    context: typer.Context,
    *,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="as many at most · 最多")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="everything as JSON")] = False,
) -> None:
    """List orders, the latest first · 列出订单."""
    with asked(context) as server:
        found = list(islice(every(server.list_orders, limit=min(most, 100)), most))
    if as_json:
        shown(found)
        return
    table = Table()
    table.add_column("order · 订单", min_width=ID_WIDTH, no_wrap=True)
    for name in ("title · 名称", "centre · 中心", "state · 状态", "at most · 最高价", "cost · 实价"):
        table.add_column(name)
    for each in found:
        cost = yuan(each["price_fen"]) if each["price_fen"] is not None else "-"
        table.add_row(each["id"], escape(each["title"]), each["centre"], each["state"], yuan(each["most_fen"]), cost)
    Console(soft_wrap=True, highlight=False).print(table)


@app.command()
def place(
    context: typer.Context,
    command: Annotated[list[str], typer.Argument(help="the program and its arguments, after -- · 命令")],
    *,
    voucher: Annotated[str, typer.Option(help="who pays its share · 算力券")],
    centre: Annotated[str, typer.Option(help="where; dispatch's best place without it · 算力中心")] = "",
    resource: Annotated[str, typer.Option(help="which kind of compute · 资源")] = "cpu-core",
    units: Annotated[int, typer.Option(min=1)] = 1,
    memory_mib: Annotated[int, typer.Option(min=1)] = 1024,
    minutes: Annotated[int, typer.Option(min=1, help="the time limit, which the hold covers · 时限")] = 60,
    title: str = "jiaozi order place",
    hold: Annotated[bool, typer.Option(help="place it; --no-hold only quotes · 下单")] = True,
) -> None:
    """Price a job at a centre, and place it · 报价并下单."""
    wanted: NewOrder = {
        "voucher": voucher,
        "title": title,
        "centre": centre,
        "resource_class": resource,
        "units": units,
        "memory_mib": memory_mib,
        "time_limit_ms": minutes * 60_000,
        "command": command,
    }
    with asked(context) as server:
        quoted = server.quote_order(wanted)
        shown(server.hold_order(quoted["id"]) if hold else quoted)


@app.command()
def show(context: typer.Context, order: str) -> None:
    """Show where an order stands and what it costs · 查看订单."""
    with asked(context) as server:
        shown(server.get_order(order))


@app.command()
def cancel(context: typer.Context, order: str) -> None:
    """Cancel an order · 取消订单."""
    with asked(context) as server:
        shown(server.cancel_order(order))


@app.command()
def log(context: typer.Context, order: str) -> None:
    """Print the end of a job's log · 查看日志."""
    with asked(context) as server:
        typer.echo(server.get_order_log(order)["text"])
