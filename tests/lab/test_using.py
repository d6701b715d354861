"""Vouchers are spent as their terms say, and everything that a play tells adds up."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.lab import rules
from jiaozi.lab.rules.bands import band
from jiaozi.lab.rules.concentration import PPM, concentration
from jiaozi.lab.rules.facts import lay_out
from jiaozi.lab.rules.measuring import FATES, Fate, measure
from jiaozi.lab.rules.playing import play
from jiaozi.lab.rules.running import demand_of
from jiaozi.lab.rules.using import spend
from jiaozi.policy.rules.many import weigh

from .scenarios import PROGRAMMES, small, sources

BEIJING = (PROGRAMMES / "beijing.yaml").read_text(encoding="utf-8")
AT_BEIJING = {
    "change": "{parameters.partial_use.demo: true, caps.redeemed_year.amount: 9万}",
    "facts": """\
      applicant.id: {column: holder}
      applicant.registered_in_beijing: true
      applicant.legal_person: true
      applicant.sector: SOFTWARE
      applicant.sound_finance: true
      applicant.dishonesty_dates: []
      contract.id: {column: application}
      contract.signed: {column: day}
      contract.from: {column: day}
      contract.to: {column: day, plus_days: 300}
      contract.amount: {column: cost}
      contract.excluded: {column: cost, share: 12.5%}
      contract.steps_to_supplier: 0
      contract.other_municipal_support: false""",
}


def played(seed: int = 1, text: str | None = None, **parts: str):
    read = rules.read(small(**parts))
    there = sources(read, text) if text else sources(read)
    demand = demand_of(read, there, seed)
    made = weigh(there.documents[0], lay_out(read, 0, there.documents[0], demand), allow_demo=True)
    done = play(made)
    spent = [*spend(made, done, demand)]
    return read, demand, made, done, spent


def test_a_voucher_pays_its_share_until_its_face_or_its_end():
    _read, demand, _made, done, [spent] = played()
    share = Fraction(60, 100)
    for place, row in enumerate(spent.row):
        left = int(spent.face_fen[place])
        assert left == done.decided.chosen.amount_fen[row]
        for part in range(demand.bought_fen.shape[1]):
            on = int(spent.on[place, part])
            wanted = int(demand.bought_fen[row, part] * share) if on <= spent.ends[place] else 0
            assert spent.paid_fen[place, part] == min(left, wanted)
            left -= min(left, wanted)
    first = date.fromordinal(int(spent.ends[0]))
    issued = date(2025, 1, 1).toordinal() + int(demand.day[spent.row[0]])
    assert first == date.fromordinal(issued).replace(year=2026)


def test_a_cap_on_redeeming_holds_over_the_year_of_redeeming():
    _read, demand, made, _done, [spent] = played(text=BEIJING, **AT_BEIJING)
    assert made.slow == 0
    sums: dict[tuple[int, int], int] = {}
    for place, row in enumerate(spent.row):
        for part in range(spent.paid_fen.shape[1]):
            key = (int(demand.holder[row]), date.fromordinal(int(spent.on[place, part])).year)
            sums[key] = sums.get(key, 0) + int(spent.paid_fen[place, part])
    assert max(sums.values()) == 9_000_000
    assert np.all(spent.paid_fen.sum(axis=1) <= spent.face_fen)
    assert spent.face_fen[0] == min(200_000_000, int(demand.cost_fen[spent.row[0]] * Fraction(7, 8) / 5))


def test_a_voucher_that_can_not_be_used_in_parts_pays_once():
    parts = {**AT_BEIJING, "change": "{caps.claimed_year.amount: 200万}"}
    _read, _demand, _made, _done, [spent] = played(text=BEIJING, **parts)
    assert np.all((spent.paid_fen > 0).sum(axis=1) <= 1)


@pytest.mark.parametrize("text", [None, BEIJING])
def test_what_a_play_tells_adds_up(text):
    read, demand, made, done, spent = played(seed=7, text=text, **(AT_BEIJING if text else {}))
    told = measure(read.scenario, date(2025, 1, 1), demand, (made, done), spent)
    assert told.granted_fen == told.used_fen + told.lapsed_fen > 0
    assert told.unmet_all_fen == told.entitled_fen - told.granted_fen >= 0
    assert told.uncapped_fen >= told.entitled_fen
    assert (sum(told.issued_by_week), sum(told.used_by_week)) == (told.granted_fen, told.used_fen)
    assert sum(told.lapsed_by_week) == told.lapsed_fen
    cells = [cell for row in told.cells for cell in row]
    for name in ("applications", "cost_fen", "entitled_fen", "granted_fen", "used_fen"):
        assert sum(getattr(cell, name) for cell in cells) == getattr(told, name), name
    assert sum(told.fates) == told.applications
    assert sum(told.unmet_fen) == told.unmet_all_fen
    assert sum(count for _code, count in told.reasons) == told.fates[FATES.index(Fate.REFUSED)]
    assert told.receivers <= told.holders <= demand.holders


def test_a_pool_that_runs_dry_says_when():
    read, demand, made, done, spent = played(seed=7)
    told = measure(read.scenario, date(2025, 1, 1), demand, (made, done), spent)
    [pool] = told.pools
    assert pool.limit_fen == pool.issued_fen == 800_000_000
    granted = np.flatnonzero(done.decided.chosen.amount_fen)
    assert pool.dry_day == demand.day[granted[-1]]
    assert pool.left_fen[-1] == 0
    assert told.fates[FATES.index(Fate.NONE_POOL)] > 0
    assert [*pool.left_fen] == sorted(pool.left_fen, reverse=True)


def test_a_pool_that_is_large_enough_never_runs_dry():
    read, demand, made, done, spent = played(
        change="{parameters.effective_from.demo: 2025-01-01, caps.year.amount: 99亿}"
    )
    told = measure(read.scenario, date(2025, 1, 1), demand, (made, done), spent)
    [pool] = told.pools
    assert pool.dry_day is None
    assert pool.left_fen[-1] == pool.limit_fen - told.granted_fen
    assert told.fates[FATES.index(Fate.NONE_POOL)] == told.fates[FATES.index(Fate.CUT_POOL)] == 0
    assert told.fates[FATES.index(Fate.CUT_HOLDER)] + told.fates[FATES.index(Fate.NONE_HOLDER)] > 0


def test_a_new_year_fills_the_pool_again():
    parts = {
        "years": "2",
        "change": "{parameters.effective_from.demo: 2025-01-01, suppliers.named.nscc-chengdu.to: 2027-12-31}",
    }
    demand = """\
  generated:
    groups:
      - class: school
        size: large
        holders: 60
        applications: 6
        cost: {median: 900万, spread: 1.2}
        attributes: {served: 100%}"""
    read, demand, made, done, spent = played(demand=demand, **parts)
    told = measure(read.scenario, date(2025, 1, 1), demand, (made, done), spent)
    [pool] = told.pools
    assert told.granted_fen == 2 * pool.limit_fen == 2 * 10**10
    assert pool.left_fen[51] == 0 < pool.left_fen[52]
    assert pool.left_fen[-1] == 0


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=200))
def test_concentration_is_what_its_formula_says(sums):
    received = sorted(one for one in sums if one > 0)
    found = concentration(np.array(sums, dtype=np.int64))
    if not received:
        assert found.gini_ppm == 0
        return
    count, total = len(received), sum(received)
    gini = Fraction(2 * sum(place * one for place, one in enumerate(received, 1)), count * total) - Fraction(
        count + 1, count
    )
    assert found.gini_ppm == gini * PPM // 1
    assert found.top_ten_ppm == sum(received[-10:]) * PPM // total
    assert found.lorenz_ppm[0] == 0
    assert found.lorenz_ppm[-1] == PPM
    assert [*found.lorenz_ppm] == sorted(found.lorenz_ppm)


@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=60))
def test_a_band_is_three_figures_of_the_seeds(values):
    found = band(values)
    assert found.low <= found.median <= found.high
    assert {found.low, found.median, found.high} <= {*values}


SHANGHAI = (PROGRAMMES / "shanghai-2025.yaml").read_text(encoding="utf-8")
AT_SHANGHAI = {
    "change": "{caps.compute_year.amount: 1500万, caps.model_year.amount: 300万}",
    "facts": """\
      applicant.id: {column: holder}
      rent.contract: {column: application}
      rent.fee: {column: cost}
      rent.from: {column: day}
      rent.to: {column: day, plus_days: 200}
      rent.district_support: {column: cost, share: 5%}
      model.fee: {column: cost, share: 30%}
      corpus.fee: {column: cost, share: 3%}""",
}


def test_a_pool_is_not_dry_because_another_is():
    read, demand, made, done, spent = played(text=SHANGHAI, **AT_SHANGHAI)
    told = measure(read.scenario, date(2025, 1, 1), demand, (made, done), spent)
    compute, model, corpus = told.pools
    assert compute.dry_day is not None
    assert model.dry_day is not None
    assert (corpus.cap_id, corpus.dry_day) == ("corpus_year", None)
    assert 0 < corpus.issued_fen < corpus.limit_fen
    assert told.granted_fen == sum(pool.issued_fen for pool in told.pools)
    assert told.granted_fen == told.used_fen + told.lapsed_fen
