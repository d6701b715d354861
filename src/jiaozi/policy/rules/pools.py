"""Pools: the sums that a programme may grant in vouchers over a period, and which of its clauses draw from which.

A city has one (Chengdu: the year's vouchers) or several (Shanghai: compute, model and corpus vouchers). A clause may
draw from two at once, such as its class's within the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from jiaozi.kernel.label import Label
from jiaozi.kernel.period import Period
from jiaozi.policy.rules import schema
from jiaozi.policy.rules.caps import limit_of, period_of
from jiaozi.policy.rules.document import Document
from jiaozi.policy.rules.weighing import Weighing
from jiaozi.policy.rules.words import Grant, Measure, Subject


@dataclass(frozen=True, slots=True)
class Pool:
    """One pool: ``limit_fen`` None where it is not published; ``clauses`` are those that always draw from it."""

    cap_id: str
    label: Label
    period: Period | None
    limit_fen: int | None
    clauses: frozenset[str]


def pools(document: Document, on: date, *, allow_demo: bool) -> tuple[Pool, ...]:
    """Give the pools that vouchers are issued from on a day; one that is not published stands beside the others."""
    weighing = Weighing(document, {}, {}, on, allow_demo)
    drawing = {clause.id: _drawn(weighing, clause) for clause in document.programme.clauses}
    found = []
    for name, cap in document.programme.caps.items():
        if cap.subject is not Subject.PROGRAMME or cap.measures is not Measure.ISSUED:
            continue
        clauses = frozenset(clause for clause, names in drawing.items() if name in names)
        span = period_of(cap.per, on, document.programme.fiscal_year_month)
        found.append(Pool(name, cap.label, span, limit_of(weighing, cap), clauses))
    return tuple(found)


def _drawn(weighing: Weighing, clause: schema.Clause) -> frozenset[str]:
    """Name the caps that every voucher of a clause counts for; what is for some holders only is not among them."""
    if clause.grants is not Grant.VOUCHER:
        return frozenset()
    kind = weighing.document.programme.classes.get(clause.voucher_class or "")
    unders = (*clause.caps, *(kind.caps if kind else ()))
    return frozenset(under.cap for under in unders if not under.only and weighing.figure(under.counts))


def bounding(of: Iterable[Pool]) -> tuple[Pool, ...]:
    """Give the pools that together bound what can be granted: the cheapest that leave no clause out.

    Every clause that draws from a pool draws from one of these, so that all grants together are at most the sum of
    their limits; where pools lie beside or within each other that much can be granted. A clause under an unpublished
    pool grants nothing until it is published, and one under none is bounded by none: neither counts here.

    >>> label = Label("券", "vouchers")
    >>> small, large = (Pool(name, label, None, fen, frozenset(name)) for name, fen in (("a", 3), ("b", 6)))
    >>> whole = Pool("c", label, None, 8, frozenset("ab"))
    >>> [pool.cap_id for pool in bounding([small, large])], [pool.cap_id for pool in bounding([small, large, whole])]
    (['a', 'b'], ['c'])
    """
    every = tuple(of)
    closed = frozenset(clause for pool in every if pool.limit_fen is None for clause in pool.clauses)
    known = [pool for pool in every if pool.limit_fen is not None and pool.clauses - closed]
    left = frozenset(clause for pool in known for clause in pool.clauses) - closed
    cheapest = min(_covers(known, left), key=lambda cover: (most_fen(cover), len(cover)), default=())
    return tuple(pool for pool in known if pool in cheapest)


def most_fen(of: Iterable[Pool]) -> int:
    """Add up the limits of pools."""
    return sum(pool.limit_fen or 0 for pool in of)


def _covers(known: Sequence[Pool], left: frozenset[str]) -> Iterable[tuple[Pool, ...]]:
    """Give the ways to leave no clause out, trying for the first one that is left each pool that it draws from."""
    if not left:
        yield ()
        return
    first = min(left)
    for pool in known:
        if first in pool.clauses:
            for cover in _covers([other for other in known if other is not pool], left - pool.clauses):
                yield (pool, *cover)
