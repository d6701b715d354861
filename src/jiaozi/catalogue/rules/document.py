"""The form of the five catalogue files, ``hubs``, ``centres``, ``resources``, ``tariffs`` and ``links``, typed.

Amounts are quoted text in yuan, so that no float is ever read; a figure that nobody published says so and may carry a
demo value.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from jiaozi.catalogue.rules.network import CentreKind, Grade, Tier
from jiaozi.catalogue.rules.resource import UNIT_OF, ResourceKind, Unit
from jiaozi.kernel.fen import FEN_MAX, UFEN_PER_FEN, Rounding, parse_rate, parse_yuan
from jiaozi.party.rules import HolderClass

ENTRIES_MAX = 2_000
_MS_MAX = 86_400_000
_YEAR_S = 366 * 86_400
_UNITS_MAX = 10_000_000


def wrong(zh: str, en: str, *, key: str = "") -> PydanticCustomError:
    """Say in both languages what is wrong with a value, or with an entry's ``key``, and what would be right."""
    return PydanticCustomError("jiaozi", "{en}", {"zh": zh, "en": en, "key": key})


def _amount(parse: Callable[[str], int], largest: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if not isinstance(value, str):
            raise wrong('金额须加引号，如 "0.15"', 'an amount must be quoted text, like "0.15"')
        try:
            amount = parse(value)
        except ValueError as reason:
            raise wrong("应为不小于0的元数，如 0.15", str(reason)) from None
        if not 0 <= amount <= largest:
            raise wrong("应为不小于0且台账可记的金额", f"{value!r} must be 0 or more, and fit into the ledger")
        return amount

    return read


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise wrong("应为日期，如 2023-01-12", f"{value!s} is no date; write it like 2023-01-12") from None


Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
Words = Annotated[str, Field(min_length=1, max_length=80)]
Day = Annotated[date, BeforeValidator(_day)]
Yuan = Annotated[int, BeforeValidator(_amount(parse_yuan, FEN_MAX))]
Rate = Annotated[int, BeforeValidator(_amount(parse_rate, FEN_MAX // UFEN_PER_FEN * UFEN_PER_FEN))]


class Entry(BaseModel):
    """Unknown keys are refused: a misspelt key would otherwise be a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


class Name(Entry):
    """A name in both languages."""

    zh: Words
    en: Words


class Source(Entry):
    """Where an entry comes from."""

    ref: Annotated[str, Field(min_length=1, max_length=300)]
    grade: Grade


class RateFigure(Entry):
    """A price per unit: published, as text; or ``{unpublished: true, demo: "0.15"}``."""

    demo: Rate | None = None
    unpublished: bool = False
    published: Rate | None = None

    @model_validator(mode="before")
    @classmethod
    def _either(cls, value: Any) -> Any:
        if isinstance(value, dict):
            if value.get("unpublished") is not True or set(value) - {"unpublished", "demo"}:
                raise wrong(
                    '应为已公布的价格，或 {unpublished: true, demo: "0.15"}',
                    'must be a published price, or {unpublished: true, demo: "0.15"}',
                )
            return value
        return {"published": value}

    def ufen(self, *, demo: bool) -> int | None:
        """Give the rate in micro-fen; a demo value only where demo values are wanted."""
        return self.published if not self.unpublished else (self.demo if demo else None)


class HubEntry(Entry):
    """A national hub."""

    id: Code
    name: Name
    source: Source


class ClusterEntry(Entry):
    """A data-centre cluster of a hub."""

    id: Code
    name: Name
    hub: Code
    source: Source


OptionValue = StrictInt | StrictBool | str | list[str] | dict[str, str | dict[str, str | dict[str, str]]]
"""What an engine may be given: a word, a list of words, or a table, such as each resource class's place."""


class EngineEntry(Entry):
    """How a centre is reached; ``demo`` where this connection exists only in the demo."""

    name: Code
    demo: StrictBool = False
    options: dict[str, OptionValue] = {}
    granularity_ms: Annotated[StrictInt, Field(ge=1, le=_MS_MAX)]
    kill_lag_ms: Annotated[StrictInt, Field(ge=0, le=_MS_MAX)]


class CapacityFigure(Entry):
    """One published figure of a centre, in its source's own words."""

    what: Name
    value: Words
    source: Source


class Place(Entry):
    """Where a city lies, roughly, in ten-thousandths of a degree."""

    east_e4: Annotated[StrictInt, Field(ge=-1_800_000, le=1_800_000)]
    north_e4: Annotated[StrictInt, Field(ge=-900_000, le=900_000)]


class CentreEntry(Entry):
    """A centre or site; ``capacity`` is the published figures, or says that there are none."""

    id: Code
    name: Name
    tier: Tier
    kind: CentreKind
    city: Name
    at: Place | None = None
    hub: Code
    cluster: Code | None = None
    operator: Words | Literal["unpublished"] = "unpublished"
    capacity: list[CapacityFigure] | Literal["unpublished"]
    engine: EngineEntry | None = None
    source: Source


class ResourceEntry(Entry):
    """A resource class and the unit that counts it."""

    code: Code
    name: Name
    kind: ResourceKind
    unit: Unit
    card_model: Words | None = None
    memory_gb: Annotated[StrictInt, Field(ge=1, le=1_000_000)] | None = None
    source: Source

    @model_validator(mode="after")
    def _counted_by_its_unit(self) -> ResourceEntry:
        right = UNIT_OF[self.kind]
        if self.unit is not right:
            zh, en = (
                f"{self.kind}类资源的单位应为{right}",
                f"a {self.kind} class is counted in {right}, not {self.unit}",
            )
            raise wrong(zh, en, key="unit")
        return self


class OfferEntry(Entry):
    """What a centre offers of a class."""

    centre: Code
    resource: Code
    units: Annotated[StrictInt, Field(ge=1, le=_UNITS_MAX)]
    time_limit_max_s: Annotated[StrictInt, Field(ge=1, le=_YEAR_S)]
    enabled: StrictBool = True
    source: Source


class TariffEntry(Entry):
    """One version of a price; dates are Asia/Shanghai days, ``until`` is the first day without it."""

    centre: Code
    resource: Code
    customer: HolderClass | None = None
    version: Annotated[StrictInt, Field(ge=1, le=100_000)]
    unit: Unit
    rate: RateFigure
    valid_from: Day = Field(alias="from")
    valid_until: Day | None = Field(None, alias="until")
    rounding: Rounding = Rounding.HALF_UP
    minimum: Yuan = 0
    granularity_ms: Annotated[StrictInt, Field(ge=1, le=_MS_MAX)] = 1
    source: Source

    @model_validator(mode="after")
    def _consistent(self) -> TariffEntry:
        first, until, grade = self.valid_from, self.valid_until, self.source.grade
        if until is not None and until <= first:
            raise wrong(f"应晚于from（{first}）", f"must be after from ({first}), not {until}", key="until")
        if self.rate.unpublished is not (grade is Grade.DEMO):
            zh = "未公布价格的来源等级应为DEMO，已公布的应为A或B"
            raise wrong(zh, "the grade of an unpublished rate is DEMO, of a published one A or B", key="source")
        if self.rate.unpublished and self.rate.demo is None:
            zh = "未公布且无演示值的价格不应列为价目"
            raise wrong(zh, "a rate without a value is no tariff: leave it out", key="rate")
        return self


class LinkEntry(Entry):
    """The network between each of some centres and each of others, the same in both directions."""

    starts: Annotated[list[Code], Field(alias="from", min_length=1, max_length=50)]
    ends: Annotated[list[Code], Field(alias="to", min_length=1, max_length=50)]
    rtt_us: Annotated[StrictInt, Field(ge=0, le=10_000_000)] | Literal["unpublished"]
    bandwidth_mbps: Annotated[StrictInt, Field(ge=1, le=2_000_000_000)] | Literal["unpublished"]
    price_per_gb: RateFigure
    source: Source


class HubsFile(Entry):
    """``hubs.yaml``."""

    hubs: Annotated[list[HubEntry], Field(max_length=ENTRIES_MAX)]
    clusters: Annotated[list[ClusterEntry], Field(max_length=ENTRIES_MAX)]


class CentresFile(Entry):
    """``centres.yaml``."""

    centres: Annotated[list[CentreEntry], Field(max_length=ENTRIES_MAX)]


class ResourcesFile(Entry):
    """``resources.yaml``."""

    resources: Annotated[list[ResourceEntry], Field(max_length=ENTRIES_MAX)]
    offers: Annotated[list[OfferEntry], Field(max_length=ENTRIES_MAX)]


class TariffsFile(Entry):
    """``tariffs.yaml``."""

    tariffs: Annotated[list[TariffEntry], Field(max_length=ENTRIES_MAX)]


class LinksFile(Entry):
    """``links.yaml``."""

    links: Annotated[list[LinkEntry], Field(max_length=ENTRIES_MAX)]
