"""The smallest parts of a programme document: typed places for figures, named things, sources, parameters, facts."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, model_validator

from jiaozi.kernel.label import Label
from jiaozi.policy.rules import words
from jiaozi.policy.rules.figures import (
    READERS,
    Figure,
    Unreadable,
    choice_reader,
    figure_reader,
    read_bool,
    read_date,
    read_int,
    read_text,
)
from jiaozi.policy.rules.words import Kind

Text = Annotated[str, PlainValidator(read_text)]
Truth = Annotated[bool, PlainValidator(read_bool)]
Day = Annotated[date, PlainValidator(read_date)]
Count = Annotated[int, PlainValidator(read_int)]
Name = Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9_-]{0,59}$")]
FactName = Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9_]{0,39}\.[a-z][a-z0-9_]{0,39}$")]
Money = Annotated[Figure, PlainValidator(figure_reader(Kind.MONEY))]
Ratio = Annotated[Figure, PlainValidator(figure_reader(Kind.RATIO))]
DayFigure = Annotated[Figure, PlainValidator(figure_reader(Kind.DATE))]
CountFigure = Annotated[Figure, PlainValidator(figure_reader(Kind.INT))]
TruthFigure = Annotated[Figure, PlainValidator(figure_reader(Kind.BOOL))]
TextFigure = Annotated[Figure, PlainValidator(figure_reader(Kind.TEXT))]
PARAMETER_KINDS = (Kind.MONEY, Kind.RATIO, Kind.DATE, Kind.INT, Kind.BOOL, Kind.TEXT)


class Part(BaseModel):
    """Base of every part."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Named(Part):
    """A part that has a text in both languages."""

    zh: Text
    en: Text

    @cached_property
    def label(self) -> Label:
        """Both texts as one value."""
        return Label(self.zh, self.en)


class Source(Part):
    """Where a figure or clause was read."""

    ref: Text
    grade: Annotated[words.Grade, PlainValidator(choice_reader(words.Grade))]


class Parameter(Named):
    """A named figure: published with its source, or unpublished with at most a demo value."""

    kind: Annotated[Kind, PlainValidator(choice_reader(Kind))]
    value: Any = None
    source: Source | None = None
    unpublished: Truth = False
    demo: Any = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.kind not in PARAMETER_KINDS:
            allowed = ", ".join(PARAMETER_KINDS)
            raise Unreadable(f"参数的 kind 须为 {allowed} 之一", f"a parameter's kind is one of: {allowed}")
        if self.unpublished == (self.value is not None):
            raise Unreadable(
                "参数须二选一：unpublished: true（可带 demo），或 value 与 source",
                "a parameter has either `unpublished: true` (with a demo value at most) or `value` and `source`",
            )
        if not self.unpublished and (self.source is None or self.demo is not None):
            raise Unreadable(
                "已公布的参数须有 source，不得有 demo", "a published parameter needs `source` and has no `demo`"
            )
        raw = self.demo if self.unpublished else self.value
        if raw is not None:
            READERS[self.kind](raw)
        return self

    def typed(self, *, allow_demo: bool) -> Any:
        """Give the value, or None where it is unpublished and a demo value may not be used."""
        raw = self.value if not self.unpublished else self.demo if allow_demo else None
        return None if raw is None else READERS[self.kind](raw)


class Fact(Named):
    """One declared fact about the applicant or the thing applied for."""

    kind: Annotated[Kind, PlainValidator(choice_reader(Kind))]
    values: dict[str, Named] = Field(default_factory=dict)
    least: Count | None = None

    @model_validator(mode="after")
    def _values_of_enums(self) -> Self:
        if self.kind is Kind.RATIO:
            raise Unreadable("事实没有 ratio 类型，请用 decimal", "a fact is no ratio; declare it as decimal")
        if (self.kind is Kind.ENUM) != bool(self.values):
            raise Unreadable(
                "values 与 kind: enum 须同时出现", "`values` belongs to `kind: enum`, and an enum needs it"
            )
        return self
