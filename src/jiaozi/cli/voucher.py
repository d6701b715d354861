"""``jiaozi voucher``: the vouchers of a server elsewhere."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jiaozi.cli.server import asked, shown
from jiaozi.client import every
from jiaozi.kernel.fen import yuan

ID_WIDTH = 36
app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
AsJson = Annotated[bool, typer.Option("--json", help="everything as JSON")]


@app.command("list")
def list_vouchers(
    context: typer.Context,
    *,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="as many at most · 最多")] = 50,
    as_json: AsJson = False,
) -> None:
    """List vouchers, the latest first · 列出算力券."""
    with asked(context) as server:
        found = list(islice(every(server.list_vouchers, limit=min(most, 100)), most))
    if as_json:
        shown(found)
        return
    table = Table()
    table.add_column("voucher · 算力券", min_width=ID_WIDTH, no_wrap=True)
    for name in ("holder · 持券人", "state · 状态", "face · 面额", "left · 可用", "until · 有效至"):
        table.add_column(name)
    for each in found:
        amounts = (yuan(each["face_fen"]), yuan(each["spendable_fen"]))
        table.add_row(each["id"], escape(each["holder_name"]), each["state"], *amounts, each["valid_until"])
    Console(soft_wrap=True, highlight=False).print(table)


@app.command()
def show(context: typer.Context, voucher: str) -> None:
    """Show one voucher with what is left of it · 查看一张算力券."""
    with asked(context) as server:
        shown(server.get_voucher(voucher))


@app.command()
def quota(
    context: typer.Context,
    voucher: str,
    *,
    end: Annotated[bool, typer.Option("--end", help="take what is left of an ended voucher's · 收回余量")] = False,
) -> None:
    """Show what is left of a voucher's quota in kind, or end it · 卡时配额."""
    with asked(context) as server:
        shown(server.end_voucher_quota(voucher) if end else server.get_voucher_quota(voucher))


@app.command()
def statement(context: typer.Context, voucher: str) -> None:
    """Show a voucher's statement of account · 算力券流水."""
    with asked(context) as server:
        shown(server.get_voucher_statement(voucher))
