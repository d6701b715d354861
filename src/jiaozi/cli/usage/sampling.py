"""``jiaozi usage samples``: keep what a centre sampled beside its claim."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from jiaozi.cli.house import opened
from jiaozi.cli.usage.importing import show_bad
from jiaozi.kernel import clock
from jiaozi.party.rules import Actor, Role


def samples(
    file: Path,
    *,
    centre: Annotated[str, typer.Option("--centre", help="whose samples they are")],
    encoding: Annotated[str, typer.Option("--encoding", help="utf-8 or gb18030")] = "utf-8",
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="keep what is right, report each bad line")] = False,
    lang: Annotated[str, typer.Option("--lang", help="zh or en")] = "zh",
) -> None:
    """Keep samples of cards, processors or power, to compare claims with · 导入采样."""
    console = Console(soft_wrap=True, highlight=False)
    with opened():
        from jiaozi.metering import services as metering  # noqa: PLC0415 - models may load only in an open house
        from jiaozi.metering.rules.admitting import UnableToReadTrace  # noqa: PLC0415

        by = Actor("operator:cli", Role.OPERATOR)
        try:
            taken = metering.import_samples(
                path=file, centre=centre, by=by, now=clock.now(), encoding=encoding, skip_bad=skip_bad
            )
        except UnableToReadTrace as refused:
            show_bad(console, file, refused.bad, lang)
            raise
    show_bad(console, file, taken.bad, lang)
    typer.echo(f"{taken.samples:,} 个采样，新增 {taken.new:,} · samples, {taken.new:,} new in {taken.rows:,} rows")
