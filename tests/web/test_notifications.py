"""The page of notifications: what is unread is counted on every page; opening one reads it and leads to its thing."""

import pytest

from jiaozi.notice import queries
from jiaozi.notice import services as notice
from jiaozi.party.rules import Role
from tests.notice.test_webhooks import settled
from tests.web.people import member, signed_in
from tests.world import build


@pytest.fixture
def told(transactional_db, present):
    world = build(present)
    firm = world.holder("收信科技")
    person = member("holder", Role.APPLICANT, present, organisation=firm.id)
    notice.tell_people(now=present)
    row = world.voucher(firm)
    settled()
    notice.tell_people(now=present)
    return person, row


def test_from_the_count_to_the_thing(told):
    person, row = told
    browser = signed_in(person)
    page = browser.get("/account/notifications").content.decode()
    assert '<b class="count">2</b>' in page
    assert "算力券已发放" in page
    issued = queries.notifications(person)[0]
    answer = browser.get(f"/account/notifications/{issued.id}")
    assert answer.headers["Location"] == f"/vouchers/{row.id}"
    assert '<b class="count">1</b>' in browser.get("/account/").content.decode()
    assert browser.post("/account/notifications/read").status_code == 302
    page = browser.get("/account/notifications").content.decode()
    assert '<b class="count">' not in page
    stranger = signed_in(member("stranger", Role.AUDITOR, row.issued_at))
    assert stranger.get(f"/account/notifications/{issued.id}").status_code == 404
    english = signed_in(person, "en").get("/account/notifications").content.decode()
    assert "A voucher was issued to you" in english
    assert (
        "Nothing is told"
        in signed_in(member("watcher", Role.AUDITOR, row.issued_at, programme=""), "en")
        .get("/account/notifications/choices")
        .content.decode()
    )


def test_choices_are_kept_as_ticked(told):
    person, row = told
    browser = signed_in(person)
    answer = browser.post(
        "/account/notifications/choices", {"shown": ["VOUCHER", "NONSENSE"], "mailed": ["VOUCHER", "ORDER"]}
    )
    assert answer.status_code == 302
    kept = {each.topic.value: (each.shown, each.mailed) for each in queries.choices(person, now=row.issued_at)}
    assert kept == {
        "APPLICATION": (False, False),
        "VOUCHER": (True, True),
        "EXPIRY": (False, False),
        "ORDER": (False, True),
        "GRANT": (False, False),
    }
    page = browser.get("/account/notifications/choices").content.decode()
    assert page.count(" checked") == 3
