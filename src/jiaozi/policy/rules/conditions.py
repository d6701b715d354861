"""Conditions are CEL, compiled against the declared facts and run with a budget; only a clean ``true`` passes.

Types keep units apart: money is ``uint`` fen, so that it compares only with ``yuan('30亿')``; a decimal is ``double``
with at most 15 digits, which compares exactly; a date is a timestamp beside ``day('2023-09-01')``. CEL answers
``true || unknown`` with true, so every fact that a condition names must be known before it runs; it answers
``true || error`` with true as well, so where an operand can fail each operand is also run by itself.

Cost: about 5 µs a condition. The library stops a comprehension after 10,000 steps and nesting after 32; source and
facts are bounded here, so the most that one condition can cost is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from jiaozi.kernel.period import local_date, months_later, start_of_day
from jiaozi.policy.rules import expression as reading_expression
from jiaozi.policy.rules.figures import PARAMETER_PREFIX, Unreadable, read_date, read_money
from jiaozi.policy.rules.words import Kind

SOURCE_LENGTH_MAX = 500
MONTHS_MAX = 1_200
SUPPLIERS = "suppliers.named"
ON = "on"

_TYPES = {
    Kind.BOOL: cel.Type.BOOL,
    Kind.INT: cel.Type.INT,
    Kind.DECIMAL: cel.Type.DOUBLE,
    Kind.MONEY: cel.Type.UINT,
    Kind.RATIO: cel.Type.DOUBLE,
    Kind.TEXT: cel.Type.STRING,
    Kind.ENUM: cel.Type.STRING,
    Kind.DATE: cel.Type.TIMESTAMP,
    Kind.LIST: cel.Type.List(cel.Type.STRING),
    Kind.DATES: cel.Type.List(cel.Type.TIMESTAMP),
}
_ERROR = re.compile(r"<input>:(-?\d+):(-?\d+): (.*)")
_TEXT_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")
_LITERAL = re.compile(r"\b(yuan|day)\(\s*(['\"])(.*?)\2\s*\)")


class UnableToCompile(Unreadable):
    """A condition that is not CEL over the declared facts; line and column count from 1 inside its source."""

    def __init__(self, line: int, column: int, zh: str, en: str) -> None:
        self.line, self.column = max(line, 1), max(column, 1)
        super().__init__(zh, en)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A condition ready to run, and the names that it rests on.

    ``probes`` are the operands of its ``||`` and ``&&`` where one of them can fail: each must run without an error.
    """

    source: str
    expression: Any
    facts: tuple[str, ...]
    parameters: tuple[str, ...]
    suppliers: bool = False
    probes: tuple[Any, ...] = ()


@lru_cache(maxsize=4096)
def instant(day: date) -> datetime:
    """Give a date the form that CEL compares: its first instant in Asia/Shanghai."""
    return start_of_day(day)


@lru_cache(maxsize=1024)
def _yuan(text: str) -> int:
    return read_money(text)


@lru_cache(maxsize=1024)
def _day(text: str) -> datetime:
    return instant(read_date(text)).astimezone(UTC)


def _months(day: datetime, count: int) -> datetime:
    """Give the Shanghai date so many months on, or back where the count is negative."""
    aware = day if day.tzinfo else day.replace(tzinfo=UTC)
    if abs(count) > MONTHS_MAX:
        raise ValueError(f"more than {MONTHS_MAX} months")
    return instant(months_later(local_date(aware), count)).astimezone(UTC)


def _function(name: str, answer: Any, code: Any, *takes: Any) -> Any:
    overload = cel.Overload(f"{name}_of", return_type=answer, parameters=[*takes], impl=code)
    return cel.FunctionDecl(name, [overload])


_FUNCTIONS = [
    _function("yuan", cel.Type.UINT, _yuan, cel.Type.STRING),
    _function("day", cel.Type.TIMESTAMP, _day, cel.Type.STRING),
    _function("months", cel.Type.TIMESTAMP, _months, cel.Type.TIMESTAMP, cel.Type.INT),
]


@dataclass(slots=True)
class Compiler:
    """Compiles the conditions of one document.

    ``names`` are its facts and ``parameter.x`` with their kinds, ``choices`` the values of those that are enums.
    """

    names: Mapping[str, Kind]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _variables: dict[str, Any] = field(init=False)
    _environment: Any = field(init=False)

    def __post_init__(self) -> None:
        self._variables = {name: _TYPES[kind] for name, kind in self.names.items()}
        self._variables |= {SUPPLIERS: _TYPES[Kind.LIST], ON: cel.Type.TIMESTAMP}
        self._environment = cel.NewEnv(variables=self._variables, functions=_FUNCTIONS)

    def compile(self, source: str) -> Compiled:
        """Type-check one condition.

        Raises
        ------
        UnableToCompile
            With line and column inside ``source``.
        """
        if len(source) > SOURCE_LENGTH_MAX:
            raise UnableToCompile(
                1,
                SOURCE_LENGTH_MAX,
                f"条件超过 {SOURCE_LENGTH_MAX} 字，请拆成多个条件",
                f"the condition is longer than {SOURCE_LENGTH_MAX} characters; split it into several",
            )
        _check_literals(source)
        try:
            expression = self._environment.compile(source)
        except (RuntimeError, ValueError) as wrong:
            raise self._complaint(str(wrong)) from wrong
        except TypeError as wrong:  # text that UTF-8 has no bytes for
            raise UnableToCompile(1, 1, "条件不是合格的文本", "the condition is no proper text") from wrong
        if expression.return_type() != cel.Type.BOOL:
            kind = expression.return_type().name()
            raise UnableToCompile(
                1, 1, f"条件的结果须为真或假，现为 {kind}", f"a condition answers true or false, not {kind}"
            )
        self._check_choices(source)
        tree = reading_expression.read(expression.serialize())
        used = reading_expression.names(tree)
        mine = [name for name in self.names if name in used]
        return Compiled(
            source,
            expression,
            tuple(name for name in mine if not name.startswith(PARAMETER_PREFIX)),
            tuple(name.removeprefix(PARAMETER_PREFIX) for name in mine if name.startswith(PARAMETER_PREFIX)),
            SUPPLIERS in used,
            self._probes(source) if reading_expression.absorbed(tree) else (),
        )

    def activation(self, values: Mapping[str, Any]) -> Any:
        """Bind values, for any number of conditions."""
        return self._environment.Activation(values)

    def _probes(self, source: str) -> tuple[Any, ...]:
        """Compile each operand by itself; one that still hides an error is refused."""
        probes = []
        for operand in reading_expression.operands(source):
            try:
                probe = self._environment.compile(operand)
            except (RuntimeError, ValueError) as wrong:
                raise self._hidden(source, 0) from wrong
            failing = reading_expression.absorbed(reading_expression.read(probe.serialize()))
            if failing:
                raise self._hidden(source, max(0, source.find(operand)) + failing.offset)
            probes.append(probe)
        return tuple(probes)

    def _hidden(self, source: str, offset: int) -> UnableToCompile:
        return UnableToCompile(
            *_place(source, offset),
            "此处运算可能出错，而外层的 ||、&& 或 exists、all 会掩盖错误；请拆成多个条件，或改用已算好的事实",
            "this can fail, and the || or && or exists or all around it would hide the error; "
            "split it into several conditions, or declare a fact that is worked out already",
        )

    def _check_choices(self, source: str) -> None:
        """Refuse a comparison with a value that the enum does not have: it would be false for ever, in silence."""
        for name, choices in self.choices.items():
            comparison = re.compile(rf"\b{re.escape(name)}\s*(?:[!=]=|in)\s*(\[[^\]]*\]|'[^']*'|\"[^\"]*\")")
            for offset, value in _values_compared(comparison, source):
                if value not in choices:
                    there = ", ".join(choices)
                    zh, en = (
                        f"{name} 没有取值 {value!r}，可选：{there}",
                        f"{name} has no value {value!r}; it has: {there}",
                    )
                    raise UnableToCompile(*_place(source, offset), zh, en)

    def _complaint(self, text: str) -> UnableToCompile:
        match = _ERROR.search(text)
        if not match:
            return UnableToCompile(1, 1, f"条件无法编译：{text}", f"the condition does not compile: {text}")
        line, column, what = int(match[1]), int(match[2]), match[3].strip()
        hint_zh, hint_en = self._hint(what)
        return UnableToCompile(line, column, f"条件有误：{what}{hint_zh}", f"the condition is wrong: {what}{hint_en}")

    def _hint(self, what: str) -> tuple[str, str]:
        undeclared = re.search(r"undeclared reference to '([^']+)'", what)
        if undeclared:
            near = get_close_matches(undeclared[1], [*self._variables, "yuan", "day", "months"], n=1)
            known = near[0] if near else ", ".join(list(self.names)[:5])
            return f"；已声明的有 {known}", f"; declared is {known}"
        if "no matching overload" in what and "uint" in what:
            return "；金额请与 yuan('300万') 比较", "; compare money with yuan('300万')"
        if "no matching overload" in what and "double" in what:
            return "；小数请写成 300.0", "; write a decimal like 300.0"
        if "Syntax error" in what:
            example = "need.cost > yuan('300万') && need.level == 'national'"
            return f"；写法如 {example}", f"; write it like {example}"
        return "", ""


def _values_compared(comparison: re.Pattern[str], source: str) -> Iterator[tuple[int, str]]:
    """Find the text literals that a comparison holds, each with its offset."""
    for match in comparison.finditer(source):
        for literal in _TEXT_LITERAL.finditer(match[1]):
            yield match.start(1) + literal.start(), literal[0][1:-1]


def _place(source: str, offset: int) -> tuple[int, int]:
    """Give line and column, from 1, of an offset."""
    return source.count("\n", 0, offset) + 1, offset - source.rfind("\n", 0, offset)


def _check_literals(source: str) -> None:
    """Read amounts and dates written in a condition now, so that a bad one is found at load, not at a decision."""
    for match in _LITERAL.finditer(source):
        try:
            (_yuan if match[1] == "yuan" else _day)(match[3])
        except Unreadable as wrong:
            raise UnableToCompile(*_place(source, match.start(3)), wrong.zh, wrong.en) from wrong


def run(compiled: Compiled, activation: Any) -> tuple[bool | None, str]:
    """Run a condition: true, false, or None with the error's text (budget passed, overflow, missing key …)."""
    try:
        answer = compiled.expression.eval(activation).value()  # of type BOOL by its compilation, or an error's text
        for probe in compiled.probes:
            part = probe.eval(activation).value()
            if not isinstance(part, bool):
                return None, str(part)[:200]
    except (RuntimeError, ValueError, TypeError) as wrong:
        return None, str(wrong)[:200]
    return (answer, "") if isinstance(answer, bool) else (None, str(answer)[:200])
