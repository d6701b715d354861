"""The programme's money beside the grants: voucher terms and classes, reserve, settlement, penalties, ceilings."""

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
    Money,
    Name,
    Named,
    Part,
    Ratio,
    Source,
    TextFigure,
    TruthFigure,
)
from jiaozi.policy.rules.schema.amounts import Span
from jiaozi.policy.rules.schema.clauses import CapsUnder


class Voucher(Part):
    """What a voucher of this programme is like once issued."""

    order_share: Ratio
    movement_share: Ratio | None = None
    validity_months: CountFigure
    valid_until: DayFigure | None = None
    base_period: Span | None = None
    pay_model: Annotated[words.PayModel, Choice(words.PayModel)]
    expiry: TextFigure
    partial_use: TruthFigure
    transferable: TruthFigure
    transfer_exceptions: tuple[Named, ...] = Field(default=(), max_length=20)
    source: Source


class VoucherClass(Named):
    """A class of vouchers: its own pool and caps, and what differs from the programme's voucher."""

    caps: CapsUnder = Field(default=(), max_length=20)
    order_share: Ratio | None = None
    validity_months: CountFigure | None = None
    pay_model: Annotated[words.PayModel, Choice(words.PayModel)] | None = None
    expiry: TextFigure | None = None
    partial_use: TruthFigure | None = None
    transferable: TruthFigure | None = None
    services: tuple[Name, ...] = ()
    source: Source | None = None


class Reserve(Named):
    """The fund that pays centres before the treasury tops it up."""

    size: Money
    trigger: Money
    holder: TextFigure
    top_up: TextFigure
    year_end: TextFigure
    source: Source


class Sharer(Named):
    """One who bears a share of the cost: a level of government or a party."""

    id: Name
    share: Ratio


class Settlement(Named):
    """How often centres are settled with, and who bears what."""

    interval: TextFigure
    sharing: TextFigure | None = None
    shares: tuple[Sharer, ...] = Field(default=(), max_length=20)
    source: Source


class Fine(Part):
    """The band of a fine, both ends inside, as a share of the money concerned. It goes to the treasury."""

    misdeed: Annotated[words.Misdeed, Choice(words.Misdeed)] = Field(alias="for")
    since: Ratio = Field(alias="from")
    to: Ratio


class Ground(Named):
    """A ground on which money is claimed back."""

    id: Name


class Penalties(Part):
    """What follows a misdeed: how much is recovered, the fine, and for how many years one is barred."""

    grounds: tuple[Ground, ...] = Field(min_length=1, max_length=40)
    recover: Ratio
    fines: tuple[Fine, ...] = Field(default=(), max_length=10)
    barred_years: CountFigure | None = None
    source: Source


class Administration(Part):
    """Whether running the programme is paid from the pool."""

    outside_pool: TruthFigure
    most: Ratio | None = None
    source: Source


class Ceiling(Named):
    """The most that several clauses give together; ``besides`` counts other fiscal support in."""

    amount: Money | None = None
    share: Ratio | None = None
    of: FactName | None = None
    besides: FactName | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.share is None) != (self.of is None) or (self.amount is None) == (self.share is None):
            raise Unreadable(
                "封顶须二选一：amount，或 share 与 of", "a ceiling has either `amount`, or `share` and `of`"
            )
        return self


class Group(Part):
    """Clauses that stand to each other by a rule of their own."""

    id: Name
    clauses: tuple[Name, ...] = Field(min_length=2, max_length=50)
    rule: TextFigure
    ceiling: Ceiling | None = None


class Together(Part):
    """What an application gets that meets several clauses; a group counts as one."""

    rule: TextFigure
    ceiling: Ceiling | None = None
    groups: tuple[Group, ...] = Field(default=(), max_length=20)
    source: Source | None = None
