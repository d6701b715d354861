"""``jiaozi audit``: check that every book balances; exit status 1 and the offending rows when one does not."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jiaozi.cli.house import opened

if TYPE_CHECKING:
    from jiaozi.settlement.queries import Audit

app = typer.Typer(
    help="Check that every book balances; exit status 1 and the offending rows if one does not · 核对全部账目",
    pretty_exceptions_enable=False,
)


@app.command()
def audit(
    as_json: Annotated[bool, typer.Option("--json", help="machine-readable · 机器可读")] = False,
) -> None:
    """Check every invariant of the ledger, vouchers, metering, exchange and settlement · 核对全部账目."""
    with opened():
        from jiaozi.transparency.queries import audit_all  # noqa: PLC0415 - Django had to be loaded first

        found = audit_all()
    if as_json:
        typer.echo(json.dumps(body(found), ensure_ascii=False))
    else:
        show(found, Console(soft_wrap=True, highlight=False))
    if not found.holds:
        raise typer.Exit(1)


def body(found: Audit) -> dict[str, Any]:
    """Give the machine's form of an audit."""
    checked = [
        {"room": each.invariant.room, "invariant": each.invariant.name, "rows": each.rows, "holds": each.holds}
        for each in found.checked
    ]
    listed = {name: [asdict(each) for each in getattr(found, name)] for name in ("findings", "ruled")}
    return {"holds": found.holds, "checked": checked, **listed}


def show(found: Audit, console: Console) -> None:
    """Print what was checked over how many rows, then every offending row."""
    table = Table(title="账目核对 · audit", title_justify="left")
    for heading in ("", "环节 room", "恒等式 invariant"):
        table.add_column(heading)
    table.add_column("行数 rows", justify="right")
    for each in found.checked:
        mark = "[green]✓[/]" if each.holds else "[red]✗[/]"
        table.add_row(mark, each.invariant.room, escape(str(each.invariant.label)), f"{each.rows:,}")
    console.print(table)
    for finding in found.findings:
        console.print(f"[red]✗[/] {escape(finding.invariant)}: {escape(finding.where)}: {escape(finding.found)}")
    for ruled in found.ruled:
        console.print(f"[yellow]○[/] {escape(ruled.invariant)}: {escape(ruled.where)}: {escape(ruled.found)}")
    verdict = "全部成立 · every invariant holds" if found.holds else f"{len(found.findings)} 处不符 · rows are wrong"
    console.print(verdict)
