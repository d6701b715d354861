"""``jiaozi verify``: prove a download of the open data by itself. No database, no network, no settings."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jiaozi.kernel.fen import yuan
from jiaozi.transparency.rules.form import LINE_MAX
from jiaozi.transparency.rules.measuring import Measure
from jiaozi.transparency.rules.sealing import fingerprint, moment
from jiaozi.transparency.rules.verifying import Proof, UnableToVerify, prove

app = typer.Typer(
    help="Prove a download of the open data by itself, offline; exit status 1 when it doesn't hold · 离线核验开放数据",
    pretty_exceptions_enable=False,
)
_KEY_DIGITS = 64


@app.command()
def verify(
    files: Annotated[list[Path], typer.Argument(help="CSV or JSON Lines, the parts in their order · 下载的文件")],
    *,
    code: Annotated[
        str, typer.Option(help="also say what this number, id or hash stands for · 一并核验编号或哈希")
    ] = "",
    key: Annotated[
        str, typer.Option(help="the public key that must have signed, 64 digits; else the file's own · 须为此公钥签名")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="machine-readable · 机器可读")] = False,
) -> None:
    """Recompute every hash, sum and bound from the download alone; name what is wrong · 仅凭下载文件重新计算."""
    with ExitStack() as stack:
        proof = prove((_lines(stack, path) for path in files), code=code, key=_key(key))
    if as_json:
        typer.echo(json.dumps(body(proof, code), ensure_ascii=False))
    else:
        show(proof, code, Console(soft_wrap=True, highlight=False))
    if not proof.holds or (code and not proof.found):
        raise typer.Exit(1)


def _lines(stack: ExitStack, path: Path) -> Iterator[bytes]:
    try:
        file = stack.enter_context(path.open("rb")) if str(path) != "-" else sys.stdin.buffer
    except OSError as error:
        raise UnableToVerify(
            "FILE_UNREADABLE", f"无法读取{path}", f"{path} can't be read: {error.strerror}", field="file"
        ) from None
    while line := file.readline(LINE_MAX * 4 + 2):
        yield line


def _key(text: str) -> bytes:
    if not text:
        return b""
    if len(text) != _KEY_DIGITS or any(character not in "0123456789abcdef" for character in text.lower()):
        raise UnableToVerify(
            "NOT_A_KEY", "公钥为64位十六进制数字", "a public key is 64 hexadecimal digits", field="key"
        )
    return bytes.fromhex(text)


def body(proof: Proof, code: str) -> dict[str, Any]:
    """Give the machine's form of a proof."""
    point = proof.checkpoint
    return {
        "holds": proof.holds,
        "demo": proof.demo,
        "first": proof.first,
        "last": proof.last,
        "head": proof.head.hex(),
        "rows": proof.rows,
        "withheld": proof.withheld,
        "whole": proof.whole,
        "key": point.key.hex() if point else "",
        "signed_at": moment(point.at) if point else "",
        "totals": [
            {"programme": programme, "year": year, "measure": measure, "fen": fen}
            for (programme, year, measure), fen in sorted(proof.totals.items())
        ],
        "faults": [
            {"line": fault.line, "n": fault.n, "zh": fault.label.zh, "en": fault.label.en} for fault in proof.faults
        ],
        "more_faults": proof.more_faults,
        "code": {"asked": code, "found": [each.row for each in proof.found]} if code else None,
    }


def show(proof: Proof, code: str, console: Console) -> None:
    """Print what was proved, the sums, what a code stands for, and everything that is wrong."""
    point = proof.checkpoint
    first = proof.first or 0
    console.print(
        f"第{first:,}至{proof.last:,}条，其中{proof.withheld:,}条只公开哈希 · "
        f"entries {first:,} to {proof.last:,}, {proof.withheld:,} of them by their hash alone"
    )
    if point is not None:
        key = fingerprint(point.key)
        console.print(
            f"检查点 checkpoint {point.n:,} · {moment(point.at)} · 公钥 key {key}"
            + (" · [green]✓ 签名成立 signed[/]" if proof.signed else " · [red]✗ 签名不成立 not signed[/]")
        )
    if not proof.whole:
        console.print("[yellow]不是从第1条开始：合计只含所下载的部分 · a later part: its sums are of itself alone[/]")
    table = Table(title="按下载文件重新合计 · added up from the download", title_justify="left")
    for heading in ("项目 programme", "年度 year", "", "金额（元） CNY"):
        table.add_column(heading, justify="right" if "元" in heading else "left")
    for (programme, year, measure), fen in sorted(proof.totals.items(), key=_order):
        table.add_row(programme, str(year), f"{measure.label.zh} {measure.label.en}", yuan(fen))
    console.print(table)
    if code:
        _show_found(proof, code, console)
    for fault in proof.faults:
        place = f"第{fault.n}条 entry {fault.n}" if fault.n else f"第{fault.line}行 line {fault.line}"
        console.print(f"[red]✗[/] {place}: {escape(fault.label.zh)}\n  {escape(fault.label.en)}")
    if proof.more_faults:
        console.print(f"… 另有{proof.more_faults}处 · and {proof.more_faults} more")
    console.print("[green]✓ 核验通过 · it holds[/]" if proof.holds else "[red]✗ 核验不通过 · it does not hold[/]")


def _order(item: tuple[tuple[str, int, Measure], int]) -> tuple[str, int, int]:
    (programme, year, measure), _ = item
    return programme, year, list(Measure).index(measure)


def _show_found(proof: Proof, code: str, console: Console) -> None:
    if not proof.found:
        console.print(f"[red]✗[/] {escape(code)}: 文件中没有 · the download doesn't have it")
    for each in proof.found:
        row = each.row
        what = row.get("event") or f"{row.get('stage')}.{row.get('verb')}"
        amount = f" · CNY {yuan(row['amount_fen'])}" if "amount_fen" in row else ""
        console.print(
            f"[green]✓[/] {escape(code)}: 第{each.n:,}条 entry {each.n:,} · {row.get('at', '')} · {what}{amount}"
        )
