"""What the later stages ask about money beside the voucher: shares to the fen, stages, fines, papers, relations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from jiaozi.kernel.fen import Rounding, share, yuan
from jiaozi.kernel.label import Label
from jiaozi.policy.rules import facts as fact_reading
from jiaozi.policy.rules import schema
from jiaozi.policy.rules.decision import Truth
from jiaozi.policy.rules.document import Document
from jiaozi.policy.rules.figures import shown
from jiaozi.policy.rules.problems import UnableToDecide
from jiaozi.policy.rules.terms import Asked
from jiaozi.policy.rules.testing import look
from jiaozi.policy.rules.weighing import Weighing
from jiaozi.policy.rules.words import Format, Kind, Misdeed, Relation, StepOfLife


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a sum: whose, or of which stage."""

    id: str
    label: Label
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that is due at a step."""

    id: str
    label: Label
    at: StepOfLife
    formats: tuple[Format, ...]


@dataclass(frozen=True, slots=True)
class Penalty:
    """What follows a misdeed: the sum to recover, which goes back to the programme, and the fine, which never does."""

    recover_fen: int
    fine_fen: int
    barred_years: int | None


@dataclass(frozen=True, slots=True)
class RelationTerms:
    """What makes two organisations related, and within how many steps."""

    by: tuple[Relation, ...]
    stake: Fraction | None
    depth: int


def split(total_fen: int, shares: Sequence[Fraction]) -> tuple[int, ...]:
    """Divide a sum by shares that make 1; whole fen, adding up exactly: the largest rests get the fen left over.

    >>> split(100, [Fraction(1, 3), Fraction(1, 3), Fraction(1, 3)])
    (34, 33, 33)
    """
    if sum(shares) != 1 or total_fen < 0:
        raise ValueError("shares must make 1, and the sum be 0 or more")
    exact = [total_fen * part for part in shares]
    down = [int(part) for part in exact]
    by_rest = sorted(range(len(exact)), key=lambda index: (down[index] - exact[index], index))
    for index in by_rest[: total_fen - sum(down)]:
        down[index] += 1
    return tuple(down)


def cost_shares(document: Document, total_fen: int, on: date, *, allow_demo: bool) -> tuple[Share, ...]:
    """Give what each party or level of government bears of a settled sum."""
    settlement = document.programme.settlement
    if not settlement or not settlement.shares:
        raise _missing("settlement.shares")
    return _shares(Asked(document, on, allow_demo), settlement.shares, total_fen)


def award_stages(
    document: Document, clause_id: str, total_fen: int, on: date, *, allow_demo: bool
) -> tuple[Share, ...]:
    """Give the parts that an award is paid in; one part where the clause has no stages."""
    clause = document.clause(clause_id)
    if not clause.stages:
        return (Share("whole", Label("一次支付", "paid at once"), total_fen),)
    return _shares(Asked(document, on, allow_demo), clause.stages, total_fen)


def _shares(asked: Asked, parts: Sequence[schema.Sharer | schema.Stage], total_fen: int) -> tuple[Share, ...]:
    sums = split(total_fen, [asked.figure(part.share) for part in parts])
    return tuple(Share(part.id, part.label, fen) for part, fen in zip(parts, sums, strict=True))


def penalty(
    document: Document, misdeed: Misdeed, amount_fen: int, fine_share: Fraction, on: date, *, allow_demo: bool
) -> Penalty:
    """Work out what follows a misdeed, with the fine's share that a person decided.

    Raises
    ------
    UnableToDecide
        When that share lies outside of the band, both ends of which are inside.
    """
    section = document.programme.penalties
    fine = next((one for one in section.fines if one.misdeed is misdeed), None) if section else None
    if section is None or fine is None:
        raise _missing("penalties")
    asked = Asked(document, on, allow_demo)
    least, most = asked.figure(fine.since), asked.figure(fine.to)
    if not least <= fine_share <= most:
        band = f"{shown(Kind.RATIO, least)}–{shown(Kind.RATIO, most)}"
        raise UnableToDecide(
            "FINE_OUTSIDE_BAND", f"罚款比例须在 {band} 之间", f"the fine's share must lie in {band}", field="fine_share"
        )
    recover_fen = share(amount_fen, asked.figure(section.recover), Rounding.UP)
    years = asked.figure(section.barred_years) if section.barred_years else None
    return Penalty(recover_fen, share(amount_fen, fine_share, Rounding.DOWN), years)


def papers_due(
    document: Document, clause_id: str, at: StepOfLife, facts: Any, on: date, *, allow_demo: bool
) -> tuple[Paper, ...]:
    """Give the papers that a clause asks for at a step; one whose condition can't be judged is asked for."""
    clause = document.clause(clause_id)
    known = fact_reading.read(document.programme.facts, facts)
    weighing = Weighing(document, known, {}, on, allow_demo)
    due = []
    for owner, papers in (("", document.programme.evidence), (clause_id, clause.evidence)):
        for place, paper in enumerate(papers):
            test = document.asides.get(f"{owner}.evidence[{place}]")
            spared = test is not None and look(weighing, test).truth is Truth.FALSE
            if paper.at is at and not spared:
                due.append(Paper(paper.id, paper.label, paper.at, paper.formats))
    return tuple(due)


def papers_missing(due: Sequence[Paper], given: Collection[str]) -> tuple[Paper, ...]:
    """Give the papers that are due and not there."""
    return tuple(paper for paper in due if paper.id not in given)


def relation_terms(document: Document, on: date, *, allow_demo: bool) -> RelationTerms:
    """Give the programme's definition of related parties."""
    related = document.programme.related
    if related is None:
        raise _missing("related")
    asked = Asked(document, on, allow_demo)
    stake = asked.figure(related.stake) if related.stake else None
    return RelationTerms(related.by, stake, asked.figure(related.depth))


def check_administration(document: Document, cost_fen: int, pool_fen: int, on: date, *, allow_demo: bool) -> None:
    """Refuse an administration cost that the programme doesn't let its pool bear.

    Raises
    ------
    UnableToDecide
        When it is to be paid from elsewhere, or is over its share of the pool.
    """
    section = document.programme.administration
    if section is None:
        raise _missing("administration")
    asked = Asked(document, on, allow_demo)
    if asked.figure(section.outside_pool):
        raise UnableToDecide(
            "OUTSIDE_POOL", "管理费不得从券额中列支", "administration is not paid from the pool", field="administration"
        )
    most = asked.figure(section.most) if section.most else Fraction(1)
    limit_fen = share(pool_fen, most)
    if cost_fen > limit_fen:
        text = yuan(limit_fen)
        raise UnableToDecide(
            "ADMINISTRATION_OVER",
            f"管理费不得超过 {text} 元",
            f"administration may cost {text} yuan at most",
            field="administration",
        )


def _missing(name: str) -> UnableToDecide:
    return UnableToDecide(
        "SECTION_MISSING", f"项目文件没有 {name} 一节", f"the document has no section `{name}`", field=name
    )
