"""What an application gets that meets several clauses: the highest, the sum up to a ceiling, or one that it must name.

A group of clauses settles among itself first and then counts as one. Where several give together they share their
caps: each takes what the ones before it left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.refusal import Reason
from jiaozi.policy.rules import schema
from jiaozi.policy.rules.amounts import MINIMUM
from jiaozi.policy.rules.caps import bounds_grant, limit_of
from jiaozi.policy.rules.decision import ClauseFound, Outcome, Piece, Step, StepKind, Truth
from jiaozi.policy.rules.document import Document
from jiaozi.policy.rules.figures import Figure, shown
from jiaozi.policy.rules.weighing import Weighing
from jiaozi.policy.rules.words import Concurrence, Kind, Subject


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen, and why."""

    outcome: Outcome
    clause: str = ""
    reasons: tuple[Reason, ...] = ()
    unpublished: tuple[str, ...] = ()
    pieces: tuple[Piece, ...] = ()
    steps: tuple[Step, ...] = ()


def choose(weighing: Weighing, found: Sequence[ClauseFound]) -> Choice:
    """Choose among the clauses weighed: a grant before a decision by hand; several grants by the programme's rule."""
    granted = [one for one in found if one.outcome is Outcome.GRANTED]
    by_hand = [one for one in found if one.outcome is Outcome.BY_HAND]
    weighing.begin("")
    if len(granted) > 1 or (granted and weighing.document.programme.together.ceiling):
        return _several(weighing, granted)
    if granted or by_hand:
        best = granted[0] if granted else by_hand[0]
        return Choice(best.outcome, best.clause, best.reasons, best.unpublished)
    complete = [one for one in found if not any(test.truth is Truth.UNKNOWN for test in one.conditions)] or [*found]
    reasons = tuple(dict.fromkeys(reason for one in complete for reason in one.reasons))
    unpublished = tuple(dict.fromkeys(name for one in complete for name in one.unpublished))
    return Choice(Outcome.REFUSED, complete[0].clause if len(complete) == 1 else "", reasons, unpublished)


def rule_between(document: Document, one: str, other: str, on: date) -> Concurrence | None:
    """Give the published rule for what two clauses grant to one holder; None where it is not published."""
    together = document.programme.together
    rule = next((group.rule for group in together.groups if {one, other} <= {*group.clauses}), together.rule)
    value = Weighing(document, {}, {}, on, allow_demo=False).figure(rule)
    return Concurrence(value) if value is not None else None


def _several(weighing: Weighing, granted: list[ClauseFound]) -> Choice:
    together = weighing.document.programme.together
    by_id = {one.clause: one for one in granted}
    steps: list[Step] = []
    units: list[tuple[Piece, ...]] = []
    grouped: set[str] = set()
    for group in together.groups:
        members = [_piece(by_id[name]) for name in group.clauses if name in by_id]
        grouped |= {piece.clause for piece in members}
        if members:
            units.append(_settled(weighing, by_id, [(piece,) for piece in members], group, steps))
    units += [(_piece(one),) for one in granted if one.clause not in grouped]
    pieces = _settled(weighing, by_id, [unit for unit in units if unit], together, steps)
    pieces = tuple(piece for piece in pieces if _is_enough(weighing, piece, steps))
    giving = [by_id[piece.clause] for piece in pieces]
    names = dict.fromkeys(name for one in giving or granted for name in one.unpublished)
    unpublished = tuple({**names, **weighing.unpublished})
    if not pieces and not weighing.reasons and any(step.kind is StepKind.MINIMUM for step in steps):
        weighing.refuse(
            "BELOW_MINIMUM",
            "共享上限之后，每一款都低于其最低金额",
            "after the caps that they share, every clause comes to less than its minimum",
        )
    if weighing.reasons or not pieces:
        return Choice(Outcome.REFUSED, "", tuple(weighing.reasons), unpublished, steps=tuple(steps))
    best = max(pieces, key=lambda piece: piece.amount_fen)
    alone = len(pieces) == 1 and best == _piece(by_id[best.clause])
    return Choice(Outcome.GRANTED, best.clause, (), unpublished, () if alone else pieces, tuple(steps))


def _is_enough(weighing: Weighing, piece: Piece, steps: list[Step]) -> bool:
    """Ask the clause's minimum once more: a shared cap or a ceiling may have cut the piece below it."""
    amount = weighing.document.clause(piece.clause).amount
    least_fen = weighing.figure(amount.minimum) if amount and amount.minimum else 0
    if least_fen is None or piece.amount_fen >= least_fen:
        return least_fen is not None
    figure = shown(Kind.MONEY, least_fen)
    steps.append(Step(StepKind.MINIMUM, piece.clause, MINIMUM, figure, piece.amount_fen, 0, binding=True))
    return False


def _piece(found: ClauseFound) -> Piece:
    return Piece(found.clause, found.grants, found.amount_fen or 0)


def _settled(
    weighing: Weighing,
    by_id: dict[str, ClauseFound],
    units: list[tuple[Piece, ...]],
    by: schema.Together | schema.Group,
    steps: list[Step],
) -> tuple[Piece, ...]:
    """Settle units by a rule and its ceiling; nothing comes out where the rule is unknown or refuses."""
    rule = _rule(weighing, by.rule) if len(units) > 1 else Concurrence.HIGHEST
    if rule is None or not units:
        return ()
    if rule is Concurrence.EXCLUSIVE:
        _refuse_both(weighing, [piece.clause for unit in units for piece in unit])
        return ()
    if rule is Concurrence.HIGHEST:
        pieces = max(units, key=lambda unit: sum(piece.amount_fen for piece in unit))
    else:
        pieces = _under_shared_caps(by_id, [piece for unit in units for piece in unit])
    return _under_ceiling(weighing, by.ceiling, pieces, steps) if by.ceiling else pieces


def _rule(weighing: Weighing, figure: Figure) -> Concurrence | None:
    raw = weighing.figure(figure)
    return None if raw is None else Concurrence(raw)


def _refuse_both(weighing: Weighing, clauses: list[str]) -> None:
    names = ", ".join(clauses)
    weighing.refuse(
        "EXCLUSIVE",
        f"同时符合互斥的条款 {names}，请择一申领",
        f"the clauses {names} exclude each other and all are met; apply for one of them by name",
        field="clause",
    )


def _under_shared_caps(by_id: dict[str, ClauseFound], pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    taken_fen: dict[str, int] = {}
    kept = []
    for piece in pieces:
        found = by_id[piece.clause]
        bounding = [use for use in found.caps if bounds_grant(use, found.grants) and use.subject is not Subject.CLAIM]
        left_fen = [max(0, use.left_fen - taken_fen.get(use.key, 0)) for use in bounding]
        amount_fen = min([piece.amount_fen, *left_fen])
        for use in bounding:
            taken_fen[use.key] = taken_fen.get(use.key, 0) + amount_fen
        if amount_fen:
            kept.append(Piece(piece.clause, piece.grants, amount_fen))
    return tuple(kept)


def _under_ceiling(
    weighing: Weighing, ceiling: schema.Ceiling, pieces: tuple[Piece, ...], steps: list[Step]
) -> tuple[Piece, ...]:
    """Bound what is given together; the last clauses give way first."""
    limit_fen = limit_of(weighing, ceiling)
    besides_fen = weighing.money(ceiling.besides) if ceiling.besides else 0
    if limit_fen is None or besides_fen is None:
        return ()
    left_fen, total_fen = max(0, limit_fen - besides_fen), sum(piece.amount_fen for piece in pieces)
    after_fen = min(left_fen, total_fen)
    figure = shown(Kind.MONEY, limit_fen)
    steps.append(Step(StepKind.CEILING, "", ceiling.label, figure, total_fen, after_fen, binding=after_fen < total_fen))
    if not left_fen:
        weighing.refuse(
            "CEILING_REACHED",
            f"{ceiling.label.zh} {yuan(limit_fen)} 元已被其他支持用完",
            f"{ceiling.label.en}, {yuan(limit_fen)} yuan, is used up by other support",
        )
    kept = []
    for piece in pieces:
        part_fen = min(piece.amount_fen, after_fen)
        after_fen -= part_fen
        if part_fen:
            kept.append(Piece(piece.clause, piece.grants, part_fen))
    return tuple(kept)
