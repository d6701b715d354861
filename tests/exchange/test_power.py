"""Who could move a price, and who traded with its own."""

from hypothesis import given
from hypothesis import strategies as st

from jiaozi.exchange.rules import Link, clear, groups

from .made import ask, bid, book


def powers(*orders, **words):
    return clear(book(*orders, **words)).powers


def test_a_pivotal_seller_is_named():
    (found,) = powers(
        ask("x", 6, 1, party="x"), ask("y", 6, 1, party="y"), bid("b", 10, 5), share_max_ppm=10**6, hhi_max=10_000
    )
    assert found.pivotal
    assert found.hhi == 5_000
    assert found.share_ppm == 500_000
    assert "pivotal" in found.label.en


def test_what_links_could_bring_makes_it_less_so():
    orders = ask("x", 6, 1, party="x"), ask("y", 6, 1, party="y"), bid("b", 10, 5), ask("z", 9, 4, hub="b")
    words = {"share_max_ppm": 10**6, "hhi_max": 10_000}
    assert [each.pivotal for each in powers(*orders, **words, links=[Link("b", "a", 3)])] == [True]
    assert powers(*orders, **words, links=[Link("b", "a", 4)]) == ()


def test_related_sellers_count_as_one():
    rows = [ask(name, 10, 1, party=name) for name in "vwxyz"]
    assert powers(*rows, bid("b", 5, 5)) == ()
    (found,) = powers(*rows, bid("b", 5, 5), related=[("v", "w"), ("w", "x")])
    assert found.sellers == ("v", "w", "x")
    assert found.share_ppm == 600_000
    assert found.hhi == 3_600 + 400 + 400


def test_it_is_pivotal_for_those_that_it_reaches_over_links():
    rows = ask("x", 6, 1, party="x"), ask("y", 6, 1, party="y", hub="b"), bid("b", 6, 5, hub="c")
    (found,) = powers(*rows, share_max_ppm=10**6, hhi_max=10_000, links=[Link("a", "c", 6), Link("b", "c", 5)])
    assert (found.product.hub, found.sellers) == ("a", ("x",))


def test_without_trade_there_is_no_power():
    assert powers(ask("x", 6, 9), bid("b", 1, 5)) == ()


def test_related_parties_on_both_sides_are_told():
    rows = ask("s", 6, 1, party="x"), bid("b", 4, 5, party="y"), bid("c", 1, 5, party="z")
    (found,) = clear(book(*rows, related=[("y", "x")])).related_trades
    assert (found.seller, found.buyer, found.lots) == ("x", "y", 4)
    assert clear(book(*rows, related=[("y", "z")])).related_trades == ()
    assert clear(book(*rows)).related_trades == ()


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")), max_size=12))
def test_groups_are_the_connected_parts(pairs):
    found = groups("abcdefgh", pairs)
    reach = {name: {name} for name in "abcdefgh"}
    for _ in "abcdefgh":
        for one, other in pairs:
            both = reach[one] | reach[other]
            for each in both:
                reach[each] = reach[each] | both
    for one in "abcdefgh":
        assert {other for other in "abcdefgh" if found[other] == found[one]} == reach[one]
