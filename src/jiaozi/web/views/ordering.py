"""Spending a voucher: the wallet, a job described beside its quotes, placing it, and stopping it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jiaozi.catalogue import queries as catalogue
from jiaozi.catalogue.rules import Tier
from jiaozi.dispatch.rules import Option
from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.order import queries as orders
from jiaozi.order import services as order
from jiaozi.order.rules import Request, Session, UnableToQuote
from jiaozi.order.rules.session import Opens
from jiaozi.order.rules.template import NAME_MAX, Asked
from jiaozi.order.rules.wishes import NONE, Wishes
from jiaozi.party import queries as party
from jiaozi.party.rules import HolderClass, Role
from jiaozi.voucher import queries as vouchers
from jiaozi.web.frame import actor
from jiaozi.web.once import once
from jiaozi.web.pages import page
from jiaozi.web.templatetags.words import said
from jiaozi.web.views import repeating, wishing
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
    """What was typed of a job; ``wrong`` names each field that can't be read."""

    words: Mapping[str, str]
    numbers: Mapping[str, int]
    wishes: Wishes
    wrong: tuple[Reason, ...] = ()


@page(Label("我的算力券", "My vouchers"), _SPENDERS, place=40)
@require_safe
def wallet(request: HttpRequest) -> HttpResponse:
    """Show the vouchers that can be spent, soonest expiry first, and the orders on them."""
    by, programme = actor(request), shown(local_date(clock.now()))
    if by.organisation is None:
        raise Http404
    purses = vouchers.purses_of(by.organisation, programme=programme.slug, limit=ROWS)
    context = {
        "today": local_date(clock.now()),
        "programme": programme,
        "purses": sorted(purses, key=lambda purse: (purse.voucher.state != "ACTIVE", purse.voucher.valid_until)),
        "orders": orders.listed(programme=programme.slug, holder=by.organisation, limit=ROWS),
    }
    return render(request, "web/wallet.html", context)


@page(Label("用券提交作业", "Run a job"), _SPENDERS, parent="web:wallet")
@require_http_methods(["GET", "POST"])
def new_order(request: HttpRequest, voucher_id: UUID) -> HttpResponse:
    """Describe a job and see every place's price, voucher's and own share; placing it takes the hold at once.

    A form that is sent twice is one order, and nothing is held at another price than the one that was shown.
    """
    by, purse = actor(request), vouchers.purse(voucher_id)
    if by.organisation != purse.voucher.holder_id:
        raise Http404(voucher_id)
    job = _job(request.POST if request.method == "POST" else _begun(request))
    reasons = job.wrong
    partial = (
        "HX-Request" in request.headers
    )  # asks for quotes only; by POST, since a script is too long for an address
    placing = request.method == "POST" and not partial
    if placing and not reasons:
        try:
            return HttpResponseRedirect(_kept(request, job, purse.voucher) or _ordered(request, job, voucher_id))
        except Refused as refused:
            reasons = (refused.reason,)
    quotes = _quotes(purse.voucher, job)
    sites = {row.id: row for row in catalogue.centres()}
    context = {
        **quotes,
        "key": new_id(),
        "tiers": list(Tier),
        "sites": sites.values(),
        "moves": job.wishes.has_data,
        "wished": job.wishes != NONE or any(job.words[name] for name in wishing.FIELDS),
        "purse": purse,
        "limit": orders.spending_of(by.organisation, by.name, clock.now()),
        "voucher": purse.voucher,
        "job": job.words,
        "numbers": [(name, label, job.words[name]) for name, label in _NUMBERS.items()],
        "classes": catalogue.resource_classes(),
        "kinds": KINDS,
        "centres": sites,
        "reasons": reasons,
        "asked": bool(request.GET or request.POST),
        "end_users": _end_users(purse.voucher.holder),
        "name_max": NAME_MAX,
    }
    template = "web/parts/quotes.html" if partial else "web/new_order.html"
    return render(request, template, context, status=422 if placing else 200)


def _begun(request: HttpRequest) -> Mapping[str, str]:
    """Give what the form begins with: what its address says, on top of an old order or a template that it names."""
    return {**repeating.typed(request.GET.dict(), actor(request)), **request.GET.dict()}


def _end_users(holder: Any) -> list[Any]:
    return party.end_users_of(holder.id) if holder.holder_class == HolderClass.INTERMEDIARY else []


def _job(given: Mapping[str, str]) -> Job:
    words = {name: str(given.get(name, "") or default) for name, default in _DEFAULTS.items()}
    fields = ("centre", "end_user", "kind", "authorized_key", "template_name", *wishing.FIELDS)
    words |= {name: str(given.get(name, "")) for name in fields}
    wished = wishing.read(words)
    numbers, wrong = {}, list(wished.wrong)
    for name, label in _NUMBERS.items():
        text = words[name].strip()
        if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX and int(text):
            numbers[name] = int(text)
        else:
            line = Label(f"{label.zh}须为大于零的整数", f"{label.en} must be a whole number above zero")
            wrong.append(Reason("NUMBER_WRONG", line, field=name))
    return Job(words, numbers, wished.wishes, tuple(wrong))


@dataclass(frozen=True, slots=True)
class Row:
    """One place beside the others: why it is out of question now, if it is, and whether the platform takes it."""

    option: Option
    start_at: datetime
    aside: Reason | None
    taken: bool


def _quotes(voucher: Any, job: Job) -> dict[str, Any]:
    if job.wrong or not job.words["resource_class"]:
        return {"answer": None}
    kind = job.words["kind"]
    session = Session(opens=kind) if kind in set(Opens) else None
    try:
        seen = order.survey(_wanted(job, "", session), job.wishes, voucher, clock.now())
    except Refused as refused:
        return {"answer": None, "refused": refused.reason}
    rows = [
        Row(each, datetime.fromtimestamp(each.start_s, UTC), seen.aside.get(each.centre), each is seen.taken)
        for each in seen.answer.options
        if each.centre not in seen.closed
    ]
    return {"answer": seen.answer, "rows": rows, "taken": seen.taken, "unable": seen.closed}


def _wanted(job: Job, centre: str, session: Session | None, end_user: UUID | None = None) -> Request:
    return Request(
        centre=centre,
        resource_class=job.words["resource_class"],
        units=job.numbers["units"],
        memory_mib=job.numbers["memory_mib"],
        time_limit_ms=job.numbers["minutes"] * _MS_PER_MINUTE,
        command=("/bin/sh", SCRIPT),
        end_user=end_user,
        session=session,
    )


def _asked(job: Job) -> Asked:
    """Give the whole job as it was typed."""
    words = job.words
    if len(words["script"]) > SCRIPT_MAX:
        raise UnableToQuote(
            "SCRIPT_TOO_LONG",
            f"脚本最多{SCRIPT_MAX}个字符",
            f"a script has {SCRIPT_MAX} characters at most",
            field="script",
        )
    session = _session(words)
    files = {} if session else {SCRIPT: words["script"].replace("\r\n", "\n")}
    return Asked(words["title"], _wanted(job, words["centre"], session, _id(words["end_user"])), job.wishes, files)


def _kept(request: HttpRequest, job: Job, voucher: Any) -> str:
    """Keep the job as a template where that is asked, and lead back to the form; empty where it is not."""
    if "keep" not in request.POST:
        return ""
    words = {"organisation": voucher.holder_id, "by": actor(request), "now": clock.now()}
    row = order.keep_template(name=job.words["template_name"], job=_asked(job), **words)
    messages.success(request, said(Label("模板已保存。", "The template was saved.")))
    return f"{reverse('web:new-order', args=[voucher.id])}?template={row.id}"


def _ordered(request: HttpRequest, job: Job, voucher_id: UUID) -> str:
    """Place the job once, and lead to its order; Enter in the name of a template must hold no money."""
    if job.words["template_name"].strip():
        raise UnableToQuote(
            "TEMPLATE_NAMED",
            "已填写模板名称：请点“保存模板”，或清空名称后再提交作业",
            "a template is named: save it, or empty its name before the job is submitted",
            field="template_name",
        )
    now = clock.now()
    order_id = once(request, UUID, lambda: _placed(request, job, voucher_id, now), now=now)
    return reverse("web:order", args=[order_id])


def _placed(request: HttpRequest, job: Job, voucher_id: UUID, now: datetime) -> UUID:
    by, words, asked = actor(request), job.words, _asked(job)
    row = order.quote(
        voucher_id=voucher_id,
        request=asked.request,
        title=asked.title,
        by=by,
        now=now,
        files=asked.files,
        wishes=asked.wishes,
    )
    order.check_shown(row, request.POST.get(f"shown:{words['centre']}", ""))
    return order.hold(order_id=row.id, by=by, now=now).id


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
