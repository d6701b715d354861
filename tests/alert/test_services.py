"""Alerts on a real database: raised once, resolved once by another officer, guarded, and in the way until then."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from jiaozi.alert import queries
from jiaozi.alert import services as alert
from jiaozi.alert.models import Alert, ParameterSet
from jiaozi.alert.rules import (
    DEFAULTS,
    AlertKind,
    Level,
    State,
    Subject,
    SubjectKind,
    Suspicion,
    UnableToProceed,
    UnableToReadAlerts,
    UnableToResolve,
    UnableToSetParameters,
)
from jiaozi.journal.models import JournalLine
from jiaozi.kernel.label import Label
from jiaozi.kernel.lifecycle import UnableToStep
from jiaozi.party.rules import Actor, Role

NOW = datetime(2026, 3, 1, 2, tzinfo=UTC)
OFFICER = Actor("officer:li", Role.OFFICER)
OTHER = Actor("officer:wang", Role.OFFICER)
PROGRAMME = "chengdu-2023"


def subject(kind=SubjectKind.APPLICATION):
    return Subject(kind, str(uuid4()))


def suspicion(about, **words):
    return Suspicion(
        **{
            "kind": AlertKind.SAME_NUMBER,
            "subject": about,
            "level": Level.HIGH,
            "reason": Label("编号与甲公司的相同", "the number is firm A's"),
            "figures": {"number": "HT2023"},
            "evidence": ("APPLICATION x",),
            "rule": "copies",
            "asked_by": "applicant:wu",
        }
        | words
    )


def raised(about, **words):
    (row,) = alert.raise_all(programme=PROGRAMME, suspicions=[suspicion(about, **words)], now=NOW)
    return row


def resolve(row, *, confirmed=False, reason="已核对原件，系另一合同", by=OFFICER):
    return alert.resolve(alert_id=row.id, confirmed=confirmed, reason=reason, by=by, now=NOW)


@pytest.mark.django_db
def test_the_same_finding_is_raised_once_even_after_it_was_resolved():
    about = subject()
    row = raised(about)
    assert alert.raise_all(programme=PROGRAMME, suspicions=[suspicion(about)] * 2, now=NOW) == ()
    resolve(row)
    assert alert.raise_all(programme=PROGRAMME, suspicions=[suspicion(about)], now=NOW) == ()
    assert alert.raise_all(programme=PROGRAMME, suspicions=[suspicion(about, thresholds={"depth": 9})], now=NOW) == ()
    assert len(alert.raise_all(programme=PROGRAMME, suspicions=[suspicion(about, figures={"n": 1})], now=NOW)) == 1
    assert Alert.objects.count() == 2


@pytest.mark.django_db
def test_each_new_alert_has_its_line_and_the_line_names_nobody():
    row = raised(subject())
    line = JournalLine.objects.get(subject=row.id)
    assert (line.stage, line.verb, line.after) == ("alert", "raise", "OPEN")
    assert "甲公司" not in json.dumps(line.body, ensure_ascii=False)
    resolve(row, reason="张三已说明")
    line = JournalLine.objects.get(subject=row.id, verb="dismiss")
    assert (line.before, line.after, line.by) == ("OPEN", "DISMISSED", "officer:li")
    assert "张三" not in json.dumps(line.body, ensure_ascii=False)


@pytest.mark.django_db
def test_an_open_alert_stands_in_the_way_and_says_why_and_a_dismissed_one_does_not():
    about, beside = subject(), subject()
    row = raised(about)
    alert.require_clear(subjects=[beside])
    with pytest.raises(UnableToProceed, match="the number is firm A's") as refused:
        alert.require_clear(subjects=[beside, about])
    assert refused.value.reason.code == "ALERT_OPEN"
    assert "编号与甲公司的相同" in refused.value.reason.label.zh
    resolve(row)
    alert.require_clear(subjects=[beside, about])


@pytest.mark.django_db
@pytest.mark.parametrize("kind", list(SubjectKind))
def test_a_confirmed_alert_stops_its_affair_and_no_participant(kind):
    about = subject(kind)
    resolve(raised(about), confirmed=True)
    if kind in {SubjectKind.HOLDER, SubjectKind.CENTRE}:
        alert.require_clear(subjects=[about])
    else:
        with pytest.raises(UnableToProceed) as refused:
            alert.require_clear(subjects=[about])
        assert refused.value.reason.code == "ALERT_CONFIRMED"


@pytest.mark.django_db
def test_many_alerts_are_counted_and_the_first_named():
    about = subject()
    found = [suspicion(about, figures={"n": n}) for n in range(queries.STANDING_MAX + 5)]
    alert.raise_all(programme=PROGRAMME, suspicions=found, now=NOW)
    with pytest.raises(UnableToProceed, match=r"alerts are open \(55\).* and 52 more$"):
        alert.require_clear(subjects=[about])


@pytest.mark.django_db
def test_asking_for_many_subjects_is_one_statement():
    raised(subject())
    subjects = [subject(kind) for kind in SubjectKind for _ in range(500)]
    with CaptureQueriesContext(connection) as statements:
        alert.require_clear(subjects=subjects)
    assert len(statements) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OFFICER])
def test_only_an_officer_resolves(role):
    row = raised(subject())
    with pytest.raises(UnableToStep, match="OFFICER may"):
        resolve(row, by=Actor("someone", role))
    assert Alert.objects.get().state == State.OPEN


@pytest.mark.django_db
def test_who_asked_can_not_resolve_and_a_reason_is_needed():
    row = raised(subject(), asked_by=OFFICER.name)
    with pytest.raises(UnableToResolve, match="another officer"):
        resolve(row)
    for reason in ("", "  ", "x" * 401):
        with pytest.raises(UnableToResolve, match="say why"):
            resolve(row, by=OTHER, reason=reason)
    assert resolve(row, by=OTHER, reason="x" * 400).state == State.DISMISSED
    with pytest.raises(UnableToStep):
        resolve(row, by=OTHER, confirmed=True)


@pytest.mark.django_db
def test_the_database_keeps_what_was_raised():
    row = raised(subject())
    changes = (
        {"reason_en": "nothing"},
        {"subject_id": "other"},
        {"level": "LOW"},
        {"asked_by": ""},
        {"state": "DISMISSED"},
    )
    for change in changes:
        with pytest.raises(IntegrityError), transaction.atomic():
            Alert.objects.filter(id=row.id).update(**change)
    with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
        Alert.objects.filter(id=row.id)._raw_delete("default")
    resolve(row)
    for change in ({"state": "OPEN", "resolved_at": None, "resolved_by": "", "resolution": ""}, {"resolution": "y"}):
        with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
            Alert.objects.filter(id=row.id).update(**change)


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.APPLICANT, Role.CENTRE, Role.OPERATOR])
def test_alerts_are_not_for_whom_they_are_about(role):
    with pytest.raises(UnableToReadAlerts):
        queries.alerts(programme=PROGRAMME, by=Actor("someone", role))
    with pytest.raises(UnableToReadAlerts):
        queries.alerts_of(subject(), by=Actor("someone", role))


@pytest.mark.django_db
def test_the_queue_is_paged_latest_first():
    rows = [raised(subject()) for _ in range(3)]
    resolve(rows[0])
    auditor = Actor("auditor:he", Role.AUDITOR)
    first = queries.alerts(programme=PROGRAMME, by=auditor, states=[State.OPEN], limit=1)
    assert [row.id for row in first] == [rows[2].id]
    after = queries.alerts(programme=PROGRAMME, by=auditor, after=first[0].id)
    assert [row.id for row in after] == [rows[1].id, rows[0].id]
    assert queries.counts(PROGRAMME) == {State.OPEN: 2, State.DISMISSED: 1}


@pytest.mark.django_db
def test_thresholds_are_set_by_an_officer_a_programme_at_a_time():
    def set_(values, *, by=OFFICER):
        return alert.set_parameters(programme=PROGRAMME, values=values, reason="市局要求", by=by, now=NOW)

    assert queries.parameters(PROGRAMME) == DEFAULTS
    set_({"depth": 2})
    assert set_({"end_users_most": 0}).depth == 2
    assert queries.parameters(PROGRAMME).end_users_most == 0
    assert queries.parameters("beijing") == DEFAULTS
    for wrong in ({"depth": 7}, {"depth": True}, {"depth": "2"}, {"deepness": 2}):
        with pytest.raises(UnableToSetParameters):
            set_(wrong)
    for role in set(Role) - {Role.OFFICER}:
        with pytest.raises(UnableToStep):
            set_({"depth": 1}, by=Actor("someone", role))
    assert ParameterSet.objects.count() == JournalLine.objects.filter(verb="set_parameters").count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        ParameterSet.objects.update(values={})


def test_of_two_resolvers_one_wins(fresh_database):
    row = raised(subject())
    together = Barrier(2)

    def one(by, confirmed):
        try:
            together.wait(30)
            return resolve(row, by=by, confirmed=confirmed).state
        except UnableToStep as refused:
            return refused.reason.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(one, OFFICER, False), pool.submit(one, OTHER, True)]
        said = {answer.result(60) for answer in answers}
    assert "WRONG_STATE" in said
    assert said - {"WRONG_STATE"} == {Alert.objects.get(id=row.id).state}
    assert JournalLine.objects.filter(subject=row.id).count() == 2


def test_two_raisers_raise_once(fresh_database):
    found = [suspicion(subject(), figures={"n": n}) for n in range(50)]
    together = Barrier(2)

    def one(order):
        try:
            together.wait(30)
            return len(alert.raise_all(programme=PROGRAMME, suspicions=order, now=NOW))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(one, order) for order in (found, found[::-1])]
        assert sum(answer.result(60) for answer in answers) == 50
    assert Alert.objects.count() == JournalLine.objects.filter(verb="raise").count() == 50
