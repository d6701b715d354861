"""A batch of dossiers: the effect shown before is what the verb does, each line by itself, once, and bounded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jiaozi.alert import services as alert
from jiaozi.alert.rules import AlertKind, Level, Subject, SubjectKind, Suspicion
from jiaozi.application.models import Application
from jiaozi.application.rules import State
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.fen import parse_yuan
from jiaozi.kernel.label import Label
from jiaozi.party.rules import Actor, Role
from jiaozi.policy.rules import Paper
from jiaozi.policy.rules.words import Format, StepOfLife
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.settlement.rules.batch import BATCH_MAX, Choice, UnableToApproveBatch, Waiting, effect
from jiaozi.voucher.models import Voucher
from tests.settlement.conftest import NOW
from tests.world import FINANCE, OFFICER, PROGRAMME, build

pytestmark = pytest.mark.django_db
REASON = "材料齐全，公示无异议"


@pytest.fixture
def world(db):
    return build(NOW, budget="100万")


def noticed(world, number, cost="30万"):
    holder = world.holder(f"第{number}家", serial=number)
    return world.to_notice(world.apply(holder, cost))


def run(ids, by=OFFICER, now=NOW):
    choices = [Choice(id_, REASON) for id_ in ids]
    return settlement.approve_batch(programme=PROGRAMME, choices=choices, by=by, now=now)


def ahead(ids, by=OFFICER, now=NOW):
    return queries.batch_ahead(PROGRAMME, ids, by=by, now=now).effect


def suspect(application):
    suspicion = Suspicion(
        kind=AlertKind.RELATED_SUPPLIER,
        subject=Subject(SubjectKind.APPLICATION, str(application)),
        level=Level.HIGH,
        reason=Label("疑似关联", "may be related"),
        rule="test",
    )
    alert.raise_all(programme=PROGRAMME, suspicions=[suspicion], now=NOW, by=OFFICER)


def test_what_is_shown_before_is_what_is_done(world) -> None:
    good, open_, alerted, again = (noticed(world, number) for number in range(1, 5))
    Application.objects.filter(id=open_).update(notice_until=NOW + timedelta(days=1))
    suspect(alerted)
    shown = ahead([good, open_, alerted, again])
    done = run([good, open_, alerted, again])
    assert [line.application for line in done.lines if line.made] == [good, again] == list(shown.passing)
    reasons = [line.reason for line in done.lines if line.reason]
    assert [reason.code for reason in reasons] == ["NOTICE_OPEN", "ALERT_OPEN"]
    assert reasons == [why[0] for why in shown.reasons.values() if why]
    assert done.amount_fen == shown.sum_fen == sum(Voucher.objects.values_list("face_fen", flat=True))
    afterwards = {each.pool.key: each.pool.left_fen for each in ahead([good, open_, alerted, again]).pools}
    assert afterwards == {each.pool.key: each.after_fen for each in shown.pools}


def test_what_the_platform_meters_itself_is_no_missing_paper() -> None:
    metered, scanned = (
        Paper(each.value.lower(), Label(each.value, each.value), StepOfLife.ISSUE, (each,))
        for each in (Format.METERING, Format.PDF)
    )
    waiting = Waiting(
        application=uuid4(), state=State.PUBLIC_NOTICE, notice_until=NOW, amount_fen=0, pools=(), missing=(metered,)
    )
    also = replace(waiting, application=uuid4(), missing=(metered, scanned))
    shown = effect([waiting, also], {}, NOW)
    assert shown.passing == (waiting.application,)
    assert [reason.code for reason in shown.reasons[also.application]] == ["EVIDENCE_MISSING"]


def test_each_keeps_the_reason_it_was_approved_for(world) -> None:
    first, second = noticed(world, 1), noticed(world, 2)
    choices = [Choice(first, "甲"), Choice(second, "乙")]
    done = settlement.approve_batch(programme=PROGRAMME, choices=choices, by=OFFICER, now=NOW)
    kept = {row.id: row.reasons[-1]["label"]["zh"] for row in Application.objects.filter(state="APPROVED")}
    assert kept == {first: "甲", second: "乙"}
    line = JournalLine.objects.get(subject=done.id)
    assert (line.verb, line.by, line.body["approved"]) == ("approve_batch", OFFICER.name, 2)


def test_what_does_not_fit_leaves_its_money_to_the_next(world) -> None:
    large, small = noticed(world, 1, "200万"), noticed(world, 2, "2万")
    Application.objects.filter(id=large).update(amount_fen=parse_yuan("100万") + 1)
    shown = ahead([large, small])
    assert [why[0].code if why else "" for why in shown.reasons.values()] == ["BUDGET_SHORT", ""]
    done = run([large, small])
    assert [bool(line.made) for line in done.lines] == [False, True]


def test_the_pool_that_runs_out_inside_the_batch_is_named(world) -> None:
    ids = [noticed(world, number, "30万") for number in range(1, 13)]
    shown, done = ahead(ids), run(ids)
    assert tuple(line.application for line in done.lines if line.made) == shown.passing
    assert 0 < done.approved < len(ids)
    assert {line.reason.code for line in done.lines if line.reason} == {"BUDGET_SHORT"}


def test_who_wrote_the_facts_can_not_approve_them(world) -> None:
    id_ = noticed(world, 1)
    clerk = Actor("officer:wang", Role.OFFICER)
    Application.objects.filter(id=id_).update(applied_by=clerk.name)
    assert [why[0].code for why in ahead([id_], by=clerk).reasons.values()] == ["SAME_PERSON"]
    (line,) = run([id_], by=clerk).lines
    assert line.reason.code == "SAME_PERSON"
    assert Application.objects.get(id=id_).state == "PUBLIC_NOTICE"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda id_: [], "BATCH_SIZE"),
        (lambda id_: [Choice(uuid4(), REASON) for _ in range(BATCH_MAX + 1)], "BATCH_SIZE"),
        (lambda id_: [Choice(id_, REASON), Choice(id_, REASON)], "TWICE"),
        (lambda id_: [Choice(id_, REASON), Choice(uuid4(), " ")], "REASON_MISSING"),
    ],
)
def test_a_batch_that_is_wrong_as_a_whole_does_nothing(world, make, code) -> None:
    id_ = noticed(world, 1)
    with pytest.raises(UnableToApproveBatch) as refused:
        settlement.approve_batch(programme=PROGRAMME, choices=make(id_), by=OFFICER, now=NOW)
    assert refused.value.reason.code == code
    assert not Voucher.objects.exists()


def test_an_officer_of_the_programme_alone(world) -> None:
    id_ = noticed(world, 1)
    with pytest.raises(UnableToApproveBatch):
        run([id_], by=FINANCE)
    with pytest.raises(Exception, match="elsewhere"):
        run([id_], by=replace(OFFICER, programme="elsewhere-2026"))


def test_done_twice_it_says_so_line_by_line(world) -> None:
    id_ = noticed(world, 1)
    run([id_])
    (line,) = run([id_]).lines
    assert line.made is None
    assert Voucher.objects.count() == 1
    (unknown,) = run([uuid4()]).lines
    assert unknown.reason.code == "NO_SUCH_APPLICATION"


def test_the_effect_costs_the_same_for_one_and_for_many(world) -> None:
    ids = [noticed(world, number) for number in range(1, 11)]
    ahead(ids)
    counts = []
    for some in (ids[:1], ids):
        with CaptureQueriesContext(connection) as caught:
            ahead(some)
        counts.append(len(caught))
    assert counts[0] == counts[1] <= 9
