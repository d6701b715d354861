"""Sessions that recur: a schedule opens one a day, and the clockwork takes each through its steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from jiaozi.exchange import rules
from jiaozi.exchange.models import Schedule, Session
from jiaozi.exchange.queries.reading import due, session
from jiaozi.exchange.rules.entering import blocks, framed
from jiaozi.exchange.rules.life import SessionState, UnableToTrade, check_role, check_words
from jiaozi.exchange.services.ending import settle_session
from jiaozi.exchange.services.sessions import clear_session, close_session, open_session
from jiaozi.journal import services as journal
from jiaozi.journal.rules import Line
from jiaozi.kernel.canonical import digest
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.period import local_date, start_of_day
from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules import SYSTEM, Actor, Role, check_own_programme

SCHEDULES_MAX = 200
_DAY_MINUTES = 24 * 60
_NAME_MAX = 60
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """When a schedule's sessions open and close, and what they trade: minutes of the day in Shanghai."""

    opens_minute: int
    closes_minute: int
    days_ahead: int
    first_minute: int
    period_minutes: int
    periods: int


def set_schedule(
    *, programme: str, name: str, frame: Mapping[str, Any], times: Times, by: Actor, now: datetime, active: bool = True
) -> Schedule:
    """Set how sessions recur; ``frame`` is a book without session, periods and orders. Set again, it changes.

    Raises
    ------
    UnableToTrade, UnableToClear
        When the role or the times are wrong; with every mistake of the frame by field.
    """
    check_role(by, Role.OPERATOR)
    check_own_programme(by, programme)
    name = check_words(name, "name", _NAME_MAX)
    _check_times(times)
    rules.check_terms(rules.read_frame(_frame(frame, times, name, local_date(now))))
    with transaction.atomic():
        values = {**asdict(times), "frame": dict(frame), "active": active, "set_by": by.name, "set_at": now}
        id_ = named_id("exchange.schedule", programme, name)
        row, _ = Schedule.objects.update_or_create(
            id=id_, defaults=values, create_defaults={**values, "programme": programme, "name": name}
        )
        body = {**asdict(times), "active": active, "frame": digest(dict(frame)).hex(), "name": name}
        journal.write(Line("exchange", "set_schedule", row.id, "", "", by.name, now, body))
    return row


def _check_times(times: Times) -> None:
    right = (
        0 <= times.opens_minute < times.closes_minute <= _DAY_MINUTES
        and 0 <= times.first_minute < _DAY_MINUTES
        and times.days_ahead >= 0
        and times.days_ahead * _DAY_MINUTES + times.first_minute >= times.closes_minute
        and times.period_minutes >= 1
        and times.periods >= 1
    )
    if not right:
        raise UnableToTrade(
            "TIMES_WRONG",
            "须在同一日内先开后截止，且首个时段不早于截止时间",
            "a session opens and closes within one day, and its first period starts no earlier than it closes",
            field="times",
        )


def _frame(frame: Mapping[str, Any], times: Times | Schedule, name: str, day: date) -> dict[str, Any]:
    first = start_of_day(day + timedelta(days=times.days_ahead)) + timedelta(minutes=times.first_minute)
    return framed(dict(frame), name, blocks(first, times.period_minutes, times.periods))


def open_due(*, now: datetime) -> list[Session]:
    """Open the session of every schedule whose time has come; one that is there stays as it is.

    A day whose whole window passed while nobody ran is made up once: open for as long as it would have been, and closed
    before its first period begins. So late that less than half of that is left, it is not held.
    """
    today = local_date(now)
    opened = []
    for schedule in Schedule.objects.filter(active=True).order_by("id")[:SCHEDULES_MAX]:
        for day in (today - timedelta(days=1), today):
            closes = _window(schedule, day, now)
            id_ = named_id("exchange.session", schedule.id, day)
            if closes is None or Session.objects.filter(id=id_).exists():
                continue
            frame = _frame(schedule.frame, schedule, f"{schedule.name} {day}", day)
            opening = partial(
                open_session, programme=schedule.programme, frame=frame, closes_at=closes, schedule=schedule
            )
            row = _tried(partial(opening, id_=id_, by=SYSTEM, now=now), id_)
            opened += [row] if row else []
    return opened


def _window(schedule: Schedule, day: date, now: datetime) -> datetime | None:
    """Give when a day's session closes if it is to be open now; None where it is too early or too late for it."""
    midnight = start_of_day(day)
    opens = midnight + timedelta(minutes=schedule.opens_minute)
    closes = midnight + timedelta(minutes=schedule.closes_minute)
    first = midnight + timedelta(days=schedule.days_ahead, minutes=schedule.first_minute)
    return rules.window(opens, closes, first, now, stood_since=schedule.set_at)


_STEPS: tuple[tuple[SessionState, Callable[..., Session]], ...] = (
    (SessionState.OPEN, close_session),
    (SessionState.CLOSED, clear_session),
    (SessionState.CLEARED, settle_session),
)


def advance_due(*, now: datetime) -> None:
    """Take every session that is past its closing through the steps that are left; one that can't go on waits.

    A session that waits (for an officer to look at a related trade) holds up no other.
    """
    for session_id in due(now):
        state = SessionState(session(session_id).state)
        for before, verb in _STEPS:
            if state is not before:
                continue
            row = _tried(partial(verb, session_id=session_id, by=SYSTEM, now=now), session_id)
            if row is None:
                break
            state = SessionState(row.state)


def _tried(verb: Callable[[], Session], session_id: UUID) -> Session | None:
    try:
        return verb()
    except Refused as refused:
        _log.warning("a session waits", session=str(session_id), code=refused.reason.code, why=str(refused))
    except Exception:  # noqa: BLE001 - what one session brings must not stop the others; it is logged whole
        _log.exception("a session left for the next turn", session=str(session_id))
    return None
