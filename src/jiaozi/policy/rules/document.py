"""A document is a programme's text, read, checked as a whole and compiled; its version is the SHA-256 of the text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from jiaozi.kernel.label import Label
from jiaozi.policy.rules import reading, schema, words
from jiaozi.policy.rules.conditions import Compiled, Compiler, UnableToCompile
from jiaozi.policy.rules.figures import PARAMETER_PREFIX, Figure, Unreadable
from jiaozi.policy.rules.problems import Path, Problem, UnableToDecide, UnableToReadProgramme
from jiaozi.policy.rules.words import Kind

DOCUMENTS_KEPT = 64


@dataclass(frozen=True, slots=True, eq=False)
class Test:
    """A compiled condition with its texts; ``name`` says where it stands, like ``general.when[1]``."""

    name: str
    compiled: Compiled
    label: Label
    unpublished: bool


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One version of one programme, ready to decide.

    Attributes
    ----------
    version
        SHA-256 of the text, in hex: equal texts are one version.
    case_places
        Line and column of each worked case, counted from 1.
    """

    version: str
    programme: schema.Programme
    tests: Mapping[str, tuple[Test, ...]]
    consistent: tuple[Test, ...]
    compiler: Compiler
    case_places: tuple[tuple[int, int], ...]

    @property
    def slug(self) -> str:
        """The programme's name, such as ``chengdu-2023``."""
        return self.programme.programme

    @property
    def facts(self) -> tuple[str, ...]:
        """The names of all facts that the document declares."""
        return tuple(self.programme.facts)

    def clause(self, clause_id: str) -> schema.Clause:
        """Find a clause.

        Raises
        ------
        UnableToDecide
            Naming the clauses there are.
        """
        for clause in self.programme.clauses:
            if clause.id == clause_id:
                return clause
        there = ", ".join(clause.id for clause in self.programme.clauses)
        raise UnableToDecide(
            "CLAUSE_UNKNOWN", f"没有条款 {clause_id}，现有：{there}", f"no clause {clause_id}; there is: {there}"
        )


@lru_cache(maxsize=DOCUMENTS_KEPT)
def load(text: str) -> Document:
    """Read, check and compile a document; the same text is compiled once.

    Raises
    ------
    UnableToReadProgramme
        With every problem found, each with line, column and what would be right.
    """
    tree, marks = reading.parse(text)
    programme = reading.validate(tree, marks)
    problems = [*_cross_checks(programme, marks)]
    compiler = Compiler(
        _names(programme), {name: tuple(fact.values) for name, fact in programme.facts.items() if fact.values}
    )
    sheet = _Sheet(compiler, marks, problems)
    tests = {}
    for index, clause in enumerate(programme.clauses):
        tests[clause.id] = _compile_all(clause.when, ("clauses", index, "when"), sheet, f"{clause.id}.when")
    consistent = _compile_all(programme.consistent, ("consistent",), sheet, "consistent")
    if problems:
        raise UnableToReadProgramme(problems)
    places = tuple(marks.of(("cases", index)) for index in range(len(programme.cases)))
    return Document(hashlib.sha256(text.encode()).hexdigest(), programme, tests, consistent, compiler, places)


def _names(programme: schema.Programme) -> dict[str, Kind]:
    facts = {name: fact.kind for name, fact in programme.facts.items()}
    return facts | {f"{PARAMETER_PREFIX}{name}": parameter.kind for name, parameter in programme.parameters.items()}


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What compiling needs, and where it writes what is wrong."""

    compiler: Compiler
    marks: reading.Marks
    problems: list[Problem]


def _compile_all(conditions: tuple[schema.Condition, ...], path: Path, sheet: _Sheet, name: str) -> tuple[Test, ...]:
    tests = []
    for index, condition in enumerate(conditions):
        try:
            compiled = sheet.compiler.compile(condition.test)
        except UnableToCompile as wrong:
            column = wrong.column - 1 if wrong.line == 1 else 0
            problem = sheet.marks.problem((*path, index, "if"), wrong, shift=(wrong.line - 1, column))
            sheet.problems.append(problem)
            continue
        tests.append(Test(f"{name}[{index}]", compiled, condition.label, condition.unpublished))
    return tuple(tests)


def _cross_checks(programme: schema.Programme, marks: reading.Marks) -> Iterator[Problem]:
    """Check what a part alone can't know: names that point at other parts, kinds that must fit, dates in order."""
    for path, figure in _figures(programme, ()):
        wrong = _figure_wrong(programme, figure)
        if wrong:
            yield marks.problem(path, wrong)
    for path, wrong in [
        *_clauses_wrong(programme),
        *_words_wrong(programme),
        *_dates_wrong(programme),
        *_cases_wrong(programme),
    ]:
        yield marks.problem(path, wrong)


def _figures(part: Any, path: Path) -> Iterator[tuple[Path, Figure]]:
    """Walk every figure of a document with its path in the YAML."""
    if isinstance(part, Figure):
        yield path, part
    elif isinstance(part, BaseModel):
        for name, field in type(part).model_fields.items():
            yield from _figures(getattr(part, name), (*path, field.alias or name))
    elif isinstance(part, Mapping):
        for name, inner in part.items():
            yield from _figures(inner, (*path, name))
    elif isinstance(part, tuple):
        for index, inner in enumerate(part):
            yield from _figures(inner, (*path, index))


def _figure_wrong(programme: schema.Programme, figure: Figure) -> Unreadable | None:
    if not figure.parameter:
        return None
    parameter = programme.parameters.get(figure.parameter)
    if parameter is None:
        return _missing("参数", "parameter", figure.parameter, programme.parameters)
    if parameter.kind is not figure.kind:
        return Unreadable(
            f"此处需要 {figure.kind}，参数 {figure.parameter} 是 {parameter.kind}",
            f"a {figure.kind} belongs here, the parameter {figure.parameter} is a {parameter.kind}",
        )
    return None


def _missing(zh: str, en: str, name: str, there: Any) -> Unreadable:
    names = ", ".join(there) or "—"
    return Unreadable(f"没有{zh} {name}，现有：{names}", f"there is no {en} {name}; there is: {names}")


def _clauses_wrong(programme: schema.Programme) -> Iterator[tuple[Path, Unreadable]]:
    seen: set[str] = set()
    for index, clause in enumerate(programme.clauses):
        path: Path = ("clauses", index)
        if clause.id in seen:
            yield (*path, "id"), Unreadable(f"条款 {clause.id} 出现两次", f"the clause {clause.id} appears twice")
        seen.add(clause.id)
        yield from _amount_wrong(programme, clause, path)
        for place, under in enumerate(clause.caps):
            cap = programme.caps.get(under.cap)
            if cap is None:
                yield (*path, "caps", place), _missing("上限", "cap", under.cap, programme.caps)
        for subject in _subjects(programme, clause):
            if programme.subjects.get(subject) is None:
                yield path, _missing("主体（subjects）", "entry in `subjects` for", subject, programme.subjects)


def _amount_wrong(programme: schema.Programme, clause: schema.Clause, path: Path) -> Iterator[tuple[Path, Unreadable]]:
    if clause.amount and clause.amount.of:
        base = programme.facts.get(clause.amount.of)
        if base is None:
            yield (*path, "amount", "of"), _missing("事实", "fact", clause.amount.of, programme.facts)
        elif base.kind is not Kind.MONEY:
            yield (
                (*path, "amount", "of"),
                Unreadable(f"{clause.amount.of} 不是金额", f"{clause.amount.of} is no money but {base.kind}"),
            )


def _subjects(programme: schema.Programme, clause: schema.Clause) -> set[str]:
    """Name the subjects whose id a clause needs from the facts."""
    caps = (programme.caps[under.cap].subject for under in clause.caps if under.cap in programme.caps)
    needed = {*caps, *([clause.once] if clause.once else [])}
    return {str(subject) for subject in needed - {words.Subject.PROGRAMME, words.Subject.CLAIM}}


_WORDS: tuple[tuple[Path, type[StrEnum]], ...] = (
    (("voucher", "expiry"), words.Expiry),
    (("settlement", "interval"), words.Interval),
    (("together", "rule"), words.Concurrence),
)


def _words_wrong(programme: schema.Programme) -> Iterator[tuple[Path, Unreadable]]:
    """Check text figures that must be one of a closed list, also when a parameter holds them."""
    for (part, name), choices in _WORDS:
        section = getattr(programme, str(part))
        figure = getattr(section, str(name)) if section else None
        if figure is None:
            continue
        parameter = programme.parameters.get(figure.parameter)
        raw = (parameter.demo if parameter.unpublished else parameter.value) if parameter else figure.value
        if raw is not None and raw not in [*choices]:
            allowed = ", ".join(choices)
            yield (part, name), Unreadable(f"{raw!r} 不在可选值内：{allowed}", f"{raw!r} is none of: {allowed}")
    for kind, fact in programme.subjects.items():
        if kind not in [*words.Subject]:
            yield ("subjects", kind), _missing("主体类型", "kind of subject", kind, words.Subject)
        elif fact not in programme.facts or programme.facts[fact].kind is not Kind.TEXT:
            texts = [name for name, declared in programme.facts.items() if declared.kind is Kind.TEXT]
            yield ("subjects", kind), _missing("文本事实", "text fact", fact, texts)


def _dates_wrong(programme: schema.Programme) -> Iterator[tuple[Path, Unreadable]]:
    bounds = []
    for figure in (programme.effective.since, programme.effective.to):
        parameter = programme.parameters.get(figure.parameter) if figure else None
        usable = figure is not None and (
            not figure.parameter or (parameter is not None and parameter.kind is Kind.DATE)
        )
        bounds.append((parameter.typed(allow_demo=True) if parameter else figure.value) if usable and figure else None)
    if bounds[0] and bounds[1] and bounds[1] < bounds[0]:
        yield ("effective", "to"), Unreadable("失效日早于生效日", "the last day of force is before the first")


def _cases_wrong(programme: schema.Programme) -> Iterator[tuple[Path, Unreadable]]:
    clauses = [clause.id for clause in programme.clauses]
    for index, case in enumerate(programme.cases):
        if case.clause is not None and case.clause not in clauses:
            yield ("cases", index, "clause"), _missing("条款", "clause", case.clause, clauses)
        if case.sample is not None and case.sample not in programme.samples:
            yield ("cases", index, "sample"), _missing("样例", "sample", case.sample, programme.samples)
        for name in case.used:
            if name not in programme.caps:
                yield ("cases", index, "used", name), _missing("上限", "cap", name, programme.caps)
