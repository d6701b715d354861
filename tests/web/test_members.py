"""Members, tokens and a new organisation, as their pages do it: what a form asks for is done by the verb, or said."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from jiaozi.kernel import clock
from jiaozi.party import queries as party
from jiaozi.party import services
from jiaozi.party.models import Membership, Organisation, Person, Token
from jiaozi.party.rules import SYSTEM, HolderClass, Registration, Role, Scope
from tests.web.people import enrol, member, signed_in
from tests.world import uscc

pytestmark = pytest.mark.django_db
WHO = {"name": "王芳", "email": "wang@example.cn"}


@pytest.fixture
def firm(present) -> Organisation:
    said = Registration(name="蓉城公司", holder_class=HolderClass.TECH_SME, uscc=uscc(1), registered_in_city=True)
    return services.register(registration=said, by=SYSTEM, now=present)


@pytest.fixture
def head(firm, present) -> Client:
    return signed_in(member("head", Role.APPLICANT, present, organisation=firm.id, administrator=True))


def test_an_administrator_lets_somebody_in_who_had_no_account(head: Client, firm) -> None:
    assert head.post("/members", WHO).status_code == 302
    person = party.by_email("wang@example.cn")
    row = Membership.objects.get(person=person)
    assert (row.role, row.organisation_id, row.administrator) == ("APPLICANT", firm.id, False)
    assert not Person.objects.get(id=person.id).has_usable_password()
    page = head.get("/members").content.decode()
    assert "王芳" in page
    head.post(f"/members/{row.id}/end")
    assert party.memberships_of(person.id, now=clock.now()) == []


@pytest.mark.parametrize(
    ("words", "field"), [({"name": " "}, "name"), ({"email": "none"}, "email"), ({"until": "2020-01-01"}, "until")]
)
def test_a_wrong_field_is_named_and_lets_nobody_in(head: Client, words, field) -> None:
    answer = head.post("/members", WHO | words)
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert party.by_email("wang@example.cn") is None


def test_a_member_lets_nobody_in_and_another_organisations_ends_nothing(firm, head, present) -> None:
    plain = signed_in(member("plain", Role.APPLICANT, present, organisation=firm.id))
    assert "添加成员" not in plain.get("/members").content.decode()
    answer = plain.post("/members", WHO)
    assert answer.status_code == 422
    assert "只有经办或管理员" in answer.content.decode()
    other = services.register(
        registration=Registration(name="别家", holder_class=HolderClass.TECH_SME, uscc=uscc(2)), by=SYSTEM, now=present
    )
    theirs = signed_in(member("theirs", Role.APPLICANT, present, organisation=other.id, administrator=True))
    row = Membership.objects.filter(organisation=firm).first()
    assert theirs.post(f"/members/{row.id}/end").status_code == 403
    assert Membership.objects.get(id=row.id).ended_at is None


def test_the_operators_administrator_appoints_and_posts_stay_apart(present) -> None:
    chief = signed_in(member("chief", Role.OPERATOR, present, administrator=True))
    appointed = WHO | {"role": "OFFICER", "programme": "chengdu-2023", "centre": "nscc-chengdu"}
    assert chief.post("/members", appointed).status_code == 302
    row = Membership.objects.get(role="OFFICER")
    assert (row.programme, row.centre) == ("chengdu-2023", "")
    again = chief.post("/members", appointed | {"role": "FINANCE"})
    assert again.status_code == 422
    assert "不相容岗位" in again.content.decode()


def test_a_token_is_shown_once_and_acts_as_what_it_was_issued_for(head: Client, firm, present) -> None:
    given = {"label": "采集代理", "scopes": ["READ", "SPEND"], "days": "30"}
    page = head.post("/account/tokens", given).content.decode()
    text = re.search(r'class="secret">(jz_[\w-]+)<', page)[1]
    assert text not in head.get("/account/tokens").content.decode()
    by = services.use_token(text=text, now=present)
    assert (by.organisation, by.scopes) == (firm.id, {Scope.READ, Scope.SPEND})
    head.post(f"/account/tokens/{Token.objects.get().id}/end")
    assert "已吊销" in head.get("/account/tokens").content.decode()


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"label": ""}, "label"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["SETTLE"]}, "scopes"),
        ({"days": "3650"}, "days"),
    ],
)
def test_a_wrong_token_is_named(head: Client, words, field) -> None:
    answer = head.post("/account/tokens", {"label": "采集", "scopes": ["READ"], "days": "30"} | words)
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert not Token.objects.exists()


def test_nobody_ends_anothers_token(head: Client, present) -> None:
    head.post("/account/tokens", {"label": "采集", "scopes": ["READ"], "days": "30"})
    stranger = signed_in(member("stranger", Role.AUDITOR, present))
    assert stranger.post(f"/account/tokens/{Token.objects.get().id}/end").status_code == 403


def test_somebody_registers_an_organisation_and_acts_for_it(present) -> None:
    client = signed_in(enrol("wang", present))
    given = {"name": "锦江新公司", "holder_class": "TECH_SME", "uscc": uscc(7), "registered_in_city": "yes"}
    wrong = client.post("/account/organisation", given | {"uscc": "91510100000000000X"})
    assert wrong.status_code == 422
    assert 'id="id_uscc_error"' in wrong.content.decode()
    assert client.post("/account/organisation", given).status_code == 302
    assert "锦江新公司" in client.get("/members").content.decode()
    twice = signed_in(enrol("li", present)).post("/account/organisation", given)
    assert "已登记" in twice.content.decode()
