"""``jiaozi usage list`` and the rulings: what stands still, and what a person decides about it, with a reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jiaozi.cli.actor import As, actor
from jiaozi.cli.house import opened
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import SHANGHAI
from jiaozi.kernel.refusal import Refused

if TYPE_CHECKING:
    from jiaozi.metering.models import UsageDispute, UsageRow
    from jiaozi.metering.queries import Stuck

Reason = Annotated[str, typer.Option("--reason", help="why; kept, and its digest in the journal")]
Record = Annotated[UUID, typer.Argument(help="the record's id, as `jiaozi usage list` gives it")]


class UnableToSay(Refused):
    """The command was told too little or too much."""


def list_usage(
    *,
    centre: Annotated[str, typer.Option("--centre", help="whose usage")],
    held_back: Annotated[bool, typer.Option("--held-back", help="records that are not charged")] = False,
    disputes: Annotated[bool, typer.Option("--disputes", help="same key, other figures")] = False,
    stuck: Annotated[bool, typer.Option("--stuck", help="ended orders that can't be captured")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 100,
    lang: Annotated[str, typer.Option("--lang", help="zh or en")] = "zh",
) -> None:
    """Show what stands still at a centre, latest first; without a choice all three · 列出待裁定的用量."""
    every = not (held_back or disputes or stuck)
    console = Console(soft_wrap=True, highlight=False)
    with opened():
        from jiaozi.catalogue import queries as catalogue  # noqa: PLC0415 - models may load only in an open house
        from jiaozi.metering import queries  # noqa: PLC0415

        catalogue.centre(centre)
        if held_back or every:
            console.print(_held_back(queries.held_back(centre, limit=limit), lang))
        if disputes or every:
            console.print(_disputes(queries.disputes(centre, limit=limit)))
        if stuck or every:
            console.print(_stuck(queries.stuck(centre, limit=limit)))


def retry(
    usage: Record,
    *,
    reason: Reason,
    by: As,
    voucher: Annotated[UUID | None, typer.Option("--voucher", help="who pays, for what names no order")] = None,
) -> None:
    """Rate a held-back record again on what holds now · 重新计价."""
    with opened():
        from jiaozi.metering import services  # noqa: PLC0415

        who, now = actor(by), clock.now()
        _say(services.retry_usage(usage_id=usage, voucher_id=voucher, reason=reason, by=who, now=now))


def accept(usage: Record, *, reason: Reason, by: As) -> None:
    """Let a record count in spite of a doubt · 核准存疑用量."""
    with opened():
        from jiaozi.metering import services  # noqa: PLC0415

        _say(services.accept_usage(usage_id=usage, reason=reason, by=actor(by), now=clock.now()))


def charge_late(usage: Record, *, reason: Reason, by: As) -> None:
    """Charge a late record as a correction, within what its order's hold covered · 补计迟到用量."""
    with opened():
        from jiaozi.metering import services  # noqa: PLC0415

        _say(services.charge_late(usage_id=usage, reason=reason, by=actor(by), now=clock.now()))


def waive(
    usage: Annotated[UUID | None, typer.Argument(help="the record's id")] = None,
    *,
    reason: Reason,
    by: As,
    order: Annotated[UUID | None, typer.Option("--order", help="an ended order instead of a record")] = None,
) -> None:
    """Decide that nobody pays: one record, or an ended order whose usage never came · 免除，由中心承担."""
    if (usage is None) == (order is None):
        raise UnableToSay(
            "WHAT", "指定一条用量或以 --order 指定一个订单", "name one record, or an order by --order", field="usage"
        )
    with opened():
        from jiaozi.metering import services  # noqa: PLC0415

        services.waive_usage(usage_id=usage, order_id=order, reason=reason, by=actor(by), now=clock.now())
    typer.echo("已免除 · waived")


def resolve(
    dispute: Annotated[UUID, typer.Argument(help="the dispute's id, as `jiaozi usage list --disputes` gives it")],
    *,
    accept: Annotated[str, typer.Option("--accept", help="old: the first record stays; new: the other counts")],
    reason: Reason,
    by: As,
) -> None:
    """Resolve a dispute for the old record or the new one · 裁定争议."""
    with opened():
        from jiaozi.metering import services  # noqa: PLC0415
        from jiaozi.metering.rules.ruling import Side  # noqa: PLC0415

        if accept not in set(Side):
            raise UnableToSay("SIDE", "须为 old 或 new", "must be old or new", field="--accept")
        who, now = actor(by), clock.now()
        services.resolve_dispute(dispute_id=dispute, accept=Side(accept), reason=reason, by=who, now=now)
    typer.echo(f"已裁定：{accept} · resolved for the {accept} record")


def _say(row: UsageRow) -> None:
    reason = f": {Label(row.reason_zh, row.reason_en)}" if row.reason_code else ""
    typer.echo(f"{row.record_id} → {row.state} {row.reason_code}{reason}".rstrip())


def _table(title: str, columns: Iterable[str]) -> Table:
    table = Table(title=title, title_justify="left")
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def _held_back(rows: list[UsageRow], lang: str) -> Table:
    table = _table(f"暂扣 · held back: {len(rows)}", ("id", "记录 record", "账户或订单 account, order", "原因 reason"))
    for row in rows:
        reason = Label(row.reason_zh, row.reason_en).in_language(lang)
        whose = row.account or str(row.order_id or "")
        table.add_row(str(row.id), escape(row.record_id), escape(whose), escape(f"{row.reason_code} {reason}"))
    return table


def _disputes(rows: list[UsageDispute]) -> Table:
    table = _table(f"争议 · disputes: {len(rows)}", ("id", "记录 record", "收到 received", "新记录 the other record"))
    for row in rows:
        figures = ", ".join(f"{name}={value}" for name, value in sorted(row.payload.items()) if value not in {None, ""})
        at = row.received_at.astimezone(SHANGHAI)
        table.add_row(str(row.id), escape(row.record_id), f"{at:%Y-%m-%d %H:%M}", escape(figures))
    return table


def _stuck(rows: list[Stuck]) -> Table:
    columns = ("订单 order", "结束 ended", "冻结（元） held", "原因 reason")
    table = _table(f"已结束未核销 · ended, not captured: {len(rows)}", columns)
    for row in rows:
        ended = f"{row.ended_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if row.ended_at else ""
        why = f"{row.held_back}条暂扣 · held back" if row.held_back else "用量未到 · no usage came"
        table.add_row(str(row.order_id), ended, row.held_yuan, why)
    return table
