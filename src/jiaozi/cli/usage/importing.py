"""``jiaozi usage import``: bring a centre's usage in from a file, and show what was captured, held back, disputed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jiaozi.cli.house import opened
from jiaozi.cli.usage import maps
from jiaozi.kernel import clock
from jiaozi.kernel.fen import yuan
from jiaozi.party.rules import Actor, Role

if TYPE_CHECKING:
    from jiaozi.metering.services import Imported

BAD_SHOWN_MAX = 200


def import_file(
    file: Path,
    *,
    centre: Annotated[str, typer.Option("--centre", help="whose usage it is")],
    programme: Annotated[str, typer.Option("--programme", help="whose vouchers pay for what names no order")] = "",
    form: Annotated[str, typer.Option("--format", help="swf, slurm-json, csv or focus")] = "swf",
    account_map: Annotated[Path | None, typer.Option("--accounts", help="YAML: account → voucher id")] = None,
    spread: Annotated[bool, typer.Option("--spread", help="demo only: deal accounts over the active vouchers")] = False,
    class_map: Annotated[
        Path | None, typer.Option("--classes", help="YAML: partition or SKU → resource class, or a list")
    ] = None,
    resource: Annotated[str, typer.Option("--resource", help="resource class of a trace's processors")] = "cpu-core",
    trace: Annotated[str, typer.Option("--trace", help="name of the numbering, where traces number jobs anew")] = "",
    encoding: Annotated[str, typer.Option("--encoding", help="of csv and focus: utf-8 or gb18030")] = "utf-8",
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="import what is right, report each bad line")] = False,
    lang: Annotated[str, typer.Option("--lang", help="zh or en")] = "zh",
) -> None:
    """Import a centre's usage from a file: orders by their holds, all else whole to vouchers · 导入."""
    forms = ("swf", "slurm-json", "csv", "focus")
    if form not in forms:
        there = ", ".join(forms)
        raise maps.UnableToReadAccounts(
            "FORMAT_UNKNOWN",
            f"不支持{form!r}，可用：{there}",
            f"must be one of {there}, not {form!r}",
            field="--format",
        )
    chosen = maps.accounts(account_map, programme=programme, spread=spread, needed=form == "swf")
    classes = maps.classes(class_map)
    console = Console(soft_wrap=True, highlight=False)
    with opened():
        from jiaozi.metering import services as metering  # noqa: PLC0415 - models may load only in an open house
        from jiaozi.metering.rules.admitting import UnableToReadTrace  # noqa: PLC0415
        from jiaozi.metering.rules.entry import Form  # noqa: PLC0415

        began = time.perf_counter()
        try:
            imported = metering.import_file(
                path=file,
                form=Form(form),
                reading=metering.Reading(trace, resource, classes, encoding),
                centre=centre,
                programme=programme,
                accounts=chosen,
                skip_bad=skip_bad,
                by=Actor("operator:cli", Role.OPERATOR),
                now=clock.now(),
            )
        except UnableToReadTrace as refused:
            show_bad(console, file, refused.bad, lang)
            raise
        took_s = time.perf_counter() - began
    show_bad(console, file, imported.bad, lang)
    console.print(summary(imported, took_s))


def show_bad(console: Console, file: Path, bad: Any, lang: str) -> None:
    """Print each line that is none, the first ones of many."""
    for each in bad[:BAD_SHOWN_MAX]:
        console.print(f"[red]✗[/] {escape(str(file))}:{escape(each.in_language(lang))}")
    if len(bad) > BAD_SHOWN_MAX:
        console.print(f"… {len(bad) - BAD_SHOWN_MAX}")


def summary(imported: Imported, took_s: float) -> Table:
    """Put an import into a table: how long it took, what became of the jobs, what it came to."""
    table = Table(title=f"用量导入 · usage import: {took_s:.2f} s", title_justify="left")
    table.add_column("")
    table.add_column("作业 jobs", justify="right")
    table.add_row("读入 · read", f"{imported.jobs:,}")
    table.add_row("核销 · captured", f"{imported.captured:,}")
    for code, count in sorted(imported.held_back.items()):
        table.add_row(f"暂扣 · held back: {code}", f"{count:,}")
    table.add_row("重复 · same again", f"{imported.same:,}")
    table.add_row("争议 · disputed, new", f"{imported.disputes:,}")
    if imported.orders.new or imported.orders.same or imported.orders.disputes:
        table.add_row("订单记录，新 · of orders, new", f"{imported.orders.new:,}")
        table.add_row("　其中暂扣 · of them held back", f"{imported.orders.held_back:,}")
        table.add_row("　重复 · same again", f"{imported.orders.same:,}")
        table.add_row("　争议 · disputed, new", f"{imported.orders.disputes:,}")
        table.add_row("　核销的订单 · orders captured", f"{imported.orders_captured:,}")
    for kind, count in sorted(imported.passed.items()):
        table.add_row(f"未计入 · passed over: {escape(kind)}", f"{count:,}")
    if imported.bad:
        table.add_row("[red]坏行 · bad lines[/]", f"{len(imported.bad):,}")
    table.add_section()
    table.add_row("核时、卡时 · unit-hours captured", f"{imported.core_s // 3600:,}")
    table.add_row("金额 · yuan captured", yuan(imported.price_fen))
    table.add_row("　算力券 · by vouchers", yuan(imported.voucher_fen))
    table.add_row("　自付 · by holders", yuan(imported.own_fen))
    return table
