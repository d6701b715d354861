"""The group around an organisation: every path is real and shortest, depth is honoured, cycles end, both ends agree."""

from datetime import date
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from jiaozi.party.rules import Relation, RelationKind, connected, say_path

DAY = date(2026, 1, 1)
IDS = [UUID(int=number) for number in range(8)]
NAMES = {id_: chr(65 + number) for number, id_ in enumerate(IDS)}


def tie(one, other, kind=RelationKind.SAME_ADDRESS, share_bp=None):
    return Relation(kind=kind, one=IDS[one], other=IDS[other], source="测试", since=DAY, share_bp=share_bp)


def share(one, other, share_bp):
    return tie(one, other, RelationKind.SHAREHOLDING, share_bp)


@st.composite
def ties(draw):
    pairs = draw(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda pair: pair[0] != pair[1])))
    kinds = [kind for kind in RelationKind if kind.symmetric]
    return [
        share(one, other, draw(st.integers(1, 10_000)))
        if draw(st.booleans())
        else tie(one, other, draw(st.sampled_from(kinds)))
        for one, other in pairs
    ]


def distances(centre, edges):
    """An oracle of another make: relax until nothing moves."""
    far = {centre: 0}
    for _ in IDS:
        for edge in edges:
            for here, there in ((edge.one, edge.other), (edge.other, edge.one)):
                if here in far:
                    far[there] = min(far.get(there, 99), far[here] + 1)
    return far


@given(ties(), st.integers(0, 6))
def test_every_path_is_real_shortest_and_no_longer_than_asked(edges, depth):
    group = connected(IDS[0], edges, depth=depth)
    for member, path in group.paths.items():
        here = IDS[0]
        for step in path:
            assert step in edges
            assert here in (step.one, step.other)
            here = step.other if step.one == here else step.one
        assert here == member != IDS[0]
    far = distances(IDS[0], edges)
    assert {member: len(path) for member, path in group.paths.items()} == {
        member: steps for member, steps in far.items() if 0 < steps <= depth
    }


@given(ties(), st.randoms(use_true_random=False))
def test_the_order_in_which_ties_come_changes_nothing(edges, lots: Random):
    other = list(edges)
    lots.shuffle(other)
    assert connected(IDS[0], edges, depth=4) == connected(IDS[0], other, depth=4)


@given(ties(), st.integers(0, 6))
def test_being_related_holds_both_ways(edges, depth):
    assert (IDS[1] in connected(IDS[0], edges, depth=depth)) == (IDS[0] in connected(IDS[1], edges, depth=depth))


def test_a_cycle_ends_and_leaves_each_once():
    group = connected(IDS[0], [tie(0, 1), tie(1, 2), share(2, 0, 100)], depth=6)
    assert {NAMES[member]: len(path) for member, path in group.paths.items()} == {"B": 1, "C": 1}


def test_a_path_is_said_in_words_from_its_own_end():
    edges = [share(0, 1, 6000), tie(1, 2)]
    forward, back = connected(IDS[0], edges, depth=2), connected(IDS[2], edges, depth=2)
    assert say_path(IDS[0], forward.paths[IDS[2]], NAMES).en == "A owns 60 % of B, B shares its address with C"
    assert say_path(IDS[0], forward.paths[IDS[2]], NAMES).zh == "A持有B 60%股份，B与C同一地址"
    assert say_path(IDS[2], back.paths[IDS[0]], NAMES).en == "C shares its address with B, A owns 60 % of B"


def test_the_larger_of_two_shares_is_the_reason():
    path = connected(IDS[0], [share(0, 1, 100), share(1, 0, 9000)], depth=1).paths[IDS[1]]
    assert path[0].share_bp == 9000


def test_a_name_with_braces_is_said_as_it_is():
    path = connected(IDS[0], [tie(0, 1)], depth=1).paths[IDS[1]]
    assert say_path(IDS[0], path, {IDS[0]: "{b}", IDS[1]: "B"}).en == "{b} shares its address with B"
