"""A plan keeps every rule, proves its bound, and is the same whatever the order of its input."""

from fractions import Fraction
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ortools.graph.python import min_cost_flow

from jiaozi.catalogue.rules import Tier
from jiaozi.dispatch.rules import Block, Horizon, UnableToPlace, board, plan, quote
from jiaozi.dispatch.rules.planning.fairness import fair_limits
from tests.dispatch.made import HOUR, NOWHERE, linked, offer, request

ONE = Horizon(0, HOUR, 1)


def loads(made, requests, horizon):
    """Units in use by (centre, block)."""
    asked = {each.id: each for each in requests}
    used = {}
    for place in made.placements:
        first = (place.start_s - horizon.start_s) // horizon.block_s
        assert place.start_s == horizon.start_of(first)
        for block in range(first, first + -(-asked[place.request].duration_s // horizon.block_s)):
            assert block < horizon.blocks
            used[place.centre, block] = used.get((place.centre, block), 0) + asked[place.request].units
    return used


def check(made, requests, offers, horizon):
    """Every rule that a plan has to keep."""
    placed = [each.request for each in made.placements]
    assert sorted(placed + [each.request for each in made.unplaced]) == sorted(each.id for each in requests)
    room = {
        (each.centre, block): min(
            (
                free.units
                for free in each.free
                if free.start_s < horizon.start_of(block + 1) and free.end_s > horizon.start_of(block)
            ),
            default=0,
        )
        for each in offers
        for block in range(horizon.blocks)
    }
    for cell, units in loads(made, requests, horizon).items():
        assert units <= room[cell], cell
    asked, offered = {each.id: each for each in requests}, {each.centre: each for each in offers}
    for place in made.placements:
        one = asked[place.request]
        assert place.start_s >= one.earliest_s
        assert one.deadline_s is None or place.end_s <= one.deadline_s
        alone = quote(one, board([offered[place.centre]], NOWHERE)).best
        assert (alone.compute_fen, alone.movement_fen) == (place.compute_fen, place.movement_fen)
    assert made.cost_fen == sum(each.compute_fen + each.movement_fen for each in made.placements)
    assert made.bound_fen <= made.score_fen
    for each in made.unplaced:
        assert each.reasons


@st.composite
def worlds(draw):
    blocks = draw(st.integers(1, 4))
    horizon = Horizon(0, HOUR, blocks)
    rooms = st.lists(st.integers(0, 12), min_size=blocks, max_size=blocks)
    offers = [
        offer(
            f"c{number}",
            rate_fen=draw(st.integers(1, 40)),
            free=tuple(Block(b * HOUR, (b + 1) * HOUR, units) for b, units in enumerate(draw(rooms))),
        )
        for number in range(draw(st.integers(1, 3)))
    ]
    requests = [
        request(
            id=f"r{number}",
            units=draw(st.integers(1, 8)),
            duration_s=draw(st.integers(1, 2 * HOUR)),
            earliest_s=draw(st.sampled_from([0, HOUR])),
            deadline_s=draw(st.sampled_from([None, 4 * HOUR])),
            wait_fen_per_hour=draw(st.integers(0, 50)),
            holder=draw(st.sampled_from(["x", "y"])),
        )
        for number in range(draw(st.integers(0, 8)))
    ]
    return horizon, offers, requests


@settings(max_examples=60, deadline=None)
@given(worlds(), st.booleans(), st.randoms(use_true_random=False))
def test_every_rule_is_kept(world, fair, chance):
    horizon, offers, requests = world
    weights = {"x": 3} if fair else None
    made = plan(requests, board(offers, NOWHERE), horizon, weights=weights)
    check(made, requests, offers, horizon)
    shuffled = list(requests)
    chance.shuffle(shuffled)
    assert plan(shuffled, board(offers[::-1], NOWHERE), horizon, weights=weights) == made


@settings(max_examples=25, deadline=None)
@given(worlds())
def test_bound_is_below_the_best_plan_there_is(world):
    horizon, offers, requests = world
    requests, offers = requests[:4], offers[:2]
    made = plan(requests, board(offers, NOWHERE), horizon)
    best = best_by_trying(requests, offers, horizon)
    if best is not None:
        assert made.bound_fen <= best <= made.score_fen + 1


def best_by_trying(requests, offers, horizon):
    """The least score over all plans: every request in every place or nowhere, at twice its dearest score."""
    options = []
    for one in requests:
        mine = []
        for each in offers:
            for block in range(horizon.blocks):
                span = -(-one.duration_s // HOUR)
                start = block * HOUR
                late = one.deadline_s is not None and start + one.duration_s > one.deadline_s
                if (
                    start < one.earliest_s
                    or late
                    or block + span > horizon.blocks
                    or one.units > max(f.units for f in each.free)
                ):
                    continue
                price = quote(one, board([offer(each.centre, tariff=each.tariff, free=None)], NOWHERE)).best.price_fen
                mine.append((price + -(-(start - one.earliest_s) * one.wait_fen_per_hour // HOUR), each, block, span))
        if mine:
            options.append([*mine, (max(2 * max(score for score, *_ in mine), one.units), None, 0, 0)])
    least = None
    for choice in product(*options):
        used, total = {}, 0
        for (score, each, block, span), units in zip(choice, kept_units(requests, offers, horizon), strict=True):
            total += score
            for at in range(block, block + span) if each else ():
                used[each.centre, at] = used.get((each.centre, at), 0) + units
        if all(units <= next(e for e in offers if e.centre == c).free[b].units for (c, b), units in used.items()):
            least = total if least is None else min(least, total)
    return least


def kept_units(requests, offers, horizon):
    """Units of the requests that have any option, in order."""
    kept = []
    for one in requests:
        span = -(-one.duration_s // HOUR)
        starts = [
            block
            for block in range(horizon.blocks - span + 1)
            if block * HOUR >= one.earliest_s
            and (one.deadline_s is None or block * HOUR + one.duration_s <= one.deadline_s)
        ]
        if starts and any(one.units <= max(f.units for f in each.free) for each in offers):
            kept.append(one.units)
    return kept


def test_equals_min_cost_flow_where_jobs_are_of_one_unit():
    chance = Random(7)
    offers = [offer(f"c{n}", rate_fen=chance.randint(5, 60), free=(Block(0, HOUR, 40),)) for n in range(6)]
    routes = [
        (f"p{p}", f"c{n}", {"price_per_gb_ufen": chance.randint(0, 9) * 10**6}) for p in range(9) for n in range(6)
    ]
    requests = [
        request(id=f"r{n:03}", units=1, data_at=f"p{chance.randint(0, 8)}", data_bytes=chance.randint(1, 20) * 10**9)
        for n in range(220)
    ]
    market = board(offers, linked(*routes))
    made = plan(requests, market, ONE)
    flow = min_cost_flow.SimpleMinCostFlow()
    for row, one in enumerate(requests):
        flow.set_node_supply(row, 1)
        for option in quote(one, market).options:
            flow.add_arc_with_capacity_and_unit_cost(row, 300 + int(option.centre[1:]), 1, option.score_fen)
    for n in range(6):
        flow.add_arc_with_capacity_and_unit_cost(300 + n, 400, 40, 0)
    flow.set_node_supply(400, -220)
    assert flow.solve() == flow.OPTIMAL
    assert made.bound_fen <= flow.optimal_cost() <= made.score_fen
    assert made.score_fen <= flow.optimal_cost() * 1.01
    assert not made.unplaced


def test_scarce_hours_have_a_price_and_go_to_whom_they_are_worth_most():
    offers = [
        offer("cheap", rate_fen=10, free=(Block(0, HOUR, 10),)),
        offer("dear", rate_fen=30, free=(Block(0, HOUR, 10),)),
    ]
    requests = [request(id=f"r{n}", units=5) for n in range(3)]
    made = plan(requests, board(offers, NOWHERE), ONE)
    assert sorted(each.centre for each in made.placements) == ["cheap", "cheap", "dear"]
    assert made.cost_fen == 50 + 50 + 150
    assert [(each.centre, each.ufen_per_unit_hour > 0) for each in made.shadows] == [("cheap", True)]
    assert made.gap < 0.01


def test_gang_jobs_stay_whole_and_what_nothing_can_serve_says_what_would_help():
    offers = [offer(f"c{n}", free=(Block(0, HOUR, 6),), units_max=6) for n in range(2)]
    made = plan([request(id="big", units=8)], board(offers, NOWHERE), ONE)
    assert made.placements == ()
    assert made.unplaced[0].changes[0].field == "units"
    assert made.unplaced[0].changes[0].value == 6


def test_maintenance_closes_a_block():
    offers = [offer(free=(Block(0, HOUR, 9), Block(2 * HOUR, 4 * HOUR, 9)))]
    made = plan([request(duration_s=2 * HOUR, units=9)], board(offers, NOWHERE), Horizon(0, HOUR, 4))
    assert made.placements[0].start_s == 2 * HOUR


def test_fair_shares_bind_only_when_room_is_short():
    offers = [offer(free=(Block(0, HOUR, 30),))]
    many = [request(id=f"a{n}", units=1, holder="a", worth_fen=900) for n in range(60)]
    few = [request(id=f"b{n}", units=1, holder="b", worth_fen=100) for n in range(15)]
    market = board(offers, NOWHERE)
    got = [each.request[0] for each in plan(many + few, market, ONE, weights={}).placements]
    assert (got.count("a"), got.count("b")) == (15, 15)
    got = [each.request[0] for each in plan(many + few, market, ONE, weights={"a": 2}).placements]
    assert (got.count("a"), got.count("b")) == (20, 10)
    got = [each.request[0] for each in plan(many + few, market, ONE).placements]
    assert got.count("a") == 30
    assert len(plan(many[:20] + few[:5], market, ONE, weights={}).placements) == 25


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 100), min_size=1),
    st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 5)),
    st.integers(0, 200),
)
def test_fair_limits_share_the_room_and_waste_none(demand, weights, room):
    limits = fair_limits(demand, weights, room)
    assert sum(limits.values()) == min(room, sum(demand.values()))
    level = max(limits[each] / weights.get(each, 1) for each in demand)
    for each in demand:
        assert limits[each] <= demand[each]
        assert limits[each] == demand[each] or limits[each] == level * weights.get(each, 1)


def test_tiers_count_in_a_plan():
    offers = [offer("in", rate_fen=100), offer("out", Tier.METRO, rate_fen=85)]
    market = board(offers, NOWHERE)
    assert plan([request()], market, ONE).placements[0].centre == "out"
    assert plan([request()], market, ONE, outer_saving=Fraction(1, 5)).placements[0].centre == "in"


def test_out_of_time_still_gives_a_plan_with_its_gap():
    offers = [offer(f"c{n}", rate_fen=10 + n, free=(Block(0, HOUR, 50),)) for n in range(4)]
    requests = [request(id=f"r{n}", units=3) for n in range(50)]
    made = plan(requests, board(offers, NOWHERE), ONE, enough=lambda: True)
    assert not made.finished
    check(made, requests, offers, ONE)
    assert len(made.placements) == 50


def test_bad_terms_are_named():
    market = board([offer()], NOWHERE)
    with pytest.raises(UnableToPlace, match="twice"):
        plan([request(), request()], market, ONE)
    with pytest.raises(UnableToPlace, match="weights"):
        plan([request()], market, ONE, weights={"x": 0})
    with pytest.raises(UnableToPlace, match="outer_saving"):
        plan([request()], market, ONE, outer_saving=Fraction(1))
    with pytest.raises(UnableToPlace, match="blocks"):
        plan([request()], market, Horizon(0, HOUR, 0))
    with pytest.raises(UnableToPlace, match="blocks"):
        plan([request()], market, Horizon(0, 1, 300_000_000))


def test_a_plan_keeps_latest_starts_and_brings_results_back_in_time():
    network = linked(("home", "a", {"price_per_gb_ufen": 2_000_000, "bandwidth_mbps": 8}))
    market = board([offer("a")], network)
    hours = Horizon(0, HOUR, 4)
    back = {"data_at": "home", "result_bytes": 10**6, "deadline_s": 2 * HOUR}
    made = plan([request(id="back", **back), request(id="late", latest_start_s=0, earliest_s=0)], market, hours)
    starts = {each.request: (each.start_s, each.movement_fen) for each in made.placements}
    assert starts == {"back": (0, 1), "late": (0, 0)}
    tight = plan([request(**back | {"deadline_s": HOUR + 1, "earliest_s": 1})], market, hours)
    assert [each.reasons[0].code for each in tight.unplaced] == ["DEADLINE"]
