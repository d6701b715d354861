"""The files of ``jiaozi dispatch plan``: requests as CSV or JSON, offers with links and time as JSON.

Every bad figure is told by row and field, and nothing is planned until all are right. Instants carry their zone,
amounts are text in yuan, so that no float is read. docs/reference/dispatch.md lists the fields.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from jiaozi.catalogue.rules import Tariff, Tier, Unit
from jiaozi.dispatch.rules.board import Board, board
from jiaozi.dispatch.rules.network import Route, network
from jiaozi.dispatch.rules.planning import Horizon
from jiaozi.dispatch.rules.request import Block, Offer, Request, UnableToPlace, check_offer, check_request
from jiaozi.kernel.fen import Rounding, parse_rate, parse_yuan
from jiaozi.kernel.refusal import Refused

ROWS_MAX = 2_000_000
_PROBLEMS_MAX = 50
_BLOCKS_MAX = 10_000


class UnableToReadPlan(Refused):
    """A file has mistakes; ``problems`` is every one that was found, up to fifty, the message tells the first."""

    def __init__(self, problems: list[tuple[str, str, str]]) -> None:
        self.problems = tuple(problems)
        place, zh, en = problems[0]
        more = len(problems) - 1
        zh, en = (f"{zh}（另有{more}处）", f"{en} (and {more} more)") if more else (zh, en)
        super().__init__("DISPATCH_FILE_WRONG", zh, en, field=place)


def _amount(parse: Callable[[str], int]) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if not isinstance(value, str):
            raise ValueError('an amount must be quoted text in yuan, like "0.15"')  # noqa: TRY004 - pydantic reads it
        return parse(value)

    return read


def _names(value: Any) -> Any:
    return [each for each in value.split("|") if each] if isinstance(value, str) else value


Yuan = Annotated[int, BeforeValidator(_amount(parse_yuan))]
Rate = Annotated[int, BeforeValidator(_amount(parse_rate))]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Names = Annotated[list[Name], BeforeValidator(_names)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RequestEntry(_Entry):
    """One row of the requests; ``request.Request`` says what the figures mean."""

    id: Name
    resource_class: Name
    units: int
    duration_s: int
    earliest: AwareDatetime | None = None
    latest_start: AwareDatetime | None = None
    deadline: AwareDatetime | None = None
    data_at: Name | None = None
    data_bytes: int = 0
    result_bytes: int = 0
    latency_to: Name | None = None
    latency_max_us: int | None = None
    residency: Tier | None = None
    suppliers: Names | None = None
    budget: Yuan | None = None
    wait_per_hour: Yuan = 0
    worth: Yuan | None = None
    holder: str = ""


class SpanEntry(_Entry):
    """Free units from an instant to another."""

    start: AwareDatetime
    end: AwareDatetime
    units: int


class OfferEntry(_Entry):
    """One offer: ``units`` free throughout but for ``closed``, or ``free`` by time."""

    centre: Name
    tier: Tier
    resource_class: Name
    rate: Rate
    rounding: Rounding = Rounding.HALF_UP
    minimum: Yuan = 0
    granularity_ms: Annotated[int, Field(ge=1)] = 1
    engine_granularity_ms: int = 1
    kill_lag_ms: int = 0
    units_max: int
    time_limit_max_s: int
    queue_wait_s: int = 0
    free: Annotated[list[SpanEntry], Field(max_length=_BLOCKS_MAX)]


class LinkEntry(_Entry):
    """One link; a figure left out is unknown."""

    start: Name
    end: Name
    rtt_us: Annotated[int, Field(ge=0)] | None = None
    bandwidth_mbps: Annotated[int, Field(ge=1)] | None = None
    price_per_gb: Rate | None = None


class OffersFile(_Entry):
    """The offers' file: the plan's time, what is offered, how places are linked."""

    start: AwareDatetime
    block_s: Annotated[int, Field(ge=1)]
    blocks: Annotated[int, Field(ge=1, le=_BLOCKS_MAX)]
    offers: list[OfferEntry]
    links: list[LinkEntry] = []


def read_requests(name: str, text: str, horizon: Horizon) -> list[Request]:
    """Read requests: JSON when the text begins with a bracket, else CSV; without ``earliest`` the plan's start holds.

    Raises
    ------
    UnableToReadPlan
        With every bad figure by row and field.
    """
    rows = _rows(name, text)
    found: list[Request] = []
    problems: list[tuple[str, str, str]] = []
    for number, row in rows:
        try:
            found.append(_request(RequestEntry.model_validate(row), horizon))
            check_request(found[-1])
        except ValidationError as wrong:
            problems += _told(f"{name}: row {number}", wrong)
        except UnableToPlace as wrong:
            problems.append(
                (f"{name}: row {number}: {wrong.reason.field}", wrong.reason.label.zh, wrong.reason.label.en)
            )
        if len(problems) >= _PROBLEMS_MAX:
            break
    if problems:
        raise UnableToReadPlan(problems[:_PROBLEMS_MAX])
    return found


def read_offers(name: str, text: str) -> tuple[Board, Horizon]:
    """Read offers, links and the plan's time.

    Raises
    ------
    UnableToReadPlan
        With every bad figure by place and field.
    """
    try:
        file = OffersFile.model_validate(_json(name, text))
    except ValidationError as wrong:
        raise UnableToReadPlan(_told(name, wrong)) from None
    problems: list[tuple[str, str, str]] = []
    offers = [_offer(each) for each in file.offers]
    for number, offer in enumerate(offers):
        try:
            check_offer(offer)
        except UnableToPlace as wrong:
            place = f"{name}: offers[{number}].{wrong.reason.field}"
            problems.append((place, wrong.reason.label.zh, wrong.reason.label.en))
    seen: set[frozenset[str]] = set()
    for number, link in enumerate(file.links):
        ends = frozenset((link.start, link.end))
        if ends in seen or len(ends) == 1:
            place = f"{name}: links[{number}]"
            problems.append((place, "链路重复或两端相同", "a link needs two different ends and may be there once"))
        seen.add(ends)
    if problems:
        raise UnableToReadPlan(problems[:_PROBLEMS_MAX])
    links = network((each.start, each.end, _route(each)) for each in file.links)
    try:
        made = board(offers, links)
    except UnableToPlace as wrong:
        raise UnableToReadPlan([(f"{name}: offers", wrong.reason.label.zh, wrong.reason.label.en)]) from None
    return made, Horizon(_s(file.start), file.block_s, file.blocks)


def _rows(name: str, text: str) -> Iterable[tuple[int, Any]]:
    if text.lstrip()[:1] in {"[", "{"}:
        rows = _json(name, text)
        if not isinstance(rows, list):
            raise UnableToReadPlan([(name, "应为JSON数组", "must be a JSON list of requests")])
        return enumerate(rows, start=1)
    reader = csv.DictReader(io.StringIO(text))
    return ((number, _filled(row)) for number, row in enumerate(reader, start=2))


def _filled(row: dict[Any, Any]) -> dict[str, Any]:
    """Leave out what a CSV row leaves empty; fields past the header stay, to be refused by name."""
    return {str(key or "past the header"): value for key, value in row.items() if value not in ("", None)}


def _json(name: str, text: str) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no figure")

    try:
        return json.loads(text, parse_float=refuse, parse_constant=refuse)
    except (ValueError, RecursionError) as wrong:
        raise UnableToReadPlan([(name, f"不是合格的JSON：{wrong}", f"no proper JSON: {wrong}")]) from None


def _told(place: str, wrong: ValidationError) -> list[tuple[str, str, str]]:
    told = []
    for error in wrong.errors(include_url=False)[:_PROBLEMS_MAX]:
        at = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
        told.append((f"{place}: {at}", f"值无效：{error['msg']}", f"{error['msg']}, not {str(error['input'])[:40]!r}"))
    return told


def _s(instant: datetime) -> int:
    return int(instant.timestamp())


def _request(row: RequestEntry, horizon: Horizon) -> Request:
    return Request(
        id=row.id,
        resource_class=row.resource_class,
        units=row.units,
        duration_s=row.duration_s,
        earliest_s=horizon.start_s if row.earliest is None else _s(row.earliest),
        latest_start_s=None if row.latest_start is None else _s(row.latest_start),
        deadline_s=None if row.deadline is None else _s(row.deadline),
        data_at=row.data_at,
        data_bytes=row.data_bytes,
        result_bytes=row.result_bytes,
        latency_to=row.latency_to,
        latency_max_us=row.latency_max_us,
        residency=row.residency,
        suppliers=None if row.suppliers is None else frozenset(row.suppliers),
        budget_fen=row.budget,
        wait_fen_per_hour=row.wait_per_hour,
        worth_fen=row.worth,
        holder=row.holder,
    )


def _offer(entry: OfferEntry) -> Offer:
    tariff = Tariff(
        id=UUID(int=0),
        centre=entry.centre,
        resource_class=entry.resource_class,
        unit=Unit.CORE_HOUR,
        rate_ufen=entry.rate,
        valid_from=datetime(1970, 1, 1, tzinfo=UTC),
        version=1,
        rounding=entry.rounding,
        minimum_fen=entry.minimum,
        granularity_ms=entry.granularity_ms,
    )
    return Offer(
        centre=entry.centre,
        tier=entry.tier,
        resource_class=entry.resource_class,
        tariff=tariff,
        units_max=entry.units_max,
        time_limit_max_s=entry.time_limit_max_s,
        free=tuple(Block(_s(each.start), _s(each.end), each.units) for each in entry.free),
        queue_wait_s=entry.queue_wait_s,
        engine_granularity_ms=entry.engine_granularity_ms,
        kill_lag_ms=entry.kill_lag_ms,
    )


def _route(link: LinkEntry) -> Route:
    return Route(rtt_us=link.rtt_us, bandwidth_mbps=link.bandwidth_mbps, price_per_gb_ufen=link.price_per_gb)
