"""``jiaozi dispatch``: plan many requests over centres and blocks, replay a workload trace. Needs no database."""

from __future__ import annotations

import gzip
import json
import os
import re
import time
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy loads: more threads only wait for each other here

from jiaozi.cli.files import UnableToReadFile, text_of
from jiaozi.dispatch.rules import Plan, files, plan
from jiaozi.dispatch.rules.refusals import shown
from jiaozi.dispatch.rules.replay import Centre, Policy, Result, play, read_trace
from jiaozi.kernel.fen import parse_rate, parse_ratio, yuan

_SHOWN = 20

app = typer.Typer(
    no_args_is_help=True,
    help="Plan many requests at once, replay a workload trace · 调度规划与回放",
    pretty_exceptions_enable=False,
)


@app.callback()
def dispatch() -> None:
    """Plan many requests at once, replay a workload trace · 调度规划与回放."""


def _weights(pairs: list[str] | None) -> dict[str, int] | None:
    if pairs is None:
        return None
    found = {}
    for pair in pairs:
        holder, _, weight = pair.rpartition("=")
        if not weight.isdecimal():
            raise UnableToReadFile(
                "WEIGHT_WRONG", "请写成 单位=权重", "write it like holder=2", field=f"--weight {pair}"
            )
        if holder:
            found[holder] = int(weight)
    return found


@app.command("plan")
def plan_command(
    requests: Annotated[Path, typer.Argument(help="requests as CSV or JSON · 需求")],
    *,
    offers: Annotated[Path, typer.Option(help="offers, links and time as JSON · 报价、链路与时段")],
    outer_saving: Annotated[str, typer.Option(help="what each outer tier must save · 外层须节省的比例")] = "0%",
    weight: Annotated[
        list[str] | None, typer.Option(help="fair shares: holder=2, repeated; '=1' for all alike · 公平权重")
    ] = None,
    seconds: Annotated[int, typer.Option(min=1, max=3600, help="stop improving after so long · 时限")] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="machine-readable · 机器可读")] = False,
) -> None:
    """Place many requests at once, with cost, bound, gap, shadow prices and reasons · 规划."""
    try:
        market, horizon = files.read_offers(offers.name, text_of(offers))
        asked = files.read_requests(requests.name, text_of(requests), horizon)
        saving = _saving(outer_saving)
    except files.UnableToReadPlan as refused:
        for place, zh, en in refused.problems:
            typer.echo(f"jiaozi: {place}: {en}\n        {zh}", err=True)
        raise typer.Exit(1) from None
    ends = time.monotonic() + seconds
    made = plan(
        asked,
        market,
        horizon,
        outer_saving=saving,
        weights=_weights(weight),
        enough=lambda: time.monotonic() > ends,
    )
    if as_json:
        typer.echo(json.dumps(body(made), ensure_ascii=False))
    else:
        show(made, Console(soft_wrap=True, highlight=False))


def _saving(text: str) -> Fraction:
    try:
        return parse_ratio(text)
    except ValueError as wrong:
        raise UnableToReadFile("SHARE_WRONG", "请写成 20%", str(wrong), field="--outer-saving") from None


def body(made: Plan) -> dict[str, Any]:
    """Give the machine's form of a plan; times are seconds since 1970, amounts fen and micro-fen."""
    return {
        "cost_fen": made.cost_fen,
        "score_fen": made.score_fen,
        "bound_fen": made.bound_fen,
        "gap_ppm": round(made.gap * 1_000_000),
        "finished": made.finished,
        "placements": [each._asdict() for each in made.placements],
        "unplaced": [
            {
                "request": each.request,
                "reasons": [
                    {"code": why.code, "field": why.field, "zh": why.label.zh, "en": why.label.en}
                    for why in each.reasons
                ],
                "changes": [
                    {
                        "field": one.field,
                        "value": one.value,
                        "centre": one.centre,
                        "zh": one.label.zh,
                        "en": one.label.en,
                    }
                    for one in each.changes
                ],
            }
            for each in made.unplaced
        ],
        "shadow_prices": [each._asdict() for each in made.shadows],
    }


def show(made: Plan, console: Console) -> None:
    """Print the sums, the first placements, and why some requests have none."""
    console.print(
        f"{len(made.placements):,} 已安排 placed · {len(made.unplaced):,} 未安排 not · "
        f"费用 cost {yuan(made.cost_fen)} · 下界 bound {yuan(made.bound_fen)} · 评分 score {yuan(made.score_fen)} · "
        f"差距 gap {made.gap:.4%}" + ("" if made.finished else " · 时限已到 out of time")
    )
    table = Table()
    for heading in ("需求 request", "中心 centre", "开始 start", "费用 cost"):
        table.add_column(heading)
    for each in made.placements[:_SHOWN]:
        cost = yuan(each.compute_fen + each.movement_fen)
        table.add_row(escape(each.request), escape(each.centre), shown(each.start_s), cost)
    console.print(table)
    for left in made.unplaced[:_SHOWN]:
        why = "; ".join(str(one.label) for one in left.reasons)
        hint = f" → {left.changes[0].label}" if left.changes else ""
        console.print(f"[red]✗[/] {escape(left.request)}: {escape(why)}{escape(hint)}")
    for price in made.shadows[:_SHOWN]:
        console.print(
            f"影子价格 shadow price {escape(price.centre)} {escape(price.resource_class)} {shown(price.start_s)}: "
            f"{yuan(price.ufen_per_unit_hour // 1_000_000)} / unit-hour"
        )


_CENTRE = re.compile(r"([\w-]{1,40})=(\d{1,8})(?:/(\d{1,6}))?@(\S+)", re.ASCII)


def centre_of(text: str) -> Centre:
    """Read ``zewura=1600/80@0.15``: name, cores, cores a node, yuan a core-hour."""
    found = _CENTRE.fullmatch(text)
    try:
        if found is None or int(found[2]) < 1:
            wrong = "write it like name=1600/80@0.15: cores, cores a node, yuan a core-hour"
            raise ValueError(wrong)  # noqa: TRY301 - told below, like a rate that can't be read
        return Centre(found[1], int(found[2]), parse_rate(found[4]), int(found[3] or 0))
    except ValueError as wrong:
        raise UnableToReadFile(
            "CENTRE_WRONG",
            "请写成 名称=核数/每节点核数@每核时元，如 a=1600/80@0.15",
            str(wrong),
            field=f"--centre {text}",
        ) from None


@app.command()
def replay(
    trace: Annotated[Path, typer.Argument(help="SWF, plain or gzipped · 作业轨迹")],
    centre: Annotated[list[str], typer.Option(help="name=cores/cores a node@yuan a core-hour, repeated · 中心")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="machine-readable · 机器可读")] = False,
) -> None:
    """Play a trace through four policies, centres isolated and interconnected · 回放."""
    centres = [centre_of(each) for each in centre]
    if len({each.name for each in centres}) < len(centres):
        raise UnableToReadFile("CENTRE_TWICE", "中心名称重复", "two centres have one name", field="--centre")
    try:
        opened = gzip.open if trace.suffix == ".gz" else open
        with opened(trace, "rt", encoding="utf-8") as lines:
            jobs = read_trace(lines)
    except (OSError, EOFError, UnicodeDecodeError) as wrong:
        why = getattr(wrong, "strerror", None) or str(wrong)
        raise UnableToReadFile(
            "FILE_UNREADABLE", f"无法读取：{why}", f"can't be read: {why}", field=str(trace)
        ) from None
    results = [
        (isolated, play(jobs, centres, policy, isolated=isolated)) for isolated in (False, True) for policy in Policy
    ]
    if as_json:
        typer.echo(json.dumps([_result(isolated, each) for isolated, each in results]))
        return
    table = Table(title=f"{len(jobs):,} 作业 jobs")
    for heading in ("", "policy", "等待 wait s", "slowdown", "使用率 use", "费用 cost", "逾期 late"):
        table.add_column(heading, justify="right" if heading else "left")
    for isolated, each in results:
        where = "孤立 isolated" if isolated else "互联 interconnected"
        figures = (
            f"{each.wait_s:,.0f}",
            f"{each.slowdown:,.1f}",
            f"{each.use:.1%}",
            yuan(each.cost_fen),
            f"{each.late:,}",
        )
        table.add_row(where, each.policy.value, *figures)
    Console(width=120, highlight=False).print(table)


def _result(isolated: bool, result: Result) -> dict[str, Any]:
    return {
        "isolated": isolated,
        "policy": result.policy.value,
        "jobs": result.jobs,
        "wait_s": round(result.wait_s, 1),
        "slowdown": round(result.slowdown, 3),
        "use": round(result.use, 6),
        "cost_fen": result.cost_fen,
        "late": result.late,
    }
