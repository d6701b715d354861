"""A decision is a frozen tree: clause → condition → facts used → amount step by step → caps → outcome with reasons.

It holds everything that it was made from, so that it can be made again (``replay``) and must come out equal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from jiaozi.kernel.label import Label
from jiaozi.kernel.period import Period
from jiaozi.kernel.refusal import Reason
from jiaozi.policy.rules.facts import Plain
from jiaozi.policy.rules.words import Grant, Measure, Subject

SUBJECT_LENGTH_MAX = 64


class Outcome(StrEnum):
    """What comes out: ``BY_HAND`` means eligible, and that a recorded human decision gives the amount."""

    GRANTED = "GRANTED"
    REFUSED = "REFUSED"
    BY_HAND = "BY_HAND"


class Truth(StrEnum):
    """What became of one condition; only TRUE passes."""

    TRUE = "TRUE"
    FALSE = "FALSE"
    ERROR = "ERROR"
    UNKNOWN = "UNKNOWN"
    UNPUBLISHED = "UNPUBLISHED"


class StepKind(StrEnum):
    """One step of the arithmetic, in the order in which they are taken."""

    THRESHOLD = "THRESHOLD"
    BASE = "BASE"
    PLUS = "PLUS"
    LESS = "LESS"
    QUANTITY = "QUANTITY"
    PRORATION = "PRORATION"
    BAND = "BAND"
    RATIO = "RATIO"
    MODIFIER = "MODIFIER"
    FIXED = "FIXED"
    ROUNDING = "ROUNDING"
    CAP = "CAP"
    MINIMUM = "MINIMUM"
    CEILING = "CEILING"


@dataclass(frozen=True, slots=True)
class FactUsed:
    """A fact as a condition saw it: ``value`` in its JSON form, ``shown`` for people."""

    name: str
    label: Label
    value: Plain | None
    shown: Label


@dataclass(frozen=True, slots=True)
class ConditionFound:
    """One condition and what became of it."""

    test: str
    label: Label
    truth: Truth
    facts: tuple[FactUsed, ...]
    error: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``name`` is the fact, cap or rule, ``figure`` what it says; ``binding`` marks a cap that cut."""

    kind: StepKind
    name: str
    label: Label
    figure: str
    before_fen: int
    after_fen: int
    binding: bool


def _short(subject_id: str) -> str:
    """Keep a counter's name bounded: a long id stands by its digest."""
    return subject_id if len(subject_id) <= SUBJECT_LENGTH_MAX else hashlib.sha256(subject_id.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class CapUse:
    """A cap to be measured for this grant: for whom, over which dates, how much in all, how much was used before.

    ``period`` None means the programme's whole life, or for a single claim nothing to add up.
    """

    cap_id: str
    label: Label
    measures: Measure
    subject: Subject
    subject_id: str
    period: Period | None
    limit_fen: int
    used_before_fen: int

    @property
    def key(self) -> str:
        """The counter's name: caps with equal keys share one counter."""
        return f"{self.cap_id}/{self.subject}/{_short(self.subject_id)}/{self.period.name() if self.period else 'all'}"

    @property
    def left_fen(self) -> int:
        """What the cap still leaves, never negative."""
        return max(0, self.limit_fen - self.used_before_fen)


@dataclass(frozen=True, slots=True)
class OnceUse:
    """A clause that may be granted once, or ``most`` times: its counter says how many times it already was.

    ``clause`` is ``*`` where a grant of any clause counts; ``period`` None means over all years.
    """

    clause: str
    subject: Subject
    subject_id: str
    period: Period | None = None
    most: int = 1
    used_before: int = 0

    @property
    def slot(self) -> str:
        """The name of the one grant that this would be: two that ask for the same slot can't both have it."""
        return self.key if self.most == 1 else f"{self.key}#{self.used_before + 1}"

    @property
    def key(self) -> str:
        """The counter's name."""
        whole = f"once/{self.clause}/{self.subject}/{_short(self.subject_id)}"
        return f"{whole}/{self.period.name()}" if self.period else whole


@dataclass(frozen=True, slots=True)
class ClauseFound:
    """One clause weighed: its conditions, its arithmetic, its caps, and what it would give alone.

    ``asked`` are conditions that choose and do not refuse: modifiers, and caps for some only.
    """

    clause: str
    label: Label
    source: str
    grade: str
    grants: Grant
    conditions: tuple[ConditionFound, ...]
    steps: tuple[Step, ...]
    caps: tuple[CapUse, ...]
    once: OnceUse | None
    outcome: Outcome
    amount_fen: int | None
    reasons: tuple[Reason, ...]
    unpublished: tuple[str, ...]
    asked: tuple[ConditionFound, ...] = ()
    voucher_class: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one clause gives where several give together, after the caps that they share and their ceiling."""

    clause: str
    grants: Grant
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a decision was made from; facts in their JSON form, counters only those that it looked at."""

    clause: str | None
    facts: Mapping[str, Plain]
    counters: Mapping[str, int]
    on: date
    allow_demo: bool
    applied_on: date | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The whole answer. ``chosen`` names the clause that it rests on, empty where none was met.

    Where several clauses give together, ``chosen`` is the one that gives most, ``pieces`` says what each gives and
    ``steps`` how that was bounded.
    """

    programme: str
    version: str
    inputs: Inputs
    outcome: Outcome
    chosen: str
    reasons: tuple[Reason, ...]
    clauses: tuple[ClauseFound, ...]
    unpublished: tuple[str, ...]
    pieces: tuple[Piece, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def clause(self) -> ClauseFound | None:
        """The clause that the decision rests on."""
        return next((found for found in self.clauses if found.clause == self.chosen), None)

    @property
    def grants(self) -> Grant:
        """What is given."""
        return self.clause.grants if self.clause and self.outcome is not Outcome.REFUSED else Grant.NONE

    @property
    def amount_fen(self) -> int | None:
        """The amount: a number when granted, 0 when refused, None where a person has yet to decide it."""
        if self.outcome is Outcome.REFUSED:
            return 0
        if self.pieces:
            return sum(piece.amount_fen for piece in self.pieces)
        return self.clause.amount_fen if self.clause else None

    @property
    def caps(self) -> tuple[CapUse, ...]:
        """The caps that this grant is to be measured against."""
        if self.outcome is Outcome.REFUSED:
            return ()
        giving = {piece.clause for piece in self.pieces} or {self.chosen}
        return tuple({use.key: use for one in self.clauses if one.clause in giving for use in one.caps}.values())

    @property
    def once(self) -> OnceUse | None:
        """The one-off counter that this grant uses up."""
        return self.clause.once if self.clause and self.outcome is not Outcome.REFUSED else None

    def to_json(self) -> dict[str, Any]:
        """Give the form that is stored: no floats, ready for canonical JSON."""
        stored: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return stored

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Decision:
        """Read a stored decision back; equal to the one that was stored."""
        return _ADAPTER.validate_python(stored)


_ADAPTER: TypeAdapter[Decision] = TypeAdapter(Decision)
