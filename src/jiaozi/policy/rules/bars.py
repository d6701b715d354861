"""Amounts from which a clause gives less or asks more: where its bands end, and its cap on a single claim."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from jiaozi.kernel.label import Label
from jiaozi.policy.rules import schema
from jiaozi.policy.rules.document import Document
from jiaozi.policy.rules.weighing import Weighing
from jiaozi.policy.rules.words import BandMode, Kind, Measure, Subject


@dataclass(frozen=True, slots=True)
class Bar:
    """From ``bar_fen`` on something stricter holds; ``fact`` is the money that it looks at, empty for the grant."""

    label: Label
    bar_fen: int
    fact: str = ""


def bars_of(document: Document, clause_id: str, on: date, *, allow_demo: bool) -> tuple[Bar, ...]:
    """Give a clause's bars as far as their figures are published; slices have none, for each part keeps its ratio."""
    weighing = Weighing(document, {}, {}, on, allow_demo)
    clause = document.clause(clause_id)
    return (*_of_bands(weighing, clause), *_of_claims(weighing, clause))


def _of_bands(weighing: Weighing, clause: schema.Clause) -> list[Bar]:
    bands = clause.amount.bands if clause.amount else None
    if bands is None or bands.mode is BandMode.SLICES:
        return []
    fact = weighing.document.programme.facts[bands.by]
    if fact.kind is not Kind.MONEY:
        return []
    label = Label(f"{fact.label.zh}档位", f"a band of {fact.label.en}")
    ends = [(step.to, 1) if step.to else (step.below, 0) for step in bands.steps]
    known = [(weighing.figure(figure), beyond) for figure, beyond in ends if figure]
    return [Bar(label, int(end_fen) + beyond, bands.by) for end_fen, beyond in known if end_fen is not None]


def _of_claims(weighing: Weighing, clause: schema.Clause) -> list[Bar]:
    caps = [weighing.document.programme.caps[under.cap] for under in clause.caps]
    own = [cap for cap in caps if cap.subject is Subject.CLAIM and cap.measures is Measure.ISSUED and cap.amount]
    known = [(cap.label, weighing.figure(cap.amount)) for cap in own if cap.amount]
    return [Bar(label, int(limit_fen)) for label, limit_fen in known if limit_fen is not None]
