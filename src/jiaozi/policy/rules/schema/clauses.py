"""A clause and what it stands under: caps, one-off counters, evidence, stages, a recorded decision."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from jiaozi.policy.rules import words
from jiaozi.policy.rules.figures import Figure, Unreadable
from jiaozi.policy.rules.parts import (
    Choice,
    CountFigure,
    FactName,
    Money,
    Name,
    Named,
    Part,
    Ratio,
    Source,
    TruthFigure,
)
from jiaozi.policy.rules.schema.amounts import Amount, Span
from jiaozi.policy.rules.schema.conditions import Condition
from jiaozi.policy.rules.words import Kind


class Cap(Named):
    """A ceiling: how much, measured at which step, over which period, for whom. A pool is a programme's cap.

    ``share`` and ``of`` make it a share of a fact instead of a sum; ``besides`` names a fact whose money counts as used
    before, such as what other governments paid.
    """

    amount: Money | None = None
    share: Ratio | None = None
    of: FactName | None = None
    besides: FactName | None = None
    measures: Annotated[words.Measure, Choice(words.Measure)]
    per: Annotated[words.Per, Choice(words.Per)]
    subject: Annotated[words.Subject, Choice(words.Subject)]
    source: Source | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.share is None) != (self.of is None) or (self.amount is None) == (self.share is None):
            raise Unreadable("上限须二选一：amount，或 share 与 of", "a cap has either `amount`, or `share` and `of`")
        return self

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
    """A cap that a clause stands under; ``counts`` may be a parameter, ``only`` says for whom it is."""

    cap: Name
    counts: TruthFigure = Field(default_factory=lambda: Figure(Kind.BOOL, value=True))
    only: Condition | None = None


CapsUnder = tuple[Annotated[CapUnder, BeforeValidator(_cap_by_name, json_schema_input_type=str | CapUnder)], ...]


def _once_by_subject(raw: Any) -> Any:
    return {"subject": raw} if isinstance(raw, str) else raw


class Once(Part):
    """One grant per subject, or ``most``: over all years or in each period, of this clause or the whole programme.

    With the programme as its subject it bounds how many are granted in all.
    """

    subject: Annotated[words.Subject, Choice(words.Subject)]
    per: Annotated[words.Per, Choice(words.Per)] = words.Per.PROGRAMME
    across: Annotated[words.Across, Choice(words.Across)] = words.Across.CLAUSE
    most: CountFigure = Field(default_factory=lambda: Figure(Kind.INT, value=1))

    @model_validator(mode="after")
    def _counts_something(self) -> Self:
        if self.subject is words.Subject.CLAIM or self.per is words.Per.NONE:
            raise Unreadable(
                "once 须为 programme、holder、project、contract、person、invoice、supplier 或 group",
                "`once` is per programme, holder, project, contract, person, invoice, supplier or group",
            )
        if self.most.value is not None and self.most.value < 1:
            raise Unreadable("most 须至少为 1", "`most` is at least 1: a clause that is never granted has no use")
        return self


class Evidence(Named):
    """A paper that is due at a step; ``only`` says when."""

    id: Name
    at: Annotated[words.StepOfLife, Choice(words.StepOfLife)]
    formats: tuple[Annotated[words.Format, Choice(words.Format)], ...] = ()
    only: Condition | None = None


class Stage(Named):
    """A part of an award that is paid at its own step."""

    id: Name
    share: Ratio
    needs: tuple[Name, ...] = ()


class Recorded(Named):
    """Who makes the recorded decision of a clause that is decided by hand, and on what papers."""

    needs: tuple[Name, ...] = ()


class Clause(Named):
    """One rule: who gets it (``when``), what it gives, under which caps."""

    id: Name
    source: Source
    when: tuple[Condition, ...] = Field(min_length=1, max_length=40)
    grants: Annotated[words.Grant, Choice(words.Grant)]
    voucher_class: Name | None = Field(default=None, alias="class")
    decided: Annotated[words.Decided, Choice(words.Decided)] = words.Decided.BY_RULE
    recorded: Recorded | None = None
    amount: Amount | None = None
    caps: CapsUnder = Field(default=(), max_length=40)
    once: Annotated[Once, BeforeValidator(_once_by_subject, json_schema_input_type=str | Once)] | None = None
    windows: tuple[Span, ...] = Field(default=(), max_length=40)
    evidence: tuple[Evidence, ...] = Field(default=(), max_length=40)
    stages: tuple[Stage, ...] = Field(default=(), max_length=12)
    without: tuple[Annotated[words.Gate, Choice(words.Gate)], ...] = ()

    @model_validator(mode="after")
    def _amount_where_due(self) -> Self:
        due = self.decided is words.Decided.BY_RULE and self.grants is not words.Grant.NONE
        if due != (self.amount is not None):
            raise Unreadable(
                "按规则发放的条款须有 amount；decided: by_hand 或 grants: none 不得有",
                "a clause that grants by rule needs `amount`; one with `decided: by_hand` or `grants: none` has none",
            )
        if self.recorded and self.decided is words.Decided.BY_RULE:
            raise Unreadable("recorded 只用于 decided: by_hand", "`recorded` belongs to `decided: by_hand`")
        return self

    @model_validator(mode="after")
    def _parts_of_their_kind(self) -> Self:
        if self.voucher_class and self.grants is not words.Grant.VOUCHER:
            raise Unreadable("class 只用于 grants: voucher", "`class` belongs to `grants: voucher`")
        if self.stages and self.grants is not words.Grant.AWARD:
            raise Unreadable("stages 只用于 grants: award", "`stages` belong to `grants: award`")
        return self
