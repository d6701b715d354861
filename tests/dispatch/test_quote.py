"""A quote is exact, ranked by the tier rule, and says why not and what would help."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiaozi.catalogue.rules import Tier, most, movement_fen
from jiaozi.dispatch.rules import Block, Route, UnableToPlace, board, modelled_rtt_us, quote
from jiaozi.dispatch.rules.board import stall
from jiaozi.dispatch.rules.network import moving_fen
from jiaozi.dispatch.rules.price import compute_fen
from jiaozi.kernel.fen import Rounding
from tests.dispatch.made import DAY, HOUR, NOWHERE, linked, offer, request, tariff


def ask(asked, *offers, network=NOWHERE, saving=Fraction(0)):
    return quote(asked, board(offers, network), outer_saving=saving)


def codes(answer):
    return [[miss.code for miss in each.misses] for each in answer.turned]


def test_price_is_compute_and_movement_and_shares_add_up():
    network = linked(("home", "a", {"price_per_gb_ufen": 2_000_000, "bandwidth_mbps": 8_000, "rtt_us": 5_000}))
    asked = request(
        data_at="home", data_bytes=3 * 10**9, voucher_ratio=Fraction(1, 2), wait_fen_per_hour=3_600, units=1
    )
    best = ask(asked, offer(queue_wait_s=7), network=network).best
    assert (best.compute_fen, best.movement_fen) == (15, 6)
    assert best.start_s == 3 + 7, "3 GB at 1 GB/s, then the queue"
    assert best.waiting_fen == 10
    assert (best.price_fen, best.score_fen) == (21, 31)
    assert (best.voucher_fen, best.own_fen) == (7, 14), "the voucher pays compute alone"
    both = ask(replace(asked, movement_ratio=Fraction(1, 3)), offer(queue_wait_s=7), network=network).best
    assert (both.voucher_fen, both.own_fen) == (9, 12), "unless the programme says so"


def test_results_cost_their_way_back_and_must_be_there_by_the_deadline():
    network = linked(("home", "a", {"price_per_gb_ufen": 2_000_000, "bandwidth_mbps": 8_000}))
    asked = request(data_at="home", data_bytes=10**9, result_bytes=4 * 10**9, units=1, deadline_s=HOUR + 5)
    best = ask(asked, offer(), network=network).best
    assert (best.start_s, best.end_s, best.movement_fen) == (1, HOUR + 1, 10)
    late = ask(replace(asked, deadline_s=HOUR + 4), offer(), network=network)
    assert codes(late) == [["DEADLINE"]]
    assert (late.changes[0].field, late.changes[0].value) == ("deadline_s", HOUR + 5)
    with pytest.raises(UnableToPlace) as refused:
        ask(request(result_bytes=1), offer(), network=network)
    assert refused.value.reason.field == "data_at"


def test_a_latest_start_is_kept_and_the_least_later_one_is_named():
    later = offer(free=(Block(100, DAY, 1_000),))
    assert ask(request(latest_start_s=100), later).best.start_s == 100
    missed = ask(request(latest_start_s=99), later)
    assert codes(missed) == [["LATEST_START"]]
    assert (missed.changes[0].field, missed.changes[0].value) == ("latest_start_s", 100)
    with pytest.raises(UnableToPlace) as refused:
        ask(request(earliest_s=9, latest_start_s=8), later)
    assert refused.value.reason.field == "latest_start_s"


def test_the_tier_that_the_holder_would_rather_have_goes_first():
    offers = offer("in", Tier.CITY, 20), offer("out", Tier.NATIONAL, 10), offer("mid", Tier.METRO, 30)
    assert [each.centre for each in ask(request(), *offers).options] == ["out", "in", "mid"]
    assert [each.centre for each in ask(request(tier=Tier.METRO), *offers).options] == ["mid", "out", "in"]
    assert len(ask(request(tier=Tier.CHENGYU), *offers).options) == 3, "a wish, no bound"


@given(
    units=st.integers(1, 10_000),
    duration_s=st.integers(1, 10**7),
    rate=st.integers(0, 10**10),
    rounding=st.sampled_from(list(Rounding)),
    step=st.integers(1, 10**6),
    engine_step=st.integers(1, 10**5),
    lag=st.integers(0, 10**5),
    minimum=st.integers(0, 1_000),
)
def test_compute_price_is_what_the_order_holds(*, units, duration_s, rate, rounding, step, engine_step, lag, minimum):
    priced = replace(tariff(rounding=rounding, granularity_ms=step, minimum_fen=minimum), rate_ufen=rate)
    one = offer(tariff=priced, engine_granularity_ms=engine_step, kill_lag_ms=lag)
    assert compute_fen(stall(one), units, duration_s) == most(
        priced,
        units=units,
        time_limit_ms=duration_s * 1_000,
        engine_granularity_ms=engine_step,
        kill_lag_ms=lag,
    )


@given(st.integers(0, 10**12), st.integers(0, 10**15))
def test_movement_price_is_the_catalogues(price, size):
    assert moving_fen(Route(price_per_gb_ufen=price), size) == movement_fen(price, size)


def test_every_failed_check_is_told():
    network = linked(("lab", "a", {"rtt_us": 20_000}))
    asked = request(
        suppliers=frozenset({"b"}),
        latency_to="lab",
        latency_max_us=5_000,
        data_at="lab",
        data_bytes=1,
        residency=Tier.CITY,
        units=2_000,
        duration_s=8 * DAY,
        budget_fen=1,
        deadline_s=8 * DAY + 1,
    )
    answer = ask(asked, offer(tier=Tier.METRO, free=(Block(5 * DAY, 30 * DAY, 1_000),)), network=network)
    assert codes(answer) == [
        [
            "NOT_A_SUPPLIER",
            "RESIDENCY",
            "LATENCY",
            "NO_ROUTE",
            "TOO_MANY_UNITS",
            "TOO_LONG",
            "DEADLINE",
            "BUDGET",
        ]
    ]
    for why in answer.turned[0].reasons:
        assert why.field
        assert why.label.zh
        assert why.label.en
    assert answer.changes == (), "no single change helps"


def test_unknown_class_names_the_known_ones():
    answer = ask(request(resource_class="gpu"), offer())
    assert answer.reason.code == "RESOURCE_UNKNOWN"
    assert "cpu" in answer.reason.label.en


def test_unknown_latency_is_no_promise():
    asked = request(latency_to="lab", latency_max_us=5_000)
    assert codes(ask(asked, offer())) == [["LATENCY_UNKNOWN"]]
    assert ask(replace(asked, latency_to="a"), offer()).best, "a place is no time away from itself"


def test_capacity_by_block_waits_for_the_window_and_respects_maintenance():
    free = (
        Block(0, HOUR, 100),
        Block(HOUR, 2 * HOUR, 5),
        Block(2 * HOUR, 3 * HOUR, 100),
        Block(4 * HOUR, 6 * HOUR, 100),
    )
    best = ask(request(duration_s=2 * HOUR), offer(free=free)).best
    assert best.start_s == 4 * HOUR, "hour 1 is short, hour 3 is closed"
    assert ask(request(duration_s=2 * HOUR, units=5), offer(free=free)).best.start_s == 0


def test_shadow_price_makes_scarce_hours_rank_later():
    scarce = (Block(0, 30 * DAY, 1_000, 10_000_000),)
    answer = ask(request(), offer("a", free=scarce), offer("b", rate_fen=20))
    assert [each.centre for each in answer.options] == ["b", "a"]
    assert answer.options[1].price_fen == 150, "scarcity ranks and is never charged"


def test_tier_rule_keeps_inner_unless_outer_saves_more():
    inner, outer = offer("in", rate_fen=100), offer("out", Tier.NATIONAL, rate_fen=80)
    assert ask(request(), inner, outer, saving=Fraction(1, 5)).best.centre == "in", "exactly 20 % is not more"
    assert ask(request(), inner, offer("out", Tier.NATIONAL, rate_fen=79), saving=Fraction(1, 5)).best.centre == "out"
    assert ask(request(), inner, outer).best.centre == "out"


def test_overlapping_blocks_and_double_offers_are_named():
    with pytest.raises(UnableToPlace, match=r"free\[1\].start_s"):
        board([offer(free=(Block(0, 10, 1), Block(5, 20, 1)))], NOWHERE)
    with pytest.raises(UnableToPlace, match="twice"):
        board([offer(), offer()], NOWHERE)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("units", 0),
        ("units", -3),
        ("units", float("inf")),
        ("units", float("nan")),
        ("units", True),
        ("duration_s", 0),
        ("data_bytes", -1),
        ("wait_fen_per_hour", -1),
        ("budget_fen", -1),
        ("deadline_s", 5),
        ("latency_max_us", 5),
        ("voucher_ratio", Fraction(3, 2)),
    ],
)
def test_bad_figures_are_named(field, value):
    with pytest.raises(UnableToPlace) as refused:
        ask(request(**{field: value}), offer())
    assert refused.value.reason.field in {field, "latency_to"}
    assert refused.value.reason.label.zh


def test_model_counts_both_ways():
    assert modelled_rtt_us(200) == 3_000


prices = st.lists(st.tuples(st.sampled_from(list(Tier)), st.integers(1, 50)), min_size=1, max_size=12)


@given(prices, st.fractions(0, 1))
def test_ranking_is_consistent(made, saving):
    offers = [offer(f"c{number:02}", tier, rate) for number, (tier, rate) in enumerate(made)]
    answer = ask(request(), *offers, saving=saving)
    assert sorted(each.centre for each in answer.options) == [each.centre for each in offers]
    by_tier = {}
    for each in answer.options:
        assert each.score_fen == each.compute_fen + each.movement_fen + each.waiting_fen + each.scarcity_fen
        by_tier.setdefault(each.offer.tier, []).append(each.score_fen)
    assert all(scores == sorted(scores) for scores in by_tier.values())
    best = answer.best
    for other in answer.options[1:]:
        if list(Tier).index(other.offer.tier) <= list(Tier).index(best.offer.tier):
            assert best.score_fen <= other.score_fen
    assert ask(request(), *reversed(offers), saving=saving).options == answer.options


blocks = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 6), st.integers(0, 40)), max_size=5)


def as_free(made):
    at, free = 0, []
    for gap, length, units in made:
        free.append(Block((at + gap) * HOUR, (at + gap + length) * HOUR, units))
        at += gap + length
    return tuple(free)


@given(
    made=st.lists(st.tuples(blocks, st.sampled_from(list(Tier)), st.integers(1, 30)), min_size=1, max_size=4),
    units=st.integers(1, 60),
    hours=st.integers(1, 12),
    slack=st.integers(0, 12),
    budget=st.none() | st.integers(0, 10_000),
    residency=st.none() | st.sampled_from(list(Tier)),
)
def test_a_single_change_makes_it_feasible(*, made, units, hours, slack, budget, residency):
    offers = [
        offer(f"c{number}", tier, rate, free=as_free(free), units_max=30, time_limit_max_s=6 * HOUR)
        for number, (free, tier, rate) in enumerate(made)
    ]
    asked = request(
        units=units,
        duration_s=hours * HOUR,
        deadline_s=(hours + slack) * HOUR,
        budget_fen=budget,
        residency=residency,
        suppliers=frozenset({"c0", "c1"}),
    )
    answer = ask(asked, *offers)
    assert len(answer.options) + len(answer.turned) == len(offers)
    for each in answer.options:
        assert each.end_s <= asked.deadline_s
        assert budget is None or each.price_fen <= budget
    for change in answer.changes:
        value = change.value
        if change.field == "suppliers":
            value = asked.suppliers | {value}
        if change.field == "residency":
            value = Tier(value)
        changed = replace(asked, **{change.field: value})
        assert ask(changed, *offers).best, change
