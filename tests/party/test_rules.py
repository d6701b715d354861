"""Who may be registered as what, and the one line that says why not."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from jiaozi.party.rules import (
    SYSTEM,
    Actor,
    EndUser,
    HolderClass,
    Registration,
    Role,
    UnableToActForNobody,
    UnableToNameEndUser,
    UnableToRegister,
    check_end_user,
    check_registration,
    check_uscc,
    may_write,
    require_end_user,
)

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CODE = "91110000600037341L"
ONE, OTHER = UUID(int=1), UUID(int=2)
FIRM = Registration(name="蓉城算法有限公司", holder_class=HolderClass.TECH_SME, uscc=CODE, registered_in_city=True)
MAKER = Registration(name="小满", holder_class=HolderClass.MAKER, in_incubator=True, incubator="菁蓉汇")

bodies = st.builds(
    lambda digits, rest: digits + rest,
    st.text(alphabet="0123456789", min_size=8, max_size=8),
    st.text(alphabet=ALPHABET, min_size=9, max_size=9),
)
codes = bodies.map(lambda body: body + uscc.calc_check_digit(body))


@given(codes)
def test_a_right_code_passes_however_it_is_typed(code):
    assert check_uscc(f" {code[:6].lower()} {code[6:12]}-{code[12:]} ") == code


@given(codes, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_never_passes(code, place, character):
    wrong = code[:place] + character + code[place + 1 :]
    if wrong == code:
        return
    with pytest.raises(UnableToRegister) as refused:
        check_uscc(wrong)
    assert refused.value.reason.field == "uscc"


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        ("", "USCC_LENGTH", "has 18 characters, not 0"),
        (CODE[:-1], "USCC_LENGTH", "not 17"),
        (CODE + "0", "USCC_LENGTH", "not 19"),
        ("9111000O600037341L", "USCC_CHARACTER", "character 8 is 'O'; it must be a digit 0-9"),
        ("91110000I00037341L", "USCC_CHARACTER", "character 9 is 'I'"),
        ("91110000600037341Z", "USCC_CHARACTER", "character 18 is 'Z'"),
        ("91110000600037341K", "USCC_CHECK_DIGIT", "is K; if the first 17 are right it must be L"),
        ("91110000600037314L", "USCC_CHECK_DIGIT", "check digit (place 18) is L"),
    ],
)
def test_a_wrong_code_is_told_by_length_character_or_check_digit(code, kind, says):
    with pytest.raises(UnableToRegister, match=r"^uscc: ") as refused:
        check_uscc(code)
    assert refused.value.reason.code == kind
    assert says in refused.value.reason.label.en
    assert "\n" not in refused.value.in_language("zh-hans")


def test_a_firm_needs_its_code_and_gets_it_tidied():
    tidied = check_registration(replace(FIRM, name="  蓉城  算法 ", uscc=CODE.lower()))
    assert (tidied.name, tidied.uscc) == ("蓉城 算法", CODE)


@pytest.mark.parametrize("holder_class", [each for each in HolderClass if each is not HolderClass.MAKER])
def test_only_a_maker_has_no_code(holder_class):
    with pytest.raises(UnableToRegister, match="only a maker has none") as refused:
        check_registration(replace(FIRM, holder_class=holder_class, uscc=" "))
    assert refused.value.reason.code == "USCC_MISSING"


@pytest.mark.parametrize(
    ("registration", "code", "field"),
    [
        (replace(MAKER, uscc=CODE), "MAKER_WITH_USCC", "uscc"),
        (replace(MAKER, in_incubator=False, incubator=""), "MAKER_WITHOUT_INCUBATOR", "incubator"),
        (replace(MAKER, incubator=" "), "MISSING", "incubator"),
        (replace(MAKER, in_incubator=False), "INCUBATOR_WITHOUT_RESIDENCE", "in_incubator"),
        (replace(FIRM, name=" \t"), "MISSING", "name"),
        (replace(FIRM, name="字" * 121), "NOT_A_NAME", "name"),
        (replace(FIRM, name="a\x00b"), "NOT_A_NAME", "name"),
        (replace(FIRM, name="a\u202eb"), "NOT_A_NAME", "name"),
    ],
)
def test_each_mistake_is_told_by_its_field(registration, code, field):
    with pytest.raises(UnableToRegister) as refused:
        check_registration(registration)
    assert (refused.value.reason.code, refused.value.reason.field) == (code, field)


def test_a_maker_lives_in_a_named_incubator():
    assert check_registration(MAKER) == MAKER


@pytest.mark.parametrize(
    ("actor", "organisation", "passes"),
    [
        (SYSTEM, ONE, True),
        (Actor("o", Role.OFFICER), ONE, True),
        (Actor("a", Role.APPLICANT, ONE), ONE, True),
        (Actor("a", Role.APPLICANT), None, True),
        (Actor("a", Role.APPLICANT, ONE), OTHER, False),
        (Actor("a", Role.APPLICANT, ONE), None, False),
        (Actor("a", Role.APPLICANT), ONE, False),
        (Actor("c", Role.CENTRE, ONE), ONE, False),
        (Actor("f", Role.FINANCE), ONE, False),
        (Actor("u", Role.AUDITOR), None, False),
    ],
)
def test_who_may_register_and_correct(actor, organisation, passes):
    if passes:
        may_write(actor, organisation)
    else:
        with pytest.raises(UnableToRegister, match="only an officer or the organisation itself"):
            may_write(actor, organisation)


@pytest.mark.parametrize(
    ("holder_class", "end_user", "code"),
    [
        (HolderClass.TECH_SME, EndUser(name="甲"), "NO_INTERMEDIARY"),
        (HolderClass.INTERMEDIARY, EndUser(), "ONE_OF_TWO"),
        (HolderClass.INTERMEDIARY, EndUser(name=" "), "ONE_OF_TWO"),
        (HolderClass.INTERMEDIARY, EndUser(organisation=OTHER, name="甲"), "ONE_OF_TWO"),
        (HolderClass.INTERMEDIARY, EndUser(organisation=ONE), "ITSELF"),
        (HolderClass.INTERMEDIARY, EndUser(name="字" * 121), "NOT_A_NAME"),
    ],
)
def test_an_end_user_is_one_other_named_party(holder_class, end_user, code):
    with pytest.raises(UnableToNameEndUser) as refused:
        check_end_user(ONE, holder_class, end_user)
    assert refused.value.reason.code == code


def test_an_intermediary_names_whom_it_serves():
    assert check_end_user(ONE, HolderClass.INTERMEDIARY, EndUser(name=" 某 实验室 ")).name == "某 实验室"
    assert check_end_user(ONE, HolderClass.INTERMEDIARY, EndUser(organisation=OTHER)).organisation == OTHER
    with pytest.raises(UnableToActForNobody, match="at least one end user"):
        require_end_user(HolderClass.INTERMEDIARY, 0)
    require_end_user(HolderClass.INTERMEDIARY, 1)
    require_end_user(HolderClass.UNIVERSITY, 0)


def test_every_class_has_a_name_in_both_languages():
    assert all(each.label.zh and each.label.en for each in HolderClass)
