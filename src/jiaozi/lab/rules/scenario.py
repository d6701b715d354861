"""A scenario: which versions of which programmes, what demand, how vouchers are used, how many seeds.

``docs/reference/lab.md`` explains each key with an example. Every share is text with its percent sign, every sum text
in yuan, as in a programme's document; a figure that nobody published says so in ``basis``.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from jiaozi.lab.rules.quantities import AnyShare, Number, Rate, Share, Yuan, bounded
from jiaozi.policy.rules.figures import Unreadable, read_ratio
from jiaozi.policy.rules.parts import Count, Day, FactName, Name, Named, Part, Source, Text, Truth

SEEDS_MAX, YEARS_MAX, HOLDERS_MAX, PURCHASES_MAX = 1_000, 10, 2_000_000, 60
MONTHS = 12
COLUMNS = ("holder", "application", "class", "size", "cost", "day")
"""What every demand has; attributes come beside them."""


class Basis(Named):
    """Where an assumption comes from: a source, or said to be made up for a demonstration."""

    demo: Truth = False
    source: Source | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.demo == (self.source is not None):
            raise Unreadable(
                "依据须二选一：demo: true（演示假设），或 source", "a basis has either `demo: true` or `source`"
            )
        return self


class Price(Part):
    """What a core-hour costs, so that money can be told in compute."""

    core_hour: Rate
    basis: Basis


class FromColumn(Part):
    """What a fact is in every application: one value, or a column of the demand.

    ``map`` says what each class or size becomes, ``otherwise`` the rest; ``share`` takes a part of a sum, ``plus_days``
    moves a date.
    """

    value: Any = None
    column: Text | None = None
    map: dict[str, Any] = Field(default_factory=dict)
    otherwise: Any = None
    share: Share | None = None
    plus_days: int = Field(default=0, ge=-3660, le=3660)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.value is None) == (self.column is None):
            raise Unreadable("事实须为一个值，或 {column: 列名}", "a fact is one value, or {column: …} of the demand")
        return self


def _one_value(raw: Any) -> Any:
    return raw if isinstance(raw, dict) else {"value": raw}


Facts = dict[FactName, Annotated[FromColumn, BeforeValidator(_one_value)]]


class Version(Named):
    """One programme version to play; ``change`` sets single places of its document, as in ``caps.year.amount``."""

    id: Name
    document: Text
    begin: Day
    clause: Name | None = None
    review_days: Count = 0
    change: dict[str, Any] = Field(default_factory=dict, max_length=50)
    facts: Facts = Field(min_length=1)


class Size(Named):
    """A size of holder; with ``to`` it is told by what the holder needs in all, the bound inside."""

    to: Yuan | None = None


class Cost(Part):
    """A need for compute: two of three lie between ``median`` / ``spread`` and ``median`` × ``spread``; or one sum."""

    median: Yuan
    spread: Number = 1.0
    least: Yuan = 0
    most: Yuan | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.spread < 1:
            raise Unreadable("spread 须不小于 1", "`spread` is 1 or more: a factor up and down from the median")
        if self.most is not None and self.most < self.least:
            raise Unreadable("most 须不小于 least", "`most` must not be less than `least`")
        return self


class Choice(Part):
    """An attribute that is one of several words, each with its share."""

    choice: dict[str, Share] = Field(min_length=1, max_length=50)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if sum(self.choice.values()) != 1:
            raise Unreadable("各项占比须合计 100%", "the shares must make 100% together")
        return self


def _share_or_choice(raw: Any) -> Any:
    return raw if isinstance(raw, dict) else {"choice": {"true": raw, "false": _rest(raw)}}


def _rest(raw: Any) -> str:
    rest = (1 - read_ratio(raw)) * 100
    return f"{rest.numerator / rest.denominator:.6f}%" if rest else "0%"


class Group(Part):
    """Holders alike: how many, how often they apply in a year (each once at least), for how much."""

    kind: Name = Field(alias="class")
    size: Name | None = None
    holders: Annotated[int, bounded(1, HOLDERS_MAX)]
    applications: Number = 1.0
    cost: Cost
    attributes: dict[Name, Annotated[Choice, BeforeValidator(_share_or_choice)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _once_at_least(self) -> Self:
        if not 1 <= self.applications <= MONTHS * 5:
            raise Unreadable("applications 须在 1 与 60 之间", "`applications` is 1 to 60 in a year")
        return self


class Rush(Part):
    """A share of the year's applications that comes in its first days."""

    share: Share
    days: Annotated[int, bounded(1, 365)]


class Arrivals(Part):
    """When applications come: weights of the twelve months, and a rush at the start."""

    months: tuple[Number, ...] = (1.0,) * MONTHS
    rush: Rush | None = None

    @model_validator(mode="after")
    def _twelve(self) -> Self:
        if len(self.months) != MONTHS or not sum(self.months):
            raise Unreadable("months 须为十二个权重", "`months` is a list of twelve weights")
        return self


class Generated(Part):
    """Demand drawn from stated distributions."""

    groups: tuple[Group, ...] = Field(min_length=1, max_length=200)
    arrivals: Arrivals = Field(default_factory=Arrivals)


class FromFile(Part):
    """Demand from a CSV file of past applications: which column is what; each seed draws its holders anew."""

    path: Text
    first: Day
    date: Text
    holder: Text
    kind: Text | None = Field(default=None, alias="class")
    size: Text | None = None
    cost: Text
    attributes: tuple[Text, ...] = ()


class Triangle(Part):
    """A share of what was declared between ``from`` and ``to``, most often ``mode``; it may be more than the whole."""

    since: AnyShare = Field(alias="from")
    mode: AnyShare
    to: AnyShare

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.since <= self.mode <= self.to:
            raise Unreadable("须 from ≤ mode ≤ to", "it must be from ≤ mode ≤ to")
        return self


class FromTrace(Part):
    """Demand from a workload trace (SWF): a user applies for the days to come and spends as its jobs ran.

    ``holders`` users are drawn anew by each seed; without it every user counts once.
    """

    path: Text
    kind: Name = Field(alias="class")
    every_days: Annotated[int, bounded(7, 366)] = 30
    repeat: Annotated[int, bounded(1, 60)] = 1
    holders: Annotated[int, bounded(1, HOLDERS_MAX)] | None = None
    asks: Triangle


class Demand(Part):
    """Where applications come from: one of three."""

    generated: Generated | None = None
    file: FromFile | None = None
    trace: FromTrace | None = None
    basis: Basis

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(one is not None for one in (self.generated, self.file, self.trace)) != 1:
            raise Unreadable(
                "需求须三选一：generated、file 或 trace", "a demand is one of `generated`, `file` and `trace`"
            )
        return self


class Use(Part):
    """How vouchers are used: some never, the rest in so many purchases, on average so many days after issue."""

    never: Share = Fraction(0)
    bought: Triangle
    purchases: Annotated[int, bounded(1, PURCHASES_MAX)] = 4
    mean_days: Annotated[int, bounded(1, 3650)] = 120
    basis: Basis


class Seeds(Part):
    """How often chance is played anew, and from which number on."""

    first: Count = 1
    count: Annotated[int, bounded(1, SEEDS_MAX)] = 20


class Scenario(Part):
    """A whole scenario file."""

    scenario: Name
    title: Named
    question: Named | None = None
    demo: Truth = False
    years: Annotated[int, bounded(1, YEARS_MAX)] = 1
    seeds: Seeds = Field(default_factory=Seeds)
    price: Price
    classes: dict[Name, Named] = Field(min_length=1, max_length=50)
    sizes: dict[Name, Size] = Field(min_length=1, max_length=20)
    demand: Demand
    use: Use | None = None
    versions: tuple[Version, ...] = Field(min_length=1, max_length=12)

    @property
    def sized_by_need(self) -> bool:
        """Whether a holder's size is told by what it needs in all."""
        return any(size.to is not None for size in self.sizes.values())
