"""What every clause of a programme asks beside its own conditions: credit, relations, roles, services, other support.

Each names the facts that it looks at; a clause may stand outside of one by ``without``.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from jiaozi.policy.rules import words
from jiaozi.policy.rules.figures import Unreadable
from jiaozi.policy.rules.parts import (
    Choice,
    CountFigure,
    DayFigure,
    FactName,
    Name,
    Named,
    Part,
    Ratio,
    Source,
    Text,
    Truth,
    TruthFigure,
)
from jiaozi.policy.rules.schema.amounts import Span
from jiaozi.policy.rules.schema.conditions import Condition


class CreditList(Named):
    """A list that a holder must not stand on."""

    id: Name


class Credit(Part):
    """No record within so many months before the day of decision, and on none of the lists."""

    look_back_months: CountFigure | None = None
    records: FactName | None = None
    lists: tuple[CreditList, ...] = Field(default=(), max_length=30)
    listed: FactName | None = None
    source: Source

    @model_validator(mode="after")
    def _with_their_facts(self) -> Self:
        if (self.look_back_months is None) != (self.records is None) or bool(self.lists) != (self.listed is not None):
            raise Unreadable(
                "look_back_months 与 records（dates 类事实）、lists 与 listed（list 类事实）须成对出现",
                "`look_back_months` needs `records` (a fact of dates), `lists` needs `listed` (a fact of a list)",
            )
        if not (self.records or self.listed):
            raise Unreadable("credit 须有 records 或 listed", "`credit` needs `records` or `listed`")
        return self


class Related(Part):
    """What makes supplier and holder related, and how many steps of relation count."""

    by: tuple[Annotated[words.Relation, Choice(words.Relation)], ...] = Field(min_length=1)
    stake: Ratio | None = None
    depth: CountFigure
    steps: FactName | None = None
    source: Source


class Roles(Part):
    """Who may not claim: the supplier itself, or the second of the two sides of one deal."""

    supplier_may_claim: TruthFigure
    both_sides_may_claim: TruthFigure
    is_supplier: FactName | None = None
    other_side_claimed: FactName | None = None
    source: Source


class Supplier(Named):
    """A centre that vouchers may be spent at; with dates, only between them; with services, for these alone."""

    id: Name
    since: DayFigure | None = Field(default=None, alias="from")
    to: DayFigure | None = None
    batch: Text | None = None
    services: tuple[Name, ...] = ()


_BY_TEST = {words.Admission.CONNECTED, words.Admission.THRESHOLD, words.Admission.LOCAL, words.Admission.ANY}


class Suppliers(Part):
    """Who may supply, and how one is admitted; ``fact`` is where an application names its supplier."""

    admission: tuple[Annotated[words.Admission, Choice(words.Admission)], ...] = (words.Admission.NAMED,)
    named: tuple[Supplier, ...] = Field(default=(), max_length=500)
    unpublished: Truth = False
    fact: FactName | None = None
    tests: tuple[Condition, ...] = Field(default=(), max_length=20)
    source: Source

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.named and not self.unpublished and not _BY_TEST & {*self.admission}:
            raise Unreadable(
                "suppliers 须列出 named；名单未公布写 unpublished: true；不设名单写 admission: [any] 等",
                "`suppliers` needs `named`; for a list not published `unpublished: true`, for none `admission: [any]`",
            )
        return self


class Service(Named):
    """A kind of service that a voucher may or may not pay for."""

    id: Name


class Services(Part):
    """What the voucher pays for and what it does not; ``fact`` is the list of services applied for."""

    eligible: tuple[Service, ...] = Field(default=(), alias="in", max_length=50)
    excluded: tuple[Service, ...] = Field(default=(), alias="out", max_length=50)
    fact: FactName | None = None
    source: Source


class OtherSupport(Named):
    """Other public support that shuts this one out: true, or any money, in ``fact``."""

    over: Annotated[words.Over, Choice(words.Over)]
    level: Text | None = None
    fact: FactName
    source: Source


class Process(Part):
    """How an application goes, and when it may come in."""

    kind: Annotated[words.ProcessClass, Choice(words.ProcessClass)] = Field(alias="class")
    windows: tuple[Span, ...] = Field(default=(), max_length=40)
    notice_days: CountFigure | None = None
    source: Source
