"""Closing a centre's statement before its period is over: what was captured till then can be claimed and paid now."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import Period
from jiaozi.party.rules import Role
from jiaozi.settlement import services as settlement
from jiaozi.settlement.models import Statement
from jiaozi.settlement.rules.life import closed_already
from jiaozi.web.frame import actor
from jiaozi.web.pages import page
from jiaozi.web.views.stepped import Form, UnableToReadForm, stepped

CLOSERS = frozenset({Role.OFFICER, Role.OPERATOR})
_CLOSED = Label("已关账，待算力中心确认或申报。", "Closed; the centre confirms or claims it next.")


@page(Label("关账", "Close a statement"), CLOSERS, parent="web:statements")
@require_POST
def close_statement(request: HttpRequest) -> HttpResponse:
    """Close a centre's statement over what is captured so far; a refusal is said on the page of the statements."""
    by, programme = actor(request), settings.JIAOZI_PROGRAMME

    def close(words: Form) -> Statement:
        period, now = _period(words), clock.now()
        centre = words.get("centre", "")
        row = settlement.close_statement(programme=programme, centre=centre, period=period, by=by, now=now)
        if row.closed_at != now:
            raise closed_already(period)
        return row

    return stepped(request, close, reverse("web:statements"), lambda _: _CLOSED)


def _period(words: Form) -> Period:
    try:
        first, last = date.fromisoformat(words.get("first", "")), date.fromisoformat(words.get("last", ""))
        return Period(first, last + timedelta(days=1))
    except (ValueError, OverflowError):
        raise UnableToReadForm(
            "PERIOD_WRONG",
            "起止日期须为日期，如2026-11-01至2026-11-30，止不早于起",
            "name the first and the last day, like 2026-11-01 and 2026-11-30, the last not before the first",
            field="first",
        ) from None
