"""``jiaozi statement``: what a centre is owed, listed, and given out as CSV, Excel, FOCUS or the PDF that is signed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jiaozi.cli.actor import As, actor
from jiaozi.cli.house import opened
from jiaozi.kernel import clock
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.refusal import Refused

app = typer.Typer(no_args_is_help=True, help="Statements · 结算单: list, export", pretty_exceptions_enable=False)
_FORMS = ("csv", "xlsx", "pdf", "focus")


class UnableToExport(Refused):
    """The form is unknown, or the file can't be written."""


@app.command("list")
def list_statements(
    *,
    programme: Annotated[str, typer.Option("--programme", help="whose statements")],
    centre: Annotated[str, typer.Option("--centre", help="one centre's only")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
) -> None:
    """Show a programme's statements, latest first · 列出结算单."""
    table = Table(title="结算单 · statements", title_justify="left")
    for name in ("id", "编号 number", "中心 centre", "结算期 from", "状态 state"):
        table.add_column(name, overflow="fold")
    table.add_column("应付（元） due", justify="right")
    with opened():
        from jiaozi.settlement import queries  # noqa: PLC0415 - models may load only in an open house
        from jiaozi.settlement.rules import State  # noqa: PLC0415

        for row in queries.statements(programme, centre=centre, limit=limit):
            state = str(State(row.state).label)
            table.add_row(
                str(row.id), row.number, escape(row.centre.name_zh), str(row.first), state, yuan(row.total_fen)
            )
    Console(soft_wrap=True, highlight=False).print(table)


@app.command()
def export(
    statement: Annotated[UUID, typer.Argument(help="the statement's id")],
    *,
    form: Annotated[str, typer.Option("--format", help="csv, xlsx, pdf or focus")],
    output: Annotated[Path, typer.Option("-o", "--output", help="the file to write")],
) -> None:
    """Give a statement out; the same statement is always the same bytes · 导出结算单."""
    if form not in _FORMS:
        there = ", ".join(_FORMS)
        raise UnableToExport("FORM_UNKNOWN", f"须为{there}之一", f"must be one of {there}", field="--format")
    with opened():
        from jiaozi.settlement import queries  # noqa: PLC0415

        content = queries.export(statement, queries.ExportForm(form))
    _write(output, content)
    typer.echo(f"{output}: {len(content):,} bytes")


@app.command()
def blocked(statement: Annotated[UUID, typer.Argument(help="the statement's id")]) -> None:
    """Show which lines can't be matched or paid, and why; exit status 1 when there are any · 受阻明细."""
    with opened():
        from jiaozi.settlement import queries  # noqa: PLC0415

        queries.statement(statement)
        found = queries.blocked(statement)
    for reference, standing in found:
        typer.echo(f"{reference}  {standing.id}  {standing.state.label}: {standing.kind.label}")
        typer.echo(f"    {standing.reason.zh}\n    {standing.reason.en}")
    if found:
        raise typer.Exit(1)
    typer.echo("没有受阻的明细 · no line is blocked")


@app.command()
def clear(
    alert: Annotated[UUID, typer.Argument(help="the alert's id, as `jiaozi statement blocked` gives it")],
    *,
    confirmed: Annotated[bool, typer.Option("--confirm/--dismiss", help="what it says is so, or is not")],
    reason: Annotated[str, typer.Option("--reason", help="why; kept")],
    by: As,
) -> None:
    """Resolve what blocks a line, once, with a reason: dismissed, the line goes on · 处理受阻明细."""
    with opened():
        from jiaozi.alert import services  # noqa: PLC0415

        row = services.resolve(alert_id=alert, confirmed=confirmed, reason=reason, by=actor(by), now=clock.now())
    typer.echo(f"{row.state}")


def _write(path: Path, content: bytes) -> None:
    """Write the whole file or nothing: beside it first, then in its place."""
    beside = ""
    try:
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".jiaozi-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(beside).chmod(0o640)
        Path(beside).replace(path)
    except OSError as wrong:
        if beside:
            Path(beside).unlink(missing_ok=True)
        why = wrong.strerror or str(wrong)
        raise UnableToExport(
            "FILE_UNWRITABLE", f"无法写入{path}：{why}", f"can't write {path}: {why}", field="-o"
        ) from wrong
