"""Act 2: real jobs run at both centres, each under a hold; what they used is metered and captured to the fen."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.live import Live
from rich.table import Table

from jiaozi.cli.demo.carrying import wishes
from jiaozi.cli.demo.cast import Stage, applicant, centre_clerk
from jiaozi.cli.demo.names import PROGRAMME
from jiaozi.kernel import clock
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.ids import named_id
from jiaozi.metering import services as metering
from jiaozi.order import queries
from jiaozi.order import services as orders
from jiaozi.order.models import Order
from jiaozi.order.ports import Direction
from jiaozi.order.rules import Request, State

_OVER = {State.CAPTURED, State.SETTLED, State.REFUSED, State.CANCELLED, State.FAILED}
_WAIT_MAX_S = 120.0
_CREDIT_FEN = 200_000
_CYCLE_S = 0.15


def act(stage: Stage, console: Console) -> None:
    """Order every job, follow all of them to their end, and show what each cost."""
    for job in stage.samples.jobs:
        credit(stage, job["by"], (job["centre"],))
        stage.orders.append((job, hold(stage, job, quote(stage, job))))
    cancelled: set[UUID] = set()
    until = time.monotonic() + _WAIT_MAX_S
    rows = _rows(stage)
    with Live(_table(rows), console=console, refresh_per_second=4, transient=not console.is_terminal) as live:
        while not all(is_over(row) for row in rows) and time.monotonic() < until:
            step()
            rows = _rows(stage)
            _cancel_where_asked(stage, rows, cancelled)
            live.update(_table(rows))
            time.sleep(_CYCLE_S)
    if not console.is_terminal:
        console.print(_table(_rows(stage)))
    _check(stage, console)
    _show_data(stage, console)


def step() -> None:
    """Play one round of what the worker does."""
    for order_id in queries.orders_with_due_data(clock.now()):
        orders.move_data(order_id=order_id, now=clock.now())
    orders.submit_waiting(now=clock.now())
    orders.watch_all(now=clock.now())
    metering.collect_all(now=clock.now())


def is_over(row: Order) -> bool:
    """Say whether nothing more will come of an order by itself."""
    return row.state in _OVER and (not row.movement_bytes_max or row.movement_fen is not None)


def credit(stage: Stage, by: str, centres: Iterable[str]) -> None:
    """Prepay a holder's own share at centres; the same again changes nothing."""
    holder = stage.holders[by]
    for centre in centres:
        orders.credit_own(
            programme=PROGRAMME,
            holder_id=holder.id,
            centre=centre,
            amount_fen=_CREDIT_FEN,
            reference=named_id("demo.credit", holder.id, centre),
            by=centre_clerk(centre),
            now=clock.now(),
        )


def quote(stage: Stage, job: dict[str, Any]) -> UUID:
    """Price a sample's job under its holder's voucher."""
    request = Request(
        centre=job["centre"],
        resource_class="demo-core",
        units=job["cores"],
        memory_mib=512,
        time_limit_ms=job["limit_s"] * 1000,
        command=tuple(job["command"]),
        end_user=stage.end_users[job["by"]] if job.get("for_end_user") else None,
    )
    files = {name: stage.samples.files[name] for name in job.get("files", [])}
    voucher, by = stage.vouchers[job["by"]], applicant(stage.holders[job["by"]])
    row = orders.quote(
        voucher_id=voucher.id,
        request=request,
        title=job["title"],
        files=files,
        by=by,
        now=clock.now(),
        wishes=wishes(job, voucher.holder_id),
    )
    return row.id


def hold(stage: Stage, job: dict[str, Any], order_id: UUID) -> UUID:
    """Fund it, or learn why not."""
    return orders.hold(order_id=order_id, by=applicant(stage.holders[job["by"]]), now=clock.now()).id


def _rows(stage: Stage) -> list[Order]:
    return [queries.order(order_id) for _, order_id in stage.orders]


def _cancel_where_asked(stage: Stage, rows: list[Order], cancelled: set[UUID]) -> None:
    for (job, order_id), row in zip(stage.orders, rows, strict=True):
        if job.get("cancel") and row.state == State.RUNNING and order_id not in cancelled:
            orders.cancel(order_id=order_id, by=applicant(row.holder), now=clock.now())
            cancelled.add(order_id)


def _table(rows: list[Order]) -> Table:
    table = Table(title="真实作业 · real jobs（元 yuan）", title_justify="left")
    table.add_column("作业 job", overflow="fold", min_width=18)
    table.add_column("状态 state")
    for heading in ("冻结 held", "用时 s", "价格 price", "券 voucher", "自付 own", "解冻 released"):
        table.add_column(heading, justify="right")
    for row in rows:
        seconds = f"{(row.ended_at - row.started_at).total_seconds():.2f}" if row.started_at and row.ended_at else "—"
        spent = row.price_fen
        table.add_row(
            row.title.split(" · ")[0],
            f"{row.state} {row.outcome if row.outcome != row.state else ''}".strip(),
            yuan(row.most_fen) if row.state != State.REFUSED else "—",
            seconds,
            "—" if spent is None else yuan(spent),
            "—" if row.voucher_fen is None else yuan(row.voucher_fen),
            "—" if row.own_fen is None else yuan(row.own_fen),
            "—" if spent is None else yuan(row.most_fen - spent),
        )
    return table


def _check(stage: Stage, console: Console) -> None:
    """Say where a job ended otherwise than its sample says."""
    for (job, _), row in zip(stage.orders, _rows(stage), strict=True):
        came = State.REFUSED if row.state == State.REFUSED else (row.outcome or row.state)
        if row.reason_zh and row.state in {State.REFUSED, State.FAILED}:
            console.print(f"  [dim]{job['title'].split(' · ')[0]}：{row.reason_zh}")
        if came != job["ends"]:
            console.print(f"  [red]{job['title']}: {came} {row.reason_en}, expected {job['ends']}")


def _show_data(stage: Stage, console: Console) -> None:
    """Say what was moved for each order that names data, by its rows: both ways, verified, and charged apart."""
    for row in _rows(stage):
        for each in queries.data_of(row.id):
            way = "取入 in" if each.direction == Direction.IN else "送回 out"
            console.print(
                f"  [dim]{row.title.split(' · ')[0]}：{way} {each.name} {each.size or 0:,} B · {each.state} · "
                f"sha256 {each.sha256[:16]}…"
            )
        if row.movement_fen is not None:
            console.print(
                f"  [dim]数据传输费 data movement ¥{yuan(row.movement_fen)}，不由算力券支付 · not the voucher's"
            )
