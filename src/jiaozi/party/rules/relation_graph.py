"""Relations as a graph: who belongs to one group with an organisation, and the chain of ties that says so.

Breadth first from one organisation, so the path to each member is a shortest one, it visits nobody twice, and cycles
end by themselves. Ties are walked both ways: an owner is as related to the owned as the owned to the owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from jiaozi.kernel.label import Label
from jiaozi.party.rules.relation import Relation, RelationKind, percent


@dataclass(frozen=True, slots=True)
class Group:
    """Everybody within some steps of ``centre``: member → the ties that lead there.

    ``whole`` is False where a bound cut the neighbourhood off, so that there may be more.
    """

    centre: UUID
    paths: Mapping[UUID, tuple[Relation, ...]] = field(default_factory=dict)
    whole: bool = True

    def __contains__(self, organisation: object) -> bool:
        return organisation == self.centre or organisation in self.paths

    @property
    def members(self) -> frozenset[UUID]:
        """The organisation itself and all that are related to it."""
        return frozenset({self.centre, *self.paths})


def connected(centre: UUID, ties: Iterable[Relation], *, depth: int, whole: bool = True) -> Group:
    """Give the group within ``depth`` steps over these ties, each member with a shortest path.

    The same ties in another order give the same group and the same paths.
    """
    beside: dict[UUID, list[Relation]] = {}
    for tie in sorted(set(ties), key=_order):
        beside.setdefault(tie.one, []).append(tie)
        beside.setdefault(tie.other, []).append(tie)
    paths: dict[UUID, tuple[Relation, ...]] = {}
    edge = [centre]
    for _ in range(depth):
        reached: list[UUID] = []
        for here in edge:
            for tie in beside.get(here, ()):
                there = tie.other if tie.one == here else tie.one
                if there != centre and there not in paths:
                    paths[there] = (*paths.get(here, ()), tie)
                    reached.append(there)
        edge = reached
        if not edge:
            break
    return Group(centre, paths, whole)


def _order(tie: Relation) -> tuple[str, ...]:
    """Sort the strongest words first: a share before an address, the larger share before the smaller."""
    rank = list(RelationKind).index(tie.kind)
    share = 10_000 - (tie.share_bp or 0)
    return (
        f"{rank:02d}",
        f"{share:05d}",
        str(tie.one),
        str(tie.other),
        tie.since.isoformat(),
        str(tie.until),
        tie.source,
    )


def say_path(centre: UUID, path: Iterable[Relation], names: Mapping[UUID, str]) -> Label:
    """Say a path in words, from its centre on: "A owns 60 % of B, B shares its address with C"."""
    said: list[Label] = []
    here = centre
    for tie in path:
        there = tie.other if tie.one == here else tie.one
        said.append(_say(tie, here, there, names))
        here = there
    return Label("，".join(each.zh for each in said), ", ".join(each.en for each in said))


_SAID: dict[RelationKind, Label] = {
    RelationKind.SAME_LEGAL_REPRESENTATIVE: Label(
        "{a}与{b}为同一法定代表人", "{a} has the same legal representative as {b}"
    ),
    RelationKind.SAME_ADDRESS: Label("{a}与{b}同一地址", "{a} shares its address with {b}"),
    RelationKind.SAME_ACCOUNT: Label("{a}与{b}使用同一银行账户", "{a} shares its bank account with {b}"),
    RelationKind.FAMILY: Label("{a}与{b}的负责人为亲属", "those in charge of {a} and {b} are family"),
    RelationKind.OTHER: Label("{a}与{b}申报有关联", "{a} and {b} are declared as related"),
}


def _say(tie: Relation, here: UUID, there: UUID, names: Mapping[UUID, str]) -> Label:
    if tie.kind is RelationKind.SHAREHOLDING:
        owner, owned = names.get(tie.one, str(tie.one)), names.get(tie.other, str(tie.other))
        share = percent(tie.share_bp or 0)
        return Label(f"{owner}持有{owned} {share}%股份", f"{owner} owns {share} % of {owned}")
    words = _SAID[tie.kind]
    a, b = names.get(here, str(here)), names.get(there, str(there))
    return Label(words.zh.format(a=a, b=b), words.en.format(a=a, b=b))
