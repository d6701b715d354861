"""Sessions that recur: opened once a day at their minute, taken through their steps by the clockwork."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from procrastinate.contrib.django import app as house_app

from jiaozi.exchange import services
from jiaozi.exchange.models import Session
from jiaozi.exchange.queries import reading
from jiaozi.exchange.rules import NewOrder, Side, UnableToClear, UnableToTrade
from jiaozi.exchange.rules.life import SessionState
from jiaozi.exchange.services import sessions
from jiaozi.exchange.services.scheduling import Times
from jiaozi.journal.models import JournalLine
from jiaozi.settlement.queries import audit_all
from tests.world import FINANCE, OPERATOR, PROGRAMME

from .conftest import CLASS, Market
from .test_sessions import relate

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 11, 26, tzinfo=UTC) - timedelta(hours=8)
"""Midnight in Chengdu."""
TIMES = Times(opens_minute=600, closes_minute=720, days_ahead=1, first_minute=480, period_minutes=60, periods=3)


def at(minute, days=0):
    return DAY + timedelta(days=days, minutes=minute)


def frame(market):
    return {key: value for key, value in market.frame().items() if key not in {"session", "periods"}}


def set_schedule(market, times=TIMES, **words):
    words = {"programme": PROGRAMME, "name": "day-ahead", "frame": frame(market), "by": OPERATOR, "now": at(0), **words}
    return services.set_schedule(times=times, **words)


def test_a_session_a_day_at_its_minute(market: Market):
    set_schedule(market)
    assert services.open_due(now=at(599)) == []
    (row,) = services.open_due(now=at(600))
    assert services.open_due(now=at(601)) == []
    assert (row.name, row.closes_at) == ("day-ahead 2026-11-26", at(720))
    periods = [each["id"] for each in row.frame["periods"]]
    assert periods == ["2026-11-27T08:00", "2026-11-27T09:00", "2026-11-27T10:00"]
    assert services.open_due(now=at(720)) == []
    (following,) = services.open_due(now=at(650, days=1))
    assert following.id != row.id
    assert JournalLine.objects.filter(stage="exchange", verb="open").count() == 2


def test_the_clockwork_does_the_rest(market: Market):
    set_schedule(market)
    (row,) = services.open_due(now=at(600))
    services.advance_due(now=at(719))
    assert reading.session(row.id).state == SessionState.OPEN
    services.advance_due(now=at(720))
    assert reading.session(row.id).state == SessionState.SETTLED
    services.advance_due(now=at(721))
    verbs = JournalLine.objects.filter(stage="exchange", subject=row.id).order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["open", "close", "clear", "settle"]


def test_one_that_waits_holds_up_no_other(market: Market):
    relate(market, "s", "b")
    market.open()
    market.money("b")
    market.capacity("s")
    market.ask("s", 1, 1)
    market.enter("b", NewOrder(Side.BID, CLASS, "guizhou", "h0", 1, 2))
    waiting = market.session
    other = market.open()
    services.advance_due(now=market.later)
    assert reading.session(waiting.id).state == SessionState.CLEARED
    assert reading.session(other.id).state == SessionState.SETTLED
    assert audit_all().holds


def test_a_run_that_was_missed_is_made_up_once(market: Market):
    """Nobody ran from before the opening until after the close: two hours are made up, and the next day is its own."""
    set_schedule(market)
    (row,) = services.open_due(now=at(900))
    assert (row.name, row.closes_at) == ("day-ahead 2026-11-26", at(1_020))
    assert services.open_due(now=at(901)) == []
    assert services.open_due(now=at(1_100)) == []
    services.advance_due(now=at(1_020))
    assert reading.session(row.id).state == SessionState.SETTLED
    assert JournalLine.objects.filter(stage="exchange", verb="open").count() == 1


def test_yesterdays_is_made_up_before_its_first_period(market: Market):
    """At six in the morning two hours are left until the first period at eight; at half past seven too few."""
    set_schedule(market)
    (row,) = services.open_due(now=at(390, days=1))
    assert (row.name, row.closes_at) == ("day-ahead 2026-11-26", at(480, days=1))
    market.world = replace(market.world, now=at(0))
    set_schedule(market, name="other")
    assert services.open_due(now=at(421, days=1)) == []


def test_what_was_not_scheduled_yet_was_not_missed(market: Market):
    set_schedule(market, now=at(601))
    (row,) = services.open_due(now=at(700))
    assert row.closes_at == at(720)
    set_schedule(market, name="late", now=at(800))
    assert services.open_due(now=at(801)) == []


def test_a_schedule_that_changed_holds_from_the_next_session_on(market: Market):
    first = set_schedule(market)
    (row,) = services.open_due(now=at(600))
    again = set_schedule(
        market, Times(opens_minute=1, closes_minute=2, days_ahead=1, first_minute=0, period_minutes=1, periods=1)
    )
    assert again.id == first.id
    assert len(reading.session(row.id).frame["periods"]) == 3
    (following,) = services.open_due(now=at(1, days=1))
    assert len(following.frame["periods"]) == 1
    set_schedule(market, active=False)
    assert services.open_due(now=at(601, days=2)) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"opens_minute": 720},
        {"closes_minute": 1_441},
        {"days_ahead": 0},
        {"periods": 0},
        {"period_minutes": 0},
        {"days_ahead": -1},
    ],
)
def test_times_that_cannot_be(market: Market, changed):
    values = {name: getattr(TIMES, name) for name in Times.__slots__}
    with pytest.raises(UnableToTrade, match="within one day"):
        set_schedule(market, Times(**{**values, **changed}))


def test_wrong_frames_and_roles(market: Market):
    with pytest.raises(UnableToClear, match="hubs"):
        set_schedule(market, frame={**frame(market), "hubs": []})
    with pytest.raises(UnableToTrade, match="OPERATOR may"):
        set_schedule(market, by=FINANCE)


def test_the_worker_knows_both_tasks():
    periodic = {task.task.name: task.cron for task in house_app.periodic_registry.periodic_tasks.values()}
    assert periodic["jiaozi.exchange.tasks.open_due"] == "* * * * *"
    assert periodic["jiaozi.exchange.tasks.advance_due"] == "* * * * *"


def test_a_schedule_whose_hub_left_the_catalogue_opens_nothing_and_hurts_nobody(market: Market):
    set_schedule(market, frame={**frame(market), "hubs": ["chengyu", "atlantis"], "links": []})
    set_schedule(market, name="other")
    assert [row.name for row in services.open_due(now=at(600))] == ["other 2026-11-26"]
    assert Session.objects.count() == 1


def test_what_nobody_foresaw_holds_up_no_other_either(market: Market, monkeypatch):
    broken, fine = market.open(), market.open()
    real = sessions.rules.clear

    def clear(book):
        if book.session == str(broken.id):
            raise ZeroDivisionError
        return real(book)

    monkeypatch.setattr(sessions.rules, "clear", clear)
    services.advance_due(now=market.later)
    assert reading.session(broken.id).state == SessionState.CLOSED
    assert reading.session(fine.id).state == SessionState.SETTLED
    monkeypatch.undo()
    services.advance_due(now=market.later)
    assert reading.session(broken.id).state == SessionState.SETTLED
