"""Addresses and fields that nobody types: said in words, never a crash."""

import pytest

from jiaozi.party.rules import Role
from jiaozi.web.views import wishing
from tests.web.people import member, signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path", ["/ledger/entries?by=CENTRE&key=%00", "/ledger/entries?by=CLAUSE&key=a%00", "/?year=%00"]
)
def test_a_nul_in_an_address_of_the_public_is_refused(client, path):
    assert client.get(path).status_code == 400


@pytest.mark.parametrize("path", ["/usage?centre=%00", "/supply?centre=%00", "/search?q=a%00b"])
def test_a_nul_in_an_officer_s_address_is_refused(present, path):
    assert signed_in(member("officer", Role.OFFICER, present)).get(path).status_code == 400


@pytest.mark.parametrize("wrong", [{"centre": "\0"}, {"first": "2024-05-06\0"}, {"\0": "x"}])
def test_a_nul_in_a_form_is_refused(present, wrong):
    given = {"centre": "nscc-chengdu", "first": "2024-05-06", "last": "2024-05-20"}
    answer = signed_in(member("officer", Role.OFFICER, present)).post("/statements/close", given | wrong)
    assert answer.status_code == 400
    assert "表单含有无效字符" in answer.content.decode()


def test_a_letter_that_only_looks_like_a_unit_is_none():
    assert wishing._SIZE.fullmatch("1 \u212aB") is None
    assert wishing._SIZE.fullmatch("1 kb")
