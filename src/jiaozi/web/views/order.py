"""One order: where it stands, what it costs and why, what was held and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from jiaozi.catalogue.queries import tariff_of
from jiaozi.catalogue.rules import billable_ms, run_price_fen
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.lease import services as lease
from jiaozi.metering import queries as metering
from jiaozi.order import queries as orders
from jiaozi.order import services
from jiaozi.order.models import OrderData
from jiaozi.order.ports import JobOutcome
from jiaozi.order.rules import ON_ENGINE, UNFINISHED, State
from jiaozi.order.rules.printed import may_read
from jiaozi.order.rules.results import may_have
from jiaozi.order.rules.staging import OPEN, DataState
from jiaozi.party import queries as party
from jiaozi.party.rules import Role, check_may_see
from jiaozi.policy.rules.figures import shown
from jiaozi.policy.rules.words import Kind
from jiaozi.web.frame import asking
from jiaozi.web.pages import ALL_ROLES, page

USAGE_MAX = 100
_OLD = timedelta(minutes=1)
"""A report of this age is named with its age: an agent's letters come every few seconds."""
_OUTCOMES = {
    JobOutcome.SUCCEEDED: Label("运行成功", "succeeded"),
    JobOutcome.FAILED: Label("程序出错", "the program failed"),
    JobOutcome.TIMED_OUT: Label("到时限停止", "stopped at its time limit"),
    JobOutcome.OUT_OF_MEMORY: Label("超出内存限制", "out of memory"),
    JobOutcome.CANCELLED: Label("已取消", "cancelled"),
    JobOutcome.LOST: Label("引擎失去作业", "lost by the engine"),
}
_MOVING = (State.QUOTED, *UNFINISHED)
_STOPPABLE = (State.QUOTED, State.HELD, State.STAGING, *ON_ENGINE)


@dataclass(frozen=True, slots=True)
class Moment:
    """A step of an order's life, with its instant where it has been taken."""

    label: Label
    at: datetime | None


@page(Label("订单", "Order"), ALL_ROLES, parent="web:year")
@require_safe
def order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Show an order: its price as arithmetic, its hold, its steps; the live part alone when it asks for itself."""
    try:
        row = orders.order(order_id)
    except orders.UnableToFindOrder as missing:
        raise Http404(missing.reason.label.in_language(get_language() or "")) from missing
    check_may_see(asking(request).actor, holder=row.holder_id, centre=row.centre_id, programme=row.voucher.programme)
    now = clock.now()
    usage = metering.usage_of(row.id)[:USAGE_MAX]
    files = _files(row)
    sitting = orders.sitting(row, now) if orders.session_of(row) else None
    context = {
        "now": now,
        "sitting": sitting,
        "silent_since": _silent_since(row, now) if sitting and sitting.left else None,
        "order": row,
        "meter": None if sitting else orders.remains(row, now),
        "readable": row.engine_job and may_read(asking(request).actor, row.holder_id, orders.session_of(row)),
        "moving": row.state in _MOVING or any(each.state in OPEN for each in files),
        "files": files,
        "ours": may_have(asking(request).actor, row.holder_id),
        "stoppable": row.state in _STOPPABLE and not row.cancel_asked,
        "movement_hold_fen": row.movement_voucher_hold_fen + row.movement_own_hold_fen,
        "share_percent": shown(Kind.RATIO, Fraction(row.share_numerator, row.share_denominator)),
        "longest_ms": _longest_ms(row),
        "billed_ms": sum(billable_ms(each.elapsed_ms, row.tariff.granularity_ms) for each in usage) if usage else None,
        "moments": _moments(row, metering.capture_of(row.id)),
        "placed_by": party.names_on_screen([row.held_by]).get(row.held_by, "")
        if _ours(request) and row.held_by
        else "",
        "outcome": _OUTCOMES[JobOutcome(row.outcome)] if row.outcome else None,
    }
    partial = "HX-Request" in request.headers
    return render(request, "web/parts/order.html" if partial else "web/order.html", context)


def _silent_since(row: Any, now: datetime) -> datetime | None:
    """Give when the centre's agent was heard last, where that is so long ago that the figures are the clock's."""
    heard_at = lease.contact(row.centre).heard_at
    return heard_at if heard_at is not None and now - heard_at > _OLD else None


@dataclass(frozen=True, slots=True)
class File:
    """One file by URL: where it is, how far in hundredths, and whether the platform can hand it out."""

    row: OrderData
    state: DataState
    whole: int
    percent: int
    here: bool


def _files(row: Any) -> list[File]:
    if not row.movement_bytes_max:
        return []
    found, rows = [], orders.data_of(row.id, row.centre_id)
    here = services.handed_out(row, rows)
    for each in rows:
        whole = each.size if each.state == DataState.DONE and each.size is not None else each.size_max
        percent = 100 if each.state == DataState.DONE else min(each.there_bytes * 100 // max(whole, 1), 99)
        found.append(File(each, DataState(each.state), whole, percent, each.id in here))
    return found


def _ours(request: HttpRequest) -> bool:
    """Say whether the reader is of the holder's own people, who know each other by name."""
    return asking(request).role is Role.APPLICANT


def _longest_ms(row: Any) -> int:
    """Give the time that the highest price is for; the limit alone where the centre's engine was changed since."""
    centre, tariff = row.centre, tariff_of(row.tariff)
    if centre.kill_lag_ms is None or centre.engine_granularity_ms is None:
        return int(row.time_limit_ms)
    longest_ms = billable_ms(row.time_limit_ms, centre.engine_granularity_ms) + centre.kill_lag_ms
    same = run_price_fen(tariff, units=row.units, elapsed_ms=longest_ms) == row.most_fen
    return longest_ms if same else int(row.time_limit_ms)


def _moments(row: Any, capture: Any) -> list[Moment]:
    steps = [
        Moment(Label("报价", "quoted"), row.quoted_at),
        Moment(Label("开始运行", "started"), row.started_at),
        Moment(Label("运行结束", "ended"), row.ended_at),
        Moment(Label("核销", "captured"), capture.captured_at if capture else None),
    ]
    return [step for step in steps if step.at is not None or row.state in _MOVING]
