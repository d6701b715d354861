"""The schema of a programme document: small parts that combine, every one strict (an unknown key is an error).

``docs/reference/programme.md`` explains each part with an example; the closed words are in ``words``.
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from jiaozi.kernel.fen import Rounding
from jiaozi.policy.rules import words
from jiaozi.policy.rules.figures import Figure, Unreadable, choice_reader, read_money
from jiaozi.policy.rules.parts import (
    Count,
    CountFigure,
    Day,
    DayFigure,
    Fact,
    FactName,
    Money,
    Name,
    Named,
    Parameter,
    Part,
    Ratio,
    Source,
    Text,
    TextFigure,
    Truth,
    TruthFigure,
)
from jiaozi.policy.rules.words import Kind

REFUSED, BY_HAND = "refused", "by_hand"
EXPECTED_WORDS = (REFUSED, BY_HAND)


class Condition(Named):
    """One CEL test with its text; ``unpublished`` marks one that the city never stated."""

    test: Text = Field(alias="if")
    unpublished: Truth = False


class Cap(Named):
    """A ceiling: how much, measured at which step, over which period, for whom. A pool is a programme's cap."""

    amount: Money
    measures: Annotated[words.Measure, PlainValidator(choice_reader(words.Measure))]
    per: Annotated[words.Per, PlainValidator(choice_reader(words.Per))]
    subject: Annotated[words.Subject, PlainValidator(choice_reader(words.Subject))]
    source: Source | None = None

    @model_validator(mode="after")
    def _claims_count_alone(self) -> Self:
        if (self.subject is words.Subject.CLAIM) != (self.per is words.Per.NONE):
            raise Unreadable(
                "subject: claim 与 per: none 须同时出现（单笔上限不累计）",
                "`subject: claim` and `per: none` belong together: a single claim adds nothing up",
            )
        return self


def _cap_by_name(raw: Any) -> Any:
    return {"cap": raw} if isinstance(raw, str) else raw


class CapUnder(Part):
    """A cap that a clause stands under; ``counts`` may be a parameter where a city hasn't said whether it does."""

    cap: Name
    counts: TruthFigure = Figure(Kind.BOOL, value=True)


class Amount(Part):
    """How much: a ratio of a fact, or a fixed sum; then a minimum; rounded once by a stated rule."""

    ratio: Ratio | None = None
    of: FactName | None = None
    fixed: Money | None = None
    minimum: Money | None = None
    rounding: Annotated[Rounding, PlainValidator(choice_reader(Rounding))] = Rounding.DOWN

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.ratio is None) != (self.of is None) or (self.ratio is None) == (self.fixed is None):
            raise Unreadable("金额须二选一：ratio 与 of，或 fixed", "an amount has either `ratio` and `of`, or `fixed`")
        return self


class Clause(Named):
    """One rule: who gets it (``when``), what it gives, under which caps."""

    id: Name
    source: Source
    when: tuple[Condition, ...] = Field(min_length=1, max_length=40)
    grants: Annotated[words.Grant, PlainValidator(choice_reader(words.Grant))]
    decided: Annotated[words.Decided, PlainValidator(choice_reader(words.Decided))] = words.Decided.BY_RULE
    amount: Amount | None = None
    caps: tuple[Annotated[CapUnder, BeforeValidator(_cap_by_name)], ...] = ()
    once: Annotated[words.Subject, PlainValidator(choice_reader(words.Subject))] | None = None

    @model_validator(mode="after")
    def _amount_where_due(self) -> Self:
        due = self.decided is words.Decided.BY_RULE and self.grants is not words.Grant.NONE
        if due != (self.amount is not None):
            raise Unreadable(
                "按规则发放的条款须有 amount；decided: by_hand 或 grants: none 不得有",
                "a clause that grants by rule needs `amount`; one with `decided: by_hand` or `grants: none` has none",
            )
        if self.once in (words.Subject.CLAIM, words.Subject.PROGRAMME):
            raise Unreadable(
                "once 须为 holder、project、contract 或 person", "`once` is per holder, project, contract or person"
            )
        return self


class Effective(Part):
    """First and last day of force, both inside; no ``to`` means an open end."""

    since: DayFigure = Field(alias="from")
    to: DayFigure | None = None


class Supplier(Named):
    """A centre that vouchers may be spent at."""

    id: Name


class Suppliers(Part):
    """Who may supply."""

    named: tuple[Supplier, ...] = Field(min_length=1, max_length=500)
    source: Source


class Voucher(Part):
    """What a voucher of this programme is like once issued."""

    order_share: Ratio
    validity_months: CountFigure
    pay_model: Annotated[words.PayModel, PlainValidator(choice_reader(words.PayModel))]
    expiry: TextFigure
    partial_use: TruthFigure
    transferable: TruthFigure
    source: Source


class Reserve(Named):
    """The fund that pays centres before the treasury tops it up."""

    size: Money
    trigger: Money
    holder: TextFigure
    top_up: TextFigure
    year_end: TextFigure
    source: Source


class Settlement(Named):
    """How often centres are settled with, and who bears what."""

    interval: TextFigure
    sharing: TextFigure
    source: Source


class Supervision(Named):
    """What is kept so that it can be proved."""

    anchored: TextFigure
    source: Source


class Tier(Named):
    """One ring of dispatch, nearest first."""

    id: Name


class Dispatch(Named):
    """Where jobs may go, and how much an outer ring must save before it is preferred."""

    tiers: tuple[Tier, ...] = Field(min_length=1, max_length=10)
    outer_saving: Ratio
    latency: TextFigure
    source: Source


class Other(Named):
    """A measure of the policy that has a name and no figures."""

    id: Name
    source: Source


class Together(Part):
    """What an application gets that meets several clauses."""

    rule: TextFigure


def _read_expected(raw: Any) -> str:
    """Read what a case expects: ``refused``, ``by_hand`` or an amount."""
    if raw not in EXPECTED_WORDS:
        read_money(raw)
    return str(raw)


class Case(Part):
    """A worked case that the document must decide as it says."""

    clause: Name | None = None
    sample: Name | None = None
    facts: dict[str, Any] = Field(default_factory=dict)
    used: dict[str, Annotated[int, PlainValidator(read_money)]] = Field(default_factory=dict)
    granted_before: Count = 0
    on: Day
    allow_demo: Truth = True
    expect: Annotated[str, PlainValidator(_read_expected)]
    because: Text | None = None
    title: Text | None = None


class Programme(Part):
    """A whole document."""

    programme: Name
    title: Named
    issuer: Named
    issued: Day
    status: Annotated[words.Status, PlainValidator(choice_reader(words.Status))]
    effective: Effective
    supersedes: Text | None = None
    source: Source
    parameters: dict[str, Parameter] = Field(default_factory=dict, max_length=200)
    suppliers: Suppliers
    subjects: dict[str, FactName] = Field(default_factory=dict)
    facts: dict[FactName, Fact] = Field(min_length=1, max_length=200)
    consistent: tuple[Condition, ...] = Field(default=(), max_length=40)
    caps: dict[Name, Cap] = Field(default_factory=dict, max_length=100)
    voucher: Voucher
    together: Together
    clauses: tuple[Clause, ...] = Field(min_length=1, max_length=100)
    reserve: Reserve | None = None
    settlement: Settlement | None = None
    supervision: Supervision | None = None
    dispatch: Dispatch | None = None
    others: tuple[Other, ...] = ()
    samples: dict[Name, dict[str, Any]] = Field(default_factory=dict)
    cases: tuple[Case, ...] = Field(min_length=1, max_length=1_000)
