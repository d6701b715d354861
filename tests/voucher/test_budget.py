"""The year's budget: once by its reference, for a known programme and a year that is not over, within the cap."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection

from jiaozi.journal.models import JournalLine
from jiaozi.kernel.fen import parse_yuan
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import AMOUNT_MAX_FEN, AccountKind
from jiaozi.party.rules import Actor, Role
from jiaozi.policy import services as policies
from jiaozi.policy.queries import UnableToFindProgramme
from jiaozi.voucher import services as voucher
from jiaozi.voucher.rules import UnableToIssue
from tests.world import FINANCE, PROGRAMME, ROOT, build

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


def approve(amount_fen: int = 100, **changes: object) -> None:
    words = {"programme": PROGRAMME, "year": 2026, "by": FINANCE, "now": NOW, "reference": uuid4()}
    voucher.approve_budget(amount_fen=amount_fen, **words | changes)


def approved_fen() -> int:
    return ledger.total(PROGRAMME, AccountKind.AVAILABLE).credits_posted


def refused(code: str, **changes: object) -> UnableToIssue:
    before = approved_fen()
    with pytest.raises(UnableToIssue) as raised:
        approve(**changes)
    assert raised.value.reason.code == code
    assert approved_fen() == before
    return raised.value


@pytest.fixture
def world(db):
    return build(NOW, budget="900万")


def test_the_same_approval_again_changes_nothing_and_writes_no_second_line(world):
    reference = uuid4()
    for _ in range(3):
        approve(reference=reference)
    assert approved_fen() == parse_yuan("900万") + 100
    assert JournalLine.objects.filter(verb="approve_budget", subject=reference).count() == 1


@pytest.mark.parametrize("changes", [{"amount_fen": 101}, {"year": 2027}, {"for_awards": True}])
def test_a_reference_that_stands_for_another_approval_is_refused(world, changes):
    reference = uuid4()
    approve(reference=reference)
    assert refused("REFERENCE_USED", reference=reference, **changes).reason.field == "reference"


@pytest.mark.parametrize("year", [-5, 0, 2025])
def test_a_year_that_is_over_takes_no_budget(world, year):
    assert "2026" in str(refused("YEAR_OVER", year=year))


@pytest.mark.parametrize("year", [2028, 99_999])
def test_a_budget_is_for_this_year_or_the_next(world, year):
    assert "2027" in str(refused("YEAR_TOO_FAR", year=year))


def test_the_year_turns_at_midnight_in_chengdu(world):
    approve(now=datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC))
    refused("YEAR_OVER", now=datetime(2026, 12, 31, 16, tzinfo=UTC))


@pytest.mark.parametrize("programme", ["nowhere", "", "a" * 61])
def test_an_unknown_programme_takes_no_budget(world, programme):
    with pytest.raises(UnableToFindProgramme) as raised:
        approve(programme=programme)
    assert raised.value.reason.field == "programme"


@pytest.mark.parametrize("programme", ["chengdu\x002023", "chengdu\ud800"])
def test_a_name_that_the_database_could_not_look_for_is_refused(world, programme):
    refused("NO_SUCH_PROGRAMME", programme=programme)


@pytest.mark.parametrize("amount_fen", [0, -1, 1.5, True, "100", AMOUNT_MAX_FEN + 1, 2**63])
def test_an_amount_is_whole_fen_within_bounds(world, amount_fen):
    assert refused("AMOUNT_MISSING", amount_fen=amount_fen).reason.field == "amount_fen"


def test_budgets_add_up_to_the_yearly_cap_and_no_further(world):
    found = refused("CAP_REACHED", amount_fen=parse_yuan("100万") + 1)
    assert found.reason.clause == "year"
    assert "1,000,000.00" in str(found)  # what is left
    approve(parse_yuan("100万"))
    assert "0.00" in str(refused("CAP_REACHED", amount_fen=1))
    approve(parse_yuan("1000万"), year=2027)  # each year has its own


def test_what_awards_beside_the_vouchers_need_is_not_under_the_cap_on_issue(world):
    approve(parse_yuan("1000万"), for_awards=True)
    approve(parse_yuan("100万"))
    assert approved_fen() == parse_yuan("2000万")


def test_approvals_at_once_stay_within_the_cap(fresh_database):
    build(NOW, budget="900万")

    def attempt(_: int) -> bool:
        try:
            approve(parse_yuan("60万"))
        except Refused:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(6), timeout=60)) == 1
    assert approved_fen() == parse_yuan("960万")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.FINANCE])
def test_nobody_but_finance_approves_a_budget(world, role):
    refused("WRONG_ROLE", by=Actor("x", role))


def test_a_city_with_three_pools_has_a_budget_for_all_of_them(db):
    """Shanghai: 6亿, 3亿 and 1亿 lie beside each other; the smallest no longer bounds the year."""
    text = (ROOT / "programmes" / "shanghai-2025.yaml").read_text(encoding="utf-8")
    policies.adopt(text=text, by="officer:li", now=NOW, demo=True)
    words = {"programme": "shanghai-2025", "by": FINANCE, "now": NOW, "year": 2026}
    voucher.approve_budget(amount_fen=parse_yuan("10亿"), reference=uuid4(), **words)
    with pytest.raises(UnableToIssue) as raised:
        voucher.approve_budget(amount_fen=1, reference=uuid4(), **words)
    assert raised.value.reason.code == "CAP_REACHED"
    assert raised.value.reason.clause == "compute_year, model_year, corpus_year"
    assert "算力券总额、模型券总额、语料券总额" in raised.value.in_language("zh")
