"""Two clauses shadow each other when one can never be chosen: whenever it is met, the other gives at least as much."""

from __future__ import annotations

from collections.abc import Iterator

from jiaozi.policy.rules import schema
from jiaozi.policy.rules.figures import Unreadable
from jiaozi.policy.rules.problems import Path
from jiaozi.policy.rules.words import Concurrence, Decided


def shadows(programme: schema.Programme) -> Iterator[tuple[Path, Unreadable]]:
    """Refuse a clause that another one always outdoes, or that is always met together with one it excludes."""
    for index, clause in enumerate(programme.clauses):
        for before, other in enumerate(programme.clauses):
            if before == index or clause.id == other.id:
                continue
            rule = _rule(programme, clause, other)
            if rule is Concurrence.EXCLUSIVE and before < index and _tests(clause) == _tests(other):
                yield ("clauses", index), _always_both(clause, other)
            elif (
                rule is Concurrence.HIGHEST
                and _outdone(clause, other)
                and not (_outdone(other, clause) and index < before)
            ):
                yield ("clauses", index), _never(clause, other)


def _rule(programme: schema.Programme, one: schema.Clause, other: schema.Clause) -> Concurrence | None:
    """Give the rule that two clauses stand to each other by; None where it is not known."""
    together = programme.together
    group = next((group for group in together.groups if {one.id, other.id} <= {*group.clauses}), None)
    figure = group.rule if group else together.rule
    parameter = programme.parameters.get(figure.parameter) if figure.parameter else None
    raw = parameter.typed(allow_demo=True) if parameter else figure.value
    return Concurrence(raw) if raw in [*Concurrence] else None


def _tests(clause: schema.Clause) -> frozenset[str]:
    return frozenset(" ".join(condition.test.split()) for condition in clause.when)


def _outdone(clause: schema.Clause, by: schema.Clause) -> bool:
    """Say whether ``by`` is met whenever ``clause`` is, and then never gives less."""
    if clause.decided is not Decided.BY_RULE or by.decided is not Decided.BY_RULE or by.windows or by.once:
        return False
    same_kind = (clause.grants, clause.voucher_class) == (by.grants, by.voucher_class)
    wider = _tests(by) <= _tests(clause) and {*by.without} >= {*clause.without}
    looser = {under.cap for under in by.caps} <= {under.cap for under in clause.caps}
    return same_kind and wider and looser and _gives_as_much(by.amount, clause.amount)


def _gives_as_much(more: schema.Amount | None, less: schema.Amount | None) -> bool:
    if more is None or less is None:
        return more is less
    if more.model_copy(update={"ratio": None, "fixed": None}) != less.model_copy(update={"ratio": None, "fixed": None}):
        return False
    for mine, other in ((more.ratio, less.ratio), (more.fixed, less.fixed)):
        if mine is None or other is None:
            if mine is not other:
                return False
        elif mine != other and (mine.parameter or other.parameter or mine.value < other.value):
            return False
    return True


def _never(clause: schema.Clause, other: schema.Clause) -> Unreadable:
    return Unreadable(
        f"条款 {clause.id} 被 {other.id} 遮蔽：凡符合前者必符合后者，且后者给付不低；请加上区分二者的条件，或删一条",
        f"the clause {clause.id} is shadowed by {other.id}: whoever meets it meets that one too and gets no less; "
        f"add the condition that tells them apart, or leave one out",
    )


def _always_both(clause: schema.Clause, other: schema.Clause) -> Unreadable:
    return Unreadable(
        f"条款 {clause.id} 与 {other.id} 条件相同又互斥，永远无法自动决定；请加上使二者不同的条件",
        f"the clauses {clause.id} and {other.id} have the same conditions and exclude each other, so neither is ever "
        f"given; add the condition that tells them apart",
    )
