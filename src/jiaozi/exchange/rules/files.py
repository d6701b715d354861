"""The file of ``jiaozi exchange clear``: a book as JSON. docs/reference/exchange.md lists the fields.

Amounts are quoted text in yuan, so that no float is read; quantities are whole numbers; a key that is not listed is
refused. Every mistake is told by place and field.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, ValidationError

from jiaozi.exchange.rules.book import Book, Contract, Link, Order, Period, Side, Terms
from jiaozi.exchange.rules.checking import NAME_MAX, PPM, Problem, UnableToClear
from jiaozi.kernel.fen import parse_ratio, parse_yuan
from jiaozi.kernel.refusal import Refused

_PROBLEMS_MAX = 50


class UnableToReadBook(Refused):
    """The text is no JSON at all."""


def _quoted(parse: Callable[[str], int]) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if not isinstance(value, str):
            raise ValueError('must be quoted text, like "12.50"')  # noqa: TRY004 - pydantic reads it
        return parse(value)

    return read


def _ppm(text: str) -> int:
    ppm = parse_ratio(text) * PPM
    if ppm.denominator != 1:
        raise ValueError(f"{text!r} is finer than a millionth")
    return int(ppm)


Yuan = Annotated[int, BeforeValidator(_quoted(parse_yuan))]
Share = Annotated[int, BeforeValidator(_quoted(_ppm))]
Name = Annotated[str, Field(min_length=1, max_length=NAME_MAX)]


class _Way(StrEnum):
    BID = "bid"
    ASK = "ask"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PeriodEntry(_Entry):
    """One block of time."""

    id: Name
    start: AwareDatetime
    end: AwareDatetime


class ContractEntry(_Entry):
    """One resource class that is traded."""

    resource_class: Name
    lot_units: StrictInt = 1


class LinkEntry(_Entry):
    """Lots that can go one way; without class or period it says so for each."""

    start: Name
    end: Name
    capacity: StrictInt
    charge: Yuan = 0
    resource_class: str = ""
    period: str = ""


class OrderEntry(_Entry):
    """One sealed bid or ask."""

    id: Name
    party: Name
    side: _Way
    resource_class: Name
    hub: Name
    period: Name
    quantity: StrictInt
    limit: Yuan
    minimum: StrictInt = 0


class TermsEntry(_Entry):
    """How the session is cleared and watched."""

    share_max: Share = Terms().share_max_ppm
    hhi_max: StrictInt = Terms().hhi_max
    steps_max: StrictInt = Terms().steps_max


class FrameFile(_Entry):
    """A session without its orders."""

    session: Name
    hubs: list[Name]
    periods: list[PeriodEntry]
    classes: list[ContractEntry]
    links: list[LinkEntry] = []
    related: list[tuple[Name, Name]] = []
    terms: TermsEntry = TermsEntry()


class BookFile(FrameFile):
    """The whole file."""

    orders: list[OrderEntry]


FileT = TypeVar("FileT", bound=FrameFile)


def read_book(text: str) -> Book:
    """Read a book; what its figures mean together is checked when it is cleared.

    Raises
    ------
    UnableToReadBook, UnableToClear
        When it is no JSON; with every bad figure by place and field.
    """
    return _book(_validated(BookFile, _json(text)))


def read_frame(body: Mapping[str, Any]) -> Book:
    """Read a session without its orders, as the house keeps it.

    Raises
    ------
    UnableToClear
        As above.
    """
    return _book(_validated(FrameFile, body))


def read_object(text: str) -> dict[str, Any]:
    """Read a JSON object, such as a session's frame before the house has looked at it.

    Raises
    ------
    UnableToReadBook
        When it is none.
    """
    found = _json(text)
    if not isinstance(found, dict):
        raise UnableToReadBook("NO_JSON", "须为JSON对象", "must be a JSON object", field="")
    return found


def _validated(kind: type[FileT], body: Any) -> FileT:
    try:
        return kind.model_validate(body)
    except ValidationError as wrong:
        raise UnableToClear(_problem(each) for each in wrong.errors(include_url=False)[:_PROBLEMS_MAX]) from None


def _json(text: str) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no figure that a book knows: write whole numbers, and amounts as quoted text")

    try:
        return json.loads(text, parse_float=refuse, parse_constant=refuse)
    except (ValueError, RecursionError) as wrong:
        raise UnableToReadBook("NO_JSON", f"不是合格的JSON：{wrong}", f"no proper JSON: {wrong}", field="") from None


def _problem(error: Any) -> Problem:
    at = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    if error["type"] == "missing":
        return Problem(at, "MISSING", "缺少此项", "is missing")
    if error["type"] == "extra_forbidden":
        return Problem(at, "UNKNOWN_KEY", "没有此项", "is no key of a book")
    given, told = str(error["input"])[:40], str(error["msg"]).removeprefix("Value error, ")
    return Problem(at, "VALUE_WRONG", f"值无效：{given}（{told}）", f"{told}, not {given!r}")


def _book(file: FrameFile) -> Book:
    orders = file.orders if isinstance(file, BookFile) else []
    return Book(
        session=file.session,
        hubs=tuple(file.hubs),
        periods=tuple(Period(each.id, each.start, each.end) for each in file.periods),
        contracts=tuple(Contract(each.resource_class, each.lot_units) for each in file.classes),
        links=tuple(
            Link(each.start, each.end, each.capacity, each.charge, each.resource_class, each.period)
            for each in file.links
        ),
        orders=tuple(
            Order(
                each.id,
                each.party,
                Side.BID if each.side is _Way.BID else Side.ASK,
                each.resource_class,
                each.hub,
                each.period,
                each.quantity,
                each.limit,
                each.minimum,
            )
            for each in orders
        ),
        related=tuple(file.related),
        terms=Terms(file.terms.share_max, file.terms.hhi_max, file.terms.steps_max),
    )
