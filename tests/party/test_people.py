"""People on a real database: enrolment, what stays apart, what ends at once, tokens, erasure, and the guards behind."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import authenticate
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from jiaozi.journal.models import JournalLine
from jiaozi.party import queries
from jiaozi.party import services as party
from jiaozi.party.models import Membership, Person, PersonDetails, Token
from jiaozi.party.rules import (
    SCOPES_OF,
    SYSTEM,
    Actor,
    Details,
    Grant,
    HolderClass,
    Registration,
    Role,
    Scope,
    TokenRequest,
    UnableToAct,
    UnableToActByToken,
    UnableToActForProgramme,
    UnableToEnrol,
    UnableToGrant,
    UnableToIssueToken,
    UnableToUseToken,
    actor_for,
    check_own_programme,
    check_scope,
)
from jiaozi.party.rules.membership import MADE_OF
from jiaozi.settlement.rules.life import UnableToPay
from jiaozi.settlement.rules.life import check_apart as check_payer
from tests.world import uscc

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _without_second_factors(settings):
    settings.JIAOZI_STAFF_SECOND_FACTOR = False  # tests/web/test_second_factor.py


NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
PROGRAMME = "chengdu-2023"


def enrol(name="李敏", email="", **words):
    details = Details(name=name, email=email or f"{uuid4().hex[:8]}@example.cn", phone="13800000000")
    return party.enrol(details=details, by=SYSTEM, now=NOW, **words).id


def firm(serial=1):
    said = Registration(
        name=f"蓉城{serial}号公司", holder_class=HolderClass.TECH_SME, uscc=uscc(serial), registered_in_city=True
    )
    return party.register(registration=said, by=SYSTEM, now=NOW).id


def asked(role, **words):
    place = {"programme": PROGRAMME} if "programme" in MADE_OF[role] else {}
    if role is Role.CENTRE:
        place = {"centre": "nscc-chengdu"}
    return Grant(**{"role": role, "since_at": NOW} | place | words)


def granted(person, role, by=SYSTEM, **words):
    return party.grant(person=person, grant=asked(role, **words), by=by, now=NOW)


def acting(person, role, **words):
    return queries.actor_of(person, granted(person, role, **words).id, now=NOW)


def request(*scopes, days=30, label="采集代理"):
    return TokenRequest(label=label, scopes=frozenset(scopes or {Scope.READ}), expires_at=NOW + timedelta(days=days))


def issued(membership, person, *scopes, **words):
    by = queries.actor_of(person, membership.id, now=NOW)
    return party.issue_token(membership_id=membership.id, request=request(*scopes, **words), by=by, now=NOW)


def test_a_person_is_a_row_without_facts_and_signs_in_by_address():
    person = enrol("李敏", "Li.Min@Example.CN", password="correct horse battery", verified=True)
    assert authenticate(None, email="li.min@example.cn", password="correct horse battery").id == person
    assert authenticate(None, email="li.min@example.cn", password="wrong") is None
    assert Person.objects.get(id=person).password.startswith("argon2$argon2id$")
    assert queries.name_on_screen(person) == "李敏"
    assert queries.email_of(person) == "li.min@example.cn"
    assert queries.by_email(" LI.min@example.cn ").id == person
    line = JournalLine.objects.get(subject=person)
    written = json.dumps(line.body, ensure_ascii=False) + json.dumps(
        {field.name: str(getattr(Person.objects.get(id=person), field.name)) for field in Person._meta.fields}
    )
    for fact in ("李敏", "li.min@example.cn", "13800000000"):
        assert fact not in written


@pytest.mark.parametrize(
    ("field", "details"),
    [
        ("name", Details("  ", "a@b.cn")),
        ("name", Details("长" * 101, "a@b.cn")),
        ("email", Details("李", "a@b")),
        ("email", Details("李", "a b@c.cn")),
        ("phone", Details("李", "a@b.cn", "1" * 101)),
    ],
)
def test_a_wrong_fact_is_named_and_leaves_nothing(field, details):
    with pytest.raises(UnableToEnrol) as refused:
        party.enrol(details=details, by=SYSTEM, now=NOW)
    assert refused.value.reason.field == field
    assert not Person.objects.exists()


def test_an_address_is_somebodys_once_however_written():
    enrol(email="li@example.cn")
    with pytest.raises(UnableToEnrol, match="already"):
        enrol(email="LI@example.cn")
    assert Person.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_claim_an_address_at_once_take_turns():
    outcomes = []

    def claim():
        try:
            outcomes.append(enrol(email="li@example.cn"))
        except UnableToEnrol as refused:
            outcomes.append(refused.reason.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)).count("EMAIL_TAKEN") == 3
    assert EmailAddress.objects.count() == Person.objects.count() == 1


@pytest.mark.parametrize("role", list(MADE_OF))
def test_a_membership_makes_an_actor_whose_name_is_the_persons_whatever_the_role(role):
    person = enrol()
    words = {"organisation": firm()} if role is Role.APPLICANT else {}
    by = acting(person, role, **words)
    assert by.name == f"person:{person}"
    assert by.role is role
    assert by.organisation == words.get("organisation")
    assert by.centre == ("nscc-chengdu" if role is Role.CENTRE else None)
    assert by.programme == (PROGRAMME if "programme" in MADE_OF[role] else "")
    assert by.scopes is None
    line = JournalLine.objects.filter(verb="grant").get()
    assert line.body["person"] == str(person)
    assert line.body["role"] == role.value


def test_nobody_pays_what_the_same_person_approved_whichever_membership_either_was_done_by():
    person = enrol()
    first = granted(person, Role.FINANCE)
    approver = queries.actor_of(person, first.id, now=NOW)
    party.end_membership(membership_id=first.id, by=SYSTEM, now=LATER)
    again = party.grant(person=person, grant=asked(Role.FINANCE, since_at=LATER), by=SYSTEM, now=LATER)
    payer = queries.actor_of(person, again.id, now=LATER)
    _, text = party.issue_token(membership_id=again.id, request=request(Scope.SETTLE), by=payer, now=LATER)
    for by in (payer, party.use_token(text=text, now=LATER)):
        with pytest.raises(UnableToPay):
            check_payer(approver.name, by)


def test_without_a_membership_a_person_may_found_an_organisation_and_is_its_administrator():
    person = enrol()
    by = queries.actor_of(person, None, now=NOW)
    said = Registration(name="蓉城新公司", holder_class=HolderClass.TECH_SME, uscc=uscc(7), registered_in_city=True)
    row, member = party.found(person=person, registration=said, by=by, now=NOW)
    acts = queries.actor_of(person, member.id, now=NOW)
    assert (acts.role, acts.organisation, acts.administrator) == (Role.APPLICANT, row.id, True)
    other = enrol()
    with pytest.raises(UnableToGrant):
        party.found(person=other, registration=replace(said, uscc=uscc(8)), by=by, now=NOW)


@pytest.mark.parametrize(
    ("field", "grant"),
    [
        ("role", Grant(role=Role.SYSTEM, since_at=NOW)),
        ("organisation", Grant(role=Role.APPLICANT, since_at=NOW)),
        ("centre", Grant(role=Role.CENTRE, since_at=NOW, centre=" ")),
        ("centre", Grant(role=Role.OFFICER, since_at=NOW, centre="nscc-chengdu")),
        ("programme", Grant(role=Role.OPERATOR, since_at=NOW, programme=PROGRAMME)),
        ("programme", Grant(role=Role.OFFICER, since_at=NOW, programme="x" * 61)),
        ("until", Grant(role=Role.OPERATOR, since_at=NOW, until_at=NOW)),
        ("until", Grant(role=Role.OPERATOR, since_at=NOW - timedelta(days=9), until_at=NOW - timedelta(days=1))),
    ],
)
def test_a_wrong_grant_is_named_and_leaves_nothing(field, grant):
    person = enrol()
    with pytest.raises(UnableToGrant) as refused:
        party.grant(person=person, grant=grant, by=SYSTEM, now=NOW)
    assert refused.value.reason.field == field
    assert not Membership.objects.exists()


@pytest.mark.parametrize(
    ("held", "wanted", "apart"),
    [
        (Role.OFFICER, Role.FINANCE, True),
        (Role.FINANCE, Role.OFFICER, True),
        (Role.OFFICER, Role.CENTRE, True),
        (Role.AUDITOR, Role.OPERATOR, True),
        (Role.OPERATOR, Role.FINANCE, True),
        (Role.OFFICER, Role.OPERATOR, False),
    ],
)
def test_posts_that_must_not_meet_are_kept_apart(held, wanted, apart):
    person = enrol()
    first = granted(person, held)
    if not apart:
        assert granted(person, wanted).person_id == person
        return
    with pytest.raises(UnableToGrant) as refused:
        granted(person, wanted)
    assert refused.value.reason.code == "ROLES_APART"
    party.end_membership(membership_id=first.id, by=SYSTEM, now=NOW)
    assert granted(person, wanted).role == wanted


def test_posts_of_two_programmes_may_be_one_persons():
    person = enrol()
    granted(person, Role.OFFICER)
    assert granted(person, Role.FINANCE, programme="shenzhen-2025").programme == "shenzhen-2025"
    with pytest.raises(UnableToGrant):
        granted(person, Role.FINANCE, programme="")


def test_who_may_grant_what():
    mine, theirs = firm(1), firm(2)
    chief = acting(enrol(), Role.OPERATOR, administrator=True)
    officer = acting(enrol(), Role.OFFICER)
    head = acting(enrol(), Role.APPLICANT, organisation=mine, administrator=True)
    member = acting(enrol(), Role.APPLICANT, organisation=mine)
    clerk = acting(enrol(), Role.CENTRE, administrator=True)
    allowed = [
        (chief, {"role": Role.FINANCE}),
        (chief, {"role": Role.OPERATOR}),
        (officer, {"role": Role.APPLICANT, "organisation": theirs}),
        (head, {"role": Role.APPLICANT, "organisation": mine}),
        (clerk, {"role": Role.CENTRE}),
    ]
    refused = [
        (chief, {"role": Role.APPLICANT, "organisation": mine}),
        (replace(chief, administrator=False), {"role": Role.FINANCE}),
        (officer, {"role": Role.FINANCE}),
        (officer, {"role": Role.OFFICER}),
        (head, {"role": Role.APPLICANT, "organisation": theirs}),
        (head, {"role": Role.OFFICER}),
        (member, {"role": Role.APPLICANT, "organisation": mine}),
        (clerk, {"role": Role.CENTRE, "centre": "chengdu-aicc"}),
        (actor_for(uuid4(), None), {"role": Role.APPLICANT, "organisation": mine}),
    ]
    for by, words in allowed:
        assert party.grant(person=enrol(), grant=asked(**words), by=by, now=NOW).granted_by == by.name
    for by, words in refused:
        with pytest.raises(UnableToGrant, match="administrator"):
            party.grant(person=enrol(), grant=asked(**words), by=by, now=NOW)


def test_nobody_grants_to_oneself_and_everybody_may_give_up():
    person = enrol()
    member = granted(person, Role.OPERATOR, administrator=True)
    by = queries.actor_of(person, member.id, now=NOW)
    with pytest.raises(UnableToGrant) as refused:
        granted(person, Role.OFFICER, by=by)
    assert refused.value.reason.code == "SELF_GRANT"
    assert party.end_membership(membership_id=member.id, by=by, now=NOW).ended_by == by.name


def test_what_was_ended_is_over_in_the_same_moment_for_sessions_and_tokens():
    person = enrol()
    member = granted(person, Role.OPERATOR)
    _, text = issued(member, person, Scope.METER)
    assert party.use_token(text=text, now=NOW).scopes == {Scope.METER}
    party.end_membership(membership_id=member.id, by=SYSTEM, now=LATER)
    with pytest.raises(UnableToAct):
        queries.actor_of(person, member.id, now=LATER)
    with pytest.raises(UnableToUseToken) as refused:
        party.use_token(text=text, now=LATER)
    assert refused.value.reason.code == "MEMBERSHIP_OVER"
    assert queries.memberships_of(person, now=LATER) == []
    with pytest.raises(UnableToGrant, match="already"):
        party.end_membership(membership_id=member.id, by=SYSTEM, now=LATER)


def test_a_membership_holds_from_its_first_moment_up_to_and_without_its_last():
    person = enrol()
    member = granted(person, Role.AUDITOR, since_at=LATER, until_at=LATER + timedelta(days=1))
    for at, stands in [(NOW, False), (LATER, True), (LATER + timedelta(days=1), False)]:
        assert bool(queries.memberships_of(person, now=at)) is stands
        if not stands:
            with pytest.raises(UnableToAct):
                queries.actor_of(person, member.id, now=at)


def test_nobody_acts_by_anothers_membership():
    member = granted(enrol(), Role.OFFICER)
    with pytest.raises(UnableToAct):
        queries.actor_of(enrol(), member.id, now=NOW)


def test_members_are_seen_by_their_own_and_by_those_who_oversee():
    mine, theirs = firm(1), firm(2)
    person = enrol("王芳")
    by = acting(person, Role.APPLICANT, organisation=mine)
    assert [row.person.details.name for row in queries.members_of(by, organisation=mine)] == ["王芳"]
    assert queries.members_of(acting(enrol(), Role.OFFICER), organisation=theirs) == []
    for other in (theirs, None):
        with pytest.raises(UnableToGrant):
            queries.members_of(by, organisation=other)
    with pytest.raises(UnableToGrant):
        queries.members_of(acting(enrol(), Role.CENTRE), centre="chengdu-aicc")


def test_a_token_is_shown_once_and_kept_as_a_digest():
    person = enrol()
    row, text = issued(granted(person, Role.CENTRE), person, Scope.METER, Scope.READ)
    assert text.startswith("jz_")
    assert len(text) == 46
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT party_token::text, (SELECT string_agg(body::text, '') FROM journal_line) FROM party_token"
        )
        assert text not in "".join(cursor.fetchone())
    by = party.use_token(text=text, now=LATER)
    assert (by.name, by.role, by.centre) == (f"person:{person}", Role.CENTRE, "nscc-chengdu")
    check_scope(by, Scope.METER)
    with pytest.raises(UnableToActByToken, match="SETTLE"):
        check_scope(by, Scope.SETTLE)
    assert Token.objects.get(id=row.id).last_used_at == LATER


def test_a_use_costs_one_statement_and_writes_at_most_once_a_minute():
    person = enrol()
    row, text = issued(granted(person, Role.OPERATOR), person)
    party.use_token(text=text, now=LATER)
    for seconds, statements in [(0, 1), (59, 1), (60, 2), (61, 1)]:
        with CaptureQueriesContext(connection) as caught:
            party.use_token(text=text, now=LATER + timedelta(seconds=seconds))
        assert len(caught) == statements
    assert Token.objects.get(id=row.id).last_used_at == LATER + timedelta(seconds=60)


def test_a_token_that_is_over_or_none_says_why():
    person = enrol()
    member = granted(person, Role.OPERATOR)
    row, text = issued(member, person, days=1)
    for wrong in ("", "jz_", text[:-1], text.upper(), "x" * 5000):
        with pytest.raises(UnableToUseToken) as refused:
            party.use_token(text=wrong, now=NOW)
        assert refused.value.reason.code == "TOKEN_UNKNOWN"
    with pytest.raises(UnableToUseToken) as refused:
        party.use_token(text=text, now=NOW + timedelta(days=1))
    assert refused.value.reason.code == "TOKEN_EXPIRED"
    party.end_token(token_id=row.id, by=queries.actor_of(person, member.id, now=NOW), now=NOW)
    with pytest.raises(UnableToUseToken) as refused:
        party.use_token(text=text, now=NOW)
    assert refused.value.reason.code == "TOKEN_ENDED"
    with pytest.raises(UnableToIssueToken, match="already"):
        party.end_token(token_id=row.id, by=SYSTEM, now=NOW)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("label", {"label": " "}),
        ("expires_at", {"days": 0}),
        ("expires_at", {"days": 367}),
    ],
)
def test_a_wrong_token_is_named(field, words):
    person = enrol()
    with pytest.raises(UnableToIssueToken) as refused:
        issued(granted(person, Role.OPERATOR), person, **words)
    assert refused.value.reason.field == field
    assert not Token.objects.exists()


def test_a_token_may_no_more_than_its_role_and_is_issued_by_its_person_signed_in():
    person = enrol()
    member = granted(person, Role.AUDITOR)
    with pytest.raises(UnableToIssueToken) as refused:
        issued(member, person, Scope.SETTLE)
    assert refused.value.reason.field == "scopes"
    _, text = issued(member, person)
    for by in (SYSTEM, acting(enrol(), Role.OPERATOR, administrator=True), party.use_token(text=text, now=NOW)):
        with pytest.raises(UnableToIssueToken, match="themselves"):
            party.issue_token(membership_id=member.id, request=request(), by=by, now=NOW)
    assert set(SCOPES_OF) == set(Role)


def test_an_actor_of_one_programme_keeps_to_it():
    by = Actor("person:1", Role.OFFICER, programme=PROGRAMME)
    check_own_programme(by, PROGRAMME)
    check_own_programme(replace(by, programme=""), "shenzhen-2025")
    with pytest.raises(UnableToActForProgramme):
        check_own_programme(by, "shenzhen-2025")


def test_a_closed_account_signs_nobody_in_and_ends_everything():
    person = enrol(email="li@example.cn", password="correct horse battery")
    member = granted(person, Role.OPERATOR)
    _, text = issued(member, person)
    stranger = acting(enrol(), Role.OFFICER)
    with pytest.raises(UnableToEnrol):
        party.close_person(person=person, by=stranger, now=LATER)
    assert party.close_person(person=person, by=SYSTEM, now=LATER)
    assert not party.close_person(person=person, by=SYSTEM, now=LATER)
    assert authenticate(None, email="li@example.cn", password="correct horse battery") is None
    with pytest.raises(UnableToUseToken):
        party.use_token(text=text, now=LATER)
    with pytest.raises(UnableToGrant, match="closed"):
        granted(person, Role.AUDITOR)


def test_erasing_a_person_leaves_no_fact_in_any_table_and_every_act():
    person = enrol("欧阳修远", "ouyang@example.cn", password="correct horse battery")
    granted(person, Role.AUDITOR)
    party.correct_details(person=person, name="欧阳修远", phone="13900000000", by=actor_for(person, None), now=NOW)
    assert party.erase_person(person=person, by=actor_for(person, None), now=LATER)
    assert not party.erase_person(person=person, by=SYSTEM, now=LATER)
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        tables = [name for (name,) in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f'SELECT coalesce(string_agg(t::text, chr(10)), $$$$) FROM "{table}" t')
            text = cursor.fetchone()[0]
            found += [(table, fact) for fact in ("欧阳", "ouyang", "1390000") if fact in text]
    assert found == []
    assert Membership.objects.get(person_id=person).ended_by == f"person:{person}"
    assert queries.name_on_screen(person) == f"#{str(person)[-8:]}"
    assert queries.email_of(person) == ""


def test_people_correct_themselves_alone():
    person, other = enrol("李敏"), enrol()
    party.correct_details(person=person, name=" 李 敏 ", phone="", by=actor_for(person, None), now=NOW)
    assert PersonDetails.objects.get(person_id=person).name == "李 敏"
    with pytest.raises(UnableToEnrol):
        party.correct_details(person=person, name="张", phone="", by=actor_for(other, None), now=NOW)
    with pytest.raises(UnableToEnrol):
        party.enrol(details=Details("张", "zhang@example.cn"), by=actor_for(other, None), now=NOW)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE party_membership SET role = 'FINANCE'",
        "UPDATE party_membership SET administrator = NOT administrator",
        "UPDATE party_membership SET ended_at = NULL, ended_by = ''",
        "DELETE FROM party_membership",
        "UPDATE party_token SET scopes = '{READ,SETTLE}'",
        "UPDATE party_token SET expires_at = expires_at + interval '1 year'",
        "DELETE FROM party_token",
    ],
)
def test_the_database_keeps_what_was_granted_as_it_was(statement):
    person = enrol()
    member = granted(person, Role.OFFICER)
    issued(member, person)
    party.end_membership(membership_id=member.id, by=SYSTEM, now=LATER)
    with pytest.raises(IntegrityError, match="is refused"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "APPLICANT", "organisation_id": None},
        {"role": "SYSTEM", "programme": ""},
        {"role": "OPERATOR", "programme": PROGRAMME},
        {"role": "CENTRE", "programme": "", "centre": ""},
        {"until_at": NOW - timedelta(days=1)},
        {"ended_at": NOW},
    ],
)
def test_the_database_refuses_a_membership_without_its_place(wrong):
    words = {"role": "OFFICER", "programme": PROGRAMME, "administrator": False, "since_at": NOW, "granted_at": NOW}
    person = enrol()
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(id=uuid4(), person_id=person, granted_by="x", **words | wrong)


def test_a_membership_stands_once():
    person = enrol()
    granted(person, Role.AUDITOR)
    with pytest.raises(UnableToGrant, match="already"):
        granted(person, Role.AUDITOR)
    assert Membership.objects.count() == 1
