"""What is at hand while a decision is made: facts, counters, figures, and the reasons found so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.policy.rules import schema
from jiaozi.policy.rules.conditions import ON, SUPPLIERS, instant
from jiaozi.policy.rules.decision import FactUsed
from jiaozi.policy.rules.document import Document
from jiaozi.policy.rules.facts import Known
from jiaozi.policy.rules.figures import PARAMETER_PREFIX, Figure

_NOT_GIVEN = Label("未提供", "not given")


@lru_cache(maxsize=128)
def parameters(document: Document, allow_demo: bool) -> Mapping[str, Any]:
    """Give every parameter's usable value; one that is unpublished without a usable demo value is absent."""
    typed = {name: parameter.typed(allow_demo=allow_demo) for name, parameter in document.programme.parameters.items()}
    return {name: value for name, value in typed.items() if value is not None}


@lru_cache(maxsize=128)
def _constants(document: Document, allow_demo: bool) -> Mapping[str, Any]:
    """Give what CEL sees beside the facts: parameters and the named suppliers."""
    return {f"{PARAMETER_PREFIX}{name}": _cel(value) for name, value in parameters(document, allow_demo).items()}


@lru_cache(maxsize=1024)
def suppliers_on(document: Document, on: date, allow_demo: bool) -> tuple[schema.Supplier, ...]:
    """Give the suppliers on the list that day, both ends inside; none where a list is unpublished without a demo."""
    suppliers = document.programme.suppliers
    if suppliers.unpublished and not allow_demo:
        return ()
    known = parameters(document, allow_demo)

    def day(figure: Figure | None, otherwise: date) -> date | None:
        if figure is None:
            return otherwise
        found: date | None = known.get(figure.parameter) if figure.parameter else figure.value
        return found

    listed = []
    for supplier in suppliers.named:
        first, last = day(supplier.since, date.min), day(supplier.to, date.max)
        if first and last and first <= on <= last:
            listed.append(supplier)
    return tuple(listed)


def _cel(value: Any) -> Any:
    if isinstance(value, Fraction):
        return float(value)
    return instant(value) if isinstance(value, date) else value


@dataclass(slots=True)
class Weighing:
    """One decision in the making; ``begin`` starts the next clause with an empty sheet."""

    document: Document
    known: Mapping[str, Known]
    counters: Mapping[str, int]
    on: date
    allow_demo: bool
    applied_on: date | None = None
    activation: Any = field(init=False)
    clause: str = ""
    reasons: list[Reason] = field(default_factory=list)
    unpublished: dict[str, None] = field(default_factory=dict)
    seen: dict[str, FactUsed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        values = {name: fact.cel for name, fact in self.known.items()}
        constants = _constants(self.document, self.allow_demo)
        listed = [supplier.id for supplier in suppliers_on(self.document, self.on, self.allow_demo)]
        named = {SUPPLIERS: [*dict.fromkeys(listed)], ON: instant(self.on)}
        self.activation = self.document.compiler.activation({**constants, **values, **named})

    def begin(self, clause_id: str) -> None:
        """Start the next clause."""
        self.clause, self.reasons, self.unpublished = clause_id, [], {}

    def used(self, name: str) -> FactUsed:
        """Give a fact the way a reason shows it."""
        if name not in self.seen:
            label = self.document.programme.facts[name].label
            fact = self.known.get(name)
            plain, shown = (fact.plain, fact.shown) if fact else (None, _NOT_GIVEN)
            self.seen[name] = FactUsed(name, label, plain, shown)
        return self.seen[name]

    def refuse(self, code: str, zh: str, en: str, *, field: str = "") -> None:
        """Add a reason against the clause."""
        self.reasons.append(Reason(code, Label(zh, en), field, self.clause))

    def refuse_missing(self, name: str) -> None:
        """Add the reason for a fact that was not given."""
        label = self.document.programme.facts[name].label
        if not any(reason.code == "FACT_MISSING" and reason.field == name for reason in self.reasons):
            self.refuse("FACT_MISSING", f"缺少事实：{label.zh}", f"this fact is missing: {label.en}", field=name)

    def note(self, name: str) -> None:
        """Remember that something unpublished was used."""
        self.unpublished[name] = None

    def parameter(self, name: str) -> bool:
        """Say whether a parameter can be used; where it can't, add the reason that names it."""
        declared = self.document.programme.parameters[name]
        if declared.unpublished:
            self.note(name)
        if name in parameters(self.document, self.allow_demo):
            return True
        self.refuse(
            "PARAMETER_UNPUBLISHED",
            f"未公布：{declared.zh}（{name}），无法决定",
            f"not published: {declared.en} ({name}); it can't be decided",
            field=f"{PARAMETER_PREFIX}{name}",
        )
        return False

    def suppliers_known(self) -> bool:
        """Say whether the list of suppliers can be used; where it is not published, add the reason."""
        if not self.document.programme.suppliers.unpublished:
            return True
        self.note(SUPPLIERS)
        if not self.allow_demo and not any(reason.code == "SUPPLIERS_UNPUBLISHED" for reason in self.reasons):
            self.refuse(
                "SUPPLIERS_UNPUBLISHED",
                "供给方名单未公布，无法决定",
                "the list of suppliers is not published; it can't be decided",
                field=SUPPLIERS,
            )
        return self.allow_demo

    def money(self, name: str) -> int | None:
        """Give a money fact in fen, or None with a reason where it was not given."""
        fact = self.known.get(name)
        if fact is None:
            self.refuse_missing(name)
            return None
        return int(fact.cel)

    def figure(self, figure: Figure) -> Any:
        """Give a figure's value, or None with a reason where it is not published."""
        if not figure.parameter:
            return figure.value
        return (
            parameters(self.document, self.allow_demo)[figure.parameter] if self.parameter(figure.parameter) else None
        )
