"""``jiaozi usage``: bring a centre's usage in from a file, and show what was captured, held back and disputed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from jiaozi.cli.house import opened
from jiaozi.kernel import clock
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules import Actor, Role

if TYPE_CHECKING:
    from jiaozi.metering.services import Imported

MAP_BYTES_MAX = 4_000_000
BAD_SHOWN_MAX = 200

app = typer.Typer(no_args_is_help=True, help="Usage records · 用量记录", pretty_exceptions_enable=False)


class UnableToReadAccounts(Refused):
    """The file that says which voucher a user stands for is not what it must be."""


@app.callback()
def usage() -> None:
    """Keep the verb's own name though there is only one."""


@app.command("import")
def import_file(
    file: Path,
    *,
    centre: Annotated[str, typer.Option("--centre", help="whose usage it is")],
    programme: Annotated[str, typer.Option("--programme", help="whose vouchers it is charged to")],
    form: Annotated[str, typer.Option("--format", help="swf")] = "swf",
    accounts: Annotated[Path | None, typer.Option("--accounts", help="YAML: user id → voucher id")] = None,
    spread: Annotated[bool, typer.Option("--spread", help="demo only: deal users over the active vouchers")] = False,
    resource: Annotated[str, typer.Option("--resource", help="resource class of the file's processors")] = "cpu-core",
    trace: Annotated[str, typer.Option("--trace", help="name of the numbering, where files number jobs anew")] = "",
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="import what is right, report each bad line")] = False,
    lang: Annotated[str, typer.Option("--lang", help="zh or en")] = "zh",
) -> None:
    """Import usage that had no hold: charge it to vouchers whole, or hold it back with its reason · 导入."""
    if form != "swf":
        raise UnableToReadAccounts(
            "FORMAT_UNKNOWN", f"不支持{form!r}，可用：swf", f"must be swf, not {form!r}", field="--format"
        )
    chosen = _accounts(accounts, spread=spread)
    console = Console(soft_wrap=True, highlight=False)
    with opened():
        from jiaozi.metering import services as metering  # noqa: PLC0415 - models may load only in an open house
        from jiaozi.metering.rules.admitting import UnableToReadTrace  # noqa: PLC0415

        began = time.perf_counter()
        try:
            imported = metering.import_swf(
                path=file,
                centre=centre,
                programme=programme,
                accounts=chosen,
                resource_class=resource,
                trace=trace,
                skip_bad=skip_bad,
                by=Actor("operator:cli", Role.OPERATOR),
                now=clock.now(),
            )
        except UnableToReadTrace as refused:
            _show_bad(console, file, refused.bad, lang)
            raise
        took_s = time.perf_counter() - began
    _show_bad(console, file, imported.bad, lang)
    console.print(summary(imported, took_s))


def _show_bad(console: Console, file: Path, bad: Any, lang: str) -> None:
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
    if imported.bad:
        table.add_row("[red]坏行 · bad lines[/]", f"{len(imported.bad):,}")
    table.add_section()
    table.add_row("核时 · core-hours captured", f"{imported.core_s // 3600:,}")
    table.add_row("金额 · yuan captured", yuan(imported.price_fen))
    table.add_row("　算力券 · by vouchers", yuan(imported.voucher_fen))
    table.add_row("　自付 · by holders", yuan(imported.own_fen))
    return table


def _accounts(path: Path | None, *, spread: bool) -> dict[str, UUID] | None:
    """Read the map of users, or say that they are to be dealt."""
    if (path is not None) == spread:
        raise UnableToReadAccounts(
            "ACCOUNTS_MISSING",
            "须指定 --accounts 文件，或在演示中用 --spread，二者取一",
            "give --accounts FILE, or --spread in a demonstration, and not both",
            field="--accounts",
        )
    if path is None:
        return None
    try:
        if path.stat().st_size > MAP_BYTES_MAX:
            raise UnableToReadAccounts(
                "FILE_TOO_LARGE", "文件超过 4 MB", "the file is larger than 4 MB", field=str(path)
            )
        found = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except OSError as wrong:
        why = wrong.strerror or str(wrong)
        raise UnableToReadAccounts(
            "FILE_UNREADABLE", f"无法读取：{why}", f"can't be read: {why}", field=str(path)
        ) from wrong
    except (YAMLError, UnicodeDecodeError) as wrong:
        why = str(wrong).splitlines()[0]
        raise UnableToReadAccounts(
            "NO_YAML", f"不是合格的 YAML：{why}", f"no proper YAML: {why}", field=str(path)
        ) from wrong
    if not isinstance(found, dict):
        raise UnableToReadAccounts(
            "NO_MAP",
            "应为“用户: 算力券编号”的对照表",
            "must map users to voucher ids, such as 62: 0190…",
            field=str(path),
        )
    return {str(user): _voucher(path, user, voucher) for user, voucher in found.items()}


def _voucher(path: Path, user: object, voucher: object) -> UUID:
    try:
        return UUID(str(voucher))
    except ValueError:
        raise UnableToReadAccounts(
            "NO_VOUCHER_ID",
            f"用户{user}：{voucher!r}不是算力券编号",
            f"user {user}: {voucher!r} is no voucher's id",
            field=str(path),
        ) from None
