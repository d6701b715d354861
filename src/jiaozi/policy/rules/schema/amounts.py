"""How much a clause gives: threshold, base, proration, ratio or bands, modifiers, rounding, minimum, in this order."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from jiaozi.kernel.fen import Rounding
from jiaozi.policy.rules import words
from jiaozi.policy.rules.figures import Figure, Unreadable
from jiaozi.policy.rules.parts import (
    Bound,
    Choice,
    Count,
    CountFigure,
    DayFigure,
    FactName,
    Money,
    Part,
    Ratio,
)
from jiaozi.policy.rules.schema.conditions import Condition
from jiaozi.policy.rules.words import Kind

DECIMALS_MAX = 6


class RoundTo(Part):
    """To which step an amount is rounded, ``unit`` with so many decimals, and which way."""

    unit: Money = Field(default_factory=lambda: Figure(Kind.MONEY, 1))
    decimals: Count = 0
    rule: Annotated[Rounding, Choice(Rounding)] = Rounding.DOWN

    @model_validator(mode="after")
    def _whole_fen(self) -> Self:
        unit_fen = self.unit.value
        if unit_fen is None or self.decimals > DECIMALS_MAX or unit_fen % 10**self.decimals or not unit_fen:
            raise Unreadable(
                "取整单位须为写明的金额，且按小数位数仍不小于一分，如 {unit: 1万元, decimals: 2}",
                "the rounding step is an amount written out and no finer than a fen, like {unit: 1万元, decimals: 2}",
            )
        return self

    @property
    def step_fen(self) -> int:
        """The step in fen."""
        unit_fen = int(self.unit.value)
        return unit_fen // int(10**self.decimals)


def _round_by_rule(raw: Any) -> Any:
    return {"rule": raw} if isinstance(raw, str) else raw


class Band(Part):
    """A range and what holds in it: ``from`` and ``to`` are inside, ``above`` and ``below`` are not."""

    since: Bound | None = Field(default=None, alias="from")
    above: Bound | None = None
    to: Bound | None = None
    below: Bound | None = None
    ratio: Ratio | None = None
    fixed: Money | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (
            (self.since and self.above)
            or (self.to and self.below)
            or not any((self.since, self.above, self.to, self.below))
        ):
            raise Unreadable(
                "档位下限用 from（含）或 above（不含），上限用 to（含）或 below（不含），各至多一个，至少写一个",
                "a band begins at `from` (inside) or `above` (outside) and ends at `to` (inside) or `below` (outside); "
                "one of each at most, and one at least",
            )
        if (self.ratio is None) == (self.fixed is None):
            raise Unreadable("档位须二选一：ratio 或 fixed", "a band has either `ratio` or `fixed`")
        return self


class Bands(Part):
    """Ranges of one fact; ``whole``: its band holds for the whole base; ``slices``: each band for its own slice.

    ``after`` is what came before in the period, such as the year's spending so far: slices begin there.
    """

    by: FactName
    after: FactName | None = None
    mode: Annotated[words.BandMode, Choice(words.BandMode)] = words.BandMode.WHOLE
    steps: tuple[Band, ...] = Field(min_length=1, max_length=30)


class Modifier(Condition):
    """Changes the ratio where its condition is met: ``set`` it, ``add`` or ``take`` percentage points, or ``times``."""

    to: Ratio | None = Field(default=None, alias="set")
    add: Ratio | None = None
    take: Ratio | None = None
    times: Ratio | None = None

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        if sum(change is not None for change in (self.to, self.add, self.take, self.times)) != 1:
            raise Unreadable(
                "比例调整须四选一：set、add、take 或 times", "a modifier has one of `set`, `add`, `take` and `times`"
            )
        return self


class Span(Part):
    """A run of dates, both inside."""

    since: DayFigure = Field(alias="from")
    to: DayFigure


class FactSpan(Part):
    """A run of dates that two facts give, both inside."""

    since: FactName = Field(alias="from")
    to: FactName


def _read_within(raw: Any) -> Any:
    """Let a base period be one of the words as well as two dates."""
    return {"word": raw} if isinstance(raw, str) else raw


class Within(Part):
    """The base period: two dates, or a word."""

    word: Annotated[words.Window, Choice(words.Window)] | None = None
    since: DayFigure | None = Field(default=None, alias="from")
    to: DayFigure | None = None

    @model_validator(mode="after")
    def _word_or_dates(self) -> Self:
        if (self.word is None) != (self.since is not None and self.to is not None):
            raise Unreadable(
                "基期须写 calendar_year、effective，或 {from: 日期, to: 日期}",
                "a base period is `calendar_year`, `effective`, or {from: date, to: date}",
            )
        return self


class Proration(Part):
    """Only the part of a contract that lies inside the base period counts."""

    contract: FactSpan
    within: Annotated[Within, BeforeValidator(_read_within, json_schema_input_type=str | Within)]
    days: Annotated[words.Days, Choice(words.Days)] = words.Days.ACTUAL


class Threshold(Part):
    """A fact that must reach a least sum, itself inside, before anything is given."""

    of: FactName
    least: Money


class Quantity(Part):
    """An amount in kind, such as card-hours, at a declared price; ``most`` bounds the quantity."""

    of: FactName
    price: Money
    most: CountFigure | None = None


def _one_or_more(raw: Any) -> Any:
    return (raw,) if isinstance(raw, str) else raw


Facts = Annotated[
    tuple[FactName, ...], BeforeValidator(_one_or_more, json_schema_input_type=str | tuple[FactName, ...])
]


class Amount(Part):
    """How much: a ratio or bands of a base, a quantity at a price, or a fixed sum."""

    ratio: Ratio | None = None
    of: Facts = Field(default=(), max_length=20)
    less: Facts = Field(default=(), max_length=20)
    quantity: Quantity | None = None
    fixed: Money | None = None
    bands: Bands | None = None
    modifiers: tuple[Modifier, ...] = Field(default=(), max_length=20)
    ratio_most: Ratio | None = None
    prorate: Proration | None = None
    threshold: Threshold | None = None
    minimum: Money | None = None
    rounding: Annotated[RoundTo, BeforeValidator(_round_by_rule, json_schema_input_type=Rounding | RoundTo)] = Field(
        default_factory=RoundTo
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        shared = self.ratio is not None or self.bands is not None
        ways = (bool(self.of) and shared, self.quantity is not None, self.fixed is not None)
        both = self.ratio is not None and self.bands is not None
        banded_alone = self.bands is not None and not self.of and all(step.fixed for step in self.bands.steps)
        stray = (shared and not (self.of or self.quantity) and not banded_alone) or (self.of and not shared)
        if both or stray or sum(ways) + banded_alone != 1:
            raise Unreadable(
                "金额须择一：ratio 与 of，bands 与 of，quantity，或 fixed",
                "an amount has either `ratio` and `of`, or `fixed`, or `bands` and `of`, or `quantity`",
            )
        if (self.less or self.prorate) and self.fixed is not None:
            raise Unreadable("fixed 不得带 less 或 prorate", "a `fixed` sum has neither `less` nor `prorate`")
        return self

    @model_validator(mode="after")
    def _modifiers_need_a_ratio(self) -> Self:
        sliced = self.bands is not None and (
            self.bands.mode is words.BandMode.SLICES or any(step.fixed for step in self.bands.steps)
        )
        if (self.modifiers or self.ratio_most) and (sliced or not (self.ratio or self.bands)):
            raise Unreadable(
                "modifiers 与 ratio_most 只能用于比例（ratio，或 mode: whole 的比例档位）",
                "`modifiers` and `ratio_most` change a ratio: they need `ratio`, or bands of ratios with `mode: whole`",
            )
        if self.bands and self.bands.mode is words.BandMode.SLICES and any(step.fixed for step in self.bands.steps):
            raise Unreadable("分段累进（slices）的档位须写 ratio", "bands in `slices` have a `ratio` each")
        return self
