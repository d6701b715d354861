"""What a holder asks for, what a centre can do, and the most that it can cost.

The most covers the job's time limit rounded up to the engine's step, plus the engine's measured kill lag. The voucher
pays its programme's share of every price, the holder the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from jiaozi.catalogue.rules import Tariff, most
from jiaozi.kernel.fen import Rounding, share, yuan
from jiaozi.kernel.refusal import Refused
from jiaozi.kernel.text import is_storable, kept_text
from jiaozi.party.rules import HolderClass

TITLE_MAX = 120
CODE_MAX = 40
_SHOWN_MAX = 16
LEAST_FEN = 1
"""The least that is held for a job that costs anything at all."""


class UnableToQuote(Refused):
    """The job can't be offered so; the reason names the field and what would be possible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a holder wants opened instead of a batch job: ``JUPYTERLAB`` or ``SSH``, with the public key for it."""

    opens: str
    authorized_key: str = ""

    @property
    def command(self) -> tuple[str, ...]:
        """What stands in an order's place of a command; its engine knows what to start."""
        return ("jiaozi-session", self.opens.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a holder asks for.

    Attributes
    ----------
    centre
        Where it must run; empty leaves the place to dispatch.
    units
        Cores or cards, as the resource class counts.
    memory_mib, time_limit_ms
        Limits; the price is for units times time, the hold for the time limit.
    end_user
        For an intermediary: whom the job is for.
    session
        What to open; None for a batch job.
    """

    centre: str
    resource_class: str
    units: int
    memory_mib: int
    time_limit_ms: int
    command: tuple[str, ...]
    end_user: UUID | None = None
    session: Session | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the centre's offer and engine allow."""

    units_max: int
    time_limit_max_ms: int
    granularity_ms: int
    kill_lag_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The most that the order can cost, in fen: voucher's and holder's share add up to it."""

    most_fen: int
    voucher_fen: int
    own_fen: int

    def with_(self, other: Quote) -> Quote:
        """Give both together."""
        return Quote(
            most_fen=self.most_fen + other.most_fen,
            voucher_fen=self.voucher_fen + other.voucher_fen,
            own_fen=self.own_fen + other.own_fen,
        )


def _between(field: str, value: int, most_allowed: int, zh: str, en: str) -> None:
    if not 1 <= value <= most_allowed:
        raise UnableToQuote(
            "OUT_OF_RANGE",
            f"{zh}须在1到{most_allowed}之间，当前为{value}",
            f"{en} must be 1 to {most_allowed}, not {value}",
            field=field,
        )


def check_words(request: Request, title: str, files: Mapping[str, str]) -> str:
    """Let an order's words be such as can be kept; gives the title without the space around it.

    Raises
    ------
    UnableToQuote
        Naming the field that holds too much, or what is no text.
    """
    kept_text(request.centre, "centre", most=CODE_MAX, refusal=UnableToQuote, required=False)
    kept_text(request.resource_class, "resource_class", most=CODE_MAX, refusal=UnableToQuote)
    words = {"command": request.command, "files": (*files, *files.values())}
    for field, texts in words.items():
        if not all(is_storable(text) for text in texts):
            raise UnableToQuote(
                "NOT_A_TEXT",
                "不得含空字符或不完整的字符；二进制文件请编码为文本",
                "no NUL and no half of a character: write a binary file as text",
                field=field,
            )
    return kept_text(title, "title", most=TITLE_MAX, refusal=UnableToQuote)


def check_request(
    request: Request, offer: Offer | None, suppliers: Collection[str], holder_class: str, serves: bool
) -> Offer:
    """Give the offer that a request fits.

    Parameters
    ----------
    suppliers
        Centres where the programme lets the voucher be spent.
    serves
        Whether the named end user is one of the intermediary's.

    Raises
    ------
    UnableToQuote
        Naming the field and what would be right.
    """
    if request.centre not in suppliers:
        raise UnableToQuote(
            "NOT_A_SUPPLIER",
            f"算力券不能在{request.centre}使用，可用于：{'、'.join(sorted(suppliers))}",
            f"the voucher can't be spent at {request.centre}; it can at {', '.join(sorted(suppliers))}",
            field="centre",
        )
    if offer is None:
        raise UnableToQuote(
            "NOT_OFFERED",
            f"{request.centre}没有提供{request.resource_class}",
            f"{request.centre} offers no {request.resource_class}",
            field="resource_class",
        )
    _between("units", request.units, offer.units_max, "数量", "units")
    _between("time_limit_ms", request.time_limit_ms, offer.time_limit_max_ms, "运行时限（毫秒）", "the time limit (ms)")
    _between("memory_mib", request.memory_mib, _MEMORY_MAX_MIB, "内存（MiB）", "memory (MiB)")
    if not request.command or not request.command[0]:
        raise UnableToQuote("COMMAND_MISSING", "请填写要运行的程序", "name the program to run", field="command")
    if (holder_class == HolderClass.INTERMEDIARY or request.end_user is not None) and not serves:
        raise UnableToQuote(
            "END_USER_MISSING",
            "算力中介服务机构下单须写明已登记的最终用户",
            "an intermediary's order names one of its registered end users",
            field="end_user",
        )
    return offer


_MEMORY_MAX_MIB = 4 * 1024 * 1024


def quote(tariff: Tariff, ratio: Fraction, request: Request, offer: Offer) -> Quote:
    """Price the most that a request can cost, and split it.

    A price that rounds to nothing is held with ``LEAST_FEN``: without any hold there would be no end to such jobs at
    once. Only a tariff of exactly 0 is held with nothing: the centre gives the compute away.

    Raises
    ------
    UnableToPrice
        When it is past what the ledger can hold.
    """
    most_fen = most(
        tariff,
        units=request.units,
        time_limit_ms=request.time_limit_ms,
        engine_granularity_ms=offer.granularity_ms,
        kill_lag_ms=offer.kill_lag_ms,
    )
    if tariff.rate_ufen:
        most_fen = max(most_fen, LEAST_FEN)
    voucher_fen = voucher_share(most_fen, ratio)
    return Quote(most_fen=most_fen, voucher_fen=voucher_fen, own_fen=most_fen - voucher_fen)


def check_shown(price_fen: int, shown: str) -> None:
    """Let a price be the one that was shown, in fen as text.

    Raises
    ------
    UnableToQuote
        Saying both, or the one where none was shown yet.
    """
    if shown == str(price_fen):
        return
    price = yuan(price_fen)
    if not (shown.isascii() and shown.isdigit() and len(shown) <= _SHOWN_MAX):
        raise UnableToQuote(
            "PRICE_NOT_SHOWN", f"最高{price}元，请确认后再提交", f"at most {price} yuan: confirm", field="most_fen"
        )
    before = yuan(int(shown))
    raise UnableToQuote(
        "PRICE_CHANGED",
        f"价格已由{before}元变为{price}元，请确认后再提交",
        f"the price changed from {before} to {price} yuan: confirm",
        field="most_fen",
    )


def voucher_share(price_fen: int, ratio: Fraction) -> int:
    """Give the voucher's part of a price: rounded down, so that the public never pays the odd fen.

    Both parts never fall when the price grows, so parts of a smaller price always fit into the parts held.

    >>> voucher_share(101, Fraction(1, 2))
    50
    """
    return share(price_fen, ratio, Rounding.DOWN)
