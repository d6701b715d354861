"""What is done to a dossier from its page: one verb of the house a form, and back to the page with what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from jiaozi.alert import services as alerts
from jiaozi.application import queries
from jiaozi.application import services as application
from jiaozi.application.queries.asking import questions
from jiaozi.application.rules import UnableToDecide, end_of_notice
from jiaozi.application.rules.evidence import SIZE_MAX_BYTES, UnableToKeepEvidence
from jiaozi.kernel import clock
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason, Refused
from jiaozi.party.rules import Actor, Role
from jiaozi.policy import queries as policy
from jiaozi.policy.rules import Grant
from jiaozi.policy.rules.words import StepOfLife
from jiaozi.settlement import services as settlement
from jiaozi.voucher import services as voucher
from jiaozi.web.fields import answers
from jiaozi.web.frame import actor
from jiaozi.web.pages import page
from jiaozi.web.views.stepped import Form, fen_of, stepped

_WRITERS = frozenset({Role.APPLICANT, Role.OFFICER})


@page(Label("办理", "Step"), _WRITERS, parent="web:applications")
@require_POST
def step(request: HttpRequest, application_id: UUID, verb: str) -> HttpResponse:
    """Take one step; a refusal is said on the dossier's page, and nothing has changed."""
    act = _VERBS.get(verb)
    if act is None:
        raise Http404(verb)
    by = actor(request)
    return stepped(request, lambda words: act(application_id, words, by, clock.now()), _dossier(application_id))


@page(Label("提交材料", "Hand a paper in"), _WRITERS, parent="web:applications")
@require_POST
def attach(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Take a paper in."""
    given, by = request.FILES.get("content"), actor(request)

    def take(words: Form) -> Any:
        if given is None or (given.size or 0) > SIZE_MAX_BYTES:
            raise _no_file()
        return application.attach(
            application_id=application_id,
            step=StepOfLife.APPLY,
            paper=words.get("paper", "other"),
            name=given.name or "",
            content=given.read(),
            by=by,
            now=clock.now(),
        )

    return stepped(request, take, _dossier(application_id))


@page(Label("处置预警", "Resolve an alert"), frozenset({Role.OFFICER}), parent="web:applications")
@require_POST
def resolve_alert(request: HttpRequest, application_id: UUID, alert_id: UUID) -> HttpResponse:
    """Dismiss or confirm an alert with a recorded reason."""
    by = actor(request)

    def take(words: Form) -> Any:
        confirmed, reason = words.get("verdict") == "confirm", words.get("reason", "")
        return alerts.resolve(alert_id=alert_id, confirmed=confirmed, reason=reason, by=by, now=clock.now())

    return stepped(request, take, _dossier(application_id))


def _dossier(application_id: UUID) -> str:
    return reverse("web:dossier", args=[application_id])


def _no_file() -> Refused:
    most = SIZE_MAX_BYTES // 2**20
    return UnableToKeepEvidence(
        "FILE_MISSING", f"请选择一个不超过{most} MiB的文件", f"choose a file of at most {most} MiB", field="content"
    )


def _claimed(application_id: UUID, words: Form) -> dict[str, Any]:
    row = queries.application(application_id)
    document = policy.document(row.version_id)
    return answers(document, questions(document, row.clause, row.holder), words)


def _amend(id_: UUID, words: Form, by: Actor, now: datetime) -> None:
    application.amend(application_id=id_, claimed=_claimed(id_, words), by=by, now=now)


def _resubmit(id_: UUID, words: Form, by: Actor, now: datetime) -> None:
    application.resubmit(application_id=id_, claimed=_claimed(id_, words), by=by, now=now)


def _send_back(id_: UUID, words: Form, by: Actor, now: datetime) -> None:
    application.send_back(application_id=id_, missing=words.get("words", ""), by=by, now=now)


def _record_by_hand(id_: UUID, words: Form, by: Actor, now: datetime) -> None:
    amount_fen = fen_of(words)
    application.record_by_hand(application_id=id_, amount_fen=amount_fen, reason=words.get("words", ""), by=by, now=now)


def _notify(id_: UUID, words: Form, by: Actor, now: datetime) -> None:
    try:
        until = end_of_notice(date.fromisoformat(words.get("until", "")))
    except (ValueError, OverflowError):
        raise UnableToDecide(
            "DATE_WRONG", "公示截止日须为日期，如2026-12-01", "write the notice's last day as a date", field="until"
        ) from None
    application.notify_public(application_id=id_, until=until, by=by, now=now)


def _reject(id_: UUID, words: Form, by: Actor, now: datetime) -> None:
    own = words.get("words", "").strip()
    reason = Reason("OFFICER", Label(own, own)) if own else None
    application.reject(application_id=id_, by=by, now=now, words=reason)


def _approve(id_: UUID, _words: Form, by: Actor, now: datetime) -> None:
    row = queries.application(id_)
    grants = policy.document(row.version_id).clause(row.clause).grants
    if grants is Grant.AWARD:
        settlement.award(application_id=id_, by=by, now=now)
    else:
        voucher.issue(application_id=id_, by=by, now=now)


def _plain(verb: Callable[..., Any]) -> Callable[[UUID, Form, Actor, datetime], None]:
    def act(id_: UUID, _words: Form, by: Actor, now: datetime) -> None:
        verb(application_id=id_, by=by, now=now)

    return act


_VERBS: dict[str, Callable[[UUID, Form, Actor, datetime], None]] = {
    "amend": _amend,
    "submit": _plain(application.submit),
    "resubmit": _resubmit,
    "withdraw": _plain(application.withdraw),
    "appeal": _plain(application.appeal),
    "review": _plain(application.review),
    "send_back": _send_back,
    "record_by_hand": _record_by_hand,
    "notify_public": _notify,
    "end_demo_notice": _plain(application.end_demo_notice),
    "reject": _reject,
    "approve": _approve,
    "screen": _plain(application.screen),
}
