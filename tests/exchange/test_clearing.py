"""Clearing against somebody else's solver: welfare to the fen, and the conditions that make prices right."""

import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiaozi.exchange.rules import Code, Link, Side, clear
from jiaozi.exchange.rules.book import wants
from jiaozi.exchange.rules.clearing.sharing import share

from .made import ask, best_by_trying, bid, book, books, welfare_by_flow

lean = settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def lots_of(found, order):
    return found.accepted.get(order.id, 0)


def check_valid(made, found):
    """What every clearing keeps: quantities, balance, links, one price, nobody loses, links never work against it."""
    price = found.price_of()
    flows = {(each.start, each.end): each.lots for each in found.flows}
    for order in made.orders:
        lots = lots_of(found, order)
        assert lots == 0 or max(1, order.minimum) <= lots <= order.quantity
        if lots:
            assert wants(order, price[order.product]) >= 0
            assert lots == order.quantity or order.limit_fen == price[order.product]
        elif not order.minimum and order.product in price:
            assert wants(order, price[order.product]) <= 0
    for hub in made.hubs:
        sold = sum(lots_of(found, each) for each in made.orders if each.hub == hub and each.side is Side.ASK)
        bought = sum(lots_of(found, each) for each in made.orders if each.hub == hub and each.side is Side.BID)
        outward = sum(lots for (start, _), lots in flows.items() if start == hub)
        inward = sum(lots for (_, end), lots in flows.items() if end == hub)
        assert sold + inward == bought + outward
    here = {each.product.hub: each.price_fen for each in found.prices}
    for link in made.links:
        lots = flows.get((link.start, link.end), 0)
        assert 0 <= lots <= link.capacity
        if lots:
            assert here[link.end] - here[link.start] >= link.charge_fen
        if lots < link.capacity and {link.start, link.end} <= set(here):
            assert here[link.end] - here[link.start] <= link.charge_fen
    paid = sum(
        lots_of(found, each) * price[each.product]
        for each in made.orders
        if each.side is Side.BID and lots_of(found, each)
    )
    got = sum(
        lots_of(found, each) * price[each.product]
        for each in made.orders
        if each.side is Side.ASK and lots_of(found, each)
    )
    assert paid == got + sum(each.rent_fen for each in found.flows)


def welfare(made, found):
    sign = {Side.BID: 1, Side.ASK: -1}
    charge = {(each.start, each.end): each.charge_fen for each in made.links}
    return sum(sign[each.side] * each.limit_fen * lots_of(found, each) for each in made.orders) - sum(
        charge[each.start, each.end] * each.lots for each in found.flows
    )


class TestDivisible:
    @lean
    @given(books())
    def test_welfare_is_the_solvers_and_prices_prove_it(self, made):
        found = clear(made)
        check_valid(made, found)
        assert found.welfare_fen == welfare(made, found) == welfare_by_flow(made, forced=False)
        assert found.bound_fen == found.welfare_fen
        assert found.gap_ppm == 0
        assert found.finished

    def test_a_large_one(self):
        chance = random.Random(7)
        hubs = tuple("abcdefgh")
        links = [
            Link(one, other, chance.randint(0, 900), chance.randint(0, 30))
            for one in hubs
            for other in hubs
            if one != other
        ]
        rows = [
            chance.choice([bid, ask])(
                f"o{number}", chance.randint(1, 200), chance.randint(1, 2_000), hub=chance.choice(hubs)
            )
            for number in range(4_000)
        ]
        made = book(*rows, links=links, hubs=hubs)
        found = clear(made)
        check_valid(made, found)
        assert found.welfare_fen == welfare_by_flow(made, forced=False)

    def test_amounts_past_64_bits_stay_exact(self):
        rows = [bid(f"b{number}", 1_000, 10**12 - number) for number in range(100)]
        found = clear(book(ask("s", 100_000, 10**10 - 1), *rows))
        assert found.welfare_fen == sum(1_000 * (10**12 - number) for number in range(100)) - 100_000 * (10**10 - 1)
        assert found.welfare_fen > 2**53

    def test_the_price_is_the_middle_of_all_that_clear(self):
        found = clear(book(bid("b", 5, 10), ask("s", 5, 3)))
        assert [(each.price_fen, each.bought, each.sold) for each in found.prices] == [(6, 5, 5)]

    def test_where_nothing_is_traded_no_price_is_told(self):
        """A made-up one would be the middle of others' limits."""
        found = clear(book(bid("b", 5, 3), ask("s", 5, 10)))
        assert found.prices == ()
        assert set(found.why.values()) == {Code.NO_TRADE}

    def test_a_full_link_parts_the_prices_and_earns_the_difference(self):
        found = clear(book(ask("s", 9, 2), bid("b", 9, 8, hub="b"), links=[Link("a", "b", 4, 1)]))
        assert [(each.product.hub, each.price_fen) for each in found.prices] == [("a", 2), ("b", 8)]
        assert [(each.lots, each.rent_fen) for each in found.flows] == [(4, 24)]

    def test_a_link_can_be_closed_for_a_class_or_a_period(self):
        rows = [ask("s", 9, 2, period="h1"), bid("b", 9, 8, hub="b", period="h1")]
        assert clear(book(*rows, links=[Link("a", "b", 9, 0, "gpu", "h0")], periods=2)).accepted == {}
        assert clear(book(*rows, links=[Link("a", "b", 9, 0, "gpu", "h1")], periods=2)).accepted == {"s": 9, "b": 9}

    def test_the_margin_is_shared_pro_rata_in_whole_lots(self):
        found = clear(
            book(ask("s", 10, 1), *(bid(name, quantity, 5) for name, quantity in (("x", 10), ("y", 5), ("z", 5))))
        )
        assert {name: found.accepted[name] for name in "xyz"} == {"x": 5, "y": 3, "z": 2}
        assert {found.why[name] for name in "xyz"} == {Code.MARGIN}

    @lean
    @given(books(minimums=True), st.randoms(use_true_random=False))
    def test_the_order_of_rows_changes_nothing(self, made, chance):
        rows, links, hubs = list(made.orders), list(made.links), list(made.hubs)
        for each in (rows, links, hubs):
            chance.shuffle(each)
        other = replace(made, orders=tuple(rows), links=tuple(links), hubs=tuple(hubs))
        assert other.digest() == made.digest()
        assert clear(other).digest() == clear(made).digest()


class TestMinimums:
    @settings(lean, max_examples=150)
    @given(books(orders=9, minimums=True))
    def test_the_best_set_of_all_is_found(self, made):
        found = clear(made)
        check_valid(made, found)
        assert found.finished
        assert found.welfare_fen == welfare(made, found) == best_by_trying(made)
        assert found.bound_fen == found.welfare_fen

    @settings(lean, max_examples=60)
    @given(books(minimums=True), st.integers(1, 3))
    def test_short_of_steps_the_best_so_far_is_valid_and_its_gap_true(self, made, steps):
        short = clear(replace(made, terms=made.terms._replace(steps_max=steps)))
        check_valid(made, short)
        best = clear(made)
        assert best.finished
        assert short.welfare_fen <= best.welfare_fen <= short.bound_fen
        assert all(each.steps <= steps for each in short.cleared)

    def test_a_rejected_order_that_would_gain_is_explained(self):
        """The large ask would set a price at which it loses: 12 lots are wanted, and it gives no fewer than 10."""
        made = book(ask("small", 5, 1), ask("large", 10, 5, 10), bid("b", 12, 6))
        found = clear(made)
        assert found.accepted == {"small": 5, "b": 5}
        assert found.prices[0].price_fen == 6
        assert found.why["large"] is Code.MINIMUM_LOSS
        assert found.why["large"].would_gain

    def test_a_minimum_that_pushes_out_more_is_explained(self):
        made = book(ask("s", 10, 1), bid("x", 10, 9, 10), bid("y", 9, 12, 9))
        found = clear(made)
        assert found.accepted == {"s": 9, "y": 9}
        assert found.why["x"] in {Code.MINIMUM_WORSE, Code.MINIMUM_LOSS}

    def test_whoever_gains_is_accepted_or_explained(self):
        chance = random.Random(3)
        rows = [
            chance.choice([bid, ask])(f"o{number}", size := chance.randint(5, 60), chance.randint(1, 60), size)
            for number in range(60)
        ]
        made = book(*rows, steps_max=200)
        found = clear(made)
        check_valid(made, found)
        price = found.prices[0].price_fen
        gaining = {each.id for each in rows if each.id not in found.accepted and wants(each, price) > 0}
        assert gaining == {name for name, code in found.why.items() if code.would_gain}


class TestSharing:
    @given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 50)), min_size=1, max_size=8), st.data())
    def test_sums_come_out_and_nobody_is_short(self, rows, data):
        orders = [bid(f"o{number}", quantity, 1) for number, (quantity, _) in enumerate(rows)]
        floors = [min(floor, quantity) for quantity, floor in rows]
        total = data.draw(st.integers(sum(floors), sum(each.quantity for each in orders)))
        got = share(total, orders, floors)
        assert sum(got) == total
        assert all(floor <= lots <= each.quantity for floor, lots, each in zip(floors, got, orders, strict=True))
        if not any(floors):
            whole = sum(each.quantity for each in orders)
            assert all(
                abs(lots * whole - total * each.quantity) < whole for lots, each in zip(got, orders, strict=True)
            )

    def test_more_than_all_is_refused(self):
        with pytest.raises(ValueError, match="can't be shared"):
            share(11, [bid("o", 10, 1)], [0])
