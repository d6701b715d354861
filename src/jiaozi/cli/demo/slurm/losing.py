"""Act 2b: the line to one centre breaks in the middle; orders wait or go elsewhere; none is lost or charged twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.table import Table

from jiaozi.cli.demo.cast import Stage
from jiaozi.cli.demo.running import credit, hold, is_over, quote, step
from jiaozi.cli.demo.slurm.centres import CLUSTERS, SlurmCentres
from jiaozi.kernel import clock
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.metering import queries as metering
from jiaozi.order import queries
from jiaozi.order import services as orders
from jiaozi.order.models import Order
from jiaozi.order.rules import PATIENCE, State

_WAIT_MAX_S = 120.0
_CYCLE_S = 0.15
_AWAY_LEAST_S = 8.0
_AWAY = Reason("CENTRE_AWAY", Label("该中心没有应答", "the centre does not answer"))
_PREFIX = "jiaozi-"


def act(stage: Stage, centres: SlurmCentres, console: Console) -> bool:
    """Break the line, follow every order through it, and check what came of each; True when all is as it must be."""
    cut = stage.samples.cut
    jobs = {job["when"]: job for job in stage.samples.jobs_at_cut}
    console.rule("[bold]断线 · a line breaks", align="left")
    credit(stage, jobs["placed_anew"]["by"], tuple(CLUSTERS))
    running = _ordered(stage, jobs["running"])
    _until(lambda: _row(running).state == State.RUNNING)
    centres.cut(cut)
    at = time.monotonic()
    try:
        handed = _ordered(stage, jobs["handed_over"])
        _until(lambda: _row(handed).state == State.SUBMITTED)
        moved = _ordered(stage, jobs["placed_anew"])
        first = _row(moved).centre_id
        _until(lambda: time.monotonic() - at > _AWAY_LEAST_S)
        orders.re_place(order_id=moved, why=_AWAY, now=clock.now())
        _tell(console, _row(running), _row(handed), _row(moved), first)
    finally:
        centres.mend(cut)
    asked = (running, handed, moved)
    console.print(f"  {time.monotonic() - at:.0f} 秒后恢复 · back after so many seconds")
    _until(lambda: all(is_over(_row(each)) for each in asked))
    return _show(console, centres, [_row(each) for each in asked])


def _ordered(stage: Stage, job: dict[str, Any]) -> UUID:
    credit(stage, job["by"], filter(None, (job["centre"],)))
    order_id = hold(stage, job, quote(stage, job))
    stage.orders.append((job, order_id))
    return order_id


def _row(order_id: UUID) -> Order:
    return queries.order(order_id)


def _until(condition: Callable[[], bool]) -> None:
    """Let the worker's rounds go on until something is so, or for the longest that the story waits."""
    end = time.monotonic() + _WAIT_MAX_S
    while not condition() and time.monotonic() < end:
        step()
        time.sleep(_CYCLE_S)


def _tell(console: Console, running: Order, handed: Order, moved: Order, first: str) -> None:
    """Say what each order is while its centre is away."""
    away, elsewhere = running.centre, moved.centre
    console.print(
        f"  {away.name_zh}的Slurm控制器不再应答 · the controller of {away.id} answers no more\n"
        f"  [bold]{running.state}[/] 已开始的作业在节点上继续运行，冻结¥{yuan(running.most_fen)}不动，无人当它已结束 · "
        f"the job that had begun runs on at its node; its hold stays, nobody takes it for ended\n"
        f"  [bold]{handed.state}[/] 正在提交的订单：不知是否送达，按订单号反复询问，冻结¥{yuan(handed.most_fen)}不动 · "
        "the one being handed over: nobody knows whether it arrived, it is asked again by its id; its hold stays"
    )
    patience_s = int(PATIENCE.total_seconds())
    if moved.centre_id == first:
        console.print(f"  [red]{moved.state} 未能改派 · was not placed elsewhere: {first}[/]")
        return
    console.print(
        f"  [bold]{moved.state}[/] 尚未提交的订单改派到{elsewhere.name_zh}，冻结在一笔账中随之转移 · "
        f"the one not handed over goes to {elsewhere.id}, its hold with it in one chain of the ledger"
        f"（平台等{patience_s}秒后自动改派，演示中不等 · by itself after {patience_s} s; the story does not wait）"
    )


def _show(console: Console, centres: SlurmCentres, rows: list[Order]) -> bool:
    """Count each order's jobs in Slurm's own accounting, its usage records and captures: one of each, or it is told."""
    table = Table(title="恢复之后 · after the line was back（元 yuan）", title_justify="left")
    for heading in ("作业 job", "算力中心 centre", "状态 state"):
        table.add_column(heading, overflow="fold")
    for heading in ("用时 s", "冻结 held", "价格 price", "Slurm作业 jobs", "用量 records", "核销 captures"):
        table.add_column(heading, justify="right")
    whole = True
    for row in rows:
        jobs, records = centres.jobs_named(_PREFIX + str(row.id)), metering.usage_of(row.id)
        charges = [*filter(None, [metering.capture_of(row.id)]), *metering.corrections(row.id)]
        price_fen = sum(each.price_fen for each in charges)
        once = ([row.centre_id], 1, 1) == ([centre for centre, _ in jobs], len(records), len(charges))
        whole = whole and once and price_fen <= row.most_fen
        table.add_row(
            row.title.split(" · ")[0],
            row.centre.name_zh,
            f"{row.state} {row.outcome}".strip(),
            f"{sum(each.elapsed_ms for each in records) / 1000:.0f}",
            yuan(row.most_fen),
            yuan(price_fen),
            str(len(jobs)),
            str(len(records)),
            str(len(charges)),
        )
    console.print(table)
    if whole:
        console.print(
            "  [green]每单恰有一个作业、一条用量、一次核销，且不超过冻结：无丢失，无重复收费[/] · "
            "one job, one record and one capture each, within its hold: nothing lost, nothing charged twice"
        )
    else:
        console.print("  [red]有订单丢失或重复 · an order was lost or doubled[/]")
    return whole
