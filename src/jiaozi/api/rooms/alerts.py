"""Alerts: suspicions with their reasons, which stop issue and payment until an officer resolves them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Query, Router
from pydantic import Field

from jiaozi.alert import queries
from jiaozi.alert import services as alert
from jiaozi.alert.models import Alert
from jiaozi.alert.rules import State
from jiaozi.alert.rules.life import may_read
from jiaozi.api.caller import Asked, programme_of
from jiaozi.api.operation import reads, writes
from jiaozi.api.page import Filter, Page, at_id, page
from jiaozi.api.shape import Name, Reasoned, Shape, Words, one_of
from jiaozi.kernel import clock
from jiaozi.party.rules import Scope, check_own_programme

router = Router(tags=["alerts"])
AlertState = Annotated[State, one_of(State)]


class AlertShape(Shape):
    """One suspicion about one subject, with its figures and the thresholds that they passed."""

    id: UUID
    programme: str
    kind: str
    subject_kind: str
    subject_id: str
    level: str
    reason: Words
    figures: Any
    thresholds: Any
    evidence: Any
    raised_at: datetime
    rule: str
    rule_version: int
    state: AlertState
    resolved_at: datetime | None
    resolved_by: str
    resolution: str


class AlertFilter(Filter):
    """Which alerts."""

    state: list[AlertState] = []


class Verdict(Reasoned):
    """Whether the suspicion is true, with the reason."""

    confirmed: bool


class Thresholds(Shape):
    """A programme's thresholds."""

    values: dict[str, int]


class ThresholdWish(Reasoned):
    """Thresholds that change from now on."""

    programme: Name = ""
    values: Annotated[dict[str, int], Field(min_length=1, max_length=50)]


def _shown(row: Alert) -> AlertShape:
    row.reason = Words(zh=row.reason_zh, en=row.reason_en)  # type: ignore[attr-defined]
    return AlertShape.model_validate(row)


def _seen(request: Asked, alert_id: UUID, *, lock: bool = False) -> AlertShape:
    may_read(request.auth)
    row = queries.alert(alert_id, lock=lock)
    check_own_programme(request.auth, row.programme)
    return _shown(row)


def _held_fast(request: Asked, alert_id: UUID) -> AlertShape:
    return _seen(request, alert_id, lock=True)


@reads(router, "/alerts", Page[AlertShape])
def list_alerts(request: Asked, asked: Query[AlertFilter]) -> Page[AlertShape]:
    """Alerts, the latest first; for those who decide, pay and audit."""
    programme = programme_of(request, asked.programme)
    check_own_programme(request.auth, programme)
    rows = queries.alerts(
        programme=programme,
        by=request.auth,
        states=asked.state,
        after=at_id(asked.cursor),
        limit=asked.limit + 1,
    )
    return page(rows, asked.limit, _shown, lambda row: (row.id,))


@reads(router, "/alerts/thresholds", Thresholds)
def get_alert_thresholds(request: Asked, programme: Name = "") -> Thresholds:
    """The thresholds that a programme set last, or the house's own."""
    may_read(request.auth)
    wanted = programme_of(request, programme)
    check_own_programme(request.auth, wanted)
    return _thresholds(wanted)


def _thresholds(programme: str) -> Thresholds:
    found = queries.parameters(programme)
    return Thresholds(values={name: getattr(found, name) for name in found.__dataclass_fields__})


@reads(router, "/alerts/{alert_id}", AlertShape)
def get_alert(request: Asked, alert_id: UUID) -> AlertShape:
    """One alert."""
    return _seen(request, alert_id)


@writes(router, "/alerts/{alert_id}/resolve", AlertShape, scope=Scope.DECIDE, seen=_held_fast)
def resolve_alert(request: Asked, alert_id: UUID, given: Verdict) -> AlertShape:
    """Dismiss or confirm an alert, once, with a recorded reason."""
    row = alert.resolve(
        alert_id=alert_id, confirmed=given.confirmed, reason=given.reason, by=request.auth, now=clock.now()
    )
    return _shown(row)


@writes(router, "/alerts/thresholds", Thresholds, scope=Scope.DECIDE)
def set_alert_thresholds(request: Asked, given: ThresholdWish) -> Thresholds:
    """Change a programme's thresholds from now on; what was raised before stays."""
    programme = programme_of(request, given.programme)
    alert.set_parameters(
        programme=programme, values=given.values, reason=given.reason, by=request.auth, now=clock.now()
    )
    return _thresholds(programme)
