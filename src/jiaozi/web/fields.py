"""The facts of a programme as fields of a form: any city's document makes its own form, and reads its own answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.policy.rules import Document
from jiaozi.policy.rules.words import Kind

TEXT_MAX = 2_000
_YES, _NO = "yes", "no"
_BETWEEN = re.compile(r"[,，、;；\s]+")
_WHOLE = re.compile(r"^-?\d{1,15}$")
_HINTS = {
    Kind.MONEY: Label("元，也可写1200万", "CNY; 1200万 is understood"),
    Kind.DATE: Label("如2026-11-24", "like 2026-11-24"),
    Kind.LIST: Label("多项以逗号分开", "commas between several"),
    Kind.DATES: Label("多个日期以逗号分开，没有则填“无”", "commas between several; “none” if there are none"),
}
_NONE = ("无", "none")


@dataclass(frozen=True, slots=True)
class Field:
    """One fact in a form; ``value`` is what was typed, ``wrong`` what is wrong with it."""

    name: str
    label: Label
    kind: Kind
    options: tuple[tuple[str, Label], ...]
    hint: Label | None
    value: str = ""
    wrong: Label | None = None

    @property
    def id(self) -> str:
        """Its id in the page."""
        return f"fact-{self.name.replace('.', '-')}"

    @property
    def mode(self) -> str:
        """Which keyboard a telephone shows."""
        return {Kind.INT: "numeric", Kind.DECIMAL: "decimal"}.get(self.kind, "text")


def fields(
    document: Document, names: Iterable[str], given: Mapping[str, str], reasons: Iterable[Reason] = ()
) -> list[Field]:
    """Give the fields for some facts, with what was typed and what is wrong with it."""
    wrong = {reason.field: reason.label for reason in reasons}
    return [_field(document, name, given.get(name, ""), wrong.get(name)) for name in names]


def _field(document: Document, name: str, value: str, wrong: Label | None) -> Field:
    fact = document.programme.facts[name]
    options = tuple((key, word.label) for key, word in fact.values.items())
    if fact.kind is Kind.TEXT and name in suppliers_named_by(document):
        options = tuple((one.id, one.label) for one in document.programme.suppliers.named)
    if fact.kind is Kind.BOOL:
        options = ((_YES, Label("是", "yes")), (_NO, Label("否", "no")))
    return Field(name, fact.label, fact.kind, options, _HINTS.get(fact.kind), value, wrong)


def suppliers_named_by(document: Document) -> set[str]:
    """Give the facts that name a supplier of the programme's list: those that a condition looks up in it."""
    if not document.programme.suppliers.named:
        return set()
    tests = [test for tests in document.tests.values() for test in tests if test.compiled.suppliers]
    named = {name for test in tests for name in test.compiled.facts if name.endswith("supplier")}
    if document.programme.suppliers.fact:
        named.add(document.programme.suppliers.fact)
    return named


def answers(document: Document, names: Iterable[str], given: Mapping[str, str]) -> dict[str, Any]:
    """Give the facts that were answered as nested JSON; what is typed wrongly goes on, for the policy to name."""
    facts: dict[str, dict[str, Any]] = {}
    for name in names:
        text = given.get(name, "").strip()[:TEXT_MAX]
        if not text:
            continue
        group, _, part = name.partition(".")
        facts.setdefault(group, {})[part] = _typed(document.programme.facts[name].kind, text)
    return {group: parts.get("", parts) for group, parts in facts.items()}


def typed_back(document: Document, names: Iterable[str], facts: Mapping[str, Any]) -> dict[str, str]:
    """Give stored facts as they would be typed into the form."""
    return {
        name: _shown(document.programme.facts[name].kind, facts[name]) for name in names if facts.get(name) is not None
    }


def _typed(kind: Kind, text: str) -> Any:
    if kind is Kind.BOOL:
        return {_YES: True, _NO: False}.get(text, text)
    if kind is Kind.INT:
        return int(text) if _WHOLE.match(text) else text
    if kind in {Kind.LIST, Kind.DATES}:
        return [] if text in _NONE else [part for part in _BETWEEN.split(text) if part]
    return text.replace(",", "").replace("，", "").removesuffix("元") if kind is Kind.MONEY else text


def _shown(kind: Kind, value: Any) -> str:
    if kind is Kind.BOOL:
        return _YES if value else _NO
    if kind is Kind.MONEY:
        yuan, fen = divmod(int(value), 100)
        return f"{yuan}.{fen:02d}" if fen else str(yuan)
    if kind in {Kind.LIST, Kind.DATES}:
        return ", ".join(value) or _NONE[0]
    return str(value)
