"""``jiaozi exchange``: clear a book from a file (needs no database); the sessions of the house, step by step."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jiaozi.cli.actor import As, actor
from jiaozi.cli.exchange.showing import body, show
from jiaozi.cli.files import text_of
from jiaozi.cli.house import opened
from jiaozi.exchange.rules import UnableToClear, UnableToReadBook, UnableToTrade, clear, read_book, read_object
from jiaozi.kernel import clock
from jiaozi.kernel.period import SHANGHAI
from jiaozi.party.rules import SYSTEM

ID_WIDTH = 36
AsJson = Annotated[bool, typer.Option("--json", help="machine-readable · 机器可读")]
SessionId = Annotated[UUID, typer.Argument(help="the session's id · 场次编号")]

app = typer.Typer(
    no_args_is_help=True,
    help="Clear a book; open, close, clear, settle and replay sessions · 算力交易：开市、截止、出清、结算与重算",
    pretty_exceptions_enable=False,
)


@app.callback()
def exchange() -> None:
    """Clear a book; open, close, clear, settle and replay sessions · 算力交易：开市、截止、出清、结算与重算."""


@app.command("clear")
def clear_command(
    book: Annotated[str, typer.Argument(help="the book as JSON, or a session's id · 报价簿，或场次编号")],
    *,
    by: As = "",
    as_json: AsJson = False,
) -> None:
    """Clear a book from a file, or a closed session of the house: prices, accepted lots, reasons, gap · 出清."""
    if session := _id(book):
        _step("clear", session, by, as_json=as_json)
        return
    path = Path(book)
    try:
        read = read_book(text_of(path))
        found = clear(read)
    except UnableToClear as refused:
        _mistakes(path, refused)
    if as_json:
        typer.echo(json.dumps(body(read, found), ensure_ascii=False))
    else:
        show(read, found, Console(soft_wrap=True, highlight=False))


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _mistakes(path: Path, refused: UnableToClear) -> None:
    for each in refused.problems:
        typer.echo(f"jiaozi: {path.name}: {each.field}: {each.en}\n        {each.zh}", err=True)
    raise typer.Exit(1) from None


@app.command("list")
def list_command(
    *,
    programme: Annotated[str, typer.Option(help="the one that is served without it · 项目")] = "",
    as_json: AsJson = False,
) -> None:
    """List the sessions, the latest first · 列出场次."""
    with opened():
        from django.conf import settings  # noqa: PLC0415 - Django had to be loaded first

        from jiaozi.exchange import queries  # noqa: PLC0415

        rows = queries.sessions(programme or settings.JIAOZI_PROGRAMME)
    if as_json:
        typer.echo(json.dumps([_told(row) for row in rows], ensure_ascii=False))
        return
    table = Table()
    table.add_column("session · 场次", min_width=ID_WIDTH, no_wrap=True)
    for name in ("name · 名称", "state · 状态", "closes · 截止"):
        table.add_column(name)
    for row in rows:
        closes = f"{row.closes_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        table.add_row(str(row.id), escape(row.name), str(row.state.label), closes)
    Console(soft_wrap=True, highlight=False).print(table)


def _told(row: Any) -> dict[str, Any]:
    at = {"opened_at": row.opened_at.isoformat(), "closes_at": row.closes_at.isoformat()}
    return {"id": str(row.id), "name": row.name, "state": str(row.state), **at}


@app.command("open")
def open_command(
    frame: Annotated[Path, typer.Argument(help="a book without orders, as JSON · 场次条款")],
    *,
    closes: Annotated[str, typer.Option(help="when it closes, with its zone: 2026-12-01T18:00+08:00 · 截止时间")],
    by: As,
    programme: Annotated[str, typer.Option(help="the one that is served without it · 项目")] = "",
    as_json: AsJson = False,
) -> None:
    """Open a session: orders come in from now on · 开市."""
    closes_at, terms = _instant(closes), read_object(text_of(frame))
    with opened():
        from django.conf import settings  # noqa: PLC0415 - Django had to be loaded first

        from jiaozi.exchange import services  # noqa: PLC0415

        try:
            row = services.open_session(
                programme=programme or settings.JIAOZI_PROGRAMME,
                frame=terms,
                closes_at=closes_at,
                by=actor(by),
                now=clock.now(),
            )
        except UnableToClear as refused:
            _mistakes(frame, refused)
    _say(row, as_json=as_json)


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = datetime.min  # noqa: DTZ901 - has no zone either, and so is refused below
    if found.tzinfo is None:
        raise UnableToReadBook(
            "VALUE_WRONG",
            "截止时间须带时区，如2026-12-01T18:00+08:00",
            "must be an instant with its zone, like 2026-12-01T18:00+08:00",
            field="--closes",
        )
    return found


@app.command("close")
def close_command(session: SessionId, *, by: As, as_json: AsJson = False) -> None:
    """Close a session at its time: the book is fixed · 截止."""
    _step("close", session, by, as_json=as_json)


@app.command("settle")
def settle_command(session: SessionId, *, by: As, as_json: AsJson = False) -> None:
    """Settle a cleared session through the ledger, all of it or nothing · 结算."""
    _step("settle", session, by, as_json=as_json)


@app.command("void")
def void_command(
    session: SessionId,
    *,
    reason: Annotated[str, typer.Option(help="why nobody trades · 作废理由")],
    by: As,
    as_json: AsJson = False,
) -> None:
    """Void a session that is not settled: every hold goes back · 作废."""
    _step("void", session, by, as_json=as_json, reason=reason)


def _step(verb: str, session: UUID, by: str, *, as_json: bool, **words: str) -> None:
    if not by:
        raise UnableToTrade(
            "NOBODY", "请以 --as operator:姓名 指明由谁办理", "say who does it: --as operator:NAME", field="--as"
        )
    who = actor(by)
    with opened():
        from jiaozi.exchange import services  # noqa: PLC0415 - Django had to be loaded first

        take = getattr(services, f"{verb}_session")
        row = take(session_id=session, by=who, now=clock.now(), **words)
    _say(row, as_json=as_json)


def _say(row: Any, *, as_json: bool) -> None:
    told = {"id": str(row.id), "name": row.name, "state": str(row.state), "closes_at": row.closes_at.isoformat()}
    told |= {"book_digest": row.book_digest, "result_digest": row.result_digest, "gap_ppm": row.gap_ppm}
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for name, value in told.items():
        if value not in {None, ""}:
            typer.echo(f"{name:<14}{value}")


@app.command()
def replay(session: SessionId, *, as_json: AsJson = False) -> None:
    """Clear a session again from what was kept; exit status 1 when anything differs · 重算."""
    with opened():
        from jiaozi.exchange import queries  # noqa: PLC0415 - Django had to be loaded first

        made = queries.replay(session, by=SYSTEM)
    told = {
        "session": str(made.session),
        "book_digest": made.book_digest,
        "digest": made.digest,
        "kept_book_digest": made.kept_book_digest,
        "kept_digest": made.kept_digest,
        "rows_differ": list(made.rows_differ),
        "same": made.same,
    }
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        typer.echo(f"book    {made.book_digest}\nkept    {made.kept_book_digest}")
        typer.echo(f"result  {made.digest}\nkept    {made.kept_digest}")
        for each in made.rows_differ:
            typer.echo(f"✗ {each}")
        typer.echo("一致 · the same, to the bit" if made.same else "不一致 · not the same")
    if not made.same:
        raise typer.Exit(1)
