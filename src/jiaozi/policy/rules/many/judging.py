"""Judges a condition on whole columns, by the tree that the CEL checker gave back.

What CEL would end in an error on (an overflow, a division by zero) and what stands outside of the operators known here
is not answered: its rows are marked unsure and decided one by one by CEL itself. A row that is answered has the answer
that CEL gives.

Cost: about 1 ns a row and operator on numbers; on texts and lists one look-up table a condition, then 2 ns a row.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jiaozi.kernel.period import months_later
from jiaozi.policy.rules.conditions import MONTHS_MAX, ON, SUPPLIERS
from jiaozi.policy.rules.expression import Node, Whole
from jiaozi.policy.rules.figures import PARAMETER_PREFIX, read_date, read_money
from jiaozi.policy.rules.many.columns import Bools, Table
from jiaozi.policy.rules.words import Kind

SAFE_MAX = float(2**62)
"""Beyond this a sum or product may not fit 64 bits; float64 tells it with room to spare."""


class Unvectorised(Exception):  # noqa: N818 - a way out, caught where the rows are then decided one by one
    """An expression that is not judged on columns."""


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression comes to on every row: an array or one value for all, and where that is not sure."""

    kind: str
    data: Any
    words: Sequence[Any] | None = None
    unsure: Bools | None = None


_TYPES = {
    Kind.BOOL: "bool",
    Kind.INT: "int",
    Kind.MONEY: "uint",
    Kind.DATE: "date",
    Kind.TEXT: "text",
    Kind.ENUM: "text",
    Kind.DECIMAL: "double",
    Kind.RATIO: "double",
    Kind.LIST: "list",
    Kind.DATES: "dates",
}
_NUMBERS = ("int", "uint", "double", "date")
_COMPARED: dict[str, Callable[[Any, Any], Any]] = {
    "_<_": operator.lt,
    "_<=_": operator.le,
    "_>_": operator.gt,
    "_>=_": operator.ge,
    "_==_": operator.eq,
    "_!=_": operator.ne,
}
_OF_TEXT: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
}
_SUMS: dict[str, Callable[[Any, Any], Any]] = {"_+_": operator.add, "_-_": operator.sub, "_*_": operator.mul}


def _either(one: Bools | None, other: Bools | None) -> Bools | None:
    if one is None or other is None:
        return one if other is None else other
    return one | other


def _looked_up(value: Value, question: Callable[[Any], Any], kind: str) -> Value:
    """Ask a question of every word once."""
    if value.words is None:
        return Value(kind, question(value.data), None, value.unsure)
    answers = np.array([question(word) for word in value.words], dtype=bool if kind == "bool" else np.int64)
    return Value(kind, answers[value.data] if len(answers) else np.zeros(len(value.data), bool), None, value.unsure)


@dataclass(slots=True)
class Bench:
    """The columns, figures and lists that expressions read."""

    table: Table
    parameters: Mapping[str, Value]
    listed: Mapping[date, frozenset[str]]
    _read: dict[str, Value] = field(default_factory=dict)

    def judge(self, tree: Node) -> Value:
        """Give an expression's value on every row.

        Raises
        ------
        Unvectorised
            When it holds an operator that is not known here.
        """
        if tree.is_literal:
            return self._literal(tree)
        if tree.is_name:
            if tree.name not in self._read:
                self._read[tree.name] = self._named(tree.name)
            return self._read[tree.name]
        if not tree.is_call:
            raise Unvectorised
        if tree.name == "@in":
            return self._member(tree)
        if tree.name in ("yuan", "day"):
            return self._written(tree)
        parts = [self.judge(part) for part in tree.parts]
        return _call(tree.name, parts)

    def _literal(self, tree: Node) -> Value:
        value = tree.value
        if isinstance(value, bool):
            return Value("bool", value)
        if isinstance(value, Whole):
            return Value("uint", int(value))
        if isinstance(value, int | float):
            return Value("int" if isinstance(value, int) else "double", value)
        if isinstance(value, str):
            return Value("text", value)
        raise Unvectorised

    def _named(self, name: str) -> Value:
        if name == ON:
            return Value("date", self.table.on)
        if name.startswith(PARAMETER_PREFIX):
            return self.parameters[name.removeprefix(PARAMETER_PREFIX)]
        column = self.table.columns.get(name)
        if column is None:
            raise Unvectorised
        kind = _TYPES[column.kind]
        if column.kind is Kind.DECIMAL:
            numbers = np.array([float(word) for word in column.words], dtype=np.float64)
            return Value(kind, numbers[column.values])
        return Value(kind, column.values, column.words if kind in ("text", "list", "dates") else None)

    def _written(self, tree: Node) -> Value:
        """Read ``yuan('3万')`` and ``day('2023-09-01')``."""
        text = tree.parts[0].value
        if not isinstance(text, str):
            raise Unvectorised
        if tree.name == "yuan":
            return Value("uint", read_money(text))
        return Value("date", read_date(text).toordinal())

    def _member(self, tree: Node) -> Value:
        left, right = tree.parts
        asked = self.judge(left)
        if right.is_name and right.name == SUPPLIERS:
            return self._listed(asked)
        if right.is_list:
            parts = [self.judge(part) for part in right.parts]
            if asked.kind != "text" or any(part.kind != "text" or part.words is not None for part in parts):
                raise Unvectorised
            texts = {part.data for part in parts}
            return _looked_up(asked, lambda word: word in texts, "bool")
        held = self.judge(right)
        if held.kind != "list" or asked.kind != "text" or asked.words is not None:
            raise Unvectorised
        return _looked_up(held, lambda words: asked.data in words, "bool")

    def _listed(self, asked: Value) -> Value:
        """Ask whether a supplier is on the list of each row's date."""
        if asked.kind != "text":
            raise Unvectorised
        days, which = self.table.days
        data: NDArray[np.bool_] = np.zeros(self.table.count, dtype=bool)
        for names in {self.listed[day] for day in days}:
            rows = np.array([self.listed[day] == names for day in days])[which]
            data[rows] = np.broadcast_to(_looked_up(asked, names.__contains__, "bool").data, data.shape)[rows]
        return Value("bool", data, None, asked.unsure)


def constant(kind: Kind, value: Any) -> Value:
    """Give a parameter the form that CEL sees: a ratio is a double, a date its ordinal."""
    if kind is Kind.RATIO:
        value = float(value)
    elif kind is Kind.DATE:
        value = value.toordinal()
    return Value(_TYPES[kind], value)


def _call(name: str, parts: list[Value]) -> Value:
    if name in _LOGIC:
        return _LOGIC[name](*parts)
    if name in _COMPARED:
        return _comparison(name, *parts)
    if name == "size" or name in _OF_TEXT:
        return _of_words(name, parts)
    return _arithmetic(name, parts)


def _both(joined: Callable[[Any, Any], Any]) -> Callable[[Value, Value], Value]:
    return lambda one, other: Value("bool", joined(one.data, other.data), None, _either(one.unsure, other.unsure))


def _of_words(name: str, parts: list[Value]) -> Value:
    """Ask each text or list once."""
    if name == "size" and parts[0].kind in ("text", "list", "dates"):
        return _looked_up(parts[0], len, "int")
    if name not in _OF_TEXT or parts[0].kind != "text" or parts[1].words is not None:
        raise Unvectorised
    ask, part = _OF_TEXT[name], parts[1].data
    return _looked_up(parts[0], lambda word: ask(word, part), "bool")


def _choice(asked: Value, then: Value, other: Value) -> Value:
    if then.kind != other.kind or then.words is not None or other.words is not None or then.kind == "text":
        raise Unvectorised
    unsure = asked.unsure
    if then.unsure is not None:
        unsure = _either(unsure, then.unsure & asked.data)
    if other.unsure is not None:
        unsure = _either(unsure, other.unsure & ~np.asarray(asked.data))
    return Value(then.kind, np.where(asked.data, then.data, other.data), None, unsure)


def _comparison(name: str, one: Value, other: Value) -> Value:
    unsure = _either(one.unsure, other.unsure)
    if one.kind != other.kind:
        raise Unvectorised
    if one.kind in _NUMBERS or (one.kind == "bool" and name in ("_==_", "_!=_")):
        return Value("bool", _COMPARED[name](one.data, other.data), None, unsure)
    if one.kind == "text" and name in ("_==_", "_!=_") and (one.words is None or other.words is None):
        words, text = (one, other.data) if one.words is not None else (other, one.data)
        same = _looked_up(words, lambda word: word == text, "bool")
        return Value("bool", same.data if name == "_==_" else np.logical_not(same.data), None, unsure)
    raise Unvectorised


def _months(day: Value, count: Value) -> Value:
    if isinstance(count.data, np.ndarray) or abs(count.data) > MONTHS_MAX:
        raise Unvectorised
    ordinals, which = np.unique(np.asarray(day.data), return_inverse=True)
    later, wrong = [], []
    for ordinal in ordinals:
        try:
            later.append(months_later(date.fromordinal(int(ordinal)), int(count.data)).toordinal())
            wrong.append(False)
        except (ValueError, OverflowError):  # past the calendar, or a row without a date
            later.append(0)
            wrong.append(True)
    which = which.reshape(np.shape(day.data))
    unsure = np.array(wrong)[which] if any(wrong) else None
    return Value("date", np.array(later, dtype=np.int64)[which], None, _either(day.unsure, unsure))


def _arithmetic(name: str, parts: list[Value]) -> Value:
    kind = parts[0].kind
    if kind not in ("int", "uint", "double") or any(part.kind != kind for part in parts):
        if name == "double" and kind in ("int", "uint"):
            return Value("double", np.asarray(parts[0].data, dtype=np.float64), None, parts[0].unsure)
        raise Unvectorised
    if name == "-_" and kind != "uint":
        return Value(kind, -np.asarray(parts[0].data), None, parts[0].unsure)
    one, other = (np.asarray(part.data) for part in parts) if len(parts) > 1 else (None, None)
    if one is None or other is None:
        raise Unvectorised
    unsure = _either(parts[0].unsure, parts[1].unsure)
    with np.errstate(all="ignore"):
        if name in _SUMS:
            size = np.abs(_SUMS[name](one.astype(np.float64), other.astype(np.float64)))
            data = _SUMS[name](one, other)
            wrong = (size >= SAFE_MAX) | ((data < 0) if kind == "uint" else False)
            return Value(kind, data, None, unsure if kind == "double" else _either(unsure, np.asarray(wrong)))
        if name == "_/_" and kind == "double":
            return Value(kind, one / other, None, unsure)
        if name not in ("_/_", "_%_") or kind == "double":
            raise Unvectorised
        safe = np.where(other == 0, 1, other)  # CEL cuts towards zero, NumPy goes down
        quotient = np.abs(one) // np.abs(safe) * (np.sign(one) * np.sign(safe))
    data = quotient if name == "_/_" else one - quotient * safe
    return Value(kind, data, None, _either(unsure, np.broadcast_to(other == 0, data.shape)))


_LOGIC: dict[str, Callable[..., Value]] = {
    "_&&_": _both(np.logical_and),
    "_||_": _both(np.logical_or),
    "!_": lambda one: Value("bool", np.logical_not(one.data), None, one.unsure),
    "_?_:_": _choice,
    "months": _months,
}
