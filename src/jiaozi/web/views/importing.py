"""Bringing usage in by a file: what became of each line, and nothing stored where lines are wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from jiaozi.catalogue import queries as catalogue
from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.metering import queries
from jiaozi.metering import services as metering
from jiaozi.metering.rules.admitting import UnableToReadTrace
from jiaozi.metering.rules.entry import BadLine, Form
from jiaozi.metering.services.files import ENCODINGS
from jiaozi.party.rules import Reach, Role, reach_of
from jiaozi.web.frame import actor
from jiaozi.web.once import once
from jiaozi.web.pages import page
from jiaozi.web.views.stepped import UnableToReadForm

_IMPORTERS = frozenset({Role.CENTRE, Role.OPERATOR})
LINES_SHOWN = 200
_CLASSES_MAX = 200
_SAMPLES = "samples"
FORMS = {
    Form.CSV.value: Label("用量 CSV", "usage CSV"),
    Form.SLURM_JSON.value: Label("Slurm JSON（sacct --json）", "Slurm JSON (sacct --json)"),
    Form.FOCUS.value: Label("FOCUS 账单 CSV", "FOCUS billing CSV"),
    _SAMPLES: Label("采样 CSV（供独立核对）", "samples CSV (for the independent check)"),
}


@dataclass(frozen=True)
class Became:
    """What a file came to, kept with the form's key; ``bad`` are line, Chinese, English."""

    at: datetime
    read: int
    captured: int = 0
    received: int = 0
    held_back: int = 0
    same: int = 0
    disputes: int = 0
    price_fen: int | None = None
    passed: dict[str, int] = field(default_factory=dict)
    bad: list[tuple[int, str, str]] = field(default_factory=list)


@page(Label("导入用量", "Bring usage in"), _IMPORTERS, parent="web:usage")
@require_http_methods(["GET", "HEAD", "POST"])
def usage_import(request: HttpRequest) -> HttpResponse:
    """Take a file in, once however often it is sent, and say what became of its lines."""
    by = actor(request)
    asked = request.POST.get("centre") or request.GET.get("centre") or None
    centre = reach_of(by, settings.JIAOZI_PROGRAMME, Reach(centre=asked), holders=False).centre
    context: dict[str, Any] = {
        "centre": centre,
        "choices": [] if by.role is Role.CENTRE else catalogue.centres(connected=True),
        "forms": FORMS,
        "encodings": ENCODINGS,
        "given": request.POST,
        "most_mib": metering.UPLOAD_BYTES_MAX // 2**20,
        "key": request.POST.get("key") or new_id(),
    }
    if request.method != "POST":
        return render(request, "web/usage_import.html", context)
    try:
        became = _take(request, centre or "")
    except Refused as refused:
        bad = _lines(refused.bad) if isinstance(refused, UnableToReadTrace) else []
        context |= {"wrong": refused.reason, "bad": [Label(f"第{n}行：{zh}", f"line {n}: {en}") for n, zh, en in bad]}
        return render(request, "web/usage_import.html", context | {"key": new_id()}, status=422)
    context |= {
        "became": became,
        "bad": [Label(f"第{n}行：{zh}", f"line {n}: {en}") for n, zh, en in became.bad],
        "held": queries.held_back_at(centre or "", became.at, limit=LINES_SHOWN),
        "disputed": queries.disputed_at(centre or "", became.at, limit=LINES_SHOWN),
    }
    return render(request, "web/usage_import.html", context)


def _take(request: HttpRequest, centre: str) -> Became:
    form, given, now = request.POST.get("form", ""), request.FILES.get("file"), clock.now()
    if form not in FORMS:
        raise UnableToReadForm("FORM_WRONG", "请选择文件格式", "choose the file's format", field="form")
    if not centre:
        raise UnableToReadForm("CENTRE_MISSING", "请选择算力中心", "choose the centre", field="centre")
    within = given is not None and (given.size or 0) <= metering.UPLOAD_BYTES_MAX
    content = given.read() if given is not None and within else b""
    encoding = request.POST.get("encoding", ENCODINGS[0])
    kept: dict[str, Any] = {"centre": centre, "skip_bad": "skip_bad" in request.POST, "by": actor(request), "now": now}
    classes = _classes(request.POST.get("classes", ""))

    def act() -> Became:
        if form == _SAMPLES:
            taken = metering.samples_upload(content=content, encoding=encoding, **kept)
            return Became(now, taken.samples, received=taken.new, same=taken.samples - taken.new, bad=_lines(taken.bad))
        reading = metering.Reading(classes=classes, encoding=encoding)
        return _became(metering.import_upload(content=content, form=Form(form), reading=reading, **kept), now)

    return once(request, Became, act, now=now, file=content)


def _became(done: metering.Imported, now: datetime) -> Became:
    return Became(
        at=now,
        read=done.jobs,
        captured=done.captured + done.orders_captured,
        received=done.orders.new - done.orders.held_back,
        held_back=done.orders.held_back + sum(done.held_back.values()),
        same=done.same + done.orders.same,
        disputes=done.disputes + done.orders.disputes,
        price_fen=done.price_fen,
        passed=dict(done.passed),
        bad=_lines(done.bad),
    )


def _lines(bad: Any) -> list[tuple[int, str, str]]:
    first: list[BadLine] = list(bad)[:LINES_SHOWN]
    return [(each.line, each.label.zh, each.label.en) for each in first]


def _classes(text: str) -> dict[str, tuple[str, ...]]:
    """Read which resource class each of the centre's own names stands for, a pair a line.

    Raises
    ------
    UnableToReadForm
        Naming the line.
    """
    found = {}
    for number, line in enumerate(text.splitlines()[: _CLASSES_MAX + 1], start=1):
        if not line.strip():
            continue
        name, _, codes = line.partition("=")
        listed = tuple(code.strip() for code in codes.split(",") if code.strip())
        if not name.strip() or not listed or number > _CLASSES_MAX:
            raise UnableToReadForm(
                "CLASSES_WRONG",
                f"分区对照第{number}行须如 gpu-a = gpu-a100，至多{_CLASSES_MAX}行",
                f"line {number} must be like gpu-a = gpu-a100; at most {_CLASSES_MAX} lines",
                field="classes",
            )
        found[name.strip()] = listed
    return found
