"""Spending a voucher: the wallet, a job described beside its quotes, placing it, and stopping it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jiaozi.catalogue import queries as catalogue
from jiaozi.dispatch import queries as dispatch
from jiaozi.dispatch.rules import Answer
from jiaozi.dispatch.rules import Request as Wanted
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.order import queries as orders
from jiaozi.order import services as order
from jiaozi.order.rules import Request, Session, UnableToQuote
from jiaozi.order.rules.session import Opens
from jiaozi.party import queries as party
from jiaozi.party.rules import HolderClass, Role
from jiaozi.voucher import queries as vouchers
from jiaozi.web.frame import actor
from jiaozi.web.pages import page
from jiaozi.web.templatetags.words import said
from jiaozi.web.views.programme import shown

ROWS = 50
SCRIPT, SCRIPT_MAX = "job.sh", 65_536
_DIGITS_MAX = 9
_MS_PER_MINUTE = 60_000
_SPENDERS = frozenset({Role.APPLICANT})
_NUMBERS = {
    "units": Label("数量（核或卡）", "Units (cores or cards)"),
    "memory_mib": Label("内存（MiB）", "Memory (MiB)"),
    "minutes": Label("时限（分钟）", "Time limit (minutes)"),
}
KINDS = [("", Label("批处理作业", "a batch job")), *((each.value, each.label) for each in Opens)]
_DEFAULTS = {"units": "1", "memory_mib": "512", "minutes": "10", "resource_class": "", "title": "", "script": ""}


@dataclass(frozen=True, slots=True)
class Job:
    """What was typed of a job; ``wrong`` names the number that is none."""

    words: Mapping[str, str]
    numbers: Mapping[str, int]
    wrong: tuple[Reason, ...] = ()


@page(Label("我的算力券", "My vouchers"), _SPENDERS, place=40)
@require_safe
def wallet(request: HttpRequest) -> HttpResponse:
    """Show the vouchers that can be spent, soonest expiry first, and the orders on them."""
    by, programme = actor(request), shown(local_date(clock.now()))
    if by.organisation is None:
        raise Http404
    purses = vouchers.purses(programme=programme.slug, holder=by.organisation, limit=ROWS)
    context = {
        "programme": programme,
        "purses": sorted(purses, key=lambda purse: (purse.voucher.state != "ACTIVE", purse.voucher.valid_until)),
        "orders": orders.orders(programme=settings.JIAOZI_PROGRAMME, holder=by.organisation, limit=ROWS),
    }
    return render(request, "web/wallet.html", context)


@page(Label("用券提交作业", "Run a job"), _SPENDERS, parent="web:wallet")
@require_http_methods(["GET", "POST"])
def new_order(request: HttpRequest, voucher_id: UUID) -> HttpResponse:
    """Describe a job and see every place's price, voucher's and own share; placing it takes the hold at once."""
    by, purse = actor(request), vouchers.purse(voucher_id)
    if by.organisation != purse.voucher.holder_id:
        raise Http404(voucher_id)
    job = _job(request.POST if request.method == "POST" else request.GET)
    reasons = job.wrong
    partial = (
        "HX-Request" in request.headers
    )  # asks for quotes only; by POST, since a script is too long for an address
    placing = request.method == "POST" and not partial
    if placing and not reasons:
        try:
            row = _placed(request, job, voucher_id)
        except Refused as refused:
            reasons = (refused.reason,)
        else:
            return HttpResponseRedirect(reverse("web:order", args=[row.id]))
    answer = _quotes(purse.voucher, job)
    unable = order.unable_to_open(job.words["kind"]) if job.words["kind"] in set(Opens) else {}
    context = {
        "purse": purse,
        "voucher": purse.voucher,
        "job": job.words,
        "numbers": [(name, label, job.words[name]) for name, label in _NUMBERS.items()],
        "classes": catalogue.resource_classes(),
        "answer": answer,
        "options": [each for each in answer.options if each.centre not in unable] if answer else [],
        "unable": unable,
        "kinds": KINDS,
        "centres": {row.id: row for row in catalogue.centres()} if answer else {},
        "reasons": reasons,
        "asked": bool(request.GET or request.POST),
        "end_users": _end_users(purse.voucher.holder),
    }
    template = "web/parts/quotes.html" if partial else "web/new_order.html"
    return render(request, template, context, status=422 if placing else 200)


def _end_users(holder: Any) -> list[Any]:
    return party.end_users_of(holder.id) if holder.holder_class == HolderClass.INTERMEDIARY else []


def _job(given: Mapping[str, str]) -> Job:
    words = {name: str(given.get(name, "") or default) for name, default in _DEFAULTS.items()}
    words |= {name: str(given.get(name, "")) for name in ("centre", "end_user", "kind", "authorized_key")}
    numbers, wrong = {}, []
    for name, label in _NUMBERS.items():
        text = words[name].strip()
        if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX and int(text):
            numbers[name] = int(text)
        else:
            line = Label(f"{label.zh}须为大于零的整数", f"{label.en} must be a whole number above zero")
            wrong.append(Reason("NUMBER_WRONG", line, field=name))
    return Job(words, numbers, tuple(wrong))


def _quotes(voucher: Any, job: Job) -> Answer | None:
    if job.wrong or not job.words["resource_class"]:
        return None
    now = clock.now()
    wanted = Wanted(
        id=str(voucher.id),
        resource_class=job.words["resource_class"],
        units=job.numbers["units"],
        duration_s=job.numbers["minutes"] * 60,
        earliest_s=int(now.timestamp()),
    )
    try:
        return dispatch.options_for(voucher, wanted, now)
    except Refused:
        return None


def _placed(request: HttpRequest, job: Job, voucher_id: UUID) -> Any:
    by, now, words = actor(request), clock.now(), job.words
    if len(words["script"]) > SCRIPT_MAX:
        raise UnableToQuote(
            "SCRIPT_TOO_LONG",
            f"脚本最多{SCRIPT_MAX}个字符",
            f"a script has {SCRIPT_MAX} characters at most",
            field="script",
        )
    wanted = Request(
        centre=words["centre"],
        resource_class=words["resource_class"],
        units=job.numbers["units"],
        memory_mib=job.numbers["memory_mib"],
        time_limit_ms=job.numbers["minutes"] * _MS_PER_MINUTE,
        command=("/bin/sh", SCRIPT),
        end_user=_id(words["end_user"]),
        session=_session(words),
    )
    files = {} if wanted.session else {SCRIPT: words["script"].replace("\r\n", "\n")}
    row = order.quote(voucher_id=voucher_id, request=wanted, title=words["title"], by=by, now=now, files=files)
    return order.hold(order_id=row.id, by=by, now=now)


def _session(words: Mapping[str, str]) -> Session | None:
    if words["kind"] in set(Opens):
        return Session(opens=words["kind"], authorized_key=words["authorized_key"])
    if not words["script"].strip():
        raise UnableToQuote("SCRIPT_MISSING", "请填写要运行的脚本", "write the script to run", field="script")
    return None


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise UnableToQuote(
            "END_USER_UNKNOWN", "请选择一个最终用户", "choose one of the end users", field="end_user"
        ) from None


@page(Label("取消订单", "Cancel an order"), _SPENDERS | {Role.OPERATOR}, parent="web:year")
@require_POST
def cancel_order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Cancel an order; what is held and not used is released."""
    try:
        order.cancel(order_id=order_id, by=actor(request), now=clock.now())
    except Refused as refused:
        messages.error(request, said(refused.reason.label))
    return HttpResponseRedirect(reverse("web:order", args=[order_id]))
