"""The smallest parts of a programme document: typed places for figures, named things, sources, parameters, facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_plain_validator_function

from jiaozi.kernel.label import Label
from jiaozi.policy.rules import words
from jiaozi.policy.rules.figures import (
    READERS,
    Figure,
    Unreadable,
    choice_reader,
    figure_reader,
    read_bool,
    read_bound,
    read_date,
    read_int,
    read_text,
)
from jiaozi.policy.rules.words import Kind

_PARAMETER = {"type": "string", "pattern": r"^parameter\.[a-z][a-z0-9_-]{0,59}$", "description": "a parameter's name"}
_MONEY = {
    "type": "string",
    "pattern": r"^[0-9][0-9,]*(\.[0-9]+)?\s*(万元|亿元|元|万|亿)?$",
    "examples": ["300万", "5000元"],
}
_RATIO = {"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,6})?\s*%$", "examples": ["30%"]}
_DAY = {"type": "string", "format": "date"}
_COUNT = {"type": "integer", "minimum": 0}


def _or_parameter(literal: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [literal, _PARAMETER]})


@dataclass(frozen=True, slots=True)
class Choice:
    """Marks a place that takes one word out of a closed list."""

    words_of: type[StrEnum]

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> CoreSchema:
        return no_info_plain_validator_function(choice_reader(self.words_of))

    def __get_pydantic_json_schema__(self, _schema: Any, _handler: Any) -> dict[str, Any]:
        return {"type": "string", "enum": [str(word) for word in self.words_of]}


Text = Annotated[str, PlainValidator(read_text), WithJsonSchema({"type": "string", "minLength": 1})]
Truth = Annotated[bool, PlainValidator(read_bool), WithJsonSchema({"type": "boolean"})]
Day = Annotated[date, PlainValidator(read_date), WithJsonSchema(_DAY)]
Count = Annotated[int, PlainValidator(read_int), WithJsonSchema(_COUNT)]
Name = Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9_-]{0,59}$")]
FactName = Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9_]{0,39}\.[a-z][a-z0-9_]{0,39}$")]
Money = Annotated[Figure, PlainValidator(figure_reader(Kind.MONEY)), _or_parameter(_MONEY)]
Ratio = Annotated[Figure, PlainValidator(figure_reader(Kind.RATIO)), _or_parameter(_RATIO)]
DayFigure = Annotated[Figure, PlainValidator(figure_reader(Kind.DATE)), _or_parameter(_DAY)]
CountFigure = Annotated[Figure, PlainValidator(figure_reader(Kind.INT)), _or_parameter(_COUNT)]
TruthFigure = Annotated[Figure, PlainValidator(figure_reader(Kind.BOOL)), _or_parameter({"type": "boolean"})]
TextFigure = Annotated[
    Figure, PlainValidator(figure_reader(Kind.TEXT)), _or_parameter({"type": "string", "minLength": 1})
]
Bound = Annotated[
    Figure,
    PlainValidator(read_bound),
    WithJsonSchema({"anyOf": [_MONEY, _COUNT, {"type": "number"}, _DAY, _PARAMETER]}),
]
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
    grade: Annotated[words.Grade, Choice(words.Grade)]


class Parameter(Named):
    """A named figure: published with its source, or unpublished with at most a demo value."""

    kind: Annotated[Kind, Choice(Kind)]
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

    kind: Annotated[Kind, Choice(Kind)]
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
