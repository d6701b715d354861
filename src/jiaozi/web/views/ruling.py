"""What is decided about usage from its pages: one verb of metering a form, and back to where it was asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.metering import services as metering
from jiaozi.metering.rules.ruling import Side
from jiaozi.party.rules import Actor, Role
from jiaozi.web.frame import actor
from jiaozi.web.pages import page
from jiaozi.web.views.stepped import Form, UnableToReadForm, stepped

_RULERS = frozenset({Role.CENTRE, Role.OFFICER, Role.OPERATOR})
_KEPT = ("centre", "show")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LATER = Label("已办理，仍暂扣：", "Done; it is held back still: ")


@page(Label("裁定用量", "Decide on usage"), _RULERS, parent="web:usage")
@require_POST
def usage_step(request: HttpRequest, kind: str, thing_id: UUID, verb: str) -> HttpResponse:
    """Take one decision with its reason; a refusal is said on the page that it leads back to."""
    act = _VERBS.get((kind, verb))
    if act is None:
        raise Http404(verb)
    by, there = actor(request), _back(request, kind, thing_id)
    return stepped(request, lambda words: act(thing_id, words, by, clock.now()), there, _said)


def _back(request: HttpRequest, kind: str, thing_id: UUID) -> str:
    kept = {name: request.POST[name] for name in _KEPT if request.POST.get(name)}
    if kept or kind == "orders":
        return f"{reverse('web:usage')}?{urlencode(kept)}"
    return reverse("web:usage-record" if kind == "records" else "web:usage-dispute", args=[thing_id])


def _said(made: Any) -> Label:
    """Say what became of a record; one that is held back anew says why."""
    if getattr(made, "state", "") == "HELD_BACK":
        return Label(_LATER.zh + made.reason_zh, _LATER.en + made.reason_en)
    return Label("已办理。", "Done.")


def _voucher(words: Form) -> UUID | None:
    text = words.get("voucher", "").strip()
    found = _ID.search(text)
    if text and not found:
        raise UnableToReadForm(
            "VOUCHER_WRONG",
            "请粘贴算力券页面的地址或其完整编号",
            "paste the address of the voucher's page, or its whole id",
            field="voucher",
        )
    return UUID(found[0]) if found else None


def _retry(id_: UUID, words: Form, by: Actor, now: datetime) -> Any:
    return metering.retry_usage(
        usage_id=id_, reason=words.get("words", ""), voucher_id=_voucher(words), by=by, now=now
    )  # fmt: skip


def _accept(id_: UUID, words: Form, by: Actor, now: datetime) -> Any:
    return metering.accept_usage(usage_id=id_, reason=words.get("words", ""), by=by, now=now)


def _charge_late(id_: UUID, words: Form, by: Actor, now: datetime) -> Any:
    return metering.charge_late(usage_id=id_, reason=words.get("words", ""), by=by, now=now)


def _waive(id_: UUID, words: Form, by: Actor, now: datetime) -> None:
    metering.waive_usage(usage_id=id_, reason=words.get("words", ""), by=by, now=now)


def _waive_order(id_: UUID, words: Form, by: Actor, now: datetime) -> None:
    metering.waive_usage(order_id=id_, reason=words.get("words", ""), by=by, now=now)


def _resolve(side: Side) -> Callable[[UUID, Form, Actor, datetime], Any]:
    def act(id_: UUID, words: Form, by: Actor, now: datetime) -> Any:
        return metering.resolve_dispute(dispute_id=id_, accept=side, reason=words.get("words", ""), by=by, now=now)

    return act


_VERBS: dict[tuple[str, str], Callable[[UUID, Form, Actor, datetime], Any]] = {
    ("records", "retry"): _retry,
    ("records", "accept"): _accept,
    ("records", "charge-late"): _charge_late,
    ("records", "waive"): _waive,
    ("orders", "waive"): _waive_order,
    ("disputes", "old"): _resolve(Side.OLD),
    ("disputes", "new"): _resolve(Side.NEW),
}
