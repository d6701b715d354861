"""The plan's figures as arrays: what every request would cost at every centre in every block, and what is not allowed.

Prices are whole fen, by the same formula as a quote's. Scores are the same per unit, in single precision.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

import numpy as np
from numpy.typing import NDArray

from jiaozi.dispatch.rules.board import RANK, Stall
from jiaozi.dispatch.rules.network import UFEN_BYTES, Network, Route
from jiaozi.dispatch.rules.planning.dual import BLOCKED, Field, Floats, Ints
from jiaozi.dispatch.rules.price import S_PER_HOUR
from jiaozi.dispatch.rules.request import Request, UnableToPlace

Flags = NDArray[np.bool_]

_EXACT_MAX = 2**62
_ROWS = 20_000
_BITS = 8
_MS_PER_S = 1_000
CELLS_MAX = 20_000
SCORES_MAX = 200_000_000


@dataclass(frozen=True, slots=True)
class Horizon:
    """The time that a plan covers: blocks of one length from an instant on. A job occupies whole blocks."""

    start_s: int
    block_s: int
    blocks: int

    def start_of(self, block: int) -> int:
        """Give the instant at which a block begins."""
        return self.start_s + block * self.block_s


@dataclass(frozen=True, slots=True)
class Sheet:
    """Requests of one class as columns, in the order of span and id: rows; the class's stalls: centres."""

    requests: tuple[Request, ...]
    stalls: tuple[Stall, ...]
    horizon: Horizon
    units: Ints
    duration_s: Ints
    earliest_s: Ints
    latest_s: Ints
    deadline_s: Ints
    budget_fen: Ints
    size_bytes: Ints
    result_bytes: Ints
    wait_fen: Ints
    worth_fen: Ints
    span: Ints
    kind: Ints
    routes: tuple[tuple[Route | None, ...], ...]
    allowed: Flags
    factors: tuple[Fraction, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, centres, blocks."""
        return len(self.requests), len(self.stalls), self.horizon.blocks


_NEVER = 2**62


def sheet(
    requests: Iterable[Request], stalls: Sequence[Stall], network: Network, horizon: Horizon, outer_saving: Fraction
) -> Sheet:
    """Put the requests of one class into columns; the order of the input makes no difference.

    Raises
    ------
    UnableToPlace
        When requests × centres × blocks is more than a plan holds at once.
    """
    spans = sorted((-(-each.duration_s // horizon.block_s), each.id, each) for each in requests)
    ordered = tuple(each for _, _, each in spans)
    scores = len(ordered) * len(stalls) * horizon.blocks
    if scores > SCORES_MAX or len(stalls) * horizon.blocks > CELLS_MAX:
        raise UnableToPlace(
            "PLAN_TOO_LARGE",
            "需求×中心×时段过多，请减少时段或分批",
            f"{scores:,} scores are more than a plan holds at once; use fewer blocks or several plans",
            field="blocks",
        )

    def column(values: Iterable[int]) -> Ints:
        return np.fromiter(values, dtype=np.int64, count=len(ordered))

    kinds: dict[tuple[object, ...], int] = {}
    kind = column(
        kinds.setdefault(
            (
                each.data_at if each.moved_bytes else None,
                each.latency_to,
                each.latency_max_us,
                each.residency,
                each.suppliers,
            ),
            len(kinds),
        )
        for each in ordered
    )
    routes, allowed = _kinds(kinds, stalls, network)
    keep = 1 - outer_saving
    return Sheet(
        requests=ordered,
        stalls=tuple(stalls),
        horizon=horizon,
        units=column(each.units for each in ordered),
        duration_s=column(each.duration_s for each in ordered),
        earliest_s=column(each.earliest_s for each in ordered),
        latest_s=column(_NEVER if each.latest_start_s is None else each.latest_start_s for each in ordered),
        deadline_s=column(_NEVER if each.deadline_s is None else each.deadline_s for each in ordered),
        budget_fen=column(_NEVER if each.budget_fen is None else each.budget_fen for each in ordered),
        size_bytes=column(each.data_bytes for each in ordered),
        result_bytes=column(each.result_bytes for each in ordered),
        wait_fen=column(each.wait_fen_per_hour for each in ordered),
        worth_fen=column(-1 if each.worth_fen is None else each.worth_fen for each in ordered),
        span=column(span for span, _, _ in spans),
        kind=kind,
        routes=routes,
        allowed=allowed,
        factors=tuple((1 / keep) ** stall.rank for stall in stalls),
    )


def _kinds(
    kinds: dict[tuple[object, ...], int], stalls: Sequence[Stall], network: Network
) -> tuple[tuple[tuple[Route | None, ...], ...], Flags]:
    """Say for each kind of request by which route its data goes to each centre, and which centres it may use."""
    routes: list[tuple[Route | None, ...]] = []
    allowed = np.ones((len(kinds), len(stalls)), dtype=np.bool_)
    for at, (data_at, latency_to, latency_max, residency, suppliers) in enumerate(kinds):
        ways: list[Route | None] = []
        for column, stall in enumerate(stalls):
            way = network.between(str(data_at), stall.centre) if data_at is not None else None
            ways.append(way)
            far = network.between(str(latency_to), stall.centre) if latency_to is not None else None
            allowed[at, column] = not (
                (data_at is not None and (way is None or way.price_per_gb_ufen is None))
                or (latency_to is not None and (far is None or far.rtt_us is None or far.rtt_us > latency_max))  # type: ignore[operator]
                or (residency is not None and stall.rank > RANK[residency])  # type: ignore[index]
                or (suppliers is not None and stall.centre not in suppliers)  # type: ignore[operator]
            )
        routes.append(tuple(ways))
    return tuple(routes), allowed


def prices(sheet: Sheet, rows: Ints, column: int) -> Ints:
    """Give the exact price in fen of some rows at one centre: compute and data movement."""
    return compute_prices(sheet, rows, column) + movement_prices(sheet, rows, column)


def compute_prices(sheet: Sheet, rows: Ints, column: int) -> Ints:
    """Give the most that the runs cost, as ``price.compute_fen`` does one by one."""
    stall = sheet.stalls[column]
    offer, tariff = stall.offer, stall.offer.tariff
    step = offer.engine_granularity_ms
    longest = -(-sheet.duration_s[rows] * _MS_PER_S // step) * step + offer.kill_lag_ms
    billed = -(-longest // tariff.granularity_ms) * tariff.granularity_ms
    return np.maximum(_scaled(billed * sheet.units[rows], stall.times, stall.plus, stall.per), tariff.minimum_fen)


def movement_prices(sheet: Sheet, rows: Ints, column: int) -> Ints:
    """Give the price of moving each row's data there; 0 where it may not go anyway."""
    ufen = _of_kinds(sheet, column, "price_per_gb_ufen")
    if not ufen.any():
        return np.zeros(rows.size, dtype=np.int64)
    shared = gcd(UFEN_BYTES, *ufen.tolist())
    per = UFEN_BYTES // shared
    return _scaled(sheet.size_bytes[rows] + sheet.result_bytes[rows], (ufen // shared)[sheet.kind[rows]], per - 1, per)


def ready_at(sheet: Sheet, rows: Ints, column: int) -> Ints:
    """Give the earliest start of each row at a centre: after the data is there and the queue is through."""
    ready = sheet.earliest_s[rows] + sheet.stalls[column].offer.queue_wait_s
    return ready + _transfer_s(sheet, sheet.size_bytes, rows, column)


def latest_at(sheet: Sheet, rows: Ints, column: int) -> Ints:
    """Give the latest start of each row at a centre: so that it has run, and its results are back, by its deadline."""
    ends = sheet.deadline_s[rows] - sheet.duration_s[rows] - _transfer_s(sheet, sheet.result_bytes, rows, column)
    return np.asarray(np.minimum(ends, sheet.latest_s[rows]), dtype=np.int64)


def _transfer_s(sheet: Sheet, sizes: Ints, rows: Ints, column: int) -> Ints:
    taken = np.zeros(rows.size, dtype=np.int64)
    speeds = _of_kinds(sheet, column, "bandwidth_mbps")
    for mbps in np.unique(speeds[speeds > 0]).tolist():
        mine = speeds[sheet.kind[rows]] == mbps
        shared = gcd(_BITS, mbps * 10**6)
        per = mbps * 10**6 // shared
        taken[mine] = _scaled(sizes[rows[mine]], _BITS // shared, per - 1, per)
    return taken


def _of_kinds(sheet: Sheet, column: int, figure: str) -> Ints:
    """Give a figure of the route to a centre for each kind of request; 0 where there is none."""
    ways = (kind[column] for kind in sheet.routes)
    return np.array([0 if way is None else getattr(way, figure) or 0 for way in ways], dtype=np.int64)


def waits(sheet: Sheet, rows: Ints, start_s: Ints | int) -> Ints:
    """Give what waiting until a start is worth."""
    return -(-(start_s - sheet.earliest_s[rows]) * sheet.wait_fen[rows] // S_PER_HOUR)


def _scaled(amounts: Ints, times: Ints | int, plus: int, per: int) -> Ints:
    """Give ``(amount * times + plus) // per``, in 64 bits where they hold it, else in Python's own numbers."""
    if not amounts.size:
        return amounts
    if int(amounts.max()) * int(np.max(times)) + plus < _EXACT_MAX:
        return np.asarray((amounts * times + plus) // per, dtype=np.int64)
    factors = np.broadcast_to(times, amounts.shape).tolist()
    exact = [(each * by + plus) // per for each, by in zip(amounts.tolist(), factors, strict=True)]
    if max(exact) >= _EXACT_MAX:
        raise UnableToPlace(
            "PRICE_TOO_LARGE",
            "价格超出台账可记的最大金额",
            "a price is past what the ledger can hold",
            field="units",
        )
    return np.array(exact, dtype=np.int64)


def room_of(sheet: Sheet) -> Floats:
    """Give the units that are free throughout each block at each centre; a block that is partly closed has none."""
    horizon = sheet.horizon
    room = np.zeros((len(sheet.stalls), horizon.blocks))
    for row, stall in enumerate(sheet.stalls):
        free = stall.offer.free
        if free is None:
            room[row] = stall.offer.units_max
            continue
        for block in range(horizon.blocks):
            first, end = horizon.start_of(block), horizon.start_of(block + 1)
            least, at = 2**62, first
            for start_s, end_s, units, _ in free:
                if at < end and start_s <= at < end_s:
                    least, at = min(least, units), end_s
            room[row, block] = least if at >= end else 0
    return room


def field_of(sheet: Sheet, room: Floats) -> Field:
    """Give the solver's arrays; a row that no option is open to has an ``idle`` of ``BLOCKED``."""
    n, m, blocks = sheet.shape
    score = np.full((n, m, blocks), BLOCKED, dtype=np.float32)
    open_room = room.max(axis=1)
    starts = sheet.horizon.start_s + sheet.horizon.block_s * np.arange(blocks)
    for begin in range(0, n, _ROWS):
        rows = np.arange(begin, min(begin + _ROWS, n))
        units = sheet.units[rows]
        for column, stall in enumerate(sheet.stalls):
            offer = stall.offer
            price = prices(sheet, rows, column)
            good = sheet.allowed[sheet.kind[rows], column] & (units <= min(offer.units_max, int(open_room[column])))
            good &= (sheet.duration_s[rows] <= offer.time_limit_max_s) & (price <= sheet.budget_fen[rows])
            ready, ends = ready_at(sheet, rows, column), latest_at(sheet, rows, column)
            ranked = price * float(sheet.factors[column])
            for block in range(blocks):
                fits = good & (ready <= starts[block]) & (starts[block] <= ends)
                fits &= block + sheet.span[rows] <= blocks
                total = ranked + waits(sheet, rows, int(starts[block]))
                score[rows, column, block] = np.where(fits, total / units, BLOCKED)
    flat = score.reshape(n, m * blocks)
    dearest = np.where(flat < BLOCKED, flat, -1).max(axis=1, initial=-1) if n else np.zeros(0, dtype=np.float32)
    usual = np.where(dearest < 0, BLOCKED, np.maximum(2 * dearest, np.float32(1)))
    given = (sheet.worth_fen / np.maximum(sheet.units, 1)).astype(np.float32)
    idle = np.where((sheet.worth_fen >= 0) & (dearest >= 0), given, usual).astype(np.float32)
    spans, first = [], 0
    for span in np.unique(sheet.span).tolist():
        end = int(np.searchsorted(sheet.span, span, side="right"))
        spans.append((span, first, end))
        first = end
    return Field(flat, idle, sheet.units.astype(np.float64), tuple(spans), room)
