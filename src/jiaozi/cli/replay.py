"""``jiaozi policy replay``: make past decisions again, each on its own version, and say which come out otherwise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from jiaozi.cli.house import opened
from jiaozi.kernel.refusal import Refused
from jiaozi.policy import rules

_SHOWN_MAX = 50


File = Annotated[Path | None, typer.Argument(help="the document; without it, every decision in the database")]
Stored = Annotated[Path | None, typer.Argument(metavar="DECISION.json", help="what `decide --json` printed")]


class UnableToReplay(Refused):
    """A decision that can't be read, or was made under another text."""


def replay(
    file: Annotated[
        Path | None, typer.Argument(help="the document; without it, every decision in the database")
    ] = None,
    decision: Annotated[
        Path | None, typer.Argument(help="what `decide --json` printed", metavar="DECISION.json")
    ] = None,
    *,
    programme: Annotated[str, typer.Option("--programme", help="one programme's decisions")] = "",
    application: Annotated[UUID | None, typer.Option("--application", help="the decisions on one dossier")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="everything as JSON")] = False,
) -> None:
    """Make past decisions again on their own version; exit status 1 when one comes out otherwise · 复算."""
    if file is not None:
        told = [_of_files(file, decision)]
    else:
        with opened():
            from jiaozi.settlement.queries import replayed  # noqa: PLC0415 - Django had to be loaded first

            told = [
                {"decision": str(one.id), "application": str(one.application), "programme": one.programme,
                 "version": one.version, "step": one.step, "at": one.at.isoformat(), "wrong": [*one.wrong]}
                for one in replayed(programme=programme, application=application)
            ]  # fmt: skip
    wrong = [one for one in told if one["wrong"]]
    if as_json:
        typer.echo(json.dumps({"decisions": len(told), "wrong": wrong}, ensure_ascii=False, indent=2))
    else:
        _show(len(told), wrong)
    if wrong:
        raise typer.Exit(1)


def _of_files(file: Path, path: Path | None) -> dict[str, Any]:
    if path is None:
        raise UnableToReplay(
            "DECISION_MISSING", "请给出决定文件", "name the decision's file too", field="DECISION.json"
        )
    document = rules.load(_text(file))
    try:
        stored = rules.Decision.from_json(json.loads(_text(path)))
    except (ValueError, RecursionError, ValidationError) as unread:
        raise UnableToReplay(
            "DECISION_UNREADABLE",
            "不是 jiaozi policy decide --json 的输出",
            "is not what `jiaozi policy decide --json` prints",
            field=str(path),
        ) from unread
    if stored.version != document.version:
        raise UnableToReplay(
            "VERSION_DIFFERS",
            f"该决定依据版本 {stored.version[:12]}，文件为 {document.version[:12]}",
            f"it was made under the version {stored.version[:12]}; this text is {document.version[:12]}",
            field=str(file),
        )
    wrong = rules.differences(stored, rules.replay(document, stored))
    return {"decision": str(path), "programme": stored.programme, "version": stored.version, "wrong": [*wrong]}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise UnableToReplay(
            "FILE_UNREADABLE", f"无法读取：{wrong}", f"can't be read: {wrong}", field=str(path)
        ) from wrong


def _show(count: int, wrong: list[dict[str, Any]]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for one in wrong[:_SHOWN_MAX]:
        parts = ", ".join(one["wrong"])
        console.print(f"[red]✗[/] {escape(one['decision'])} {escape(one['programme'])}: {escape(parts)}")
    mark = "[red]✗[/]" if wrong else "[green]✓[/]"
    console.print(
        f"{mark} 复算 {count} 项决定，{len(wrong)} 项不同 · {count} decisions made again, {len(wrong)} differ"
    )
