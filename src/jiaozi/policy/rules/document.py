"""A document is a programme's text, read, checked as a whole and compiled; its version is the SHA-256 of the text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jiaozi.kernel.label import Label
from jiaozi.policy.rules import checking, reading, schema
from jiaozi.policy.rules.conditions import Compiled, Compiler, UnableToCompile
from jiaozi.policy.rules.figures import PARAMETER_PREFIX
from jiaozi.policy.rules.problems import Path, Problem, UnableToDecide, UnableToReadProgramme
from jiaozi.policy.rules.words import Kind

NAME_SHOWN_MAX = 60
DOCUMENTS_KEPT = 64
CONSISTENT, ALWAYS, SUPPLIER_TESTS = " consistent", " always", " suppliers"


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
    tests
        The conditions of each clause by its id, and the programme's own lists by the names above.
    asides
        Conditions that choose and do not refuse, by where they stand: ``general.modifiers[0]``.
    case_places
        Line and column of each worked case, counted from 1.
    """

    version: str
    programme: schema.Programme
    tests: Mapping[str, tuple[Test, ...]]
    asides: Mapping[str, Test]
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

    @property
    def consistent(self) -> tuple[Test, ...]:
        """What any facts must keep."""
        return self.tests[CONSISTENT]

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
        asked = clause_id[:NAME_SHOWN_MAX] if clause_id.isprintable() else ascii(clause_id)[:NAME_SHOWN_MAX]
        raise UnableToDecide(
            "CLAUSE_UNKNOWN",
            f"没有条款 {asked}，现有：{there}",
            f"no clause {asked}; there is: {there}",
            field="clause",
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
    problems = [marks.problem(path, wrong) for path, wrong in checking.wrongs(programme)]
    compiler = Compiler(
        _names(programme), {name: tuple(fact.values) for name, fact in programme.facts.items() if fact.values}
    )
    sheet = _Sheet(compiler, marks, problems)
    tests = {
        clause.id: sheet.compile_all(clause.when, ("clauses", index, "when"), f"{clause.id}.when")
        for index, clause in enumerate(programme.clauses)
    }
    tests |= {key: sheet.compile_all(part, path, name) for key, part, path, name in _lists(programme)}
    asides = {name: sheet.compile(condition, path, name) for name, path, condition in _asides(programme)}
    if problems:
        raise UnableToReadProgramme(problems)
    found = {name: test for name, test in asides.items() if test is not None}
    places = tuple(marks.of(("cases", index)) for index in range(len(programme.cases)))
    return Document(hashlib.sha256(text.encode()).hexdigest(), programme, tests, found, compiler, places)


def _names(programme: schema.Programme) -> dict[str, Kind]:
    facts = {name: fact.kind for name, fact in programme.facts.items()}
    return facts | {f"{PARAMETER_PREFIX}{name}": parameter.kind for name, parameter in programme.parameters.items()}


def _lists(programme: schema.Programme) -> Iterator[tuple[str, tuple[schema.Condition, ...], Path, str]]:
    """Give the programme's own lists of conditions; a space keeps their names apart from clauses."""
    yield CONSISTENT, programme.consistent, ("consistent",), "consistent"
    yield ALWAYS, programme.always, ("always",), "always"
    yield SUPPLIER_TESTS, programme.suppliers.tests, ("suppliers", "tests"), "suppliers.tests"


def _asides(programme: schema.Programme) -> Iterator[tuple[str, Path, schema.Condition]]:
    """Give every condition that chooses and does not refuse: modifiers, caps and papers for some only."""
    owners: list[tuple[str, Path, Any]] = [
        (clause.id, ("clauses", index), clause) for index, clause in enumerate(programme.clauses)
    ]
    for name, path, clause in owners:
        for place, modifier in enumerate(clause.amount.modifiers if clause.amount else ()):
            yield f"{name}.modifiers[{place}]", (*path, "amount", "modifiers", place), modifier
    owners += [(f"classes.{name}", ("classes", name), kind) for name, kind in programme.classes.items()]
    for name, path, owner in owners:
        for place, under in enumerate(owner.caps):
            if under.only:
                yield f"{name}.caps[{place}]", (*path, "caps", place, "only"), under.only
    papers: list[tuple[str, Path, Any]] = [("", (), programme), *owners[: len(programme.clauses)]]
    for name, path, owner in papers:
        for place, paper in enumerate(owner.evidence):
            if paper.only:
                yield f"{name}.evidence[{place}]", (*path, "evidence", place, "only"), paper.only


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What compiling needs, and where it writes what is wrong."""

    compiler: Compiler
    marks: reading.Marks
    problems: list[Problem]

    def compile(self, condition: schema.Condition, path: Path, name: str) -> Test | None:
        """Compile one condition, or note what is wrong with it."""
        try:
            compiled = self.compiler.compile(condition.test)
        except UnableToCompile as wrong:
            column = wrong.column - 1 if wrong.line == 1 else 0
            self.problems.append(self.marks.problem((*path, "if"), wrong, shift=(wrong.line - 1, column)))
            return None
        return Test(name, compiled, condition.label, condition.unpublished)

    def compile_all(self, conditions: tuple[schema.Condition, ...], path: Path, name: str) -> tuple[Test, ...]:
        """Compile a list of conditions."""
        tests = (self.compile(one, (*path, index), f"{name}[{index}]") for index, one in enumerate(conditions))
        return tuple(test for test in tests if test is not None)
