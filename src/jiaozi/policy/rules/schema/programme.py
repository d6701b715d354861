"""The whole document: its head, its parts, and the worked cases that it must decide as it says."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema

from jiaozi.policy.rules import words
from jiaozi.policy.rules.figures import read_money
from jiaozi.policy.rules.parts import (
    Choice,
    Count,
    Day,
    DayFigure,
    Fact,
    FactName,
    Name,
    Named,
    Parameter,
    Part,
    Ratio,
    Source,
    Text,
    TextFigure,
    Truth,
)
from jiaozi.policy.rules.schema.clauses import Cap, Clause, Evidence
from jiaozi.policy.rules.schema.conditions import Condition
from jiaozi.policy.rules.schema.gates import Credit, OtherSupport, Process, Related, Roles, Services, Suppliers
from jiaozi.policy.rules.schema.money import (
    Administration,
    Penalties,
    Reserve,
    Settlement,
    Together,
    Voucher,
    VoucherClass,
)

REFUSED, BY_HAND = "refused", "by_hand"
EXPECTED_WORDS = (REFUSED, BY_HAND)
MONTHS_OF_A_YEAR = 12


class Effective(Part):
    """First and last day of force, both inside; no ``to`` means an open end."""

    since: DayFigure = Field(alias="from")
    to: DayFigure | None = None


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


def _read_expected(raw: Any) -> str:
    """Read what a case expects: ``refused``, ``by_hand`` or an amount."""
    if raw not in EXPECTED_WORDS:
        read_money(raw)
    return str(raw)


_USED = Annotated[int, PlainValidator(read_money), WithJsonSchema({"type": "string"})]


class Case(Part):
    """A worked case that the document must decide as it says."""

    clause: Name | None = None
    sample: Name | None = None
    facts: dict[str, Any] = Field(default_factory=dict)
    used: dict[str, _USED] = Field(default_factory=dict)
    granted_before: Count = 0
    on: Day
    allow_demo: Truth = True
    expect: Annotated[str, PlainValidator(_read_expected), WithJsonSchema({"type": "string"})]
    chosen: Name | None = None
    because: Text | None = None
    title: Text | None = None


class Programme(Part):
    """A whole document."""

    programme: Name
    title: Named
    issuer: Named
    issued: Day | None = None
    status: Annotated[words.Status, Choice(words.Status)]
    effective: Effective
    supersedes: Text | None = None
    fiscal_year_month: Count = Field(default=1, ge=1, le=MONTHS_OF_A_YEAR)
    source: Source
    parameters: dict[str, Parameter] = Field(default_factory=dict, max_length=200)
    suppliers: Suppliers
    subjects: dict[str, FactName] = Field(default_factory=dict)
    facts: dict[FactName, Fact] = Field(min_length=1, max_length=200)
    consistent: tuple[Condition, ...] = Field(default=(), max_length=40)
    always: tuple[Condition, ...] = Field(default=(), max_length=40)
    credit: Credit | None = None
    related: Related | None = None
    roles: Roles | None = None
    services: Services | None = None
    other_support: tuple[OtherSupport, ...] = Field(default=(), max_length=20)
    process: Process | None = None
    evidence: tuple[Evidence, ...] = Field(default=(), max_length=60)
    caps: dict[Name, Cap] = Field(default_factory=dict, max_length=100)
    voucher: Voucher
    classes: dict[Name, VoucherClass] = Field(default_factory=dict, max_length=30)
    together: Together
    clauses: tuple[Clause, ...] = Field(min_length=1, max_length=100)
    reserve: Reserve | None = None
    settlement: Settlement | None = None
    penalties: Penalties | None = None
    administration: Administration | None = None
    supervision: Supervision | None = None
    dispatch: Dispatch | None = None
    others: tuple[Other, ...] = ()
    samples: dict[Name, dict[str, Any]] = Field(default_factory=dict)
    cases: tuple[Case, ...] = Field(min_length=1, max_length=1_000)
