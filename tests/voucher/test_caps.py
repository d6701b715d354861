"""A further version of the programme moves a cap that is counted on already: up by a further post, down to its use."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from unittest.mock import ANY

import pytest
from django.db import connection

from jiaozi.application.rules import UnableToDecide
from jiaozi.kernel.fen import parse_yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import Period, local_date, year
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.models import LedgerTransfer
from jiaozi.policy import services as policy
from jiaozi.policy.queries import document
from jiaozi.policy.rules import CapUse, LimitInForce, Measure, Subject, limits_in_force
from jiaozi.policy.rules import load as compile_text
from jiaozi.policy.rules.pooled import caps_of
from jiaozi.voucher import queries, rules
from jiaozi.voucher import services as voucher
from jiaozi.voucher.rules import UnableToIssue
from tests.world import OFFICER, PROGRAMME, ROOT, World, build


def audited() -> bool:
    return not ledger.audit() and not queries.audit()


TEXT = (ROOT / "programmes" / "chengdu-2023.yaml").read_text(encoding="utf-8")
CASE = "cases:\n  - {clause: general, sample: sme, facts: {need: {compute_cost: 2万}}, on: 2023-06-01, expect: 1万}\n"


@pytest.fixture
def world(db) -> World:
    return build()


def next_version(world: World, year: str) -> World:
    """Adopt a version with another yearly cap; give the world under it."""
    text = TEXT.replace("    amount: 1000万\n    measures: issued", f"    amount: {year}\n    measures: issued")
    assert text != TEXT
    text = f"supersedes: {world.version.digest}\n" + text[: text.index("\ncases:") + 1] + CASE
    row = policy.adopt(text=text, by="officer:li", now=world.now - timedelta(days=20), demo=True)
    return World(row, world.now)


def year_cap(world: World) -> rules.Standing:
    caps = caps_of(document(world.version.id), local_date(world.now), allow_demo=True)
    use = next(cap.use for cap in caps if cap.cap_id == "year")
    return queries.standing(PROGRAMME, [use])[use.key]


def test_a_raised_cap_is_raised_by_a_further_post(world):
    world.voucher(world.holder("甲", serial=1))
    older = world.apply(world.holder("丙", serial=3))
    raised = next_version(world, "1100万")
    raised.voucher(raised.holder("乙", serial=2))
    assert year_cap(raised).limit_fen == parse_yuan("1100万")
    assert LedgerTransfer.objects.get(event="cap.raise").amount_fen == parse_yuan("100万")
    voucher.issue(application_id=world.to_notice(older), by=OFFICER, now=world.now)  # an older version's: nothing moves
    assert year_cap(raised).limit_fen == parse_yuan("1100万")
    assert LedgerTransfer.objects.filter(event__startswith="cap.").exclude(event="cap.set").count() == 1
    assert audited()


def test_a_lowered_cap_leaves_its_own_rest(world):
    world.voucher(world.holder("甲", serial=1))
    lowered = next_version(world, "40万")
    assert lowered.voucher(lowered.holder("乙", serial=2), "40万").face_fen == parse_yuan("20万")
    assert year_cap(lowered) == rules.Standing(parse_yuan("40万"), parse_yuan("5万"), ANY)
    assert lowered.voucher(lowered.holder("丙", serial=3), "40万").face_fen == parse_yuan("5万")
    with pytest.raises(UnableToDecide, match="used up"):
        lowered.voucher(lowered.holder("丁", serial=4))
    assert audited()


def test_a_cap_lowered_below_what_is_used_stops_what_an_older_version_would_still_grant(world):
    world.voucher(world.holder("甲", serial=1), "40万")
    waiting = world.to_notice(world.apply(world.holder("乙", serial=2)))
    lowered = next_version(world, "10万")
    with pytest.raises(UnableToIssue, match=r"limit 100,000\.00"):
        voucher.issue(application_id=waiting, by=OFFICER, now=world.now)
    with pytest.raises(UnableToDecide, match=r"200,000\.00 of 100,000\.00 yuan before"):
        lowered.voucher(lowered.holder("丙", serial=3))
    assert queries.purses(programme=PROGRAMME)[0].voucher.face_fen == parse_yuan("20万")
    assert audited()


def test_a_cap_that_is_moved_back_and_forth_is_moved_each_time(world):
    world.voucher(world.holder("甲", serial=1), "2万")
    at = world
    for serial, amount in enumerate(("900万", "1100万", "900万", "1100万"), start=2):
        at = next_version(at, amount)
        at.voucher(at.holder("乙", serial=serial), "2万")
        assert year_cap(at).limit_fen == parse_yuan(amount)
    assert audited()


def test_two_issues_at_once_raise_a_cap_once(fresh_database):
    world = build()
    world.voucher(world.holder("甲", serial=1), "2万")
    raised = next_version(world, "1100万")
    ready = [raised.to_notice(raised.apply(raised.holder("乙", serial=serial), "2万")) for serial in range(2, 10)]

    def attempt(application_id):
        try:
            return voucher.issue(application_id=application_id, by=OFFICER, now=world.now).face_fen
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(attempt, ready, timeout=60)] == [parse_yuan("1万")] * 8
    assert year_cap(raised).limit_fen == parse_yuan("1100万")
    assert audited()


YEAR = year(2023)


def use(limit_fen: int, *, cap_id: str = "year", period: Period | None = YEAR) -> CapUse:
    label = Label("上限", "cap")
    return CapUse(cap_id, label, Measure.ISSUED, Subject.PROGRAMME, PROGRAMME, period, limit_fen, 0)


class TestMoves:
    """By how much a limit moves: (what stands, what is unused, what is in force) → fen."""

    @pytest.mark.parametrize(
        ("stands_fen", "unused_fen", "in_force", "by_fen"),
        [
            (None, 0, None, 100),  # the decision's own limit begins a counter
            (None, 0, LimitInForce(70), 70),
            (100, 40, None, 0),  # the version in force does not speak of it
            (100, 40, LimitInForce(100), 0),
            (100, 40, LimitInForce(101), 1),
            (100, 40, LimitInForce(61), -39),
            (100, 40, LimitInForce(60), -40),
            (100, 40, LimitInForce(59), -40),  # 60 are used: no more than the unused 40 can go
            (100, 0, LimitInForce(0), 0),
            (100, 40, LimitInForce(90, at_least=True), 0),
            (100, 40, LimitInForce(110, at_least=True), 10),
        ],
    )
    def test_up_by_the_difference_and_down_by_what_is_unused(self, stands_fen, unused_fen, in_force, by_fen):
        one = use(100)
        found = rules.moves(
            [one],
            {one.key: rules.Standing(stands_fen, unused_fen, "m")},
            {one.key: in_force} if in_force else {},
        )
        assert found == ({one.key: by_fen} if by_fen else {})

    def test_a_version_speaks_of_its_own_counters_of_that_day(self):
        text = compile_text(TEXT)
        day = date(2023, 6, 1)
        asked = [use(5), use(5, period=year(2022)), use(5, cap_id="gone"), use(5, cap_id="platform", period=None)]
        found = limits_in_force(text, asked, day, allow_demo=True)
        assert found == {asked[0].key: LimitInForce(parse_yuan("1000万"))}
