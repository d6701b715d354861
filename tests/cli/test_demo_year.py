"""The year before the demo's story: what its pages show, at a year's end and in a young year."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from jiaozi.alert import queries as alerts
from jiaozi.alert.rules import State as AlertState
from jiaozi.application.models import Application
from jiaozi.cli.demo import story
from jiaozi.cli.demo.cast import person
from jiaozi.cli.demo.diary import Diary
from jiaozi.cli.demo.names import CENTRES, PROGRAMME
from jiaozi.exchange import queries as exchange
from jiaozi.kernel import clock
from jiaozi.kernel.fen import parse_yuan
from jiaozi.kernel.period import local_date, start_of_day
from jiaozi.metering import queries as metering
from jiaozi.metering.models import UsageDispute
from jiaozi.settlement import queries
from jiaozi.settlement.models import Award, ClosedYear, Disallowance, Statement
from jiaozi.settlement.rules import State
from jiaozi.transparency import services as transparency
from jiaozi.transparency.queries import audit_all
from jiaozi.voucher.models import Voucher
from tests.web.people import signed_in
from tests.world import ROOT

OK = 200
NOVEMBER = datetime(2024, 11, 26, 2, 30, tzinfo=UTC)


OVERSEEN = (
    *("/applications", "/budget", "/statements", "/statements?page=2", "/awards", "/reserve", "/year-end", "/usage"),
    *("/usage?kind=disputes", "/supply", "/journal", "/programme/versions", "/lab"),
)
PAGES = {
    "": ("/", "/ledger", "/ledger/entries", "/ledger/vouchers", "/ledger/statements", "/ledger/data", "/centres",
         "/notices", "/programmes", "/eligibility"),
    **dict.fromkeys(("officer", "finance", "cashier", "auditor", "operator"), OVERSEEN),
    "centre-nscc-chengdu": ("/statements", "/usage", "/supply", "/members"),
    "centre-chengdu-aicc": ("/statements", "/supply", "/members"),
}  # fmt: skip
"""What must not be empty for whom. Redemptions are for other pay models; orders, the open session and what people are
told come with the story."""


@pytest.mark.django_db
def test_every_page_of_the_year_has_something_to_show(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOVEMBER)
    stage = story.year_before(ROOT, ROOT / "catalogue", NOVEMBER)
    transparency.seal_all(now=NOVEMBER, until=transparency.EVERYTHING)
    assert not audit_all().findings
    months = {(row.first, row.centre_id) for row in Statement.objects.filter(state=State.PAID)}
    assert {first.isoformat()[:7] for first, _ in months if first.year == NOVEMBER.year} == {
        f"2024-{number:02d}" for number in range(1, 10)
    }
    assert len(months) >= 19
    assert len({row.first for row in Statement.objects.all()}) == 12
    assert Statement.objects.filter(state=State.ADJUSTED).count() == 1
    assert Statement.objects.filter(state__in=[State.MATCHED, State.APPROVED]).count() == 2
    view = queries.budget(PROGRAMME, 2024, now=NOVEMBER)
    assert view.ceiling.weeks == view.reserve.weeks == 12
    assert view.ceiling.on > date(2024, 11, 26)
    assert len([week for week in view.weeks if week.granted_fen]) > 15
    assert len([week for week in view.weeks if week.paid_fen]) >= 8
    assert 0 < view.left_fen < parse_yuan("100万")
    assert {row.state for row in Voucher.objects.all()} == {"ACTIVE", "EXPIRED", "REVOKED"}
    assert ClosedYear.objects.get().year == 2023
    assert {row.state for row in Award.objects.all()} == {"AWARDED", "PAID"}
    assert Disallowance.objects.get().amount_fen > parse_yuan("100元")
    assert alerts.counts(PROGRAMME) == {AlertState.OPEN: 1, AlertState.DISMISSED: 1, AlertState.CONFIRMED: 1}
    assert UsageDispute.objects.exclude(resolved_at=None).exists()
    assert metering.disputes(CENTRES[0])
    assert metering.held_back(CENTRES[0])
    assert len(exchange.sessions(PROGRAMME)) == 12
    waiting = set(Application.objects.exclude(state__in=["APPROVED", "REJECTED"]).values_list("state", flat=True))
    assert waiting == {"DRAFT", "SUBMITTED", "UNDER_REVIEW", "RETURNED", "PUBLIC_NOTICE"}
    assert stage.shown_holders()[0].name == stage.samples.applicants[0]["name"]
    poor = []
    for key, addresses in PAGES.items():
        client = signed_in(person(key)) if key else Client()
        for address in addresses:
            page = client.get(address)
            if page.status_code != OK or 'class="empty"' in page.content.decode():
                poor.append((key, address, page.status_code))
    assert not poor


@pytest.mark.parametrize("day", [date(2026, 1, 16) + timedelta(days=days) for days in range(0, 120, 7)])
@pytest.mark.parametrize("year", [2026, 2027, 2028, 2032])
def test_the_last_voucher_is_issued_in_the_year_that_is_played_and_before_today(day, year):
    diary = Diary(start_of_day(day.replace(year=year)))
    assert diary.year == year
    noticed = diary.later(diary.later(diary.spread(58 / 59), 2, 11), 1, 14)
    issued = diary.later(noticed, 7, 16)
    assert noticed + timedelta(days=5) <= issued <= diary.now
    assert local_date(diary.spread(0)).year == year


def test_in_its_first_days_a_year_is_too_young_and_the_one_before_is_played():
    diary = Diary(start_of_day(date(2027, 1, 15)))
    assert diary.year == 2026
    assert local_date(diary.opened) == date(2025, 11, 3)
    assert diary.months()[-1].name() == "2026-12"


def test_acts_are_done_in_the_order_of_time_with_what_follows_from_them():
    diary, done = Diary(NOVEMBER), []
    diary.note(diary.ago(2), lambda _: done.append("second"))
    diary.note(diary.ago(4), lambda at: diary.note(at + timedelta(days=1), lambda _: done.append("first")))
    diary.note(NOVEMBER + timedelta(minutes=1), lambda _: done.append("never"))
    diary.play(lambda _: None)
    assert done == ["first", "second"]
