"""An old order or a template as a new form: what it asks for, typed back; its price, and what is held, are today's."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.order import queries as orders
from jiaozi.order import services as order
from jiaozi.order.rules import check_own
from jiaozi.order.rules.template import Asked, read_back
from jiaozi.order.rules.wishes import DataFile, Wishes
from jiaozi.party.rules import Actor, Role
from jiaozi.voucher import queries as vouchers
from jiaozi.voucher.models import Voucher
from jiaozi.voucher.rules import State
from jiaozi.web.frame import actor
from jiaozi.web.pages import page
from jiaozi.web.templatetags.words import said

SCRIPT = "job.sh"
_MS_PER_MINUTE = 60_000
_US_PER_MS = 1_000
_NAMES_MAX = 200
_NO_VOUCHER = Label("没有可用的算力券，不能再次提交", "no voucher is left to run it again on")


@page(Label("再次提交", "Run again"), frozenset({Role.APPLICANT}), parent="web:wallet")
@require_safe
def run_again(request: HttpRequest, order_id: UUID) -> HttpResponseRedirect:
    """Lead to a new order's form: on the order's own voucher, or where that has ended on the one that ends soonest."""
    by, row = actor(request), orders.order(order_id)
    check_own(by, row.holder_id, row.programme)
    voucher = row.voucher if row.voucher.state == State.ACTIVE else voucher_to_spend(row.holder_id)
    if voucher is None:
        messages.error(request, said(_NO_VOUCHER))
        return HttpResponseRedirect(reverse("web:order", args=[row.id]))
    others = sorted(set(row.files) - {SCRIPT})
    if others:
        names = "、".join(others)[:_NAMES_MAX]
        line = Label(f"原订单的文件{names}须通过接口提交", f"the old order's files {names} can only be sent by the API")
        messages.warning(request, said(line))
    return HttpResponseRedirect(f"{reverse('web:new-order', args=[voucher.id])}?again={row.id}")


def voucher_to_spend(holder: UUID) -> Voucher | None:
    """Give the active voucher of a holder that ends soonest; None where there is none."""
    found = vouchers.purses(programme=settings.JIAOZI_PROGRAMME, holder=holder, states=[State.ACTIVE])
    return min((purse.voucher for purse in found), key=lambda each: each.valid_until, default=None)


def typed(given: Mapping[str, str], by: Actor) -> dict[str, str]:
    """Give an old order or a template that an address names as it would be typed into the form; nothing without.

    Raises
    ------
    UnableToHold, UnableToFindOrder, UnableToKeepTemplate, UnableToFindTemplate
        When it is another's, or not there.
    """
    if old := _id(given.get("again", "")):
        return words_of(order.asked(order_id=old, by=by))
    if kept := _id(given.get("template", "")):
        return words_of(read_back(orders.template(kept, by).job))
    return {}


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def words_of(asked: Asked) -> dict[str, str]:
    """Give what was asked for as words of the form."""
    wanted = asked.request
    kind = wanted.session.opens if wanted.session else ""
    return {
        "title": asked.title,
        "kind": kind,
        "authorized_key": wanted.session.authorized_key if wanted.session else "",
        "centre": wanted.centre,
        "resource_class": wanted.resource_class,
        "units": str(wanted.units),
        "memory_mib": str(wanted.memory_mib),
        "minutes": str(-(-wanted.time_limit_ms // _MS_PER_MINUTE)),
        "end_user": str(wanted.end_user or ""),
        "script": "" if kind else _script(asked),
        **_wished(asked.wishes),
    }


def _script(asked: Asked) -> str:
    own = asked.request.command == ("/bin/sh", SCRIPT)
    return asked.files.get(SCRIPT, "") if own else shlex.join(asked.request.command)


def _wished(wishes: Wishes) -> dict[str, str]:
    return {
        "latency_to": wishes.latency_to,
        "latency_ms": str(wishes.latency_max_us // _US_PER_MS) if wishes.latency_max_us else "",
        "residency": wishes.residency.value if wishes.residency else "",
        "tier": wishes.tier.value if wishes.tier else "",
        "data_at": wishes.data_at,
        "budget": "" if wishes.budget_fen is None else yuan(wishes.budget_fen),
        "wait": yuan(wishes.wait_fen_per_hour) if wishes.wait_fen_per_hour else "",
        "inputs": _lines(wishes.inputs),
        "outputs": _lines(wishes.outputs),
    }


def _lines(files: tuple[DataFile, ...]) -> str:
    return "\n".join(f"{each.url} {each.size_bytes} B {each.sha256}".rstrip() for each in files)
