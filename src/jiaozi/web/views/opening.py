"""Open data and verification: what anybody may download, prove and look up, without an account."""

from __future__ import annotations

import base64
from typing import Any

from allauth.mfa.adapter import get_adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.transparency import queries as transparency
from jiaozi.transparency.queries.reading import UnableToFindEntries
from jiaozi.transparency.rules import COLUMNS, Form
from jiaozi.transparency.rules.form import WITHHELD
from jiaozi.web.pages import EVERYBODY, page

_TYPES = {Form.CSV: "text/csv; charset=utf-8", Form.JSON: "application/jsonl; charset=utf-8"}
_CODE_MAX = 100
_PLACE_DIGITS = 18
BAD_REQUEST = 400
_MEANINGS = {
    "n": Label("链上的位置", "place in the chain"),
    "source": Label("留痕、转账，或只公开哈希", "journal line, transfer, or withheld"),
    "id": Label("编号", "id"),
    "at": Label("时间（UTC）", "when, UTC"),
    "programme": Label("项目", "programme"),
    "event": Label("业务事项", "event of the books"),
    "kind": Label("过账、冻结、核销或解冻", "POST, HOLD, CAPTURE or VOID"),
    "debit": Label("借方账户", "account debited"),
    "credit": Label("贷方账户", "account credited"),
    "amount_fen": Label("金额，分", "amount in fen, hundredths of a yuan"),
    "hold": Label("所了结的冻结", "the hold that it resolves"),
    "hold_fen": Label("该冻结的金额，分", "what that hold held, in fen"),
    "chain": Label("一并成立的一组转账", "transfers that stand together"),
    "reference": Label("所涉算力券、订单或结算单", "the voucher, order or statement that it is about"),
    "year": Label("预算年度", "year of the budget"),
    "clause": Label("条款", "clause"),
    "holder_class": Label("申领主体类别", "class of holder"),
    "parts": Label("结算款按年度、条款、类别的构成", "how a payment divides by year, clause and class"),
    "stage": Label("留痕：环节", "journal: room"),
    "verb": Label("留痕：事项", "journal: verb"),
    "before": Label("留痕：原状态", "journal: state before"),
    "after": Label("留痕：新状态", "journal: state after"),
    "digest": Label("留痕：全文摘要", "journal: digest of the whole line"),
    "leaf": Label("以上各列的SHA-256", "SHA-256 of the columns above"),
    "head": Label("前一链首与本条哈希的SHA-256", "SHA-256 of the head before and this leaf"),
}


@page(Label("开放数据", "Open data"), EVERYBODY, parent="web:ledger")
@require_safe
def open_data(request: HttpRequest) -> HttpResponse:
    """Say what can be downloaded, what each column means, what is left out and why, and how to prove it."""
    point = transparency.checkpoint()
    parts = range(0, point.n, transparency.PART_MAX) if point else range(0)
    context = {
        "checkpoint": point,
        "parts": [(after, min(after + transparency.PART_MAX, point.n)) for after in parts][-20:] if point else [],
        "columns": [(name, _MEANINGS[name]) for name in COLUMNS],
        "withheld": WITHHELD,
        "licence": settings.JIAOZI_SITE.get("licence", ""),
        "host": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "web/open_data.html", context)


@page(Label("下载开放数据", "Download open data"), EVERYBODY, parent="web:open-data")
@require_safe
def open_data_file(request: HttpRequest, form: str) -> Any:
    """Stream one part of the open data; the same address with ``upto`` gives the same bytes for ever."""
    if form not in set(Form):
        raise Http404(form)
    after, upto = _place(request, "after"), _place(request, "upto")
    try:
        part = transparency.part(after or 0, upto)
    except UnableToFindEntries as missing:
        raise Http404(missing) from missing
    last = min(part.checkpoint.n, part.after + transparency.PART_MAX)
    rows = [] if request.method == "HEAD" else transparency.stream(part, Form(form))
    answer = StreamingHttpResponse(rows, content_type=_TYPES[Form(form)])
    answer["Content-Disposition"] = f'attachment; filename="jiaozi-open-data-{part.after + 1}-{last}.{form}"'
    answer["Cache-Control"] = "no-store"
    return answer


@page(Label("签名公钥", "Signing key"), EVERYBODY, parent="web:open-data")
@require_safe
def open_key(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view
    """Give the public key that the checkpoints are signed with, 64 hexadecimal digits."""
    point = transparency.checkpoint()
    if point is None:
        raise Http404
    return HttpResponse(point.key.hex() + "\n", content_type="text/plain; charset=ascii")


@page(Label("核验", "Verify"), EVERYBODY, place=28)
@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """Say whether a code is valid, what it stands for, who signed, when, and where it is in the chain."""
    code = request.GET.get("code", "").strip()[:_CODE_MAX]
    context: dict[str, Any] = {"code": code, "checkpoint": transparency.checkpoint()}
    if code:
        try:
            context["found"] = transparency.standing(code)
        except Refused as refused:
            return render(request, "web/verify.html", context | {"wrong": refused.reason.label}, status=BAD_REQUEST)
        context["qr"] = qr(request.build_absolute_uri(f"{reverse('web:verify')}?code={code}"))
    return render(request, "web/verify.html", context)


def _place(request: HttpRequest, name: str) -> int | None:
    """Read a place in the chain from the address."""
    text = request.GET.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > _PLACE_DIGITS:
        raise Http404(text)
    return int(text)


def qr(text: str) -> str:
    """Draw a text as a code to scan, as an address of its own picture; the sign-in library draws its codes so too."""
    return "data:image/svg+xml;base64," + base64.b64encode(get_adapter().build_totp_svg(text).encode()).decode()
