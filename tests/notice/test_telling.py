"""What people are told: those whom a thing concerns, once, never its doer, on the page and by mail as they chose."""

from datetime import timedelta
from smtplib import SMTPServerDisconnected
from uuid import uuid4

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from jiaozi.catalogue import services as catalogue
from jiaozi.catalogue.rules import Proposal
from jiaozi.kernel.clock import now as now_
from jiaozi.notice import queries, rules
from jiaozi.notice import services as notice
from jiaozi.notice.models import Notification
from jiaozi.notice.rules import TOLD, Audience, Choice, Concern, MailState, Recipient, Thing, Topic, UnableToChoose
from jiaozi.notice.services.telling import GATHERED_FOR, KEPT_FOR
from jiaozi.party import services as party
from jiaozi.party.rules import SYSTEM, Role
from jiaozi.voucher import services as voucher
from tests.notice.test_webhooks import settled
from tests.web.people import member
from tests.world import CENTRE, CENTRE_CLERK, OFFICER, PROGRAMME, build

OWN, OTHER, ME = uuid4(), uuid4(), uuid4()
THING = Thing(PROGRAMME, OWN, CENTRE)


@pytest.mark.parametrize(
    ("event", "recipient", "heard"),
    [
        ("voucher.issue", Recipient(ME, Role.APPLICANT, OWN), True),
        ("voucher.issue", Recipient(ME, Role.APPLICANT, OTHER), False),
        ("voucher.issue", Recipient(ME, Role.OFFICER, None, "", PROGRAMME), False),
        ("application.submit", Recipient(ME, Role.OFFICER, None, "", PROGRAMME), True),
        ("application.submit", Recipient(ME, Role.OFFICER), True),
        ("application.submit", Recipient(ME, Role.OFFICER, None, "", "elsewhere-2026"), False),
        ("application.submit", Recipient(ME, Role.AUDITOR, None, "", PROGRAMME), False),
        ("settlement.pay", Recipient(ME, Role.CENTRE, None, CENTRE), True),
        ("settlement.pay", Recipient(ME, Role.CENTRE, None, "elsewhere"), False),
    ],
)
def test_who_hears_is_of_the_place_and_in_the_role(event, recipient, heard):
    assert rules.hears(recipient, event, THING, by="person:somebody") is heard


def test_whoever_did_it_is_not_told_of_it():
    assert not rules.hears(Recipient(ME, Role.APPLICANT, OWN), "voucher.issue", THING, by=f"person:{ME}")


def test_a_thing_of_no_holder_or_centre_is_nobody_s():
    assert not rules.hears(Recipient(ME, Role.APPLICANT, None), "voucher.issue", Thing(PROGRAMME), by="")
    assert not rules.hears(Recipient(ME, Role.CENTRE, None, ""), "settlement.pay", Thing(PROGRAMME), by="")


def test_every_event_that_is_told_is_a_stage_s_and_its_roles_can_choose_its_topic():
    for event, sentence in TOLD.items():
        assert event.partition(".")[0] in rules.STAGES
        assert isinstance(sentence.audience, Audience)
        assert isinstance(sentence.audience.concern, Concern)
        for role in sentence.audience.roles:
            assert sentence.topic in rules.topics_of([role])


def test_a_mail_tells_no_amount_and_counts_what_is_left_over():
    from datetime import UTC, datetime

    at = datetime(2026, 11, 25, 16, 30, tzinfo=UTC)
    subject, text = rules.mail_text([(at, TOLD["voucher.issue"].label, "/x")], 3, "https://a.cn")
    assert subject == "交子：4条新消息"
    assert "2026-11-26 00:30 算力券已发放\n  https://a.cn/x" in text
    assert "另有3条" in text
    assert "and 3 more" in text
    assert rules.mail_text([(at, TOLD["voucher.issue"].label, "/x")], 0, "")[0] == "交子：算力券已发放"


@pytest.fixture
def present():
    return now_()


@pytest.fixture
def house(transactional_db, present):
    world = build(present)
    firm = world.holder("收信科技")
    found = {"world": world, "firm": firm, "holder": member("holder", Role.APPLICANT, present, organisation=firm.id)}
    found["officer"] = member("officer", Role.OFFICER, present)
    found["clerk"] = member("clerk", Role.CENTRE, present)
    notice.tell_people(now=present)
    return found


def tell(house, **later):
    settled()
    return notice.tell_people(now=house["world"].now + timedelta(**later))


def events(person):
    return [row.event for row in reversed(queries.notifications(person))]


def test_people_are_told_what_concerns_them_once(house):
    world, firm = house["world"], house["firm"]
    row = world.voucher(firm)
    voucher.freeze(voucher_id=row.id, reason="资料待补正", by=OFFICER, now=world.now)
    tell(house)
    assert events(house["holder"]) == ["application.notify_public", "voucher.issue", "voucher.freeze"]
    assert events(house["officer"]) == ["application.apply"]
    assert events(house["clerk"]) == []
    assert tell(house) == 0
    told = queries.notifications(house["holder"])[0]
    assert (told.kind, told.subject, told.at) == ("voucher", row.id, world.now)


def test_a_centres_new_price_is_told_to_those_who_watch_prices_in_every_programme(house):
    world = house["world"]
    elsewhere = member("elsewhere", Role.OFFICER, world.now, programme="another-city")
    wanted = Proposal(centre=CENTRE, resource_class="cpu-core", rate_ufen=14_000_000, source="公告")
    catalogue.publish_tariff(wanted=wanted, by=CENTRE_CLERK, now=world.now, demo=True)
    tell(house)
    assert events(house["officer"]) == events(elsewhere) == ["catalogue.publish_tariff"]
    assert events(house["clerk"]) == events(house["holder"]) == []
    assert queries.notifications(elsewhere)[0].kind == "tariff"
    assert rules.Place(centre=CENTRE).hears(Thing("", None, CENTRE, "tariff"))
    assert rules.Place(programme=PROGRAMME).hears(Thing("", None, CENTRE, "tariff"))
    assert not rules.Place(organisation=house["firm"].id).hears(Thing("", None, CENTRE, "tariff"))


def test_nothing_of_before_the_first_reading_is_told(transactional_db, present):
    world = build(present)
    firm = world.holder("早先科技")
    person = member("early", Role.APPLICANT, present, organisation=firm.id)
    world.voucher(firm)
    settled()
    notice.tell_people(now=present)
    notice.tell_people(now=present)
    assert events(person) == []


def test_what_was_told_is_read_once_and_is_nobody_else_s(house):
    house["world"].voucher(house["firm"])
    tell(house)
    now, holder = house["world"].now, house["holder"]
    assert queries.unread(holder) == 2
    latest = queries.notifications(holder)[0]
    with pytest.raises(queries.UnableToFindNotification):
        notice.open_one(notification_id=latest.id, person=house["officer"], now=now)
    notice.open_one(notification_id=latest.id, person=holder, now=now)
    assert queries.unread(holder) == 1
    assert notice.read(person=holder, now=now) == 1
    assert queries.unread(holder) == 0
    assert queries.unread(house["officer"]) == 1


def test_a_choice_holds_from_then_on(house):
    holder, now = house["holder"], house["world"].now
    assert [each.topic for each in queries.choices(holder, now=now)] == [
        Topic.APPLICATION,
        Topic.VOUCHER,
        Topic.EXPIRY,
        Topic.ORDER,
        Topic.GRANT,
    ]
    notice.choose(person=holder, wanted=[Choice(Topic.VOUCHER, False, False)], now=now)
    notice.choose(person=holder, wanted=[Choice(Topic.APPLICATION, False, True)], now=now)
    house["world"].voucher(house["firm"])
    tell(house)
    assert events(holder) == []
    assert [row.event for row in Notification.objects.filter(person=holder)] == ["application.notify_public"]
    assert queries.unread(holder) == 0


def test_a_topic_of_others_can_t_be_chosen(house):
    with pytest.raises(UnableToChoose) as refused:
        notice.choose(person=house["clerk"], wanted=[Choice(Topic.REVIEW, True, True)], now=house["world"].now)
    assert refused.value.reason.field == "topic"


def test_mail_gathers_a_minute_and_goes_out_once(house):
    now = house["world"].now
    house["world"].voucher(house["firm"])
    tell(house)
    assert notice.send_mail_due(now=now) == 0
    assert notice.send_mail_due(now=now + GATHERED_FOR) == 1
    assert notice.send_mail_due(now=now + GATHERED_FOR) == 0
    (sent,) = mail.outbox
    assert sent.to == ["holder@example.cn"]
    assert sent.subject == "交子：2条新消息"
    assert "算力券已发放" in sent.body
    assert "a voucher was issued to you" in sent.body
    assert f"/account/notifications/{queries.notifications(house['holder'])[0].id}" in sent.body


def test_a_mail_that_no_server_takes_is_tried_again_and_given_up(house, monkeypatch):
    def broken(*_):
        raise SMTPServerDisconnected("gone")

    monkeypatch.setattr(EmailBackend, "send_messages", broken)
    house["world"].voucher(house["firm"])
    tell(house)
    at = house["world"].now + GATHERED_FOR
    for pause in (*rules.telling.MAIL_TRIES, timedelta(0)):
        assert notice.send_mail_due(now=at) == 0
        assert notice.send_mail_due(now=at) == 0
        at += pause
    rows = Notification.objects.filter(person=house["holder"])
    assert {row.mail for row in rows} == {MailState.GIVEN_UP}
    assert {row.mail_attempts for row in rows} == {4}
    monkeypatch.undo()
    assert notice.send_mail_due(now=at + timedelta(days=1)) == 0
    assert mail.outbox == []


def test_a_mail_whose_sender_died_is_sent_by_the_next(house, monkeypatch):
    house["world"].voucher(house["firm"])
    tell(house)
    at = house["world"].now + GATHERED_FOR

    def died(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("jiaozi.notice.services.mailing._mailed", died)
    with pytest.raises(KeyboardInterrupt):
        notice.send_mail_due(now=at)
    monkeypatch.undo()
    assert notice.send_mail_due(now=at) == 0
    assert notice.send_mail_due(now=at + rules.LEASE) == 1


def test_who_is_let_in_no_more_hears_no_more_and_an_erased_person_s_are_gone(house, present):
    from jiaozi.party.models import Membership

    house["world"].voucher(house["firm"])
    tell(house)
    held = Membership.objects.get(person=house["holder"])
    party.end_membership(membership_id=held.id, by=SYSTEM, now=present)
    house["world"].voucher(house["firm"])
    tell(house, seconds=1)
    assert len(events(house["holder"])) == 2


def test_what_was_told_long_ago_is_forgotten(house):
    house["world"].voucher(house["firm"])
    tell(house)
    assert notice.forget(now=house["world"].now) == 0
    notice.choose(person=house["holder"], wanted=[], now=house["world"].now)
    notice.send_mail_due(now=house["world"].now + GATHERED_FOR)
    assert notice.forget(now=house["world"].now + KEPT_FOR + timedelta(days=30)) == 3
    assert Notification.objects.count() == 0


def test_telling_takes_the_same_statements_for_one_line_and_for_many(house, django_assert_max_num_queries):
    for _ in range(4):
        house["world"].apply(house["firm"])
    settled()
    with django_assert_max_num_queries(14):
        notice.tell_people(now=house["world"].now)
