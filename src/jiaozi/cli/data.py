"""``jiaozi data``: move a file between places by URL, whole and checked, and list what was moved. Needs no database."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from jiaozi.kernel.ids import named_id
from jiaozi.order.ports import Direction, Movement

app = typer.Typer(
    no_args_is_help=True,
    help="Move a file between places, whole and checked · 数据传输",
    pretty_exceptions_enable=False,
)


@app.callback()
def data() -> None:
    """Move a file between places, whole and checked · 数据传输."""


def _staging() -> Any:
    """Load the mover by name: a face stands beside the engines, not above them."""
    return importlib.import_module("jiaozi.engines.staging")


Given = Annotated[Path, typer.Option("--options", help="what is allowed, as JSON · 允许的位置")]


@app.command()
def move(
    source: Annotated[str, typer.Argument(help="file://, sftp:// or s3:// · 源")],
    target: Annotated[str, typer.Argument(help="likewise · 目标")],
    *,
    options: Given,
    order: Annotated[UUID | None, typer.Option(help="for which order · 订单")] = None,
    sha256: Annotated[str, typer.Option(help="what the content must be · 校验和")] = "",
    bytes_max: Annotated[int, typer.Option(min=0, help="the most that it may be · 上限")] = 10**15,
    out: Annotated[bool, typer.Option("--out", help="back from the centre · 取回结果")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="machine-readable · 机器可读")] = False,
) -> None:
    """Move a file; called again after a break it goes on, called again when it is done it does nothing · 传输."""
    order = order or named_id("movement.alone", source, target)
    movement = Movement(
        id=named_id("movement", order, source, target),
        order_id=order,
        direction=Direction.OUT if out else Direction.IN,
        source=source,
        target=target,
        bytes_max=bytes_max,
        sha256=sha256,
    )
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Progress(*columns, console=Console(stderr=True), disable=as_json) as bar:
        task = bar.add_task(source.rpartition("/")[2], total=None)
        record = (
            _staging().mover(options).move(movement, lambda there, size: bar.update(task, completed=there, total=size))
        )
    told = _staging().plain(record)
    typer.echo(json.dumps(told) if as_json else f"{record.sha256}  {record.size:,} bytes  {record.target}")


@app.command("list")
def list_command(
    *,
    options: Given,
    cursor: Annotated[str, typer.Option(help="from where on · 起点")] = "",
) -> None:
    """List what was moved, one JSON line each, then the cursor to ask with next · 传输记录."""
    page = _staging().mover(options).movements(cursor)
    for record in page.records:
        typer.echo(json.dumps(_staging().plain(record), ensure_ascii=False))
    last: dict[str, Any] = {"cursor": page.cursor, "more": page.more}
    typer.echo(json.dumps(last))
