"""Reading alerts: the officer's queue, what stands against some subjects, a programme's thresholds."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, Q

from jiaozi.alert.models import Alert, ParameterSet
from jiaozi.alert.rules import DEFAULTS, AlertKind, Parameters, Standing, State, Subject, SubjectKind, changed, may_read
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules import Actor

ROWS_MAX = 500
SUBJECTS_MAX = 200_000
"""A statement's orders and the statement itself; more subjects are asked in parts."""
STANDING_MAX = 50


class UnableToFindAlert(Refused):
    """No alert has this id."""


def alert(id: UUID, *, lock: bool = False) -> Alert:  # noqa: A002 - the column's own name
    """Give one alert, locked for its resolution where asked.

    Raises
    ------
    UnableToFindAlert
        When there is none.
    """
    rows = Alert.objects.select_for_update(no_key=True) if lock else Alert.objects.all()
    found = rows.filter(id=id).first()
    if found is None:
        raise UnableToFindAlert("NO_SUCH_ALERT", f"没有预警{id}", f"no alert {id}", field="alert")
    return found


def alerts(
    *, programme: str, by: Actor, states: Iterable[State] = (), after: UUID | None = None, limit: int = 100
) -> list[Alert]:
    """Give a page of a programme's alerts, the latest first, from after an id.

    Raises
    ------
    UnableToReadAlerts
        When the reader is none who decides, pays or audits.
    """
    may_read(by)
    rows = Alert.objects.filter(programme=programme).order_by("-id")
    wanted = list(states)
    if wanted:
        rows = rows.filter(state__in=wanted)
    if after is not None:
        rows = rows.filter(id__lt=after)
    return list(rows[: max(1, min(limit, ROWS_MAX))])


def alerts_of(subject: Subject, *, by: Actor, limit: int = 100) -> list[Alert]:
    """Give what was ever raised about one subject, the latest first."""
    may_read(by)
    rows = Alert.objects.filter(subject_id=subject.id, subject_kind=subject.kind).order_by("-id")
    return list(rows[: max(1, min(limit, ROWS_MAX))])


def counts(programme: str) -> dict[State, int]:
    """Say how many alerts stand in each state, in one statement."""
    rows = Alert.objects.filter(programme=programme).values_list("state").annotate(Count("id"))
    return {State(state): number for state, number in rows}


def standing(
    subjects: Iterable[Subject], besides: Iterable[Subject] = (), *, most: int = STANDING_MAX
) -> tuple[list[Standing], int]:
    """Give what may stand in the way of these subjects, and how many more there are, in one statement.

    Of a participant, and of ``besides``, only open alerts stand in the way.

    Raises
    ------
    ValueError
        When more than ``SUBJECTS_MAX`` are asked at once.
    """
    wanted = {subject: subject.kind.lasts for subject in subjects}
    wanted = dict.fromkeys(besides, True) | wanted
    if len(wanted) > SUBJECTS_MAX:
        raise ValueError(f"subjects: at most {SUBJECTS_MAX} at once, not {len(wanted)}")
    by_kind: dict[tuple[SubjectKind, bool], list[str]] = {}
    for subject in sorted(wanted):
        by_kind.setdefault((subject.kind, wanted[subject]), []).append(subject.id)
    mine = Q(pk__in=[])
    for (kind, only_open), ids in by_kind.items():
        states = [State.OPEN] if only_open else [State.OPEN, State.CONFIRMED]
        mine |= Q(subject_kind=kind, subject_id__in=ids, state__in=states)
    rows = Alert.objects.filter(mine).order_by("-state", "id")  # OPEN before CONFIRMED
    most = min(most, ROWS_MAX)
    found = [_standing(row) for row in rows[: most + 1]]
    more = rows.count() - most if len(found) > most else 0
    return found[:most], more


def parameters(programme: str) -> Parameters:
    """Give the thresholds that a programme set last, or the house's own."""
    row = ParameterSet.objects.filter(programme=programme).order_by("-number").first()
    return changed(DEFAULTS, row.values) if row else DEFAULTS


def _standing(row: Alert) -> Standing:
    return Standing(
        id=row.id,
        kind=AlertKind(row.kind),
        subject=Subject(SubjectKind(row.subject_kind), row.subject_id),
        state=State(row.state),
        reason=Label(row.reason_zh, row.reason_en),
    )
