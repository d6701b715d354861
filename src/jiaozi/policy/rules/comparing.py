"""Two programmes side by side: in words what changed and for whom, and on a list of applicants who gains and loses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.policy.rules.deciding import decide
from jiaozi.policy.rules.decision import Outcome
from jiaozi.policy.rules.document import Document
from jiaozi.policy.rules.problems import UnableToReadFacts
from jiaozi.policy.rules.saying import Said, statements

APPLICANTS_MAX = 100_000


class Turn(StrEnum):
    """What became of a statement."""

    ADDED = "added"
    REMOVED = "removed"
    RAISED = "raised"
    LOWERED = "lowered"
    CHANGED = "changed"


TURNS = {
    Turn.ADDED: Label("新增", "added"),
    Turn.REMOVED: Label("取消", "removed"),
    Turn.RAISED: Label("提高", "raised"),
    Turn.LOWERED: Label("降低", "lowered"),
    Turn.CHANGED: Label("改变", "changed"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: where it stands, what became of it, whom it touches, and both texts."""

    name: str
    turn: Turn
    whom: Label
    about: Label
    before: Label | None
    after: Label | None

    def in_language(self, language: str) -> str:
        """Say it in one line."""
        turn, about = TURNS[self.turn].in_language(language), self.about.in_language(language)
        texts = [text.in_language(language) for text in (self.before, self.after) if text]
        return f"{self.whom.in_language(language)} · {turn} {about}: {' → '.join(texts)}"


class Effect(StrEnum):
    """What a change of programme is to one applicant."""

    GAINS = "gains"
    LOSES = "loses"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Standing:
    """What one applicant gets under one programme, each decided alone and with nothing used before."""

    outcome: Outcome
    amount_fen: int | None
    clause: str
    reasons: tuple[Reason, ...]

    def in_language(self, language: str) -> str:
        """Say it shortly."""
        if self.outcome is Outcome.BY_HAND:
            return Label("一事一议", "case by case").in_language(language)
        return yuan(self.amount_fen or 0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One applicant under both programmes."""

    applicant: str
    before: Standing
    after: Standing

    @property
    def effect(self) -> Effect:
        """Whether the applicant gains; to be decided by hand stands above a refusal, below no sum."""
        before, after = _rank(self.before), _rank(self.after)
        return Effect.SAME if before == after else Effect.GAINS if after > before else Effect.LOSES


def compare(before: Document, after: Document) -> tuple[Change, ...]:
    """Say what changed between two documents, in the order of the new one; what was removed comes last."""
    old, new = statements(before), statements(after)
    changed = [_change(name, old.get(name), said) for name, said in new.items()]
    changed += [_change(name, said, None) for name, said in old.items() if name not in new]
    parts = _whole_parts(old, new)
    return tuple(one for one in changed if one is not None and not _inside(one.name, parts))


def _change(name: str, old: Said | None, new: Said | None) -> Change | None:
    if old and new:
        if old.text == new.text and old.about == new.about:
            return None
        turn = Turn.CHANGED
        if old.size is not None and new.size is not None and old.size != new.size:
            turn = Turn.RAISED if new.size > old.size else Turn.LOWERED
        return Change(name, turn, new.whom, new.about, old.text, new.text)
    said = new or old
    if said is None:
        return None
    turn = Turn.ADDED if new else Turn.REMOVED
    return Change(name, turn, said.whom, said.about, old.text if old else None, new.text if new else None)


def _whole_parts(old: Mapping[str, Said], new: Mapping[str, Said]) -> set[str]:
    """Name the sections that came or went whole: their figures need not be told one by one."""
    sections = {name for name in {*old} ^ {*new} if "/" not in name}
    return {f"{name}/" for name in sections}


def _inside(name: str, parts: Iterable[str]) -> bool:
    return any(name.startswith(part) for part in parts)


def compare_applicants(
    before: tuple[Document, date],
    after: tuple[Document, date],
    applicants: Sequence[tuple[str, Mapping[str, Any]]],
    *,
    allow_demo: bool,
) -> Iterator[Comparison]:
    """Decide every applicant under both programmes, each on its day.

    A programme is shown only the facts that it declares; one that it declares and that is missing refuses there.
    """
    for name, facts in applicants[:APPLICANTS_MAX]:
        yield Comparison(name, _standing(*before, facts, allow_demo), _standing(*after, facts, allow_demo))


def _standing(document: Document, on: date, facts: Mapping[str, Any], allow_demo: bool) -> Standing:
    try:
        decision = decide(document, facts=_declared(document, facts), counters={}, on=on, allow_demo=allow_demo)
    except UnableToReadFacts as refused:
        return Standing(Outcome.REFUSED, 0, "", refused.reasons)
    return Standing(decision.outcome, decision.amount_fen, decision.chosen, decision.reasons)


def _declared(document: Document, facts: Mapping[str, Any]) -> dict[str, Any]:
    names = {*document.facts}
    kept: dict[str, Any] = {}
    for group, inner in facts.items():
        if isinstance(inner, Mapping):
            kept[group] = {field: value for field, value in inner.items() if f"{group}.{field}" in names}
        elif group in names:
            kept[group] = inner
    return kept


def _rank(standing: Standing) -> tuple[int, int]:
    orders = {Outcome.REFUSED: 0, Outcome.BY_HAND: 1, Outcome.GRANTED: 2}
    return orders[standing.outcome], standing.amount_fen or 0


def totals(comparisons: Iterable[Comparison]) -> dict[Effect, tuple[int, int]]:
    """Count applicants and add up the difference in fen, by effect."""
    sums = dict.fromkeys(Effect, (0, 0))
    for one in comparisons:
        count, fen = sums[one.effect]
        sums[one.effect] = (count + 1, fen + (one.after.amount_fen or 0) - (one.before.amount_fen or 0))
    return sums
