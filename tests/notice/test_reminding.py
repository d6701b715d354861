"""Holders are told 30 and 7 days before a voucher ends: once each, whoever runs it, with the balance and the day."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.kernel import clock
from jiaozi.kernel.period import local_date
from jiaozi.notice import queries, rules
from jiaozi.notice import services as notice
from jiaozi.notice.models import Notification, Reminder
from jiaozi.notice.rules import ENDS_SOON, Choice, Topic
from jiaozi.notice.services.telling import GATHERED_FOR
from jiaozi.party.rules import Role
from jiaozi.voucher import services as vouchers
from jiaozi.voucher.models import Voucher
from tests.web.people import member, signed_in
from tests.world import OFFICER, build


@given(st.dates(date(2026, 1, 1), date(2030, 1, 1)), st.lists(st.integers(-40, 5), unique=True, max_size=60))
def test_whatever_days_are_missed_each_telling_is_due_once_and_none_after_the_end(last_day, days):
    """A task that runs on these days alone, and keeps what it told, tells at most twice and never too late."""
    told: list[int] = []
    for day in sorted(days):
        due = rules.reminder_due(last_day, last_day + timedelta(days=day))
        assert due is None or -due <= day <= 0
        if due is not None and due not in told:
            told.append(due)
    assert told == sorted(told, reverse=True)
    assert (7 in told) == any(-7 <= day <= 0 for day in days)
    assert (30 in told) == any(-30 <= day < -7 for day in days)


@pytest.fixture
def world(db):
    return build(clock.now())


@pytest.fixture
def firm(world):
    return world.holder("收信科技")


@pytest.fixture
def reader(world, firm):
    return member("holder", Role.APPLICANT, world.now, organisation=firm.id)


@pytest.fixture
def voucher(world, firm):
    return world.voucher(firm, "4万")


def before(row: Voucher, days: int):
    """An instant on the day that is so many before the voucher's last one."""
    now = clock.now()
    return now + timedelta(days=(row.valid_until - local_date(now)).days - days)


def told(person) -> list[str]:
    rows = Notification.objects.filter(person=person, event=ENDS_SOON).order_by("id")
    return [rules.sentence(row.event, row.facts).zh for row in rows]


def test_a_holder_is_told_30_and_7_days_before_each_once(reader, voucher):
    for days, count in ((31, 0), (30, 1), (30, 1), (29, 1), (8, 1), (7, 2), (3, 2), (0, 2), (-1, 2)):
        notice.remind(now=before(voucher, days))
        assert len(told(reader)) == count
    day = voucher.valid_until
    line = f"算力券{voucher.number}将于{day.year}年{day.month}月{day.day}日到期，余额20,000.00元未用"
    assert told(reader) == [line, line]
    assert queries.unread(reader) == 2
    english = rules.sentence(ENDS_SOON, Notification.objects.filter(event=ENDS_SOON).first().facts).en
    assert english.endswith(f"{day.year} with CNY 20,000.00 left")


def test_a_day_that_was_missed_is_told_later_and_of_two_only_the_nearer(reader, voucher):
    notice.remind(now=before(voucher, 5))
    assert len(told(reader)) == 1
    assert Reminder.objects.get().days == 7
    notice.remind(now=before(voucher, 4))
    assert len(told(reader)) == 1


def test_what_has_nothing_to_lose_is_not_told(world, firm, reader, voucher):
    used, frozen = world.voucher(firm, "4万"), world.voucher(firm, "4万")
    vouchers.revoke(voucher_id=used.id, reason="核查", by=OFFICER, now=world.now)
    vouchers.freeze(voucher_id=frozen.id, reason="核查", by=OFFICER, now=world.now)
    notice.remind(now=before(voucher, 7))
    assert [row.subject for row in Notification.objects.filter(event=ENDS_SOON)] == [voucher.id]
    vouchers.unfreeze(voucher_id=frozen.id, reason="核查", by=OFFICER, now=world.now)
    notice.remind(now=before(voucher, 6))
    assert len(told(reader)) == 2


def test_a_programme_that_ends_earlier_ends_its_vouchers_earlier(monkeypatch, reader, voucher):
    now = clock.now()
    end = local_date(now) + timedelta(days=7)
    monkeypatch.setattr(queries, "programme_ends", lambda _today: {voucher.version_id: end})
    notice.remind(now=now)
    assert f"{end.month}月{end.day}日到期" in told(reader)[0]
    notice.remind(now=now + timedelta(days=1))
    assert len(told(reader)) == 1


def test_a_programme_without_an_end_of_its_own_ends_no_voucher_earlier(voucher):
    assert queries.programme_ends(local_date(clock.now())) == {}  # Chengdu's has none


def test_people_choose_whether_and_where_and_others_hear_nothing(world, firm, reader, voucher):
    silent = member("silent", Role.APPLICANT, world.now, organisation=firm.id)
    mailed = member("mailed", Role.APPLICANT, world.now, organisation=firm.id)
    other = member("other", Role.APPLICANT, world.now, organisation=world.holder("别家", serial=2).id)
    officer = member("officer", Role.OFFICER, world.now)
    notice.choose(person=silent, wanted=[Choice(Topic.EXPIRY, False, False)], now=world.now)
    notice.choose(person=mailed, wanted=[Choice(Topic.EXPIRY, False, True)], now=world.now)
    notice.choose(person=reader, wanted=[Choice(Topic.EXPIRY, True, False)], now=world.now)
    at = before(voucher, 30)
    assert notice.remind(now=at) == 2
    assert [told(person) for person in (silent, other, officer)] == [[], [], []]
    assert (queries.unread(reader), queries.unread(mailed)) == (1, 0)
    assert notice.send_mail_due(now=at + GATHERED_FOR) == 1
    (sent,) = mail.outbox
    assert sent.to == ["mailed@example.cn"]
    assert f"算力券{voucher.number}将于" in sent.body
    assert "余额20,000.00元未用" in sent.body
    assert "with CNY 20,000.00 left" in sent.body


def test_the_page_shows_balance_and_day_and_leads_to_the_voucher(reader, voucher):
    notice.remind(now=before(voucher, 7))
    page = signed_in(reader, "en").get("/account/notifications").content.decode()
    assert f"Your voucher {voucher.number} ends on {voucher.valid_until.day} " in page
    assert "with CNY 20,000.00 left" in page
    row = Notification.objects.get(event=ENDS_SOON)
    assert signed_in(reader).get(f"/account/notifications/{row.id}")["Location"] == f"/vouchers/{voucher.id}"
    assert "算力券到期提醒" in signed_in(reader).get("/account/notifications/choices").content.decode()


def test_nobody_is_left_out_where_many_are_to_be_told_at_once(monkeypatch, world, firm, voucher):
    """What is claimed is told to all of them: a reminder that reached some alone would never be told again."""
    monkeypatch.setattr("jiaozi.notice.queries.people.RECIPIENTS_AT_ONCE", 2)
    people = [member(f"reader-{number}", Role.APPLICANT, world.now, organisation=firm.id) for number in range(5)]
    other = world.holder("别家", serial=2)
    people.append(member("elsewhere", Role.APPLICANT, world.now, organisation=other.id))
    world.voucher(other, "4万")
    assert notice.remind(now=before(voucher, 7)) == len(people)
    assert [len(told(person)) for person in people] == [1] * len(people)


def test_two_tasks_at_once_tell_once(fresh_database):
    world = build(clock.now())
    firm = world.holder("收信科技")
    person = member("holder", Role.APPLICANT, world.now, organisation=firm.id)
    rows = [world.voucher(firm, "4万") for _ in range(5)]
    at, start = before(rows[0], 7), Barrier(4)

    def run(_number):
        try:
            start.wait(30)
            return notice.remind(now=at)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(run, range(4), timeout=60)) == 5
    assert len(told(person)) == 5
    assert Reminder.objects.count() == 5


def test_nothing_due_costs_the_same_whatever_was_told(world, firm, reader, voucher, monkeypatch):
    monkeypatch.setattr("jiaozi.notice.queries.expiring.AT_ONCE", 2)
    for _ in range(4):
        world.voucher(firm, "4万")
    at = before(voucher, 7)
    assert notice.remind(now=at) == 5
    with CaptureQueriesContext(connection) as caught:
        assert notice.remind(now=at) == 0
    assert len(caught) <= 3
