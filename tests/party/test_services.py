"""Registering on a real database: rows, journal lines, clashes, erasure, and the constraints behind the rules."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from stdnum.cn import uscc

from jiaozi.journal.models import JournalLine
from jiaozi.party import queries
from jiaozi.party import services as party
from jiaozi.party.models import ContactPerson, NamedEndUser, Organisation
from jiaozi.party.rules import (
    SYSTEM,
    Actor,
    Contact,
    EndUser,
    HolderClass,
    Registration,
    Role,
    UnableToNameEndUser,
    UnableToRegister,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2023, 3, 1, 2, tzinfo=UTC)
AT = {"now": NOW, "programme": "chengdu-2023"}
MAKER = Registration(name="小满", holder_class=HolderClass.MAKER, in_incubator=True, incubator="菁蓉汇")


def code(number):
    body = f"91510100{number:09d}"
    return body + uscc.calc_check_digit(body)


def firm(number, holder_class=HolderClass.TECH_SME):
    return Registration(
        name=f"蓉城{number}号公司", holder_class=holder_class, uscc=code(number), registered_in_city=True
    )


def register(registration, **words):
    return party.register(registration=registration, by=SYSTEM, now=NOW, **words)


def test_a_registration_is_a_row_and_one_line_without_its_facts():
    contact = Contact(person="张三", phone="13800000000", email="zhang@example.cn")
    row = register(firm(1), contact=contact)
    assert queries.organisation(row.id).name == "蓉城1号公司"
    assert party.registration_of(queries.by_uscc(code(1))) == firm(1)
    line = JournalLine.objects.get(subject=row.id)
    assert (line.stage, line.verb, line.by, line.at) == ("party", "register", "system", NOW)
    written = json.dumps(line.body, ensure_ascii=False)
    for fact in ("蓉城1号公司", code(1), "张三", "13800000000", "zhang@example.cn"):
        assert fact not in written


def test_the_same_facts_have_other_digests_under_another_salt():
    one, other = register(MAKER), register(replace(MAKER, incubator="蓉创港"))
    bodies = {JournalLine.objects.get(subject=each.id).body["facts"] for each in (one, other)}
    assert len(bodies) == 2
    assert bytes(one.salt) != bytes(other.salt)


def test_a_chosen_id_names_the_row():
    assert register(firm(2), id=UUID(int=7)).id == UUID(int=7)


@pytest.mark.parametrize(("again", "clash"), [(firm(3), "USCC_TWICE"), (MAKER, "MAKER_TWICE")])
def test_nobody_registers_twice(again, clash):
    register(again)
    with pytest.raises(UnableToRegister) as refused:
        register(again)
    assert refused.value.reason.code == clash
    assert Organisation.objects.count() == 1
    assert JournalLine.objects.count() == 1


def test_a_refusal_leaves_nothing_behind():
    with pytest.raises(UnableToRegister):
        register(replace(firm(4), uscc="1"), contact=Contact(person="李四"))
    assert not Organisation.objects.exists()
    assert not ContactPerson.objects.exists()
    assert not JournalLine.objects.exists()


def test_a_correction_keeps_the_digest_of_what_was():
    row = register(firm(5))
    first = JournalLine.objects.get(subject=row.id).body["facts"]
    party.correct(organisation=row.id, registration=replace(firm(5), dishonest=True), by=SYSTEM, **AT)
    assert queries.organisation(row.id).dishonest
    line = JournalLine.objects.filter(subject=row.id).last()
    assert line.verb == "correct"
    assert line.body["facts_before"] == first != line.body["facts"]


def test_a_correction_can_not_take_anothers_code():
    register(firm(6))
    row = register(firm(7))
    with pytest.raises(UnableToRegister, match="registered"):
        party.correct(organisation=row.id, registration=firm(6), by=SYSTEM, **AT)
    assert queries.organisation(row.id).uscc == code(7)


def test_an_applicant_corrects_only_its_own():
    row = register(firm(8))
    stranger = Actor("stranger", Role.APPLICANT, UUID(int=9))
    with pytest.raises(UnableToRegister, match="only an officer"):
        party.correct(organisation=row.id, registration=firm(8), by=stranger, **AT)
    itself = Actor("itself", Role.APPLICANT, row.id)
    party.correct(organisation=row.id, registration=firm(8), by=itself, **AT)


def test_nobody_is_not_found():
    with pytest.raises(queries.UnableToFindOrganisation, match="organisation: "):
        queries.organisation(UUID(int=404))
    with pytest.raises(queries.UnableToFindOrganisation):
        party.correct(organisation=UUID(int=404), registration=firm(9), by=SYSTEM, **AT)


def test_an_intermediary_names_its_end_users():
    broker, user = register(firm(10, HolderClass.INTERMEDIARY)), register(firm(11))
    by_id = party.name_end_user(intermediary=broker.id, end_user=EndUser(organisation=user.id), by=SYSTEM, now=NOW)
    party.name_end_user(intermediary=broker.id, end_user=EndUser(name="某实验室"), by=SYSTEM, now=NOW)
    assert [str(each.organisation or each.name) for each in queries.end_users_of(broker.id)] == [user.name, "某实验室"]
    assert queries.end_user_count(broker.id) == 2
    assert queries.serves(broker.id, by_id.id)
    assert not queries.serves(user.id, by_id.id)
    assert "某实验室" not in json.dumps([each.body for each in JournalLine.objects.all()], ensure_ascii=False)


@pytest.mark.parametrize("twice", ["organisation", "name"])
def test_an_end_user_is_named_once(twice):
    broker, user = register(firm(12, HolderClass.INTERMEDIARY)), register(firm(13))
    end_user = EndUser(organisation=user.id) if twice == "organisation" else EndUser(name="某实验室")
    party.name_end_user(intermediary=broker.id, end_user=end_user, by=SYSTEM, now=NOW)
    with pytest.raises(UnableToNameEndUser) as refused:
        party.name_end_user(intermediary=broker.id, end_user=end_user, by=SYSTEM, now=NOW)
    assert refused.value.reason.code == "END_USER_TWICE"
    assert NamedEndUser.objects.count() == 1


def test_an_unknown_end_user_is_refused():
    broker = register(firm(14, HolderClass.INTERMEDIARY))
    with pytest.raises(queries.UnableToFindOrganisation):
        party.name_end_user(intermediary=broker.id, end_user=EndUser(organisation=UUID(int=404)), by=SYSTEM, now=NOW)


def test_erasing_a_contact_takes_its_salt_along():
    row = register(firm(15), contact=Contact(person="张三"))
    assert party.erase_contact(organisation=row.id, by=SYSTEM, now=NOW)
    assert not ContactPerson.objects.exists()
    assert not party.erase_contact(organisation=row.id, by=SYSTEM, now=NOW)
    assert [each.verb for each in JournalLine.objects.filter(subject=row.id)] == ["register", "erase_contact"]


def test_pages_are_bounded_and_go_on_after_an_id(django_assert_num_queries):
    made = [register(firm(20 + number)) for number in range(5)]
    with django_assert_num_queries(1):
        first = queries.organisations(limit=3)
    rest = queries.organisations(after=first[-1].id, limit=3)
    assert [each.id for each in first + rest] == [each.id for each in made]
    assert queries.organisations(holder_class=HolderClass.MAKER) == []
    assert set(queries.by_ids([made[0].id, UUID(int=404)])) == {made[0].id}
    with pytest.raises(ValueError, match="a page holds"):
        queries.organisations(limit=0)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("uscc = NULL", "party_only_makers_lack_a_code"),
        ("uscc = '123'", "party_only_makers_lack_a_code"),
        ("holder_class = 'MAKER', in_incubator = true, incubator = 'x'", "party_only_makers_lack_a_code"),
        ("holder_class = 'MAKER', uscc = NULL", "party_maker_in_incubator"),
        ("holder_class = 'KING'", "party_class_known"),
        ("name = ''", "party_name_present"),
        ("in_incubator = true", "party_incubator_named"),
        ("incubator = 'x'", "party_incubator_named"),
    ],
)
def test_the_database_keeps_the_rules_by_itself(change, constraint):
    register(firm(30))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE party_organisation SET {change}")


@pytest.mark.parametrize(
    ("change", "constraint"),
    [("name = ''", "end_user_is_one_of_two"), ("organisation_id = intermediary_id, name = ''", "end_user_is_another")],
)
def test_the_database_keeps_end_users_by_itself(change, constraint):
    broker = register(firm(31, HolderClass.INTERMEDIARY))
    party.name_end_user(intermediary=broker.id, end_user=EndUser(name="某实验室"), by=SYSTEM, now=NOW)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE party_namedenduser SET {change}")
