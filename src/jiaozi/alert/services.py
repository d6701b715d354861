"""Raising alerts, resolving them with a recorded reason, and asking whether any stands in the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from jiaozi.alert import queries, rules
from jiaozi.alert.models import Alert, ParameterSet
from jiaozi.alert.rules import TRANSITIONS, Parameters, State, Subject, Suspicion
from jiaozi.alert.rules.suspicion import REASON_MAX
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import named_id, new_id
from jiaozi.kernel.lifecycle import advance
from jiaozi.party.rules import SYSTEM, Actor, check_own_programme

SUSPICIONS_MAX = 10_000


def raise_all(
    *, programme: str, suspicions: Iterable[Suspicion], now: datetime, by: Actor = SYSTEM
) -> tuple[Alert, ...]:
    """Raise what the checks found, each finding once for ever, and give those that are new.

    Nobody needs a right to raise: the rules do, whoever had them run. A finding that was resolved before stays so.

    Raises
    ------
    ValueError
        When there are more than ``SUSPICIONS_MAX``: raise them in parts.
    """
    found = {each.digest(programme): each for each in suspicions}
    if len(found) > SUSPICIONS_MAX:
        raise ValueError(f"suspicions: at most {SUSPICIONS_MAX} at once, not {len(found)}")
    if not found:
        return ()
    with transaction.atomic():
        rows = [_row(programme, key, found[key], by, now) for key in sorted(found)]
        Alert.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
        own = set(Alert.objects.filter(id__in=[row.id for row in rows]).values_list("id", flat=True))
        new = tuple(row for row in rows if row.id in own)
        journal.write_many(Line("alert", "raise", row.id, "", row.state, by.name, now, _body(row)) for row in new)
    return new


def resolve(*, alert_id: UUID, confirmed: bool, reason: str, by: Actor, now: datetime) -> Alert:
    """Dismiss or confirm an alert, once, with a recorded reason, as an officer who did not ask for its subject.

    Raises
    ------
    UnableToStep
        When the actor is no officer, or somebody resolved it before.
    UnableToResolve
        When the actor asked for it, or the reason is missing.
    """
    with transaction.atomic():
        row = queries.alert(alert_id, lock=True)
        check_own_programme(by, row.programme)
        verb, before = ("confirm" if confirmed else "dismiss"), State(row.state)
        row.state = advance(TRANSITIONS, before, verb, by.role)
        row.resolution = rules.check_resolver(by, row.asked_by, reason)
        row.resolved_by, row.resolved_at = by.name, now
        row.save(update_fields=["state", "resolution", "resolved_by", "resolved_at"])
        body = {"kind": row.kind, "reason": digest({"alert": str(row.id), "reason": row.resolution}).hex()}
        journal.write(Line("alert", verb, row.id, before, row.state, by.name, now, body))
    return row


def require_clear(*, subjects: Iterable[Subject], besides: Iterable[Subject] = ()) -> None:
    """Refuse when an alert stands in the way of any of these subjects; a verb that issues or pays asks this first.

    Of ``besides`` only what is open stands in the way: what was confirmed of them has its consequence elsewhere.

    Raises
    ------
    UnableToProceed
        Naming the alerts, with their reasons.
    """
    standings, more = queries.standing(subjects, besides)
    rules.check_clear(standings, more=more)


def set_parameters(*, programme: str, values: Mapping[str, int], reason: str, by: Actor, now: datetime) -> Parameters:
    """Change a programme's thresholds from now on; what was raised before stays.

    Raises
    ------
    UnableToStep
        When the actor is no officer.
    UnableToSetParameters, UnableToResolve
        When a threshold is unknown or out of range, or the reason is missing.
    """
    rules.may_set(by)
    check_own_programme(by, programme)
    words = rules.check_resolver(by, "", reason)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('alert.parameters/' || %s, 0))", [programme])
        after = rules.changed(queries.parameters(programme), values)
        last = ParameterSet.objects.filter(programme=programme).order_by("-number").first()
        row = ParameterSet.objects.create(
            id=new_id(),
            programme=programme,
            number=last.number + 1 if last else 1,
            values=after.to_json(),
            reason=words,
            set_by=by.name,
            set_at=now,
        )
        body = {"number": row.number, "programme": programme, "values": dict(row.values)}
        subject = named_id("alert.parameters", programme)
        journal.write(Line("alert", "set_parameters", subject, "", "", by.name, now, body))
    return after


def _row(programme: str, key: bytes, found: Suspicion, by: Actor, now: datetime) -> Alert:
    return Alert(
        id=new_id(),
        programme=programme,
        kind=found.kind,
        subject_kind=found.subject.kind,
        subject_id=found.subject.id,
        level=found.level,
        reason_zh=found.reason.zh[:REASON_MAX],
        reason_en=found.reason.en[:REASON_MAX],
        figures=dict(found.figures),
        thresholds=dict(found.thresholds),
        evidence=list(found.evidence),
        asked_by=found.asked_by,
        raised_at=now,
        raised_by=by.name,
        rule=found.rule,
        rule_version=found.version,
        digest=key,
        state=State.OPEN,
        resolution="",
        resolved_by="",
    )


def _body(row: Alert) -> dict[str, object]:
    """Give what the journal may carry: the reason names organisations, so only its digest goes there."""
    return {
        "digest": bytes(row.digest).hex(),
        "kind": row.kind,
        "level": row.level,
        "rule": f"{row.rule} {row.rule_version}",
        "subject": f"{row.subject_kind} {row.subject_id}",
    }
