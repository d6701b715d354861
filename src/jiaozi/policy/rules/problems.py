"""What is wrong with a document or with facts: every problem at once, each with its place and what would be right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason, Refused

PROBLEMS_MAX = 50
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a document; line and column count from 1."""

    line: int
    column: int
    path: str
    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """Give ``line:column path: what is wrong``."""
        text = Label(self.zh, self.en).in_language(language)
        return f"{self.line}:{self.column} {self.path}: {text}" if self.path else f"{self.line}:{self.column} {text}"


class UnableToReadProgramme(Refused):
    """A document that can't be used; ``problems`` has all of them, the message the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))[:PROBLEMS_MAX]
        first = self.problems[0]
        super().__init__("PROGRAMME_UNREADABLE", first.in_language("zh"), first.in_language("en"))


class UnableToReadFacts(Refused):
    """Facts that are unknown, mistyped or contradictory; ``reasons`` has all of them, the message the first."""

    def __init__(self, reasons: Iterable[Reason]) -> None:
        self.reasons = tuple(reasons)[:PROBLEMS_MAX]
        first = self.reasons[0]
        super().__init__(first.code, first.label.zh, first.label.en, field=first.field)


class UnableToDecide(Refused):
    """A figure that the question needs is not published and demo values are not allowed, or the clause is unknown."""


def dotted(path: Path) -> str:
    """Write a path like ``clauses[2].amount.ratio``.

    >>> dotted(("clauses", 2, "when"))
    'clauses[2].when'
    """
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
