"""What is asked and what is offered: the two sides that dispatch brings together.

Instants are whole seconds since 1970, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from jiaozi.catalogue.rules import Tariff, Tier
from jiaozi.kernel.refusal import Refused

UNITS_MAX = 10_000_000
DURATION_MAX_S = 366 * 86_400
INSTANT_MAX_S = 253_402_300_799
BYTES_MAX = 10**18
AMOUNT_MAX_FEN = 10**15
RTT_MAX_US = 10_000_000


class UnableToPlace(Refused):
    """A request or an offer has a figure that can't be meant; the field says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One job that looks for a place.

    Attributes
    ----------
    units, duration_s
        Cores, cards or nodes as the class counts them, and the time limit: what the hold must cover.
    earliest_s, latest_start_s, deadline_s
        Not before, begun by, and done by, what comes back included.
    data_at, data_bytes, result_bytes
        The place where the input lies and the results go back to, and how much of each.
    latency_to, latency_max_us
        A place, and the longest round trip to it that the job bears.
    residency
        The outermost tier that the data may go to; ``CITY`` is 数据不出市.
    tier
        The tier that the holder would rather have; its places go first.
    suppliers
        The centres where the voucher may be spent; None for no limit.
    budget_fen
        The most that compute and data movement may cost together.
    wait_fen_per_hour
        What an hour of waiting is worth to the holder; it ranks, nobody pays it.
    worth_fen
        What not being served costs in a plan; None for twice the dearest feasible price.
    voucher_ratio
        The part of the compute's price that the programme's voucher pays.
    movement_ratio
        The part of the data movement's price that it pays; none where the programme says nothing.
    """

    id: str
    resource_class: str
    units: int
    duration_s: int
    earliest_s: int = 0
    latest_start_s: int | None = None
    deadline_s: int | None = None
    data_at: str | None = None
    data_bytes: int = 0
    result_bytes: int = 0
    latency_to: str | None = None
    latency_max_us: int | None = None
    residency: Tier | None = None
    tier: Tier | None = None
    suppliers: frozenset[str] | None = None
    budget_fen: int | None = None
    wait_fen_per_hour: int = 0
    worth_fen: int | None = None
    voucher_ratio: Fraction = Fraction(0)
    movement_ratio: Fraction = Fraction(0)
    holder: str = ""

    @property
    def moved_bytes(self) -> int:
        """Everything that is moved, there and back."""
        return self.data_bytes + self.result_bytes


class Block(NamedTuple):
    """Free units from an instant up to and without another; ``shadow_ufen`` is their scarcity, per unit and hour.

    Time that no block covers is closed, as in a maintenance window.
    """

    start_s: int
    end_s: int
    units: int
    shadow_ufen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What one centre offers of one class, for one kind of customer.

    Attributes
    ----------
    units_max, time_limit_max_s
        The most that one order may ask for.
    free
        Free capacity, in order and without overlap; None where it isn't known: then ``units_max`` at any time.
    queue_wait_s
        Expected wait between the data's arrival and the start.
    engine_granularity_ms, kill_lag_ms
        What the hold must cover beside the time limit.
    """

    centre: str
    tier: Tier
    resource_class: str
    tariff: Tariff
    units_max: int
    time_limit_max_s: int
    free: tuple[Block, ...] | None = None
    queue_wait_s: int = 0
    engine_granularity_ms: int = 1
    kill_lag_ms: int = 0


def check_request(request: Request) -> None:
    """Refuse figures that can't be meant.

    Raises
    ------
    UnableToPlace
        Naming the field and what would be right.
    """
    _between("units", request.units, 1, UNITS_MAX)
    _between("duration_s", request.duration_s, 1, DURATION_MAX_S)
    _between("earliest_s", request.earliest_s, 0, INSTANT_MAX_S)
    _between("data_bytes", request.data_bytes, 0, BYTES_MAX)
    _between("result_bytes", request.result_bytes, 0, BYTES_MAX)
    _between("wait_fen_per_hour", request.wait_fen_per_hour, 0, AMOUNT_MAX_FEN)
    if request.latest_start_s is not None:
        _between("latest_start_s", request.latest_start_s, 0, INSTANT_MAX_S)
        if request.latest_start_s < request.earliest_s:
            raise UnableToPlace(
                "LATEST_START_TOO_EARLY",
                "最晚开始早于最早开始，任何资源都来不及",
                "the latest start is before the earliest; no place could make it",
                field="latest_start_s",
            )
    if request.deadline_s is not None:
        _between("deadline_s", request.deadline_s, 0, INSTANT_MAX_S)
        if request.deadline_s < request.earliest_s + request.duration_s:
            raise UnableToPlace(
                "DEADLINE_TOO_EARLY",
                "截止时间早于最早开始加运行时限，任何资源都来不及",
                "the deadline is before the earliest start plus the duration; no place could make it",
                field="deadline_s",
            )
    if request.budget_fen is not None:
        _between("budget_fen", request.budget_fen, 0, AMOUNT_MAX_FEN)
    if request.worth_fen is not None:
        _between("worth_fen", request.worth_fen, 0, AMOUNT_MAX_FEN)
    if not (0 <= request.voucher_ratio <= 1 and 0 <= request.movement_ratio <= 1):
        raise UnableToPlace(
            "RATIO_WRONG", "券支付比例应在0到1之间", "the voucher's part must be 0 to 1", field="voucher_ratio"
        )
    _pair("data_at", request.data_at, "data_bytes", request.data_bytes or None)
    _pair("data_at", request.data_at, "result_bytes", request.result_bytes or None)
    _pair("latency_to", request.latency_to, "latency_max_us", request.latency_max_us)
    if request.latency_max_us is not None:
        _between("latency_max_us", request.latency_max_us, 0, RTT_MAX_US)


def check_offer(offer: Offer) -> None:
    """Refuse an offer that can't be meant, or whose blocks overlap.

    Raises
    ------
    UnableToPlace
        Naming the field and what would be right.
    """
    _between("units_max", offer.units_max, 1, UNITS_MAX)
    _between("time_limit_max_s", offer.time_limit_max_s, 1, DURATION_MAX_S)
    _between("queue_wait_s", offer.queue_wait_s, 0, DURATION_MAX_S)
    _between("engine_granularity_ms", offer.engine_granularity_ms, 1, 86_400_000)
    _between("kill_lag_ms", offer.kill_lag_ms, 0, 86_400_000)
    before = 0
    for place, block in enumerate(offer.free or ()):
        _between(f"free[{place}].units", block.units, 0, UNITS_MAX)
        _between(f"free[{place}].end_s", block.end_s, 0, INSTANT_MAX_S)
        _between(f"free[{place}].shadow_ufen", block.shadow_ufen, 0, 10**18)
        if block.end_s <= block.start_s:
            raise UnableToPlace(
                "BLOCK_EMPTY",
                "时间块的结束应晚于开始",
                "a block must end after it starts",
                field=f"free[{place}].end_s",
            )
        if block.start_s < before:
            raise UnableToPlace(
                "BLOCKS_OVERLAP",
                "时间块重叠或顺序颠倒，应首尾相接、依次排列",
                "blocks overlap or are out of order; each must start when or after the one before ends",
                field=f"free[{place}].start_s",
            )
        before = block.end_s


def _between(field: str, value: int, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise UnableToPlace(
            "OUT_OF_RANGE",
            f"应为{least}到{most}之间的整数，当前为{value!r}",
            f"must be a whole number from {least} to {most}, not {value!r}",
            field=field,
        )


def _pair(field: str, value: object, other: str, other_value: object) -> None:
    if other_value is not None and value is None:
        raise UnableToPlace(
            "FIELD_MISSING",
            f"填写了{other}，须同时填写{field}",
            f"{other} is given, so {field} must be too",
            field=field,
        )
    if value is not None and other_value is None and other == "latency_max_us":
        raise UnableToPlace(
            "FIELD_MISSING",
            f"填写了{field}，须同时填写{other}",
            f"{field} is given, so {other} must be too",
            field=other,
        )
