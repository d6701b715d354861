"""Every check at its border: one under, exactly, one over; and what must not be suspected."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.alert.rules import (
    DEFAULTS,
    AlertKind,
    Ask,
    Claim,
    Load,
    PaperFacts,
    Purchase,
    Spending,
    Subject,
    SubjectKind,
    both_ends,
    copies,
    hidden_end_user,
    just_below,
    normalised,
    related_supplier,
    resale,
    split_under_cap,
    stacked,
    use_without_load,
)
from jiaozi.alert.rules.copies import overlap
from jiaozi.kernel.label import Label
from jiaozi.party.rules import Group, Relation, RelationKind, connected

DAY = date(2026, 3, 1)
CAP = Label("年度上限", "cap a year")
IDS = [UUID(int=number) for number in range(8)]
A, B, C, *_ = IDS
NAMES = {id_: chr(65 + number) for number, id_ in enumerate(IDS)}


def chain(length):
    """A – B – C – …, each step a shared address but the first, which is a shareholding."""
    ties = [
        Relation(
            kind=RelationKind.SAME_ADDRESS if step else RelationKind.SHAREHOLDING,
            one=IDS[step],
            other=IDS[step + 1],
            source="测试",
            since=DAY,
            share_bp=None if step else 6000,
        )
        for step in range(length)
    ]
    return connected(A, ties, depth=6)


ALONE = Group(A)
TWO = chain(1)


def application(number=0):
    return Subject(SubjectKind.APPLICATION, f"a-{number}")


# related supplier


def purchase(supplier):
    return Purchase(subject=application(), holder=A, supplier=supplier, asked_by="applicant:wu")


@pytest.mark.parametrize(("steps", "found"), [(2, 1), (3, 1), (4, 0)])
def test_a_related_supplier_within_the_depth(steps, found):
    assert len(related_supplier(purchase(IDS[steps]), chain(5), NAMES, DEFAULTS)) == found


def test_the_reason_is_the_path():
    (suspicion,) = related_supplier(purchase(C), chain(2), NAMES, DEFAULTS)
    assert suspicion.kind is AlertKind.RELATED_SUPPLIER
    assert "A owns 60 % of B, B shares its address with C" in suspicion.reason.en
    assert "A持有B 60%股份，B与C同一地址" in suspicion.reason.zh
    assert (suspicion.figures["steps"], suspicion.asked_by) == (2, "applicant:wu")


def test_buying_from_oneself_and_from_a_stranger():
    assert len(related_supplier(purchase(A), ALONE, NAMES, DEFAULTS)) == 1
    assert related_supplier(purchase(B), ALONE, NAMES, DEFAULTS) == ()


# both ends


def claim(holder, number, reference):
    return Claim(subject=application(number), holder=holder, reference=reference)


@pytest.mark.parametrize(
    ("other", "group", "found"),
    [
        (claim(B, 1, "ht 2023/１"), TWO, 1),
        (claim(B, 1, "HT-2023-2"), TWO, 0),
        (claim(B, 1, "HT-2023-1"), ALONE, 0),
        (claim(B, 0, "HT-2023-1"), TWO, 0),
        (claim(A, 1, "HT-2023-1"), TWO, 0),
    ],
)
def test_both_ends_claim_for_one_contract(other, group, found):
    assert len(both_ends(claim(A, 0, "HT-2023-1"), [other], group, NAMES, DEFAULTS)) == found


def test_no_number_is_no_contract():
    assert both_ends(claim(A, 0, " - "), [claim(B, 1, "")], TWO, NAMES, DEFAULTS) == ()


def test_both_ends_no_further_than_the_depth():
    others = [claim(IDS[4], 1, "HT-2023-1")]
    assert both_ends(claim(A, 0, "HT-2023-1"), others, chain(4), NAMES, DEFAULTS) == ()
    assert len(both_ends(claim(A, 0, "HT-2023-1"), others, chain(4), NAMES, replace(DEFAULTS, depth=4))) == 1


# copies


def paper(which=0, /, **words):
    return PaperFacts(reference=f"p-{which}", subject=application(which), **{"kind": "contract"} | words)


def kinds(one, *others, parameters=DEFAULTS):
    return [each.kind for each in copies(one, others, parameters)]


@given(st.text(max_size=30))
def test_a_normalised_number_is_its_own_normal_form(number):
    assert normalised(normalised(number)) == normalised(number)


def test_the_same_number_written_otherwise():
    one = paper(0, number="HT-2023/001")
    assert kinds(one, paper(1, number="ｈｔ 2023 001")) == [AlertKind.SAME_NUMBER]
    assert kinds(one, paper(1, number="HT-2023/002")) == []
    assert kinds(one, paper(0, number="HT-2023/001")) == []
    assert kinds(one, paper(1, number="HT-2023/001", kind="invoice")) == []
    assert kinds(paper(0, number="1-2-3"), paper(1, number="123")) == []
    assert kinds(paper(0, number="1-2-34"), paper(1, number="1234")) == [AlertKind.SAME_NUMBER]


def test_two_sellers_may_have_one_number():
    one = paper(0, number="HT2023001", seller="甲中心")
    assert kinds(one, paper(1, number="HT2023001", seller="乙中心")) == []
    assert kinds(one, paper(1, number="HT2023001", seller=" 甲中心 ")) == [AlertKind.SAME_NUMBER]
    assert kinds(one, paper(1, number="HT2023001")) == [AlertKind.SAME_NUMBER]


def test_the_same_file_goes_before_the_same_number():
    same = {"sha256": "ab" * 32, "number": "HT2023001"}
    assert kinds(paper(0, **same), paper(1, **same, kind="invoice")) == [AlertKind.SAME_FILE]
    assert kinds(paper(0, sha256="ab" * 32), paper(1, sha256="cd" * 32)) == []
    assert kinds(paper(0), paper(1)) == []


@pytest.mark.parametrize(("permille", "found"), [(599, 1), (600, 1), (601, 0)])
def test_nearly_the_same_text_at_its_threshold(permille, found):
    one, other = "abcdefghi", "abcdefgxy"  # 8 pairs each, 6 in common
    assert overlap(one, other, 2) == (6, 10)
    parameters = replace(DEFAULTS, shingle_characters=2, similar_least_permille=permille)
    assert len(kinds(paper(0, text=one), paper(1, text=other), parameters=parameters)) == found


@given(st.text(max_size=60), st.text(max_size=60), st.integers(2, 6))
def test_likeness_holds_both_ways_and_is_a_share(one, other, characters):
    common, either = overlap(one, other, characters)
    assert (common, either) == overlap(other, one, characters)
    assert 0 <= common <= either
    if either:
        assert overlap(one, one, characters)[0] == overlap(one, one, characters)[1]


def test_blanks_signs_and_case_do_not_make_another_text():
    assert (
        overlap("算力服务合同（2023）", "算力 服务合同 (2023)", 3)[0]
        == overlap("算力服务合同2023", "算力服务合同2023", 3)[1]
    )


@pytest.mark.parametrize(("bits", "found"), [(59, 1), (60, 1), (61, 0)])
def test_nearly_the_same_picture_at_its_threshold(bits, found):
    assert len(kinds(paper(0, image_bits=0), paper(1, image_bits=2**bits - 1))) == found


# splitting


def ask(number, holder, amount_fen, days=0):
    return Ask(subject=application(number), holder=holder, amount_fen=amount_fen, on=DAY + timedelta(days=days))


def split(first, *others, group=TWO, cap_fen=100_00, parameters=DEFAULTS):
    return split_under_cap(first, others, group, cap=CAP, cap_fen=cap_fen, parameters=parameters)


@pytest.mark.parametrize(("second_fen", "found"), [(39_99, 0), (40_00, 0), (40_01, 1)])
def test_related_holders_over_one_cap_in_sum(second_fen, found):
    assert len(split(ask(0, A, 60_00), ask(1, B, second_fen))) == found


@pytest.mark.parametrize(("days", "found"), [(89, 1), (90, 1), (91, 0), (-90, 1), (-91, 0)])
def test_only_within_the_window(days, found):
    assert len(split(ask(0, A, 60_00), ask(1, B, 60_00, days))) == found


def test_a_split_takes_two_related_holders():
    assert split(ask(0, A, 60_00), ask(1, A, 60_00)) == ()
    assert split(ask(0, A, 60_00), ask(1, C, 60_00)) == ()
    assert split(ask(0, A, 60_00), ask(0, B, 60_00)) == ()


def test_the_figures_of_a_split():
    (suspicion,) = split(ask(0, A, 30_00), ask(1, A, 30_00), ask(2, B, 60_00), ask(3, C, 99_00))
    assert suspicion.figures == {"cap_fen": 100_00, "count": 3, "holders": 2, "total_fen": 120_00}
    assert suspicion.evidence == ("APPLICATION a-1", "APPLICATION a-2")
    assert "120" in suspicion.reason.zh


def test_a_group_that_was_cut_off_is_said():
    (suspicion,) = split(ask(0, A, 60_00), ask(1, B, 60_00), group=replace(TWO, whole=False))
    assert "not all related could be listed" in suspicion.reason.en


@pytest.mark.parametrize(("amount_fen", "found"), [(94_99, 0), (95_00, 1), (99_99, 1), (100_00, 0)])
def test_just_below_a_bar(amount_fen, found):
    other = ask(1, A, 99_00)
    assert len(just_below(ask(0, A, amount_fen), [other], bar=CAP, bar_fen=100_00, parameters=DEFAULTS)) == found


@pytest.mark.parametrize(("count", "found"), [(2, 0), (3, 1), (4, 1)])
def test_a_pattern_takes_enough_of_one_holder(count, found):
    parameters = replace(DEFAULTS, below_count_least=3)
    others = [ask(number, A, 99_00) for number in range(1, count)] + [ask(9, B, 99_00)]
    assert len(just_below(ask(0, A, 99_00), others, bar=CAP, bar_fen=100_00, parameters=parameters)) == found


# use


def spending(**words):
    return Spending(**{"subject": Subject(SubjectKind.VOUCHER, "v"), "holder": A, "intermediary": False} | words)


@pytest.mark.parametrize(("number", "found"), [(2, 0), (3, 0), (4, 1)])
def test_many_unrelated_end_users_are_resale(number, found):
    end_users = frozenset(f"用户{each}" for each in range(number))
    assert len(resale(spending(end_users=end_users | {A, B}), TWO, DEFAULTS)) == found
    assert resale(spending(end_users=end_users, intermediary=True), TWO, DEFAULTS) == ()


def test_another_s_account():
    (suspicion,) = resale(spending(accounts=frozenset("xy"), own_accounts=frozenset("x")), ALONE, DEFAULTS)
    assert (suspicion.kind, suspicion.evidence) == (AlertKind.FOREIGN_ACCOUNT, ("y",))
    assert resale(spending(accounts=frozenset("x"), own_accounts=frozenset("x")), ALONE, DEFAULTS) == ()
    assert resale(spending(accounts=frozenset("x")), ALONE, DEFAULTS) == ()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ({"intermediary": True}, 1),
        ({"intermediary": True, "end_users": frozenset({"甲"})}, 0),
        ({"intermediary": True, "end_users": frozenset({"甲"}), "unnamed_orders": ("o-1",)}, 1),
        ({"intermediary": False, "unnamed_orders": ("o-1",)}, 0),
    ],
)
def test_an_intermediary_names_its_end_users(words, found):
    assert len(hidden_end_user(spending(**words))) == found


def load(**words):
    said = {"subject": Subject(SubjectKind.ORDER, "o"), "units": 4, "elapsed_ms": 600_000, "cpu_ms": 0}
    return Load(**said | words)


@pytest.mark.parametrize(("cpu_ms", "found"), [(119_999, 1), (120_000, 0), (120_001, 0)])
def test_processors_under_their_least_load(cpu_ms, found):
    assert len(use_without_load(load(cpu_ms=cpu_ms), DEFAULTS)) == found


@pytest.mark.parametrize(("elapsed_ms", "found"), [(599_999, 0), (600_000, 1), (600_001, 1)])
def test_a_short_run_says_nothing(elapsed_ms, found):
    assert len(use_without_load(load(elapsed_ms=elapsed_ms), DEFAULTS)) == found


@pytest.mark.parametrize(
    ("samples", "found"),
    [((49,) * 10, 1), ((50,) * 10, 0), ((0,) * 9 + (500,), 0), ((0,) * 9 + (499,), 1), ((0,) * 9, 0)],
)
def test_cards_under_their_least_load(samples, found):
    assert len(use_without_load(load(cpu_ms=None, gpu_samples_permille=samples), DEFAULTS)) == found


def test_busy_cards_excuse_idle_processors_and_what_nobody_measured_suspects_nobody():
    assert use_without_load(load(cpu_ms=0, gpu_samples_permille=(900,) * 10), DEFAULTS) == ()
    assert use_without_load(load(cpu_ms=None), DEFAULTS) == ()
    assert use_without_load(load(units=0), DEFAULTS) == ()


def test_a_suspicion_is_the_same_again_and_another_with_other_figures():
    (one,) = use_without_load(load(), DEFAULTS)
    (again,) = use_without_load(load(), replace(DEFAULTS, cpu_least_permille=60))
    (other,) = use_without_load(load(cpu_ms=100_000), DEFAULTS)
    assert one.digest("p") == again.digest("p") != other.digest("p")
    assert one.digest("p") != one.digest("q")


# two clauses


@pytest.mark.parametrize(("days", "found"), [(90, 1), (91, 0)])
def test_another_clause_of_the_same_holder_within_the_window(days, found):
    own = Ask(subject=application(), holder=A, amount_fen=300, on=DAY)
    other = Ask(subject=application(1), holder=A, amount_fen=500, on=DAY - timedelta(days=days))
    rule, clause = Label("就高不重复", "the higher of them"), Label("项目", "project")
    suspicions = stacked(own, [(other, clause), (own, clause)], rule=rule, parameters=DEFAULTS)
    assert [one.figures for one in suspicions] == [{"count": 2, "highest_fen": 500, "total_fen": 800}] * found
