"""A city with several pools: each clause draws from its own, none is passed, and together they bound the year."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaozi.kernel.fen import parse_yuan
from jiaozi.kernel.label import Label
from jiaozi.policy.rules import decide, load, measured
from jiaozi.policy.rules.pools import Pool, bounding, most_fen, pools
from tests.world import ROOT

JUNE = date(2025, 6, 2)
SHANGHAI = load((ROOT / "programmes" / "shanghai-2025.yaml").read_text(encoding="utf-8"))
JIANGWAN = load((ROOT / "tests" / "policy" / "unseen" / "jiangwan-2026.yaml").read_text(encoding="utf-8"))
ASKED = {
    "rent": ("rent", "fee", {"contract": "k", "from": "2025-03-01", "to": "2026-02-28", "district_support": "0元"}),
    "own-deployment": ("own", "cost", {}),
    "model": ("model", "fee", {}),
    "corpus": ("corpus", "fee", {}),
}
"""Which money fact each of Shanghai's clauses grants on."""


def limits(document, on, *, allow_demo):
    return {pool.cap_id: pool.limit_fen for pool in pools(document, on, allow_demo=allow_demo)}


def test_shanghai_has_three_pools_and_the_year_has_all_of_them():
    found = pools(SHANGHAI, JUNE, allow_demo=True)
    assert {pool.cap_id: pool.clauses for pool in found} == {
        "compute_year": {"rent", "own-deployment"},
        "model_year": {"model"},
        "corpus_year": {"corpus"},
    }
    assert most_fen(bounding(found)) == parse_yuan("10亿")


def test_a_clause_whose_pool_is_not_known_leaves_the_pool_what_it_is():
    """Whether own deployment is inside is not published: without the demo's word it draws from nothing."""
    (compute, *_) = pools(SHANGHAI, JUNE, allow_demo=False)
    assert (compute.limit_fen, compute.clauses) == (parse_yuan("6亿"), {"rent"})


def test_an_unpublished_pool_stands_beside_the_others():
    on = date(2026, 6, 1)
    assert limits(JIANGWAN, on, allow_demo=False) == {"training": parse_yuan("3亿"), "inference": None}
    assert most_fen(bounding(pools(JIANGWAN, on, allow_demo=False))) == parse_yuan("3亿")
    assert most_fen(bounding(pools(JIANGWAN, on, allow_demo=True))) == parse_yuan("5亿")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(ASKED)), st.integers(1, 8 * 10**10)), min_size=1, max_size=25))
def test_grants_add_up_within_every_pool_whoever_asks_for_what(asked):
    """Clause by clause, each decided on what the ones before it used: no pool is passed by a fen, nor all together."""
    counters: dict[str, int] = {}
    by_pool: dict[str, int] = {}
    for number, (clause, fen) in enumerate(asked):
        group, name, others = ASKED[clause]
        facts = {"applicant": {"id": f"a-{number}"}, group: {name: fen, **others}}
        if group == "rent":
            facts["rent"]["contract"] = f"k-{number}"
        words = {"clause_id": clause, "facts": facts, "on": JUNE, "allow_demo": True}
        used = {use.key: counters.get(use.key, 0) for use in measured(SHANGHAI, **words)}
        decision = decide(SHANGHAI, counters=used, **words)
        for use in decision.caps if decision.amount_fen else ():
            counters[use.key] = counters.get(use.key, 0) + decision.amount_fen
            if use.subject == "programme":
                by_pool[use.cap_id] = by_pool.get(use.cap_id, 0) + decision.amount_fen
    found = pools(SHANGHAI, JUNE, allow_demo=True)
    assert all(by_pool.get(pool.cap_id, 0) <= pool.limit_fen for pool in found)
    assert sum(by_pool.values()) <= most_fen(bounding(found))


LABEL = Label("券", "vouchers")
POOLS = st.lists(
    st.tuples(st.frozensets(st.sampled_from("abcde"), min_size=1), st.none() | st.integers(0, 50)), max_size=5
)


@given(POOLS, st.data())
def test_no_way_of_granting_passes_what_bounds_them(shapes, data):
    """Any pools, beside, within or across each other: fill clauses in any order as far as their pools let them."""
    every = [Pool(f"p{place}", LABEL, None, fen, clauses) for place, (clauses, fen) in enumerate(shapes)]
    left = {pool.cap_id: pool.limit_fen for pool in every}
    granted = 0
    for clause in data.draw(st.permutations("abcde")):
        own = [pool for pool in every if clause in pool.clauses]
        if own and all(pool.limit_fen is not None for pool in own):
            amount = data.draw(st.integers(0, min(left[pool.cap_id] for pool in own)))
            granted += amount
            for pool in own:
                left[pool.cap_id] -= amount
    assert granted <= most_fen(bounding(every))


@pytest.mark.parametrize(
    ("shapes", "most"),
    [
        ([], 0),
        ([("a", 3), ("b", 4)], 7),  # beside each other
        ([("a", 3), ("b", 4), ("ab", 5)], 5),  # within a whole that is less than its parts
        ([("a", 3), ("b", 4), ("ab", 9)], 7),  # and one that is more
        ([("a", 3), ("abc", 9)], 9),  # a class within the whole
        ([("a", None), ("b", 4)], 4),
    ],
)
def test_what_bounds_a_year(shapes, most):
    every = [Pool(f"p{n}", LABEL, None, fen, frozenset(clauses)) for n, (clauses, fen) in enumerate(shapes)]
    assert most_fen(bounding(every)) == most
