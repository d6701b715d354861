"""A plan: many requests over centres and blocks at once, whole jobs, with its cost, its bound, its gap and its prices.

The bound is below the score of every plan that keeps the rules; the gap says how far above it this one is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import NamedTuple

import numpy as np

from jiaozi.dispatch.rules.board import Board
from jiaozi.dispatch.rules.planning.dual import (
    BLOCKED,
    Field,
    Floats,
    Ints,
    bound,
    scarcity_prices,
)
from jiaozi.dispatch.rules.planning.explaining import Unplaced, crowded_out, never
from jiaozi.dispatch.rules.planning.fairness import fair_limits
from jiaozi.dispatch.rules.planning.rounding import IDLE, rounded
from jiaozi.dispatch.rules.planning.scores import (
    Flags,
    Horizon,
    Sheet,
    compute_prices,
    field_of,
    movement_prices,
    room_of,
    sheet,
    waits,
)
from jiaozi.dispatch.rules.request import Request, UnableToPlace, check_request
from jiaozi.kernel.fen import UFEN_PER_FEN

_SAVING_MAX = Fraction(9, 10)
_S_PER_HOUR = 3_600


class Placement(NamedTuple):
    """One request's place in the plan; times in seconds since 1970, amounts in fen."""

    request: str
    centre: str
    start_s: int
    end_s: int
    compute_fen: int
    movement_fen: int
    waiting_fen: int


class Shadow(NamedTuple):
    """What one more unit for an hour would be worth in a block that is full, in micro-fen."""

    centre: str
    resource_class: str
    start_s: int
    end_s: int
    ufen_per_unit_hour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was planned.

    Attributes
    ----------
    cost_fen
        Compute and data movement of all placements.
    score_fen, bound_fen
        Cost with waiting, tiers and the worth of what is not served; and what no plan can be below.
    finished
        False when the time ran out: then this is the best plan so far, with its true gap.
    """

    placements: tuple[Placement, ...]
    unplaced: tuple[Unplaced, ...]
    shadows: tuple[Shadow, ...]
    cost_fen: int
    score_fen: int
    bound_fen: int
    finished: bool

    @property
    def gap(self) -> float:
        """How far the score is above the bound, as a part of the bound."""
        return max(0.0, (self.score_fen - self.bound_fen) / max(1, self.bound_fen))


class _Part(NamedTuple):
    placements: list[Placement]
    unplaced: list[Unplaced]
    shadows: list[Shadow]
    score_fen: int
    bound_fen: int


def plan(
    requests: Iterable[Request],
    board: Board,
    horizon: Horizon,
    *,
    outer_saving: Fraction = Fraction(0),
    weights: Mapping[str, int] | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> Plan:
    """Plan many requests at once.

    Parameters
    ----------
    outer_saving
        A centre's score counts as if divided by one minus this for each tier that it lies further out.
    weights
        Holders' weights for weighted dominant shares; None for no fairness between holders.
    enough
        Asked between steps; once it says yes, the plan is rounded from what is known.

    Raises
    ------
    UnableToPlace
        Naming the field, when a figure can't be meant or an id is there twice.
    """
    classes = _by_class(requests)
    check_terms(horizon, outer_saving, weights or {})
    parts = []
    for resource_class in sorted(classes):
        stalls = board.stalls.get(resource_class, ())
        rows = sheet(classes[resource_class], stalls, board.network, horizon, outer_saving)
        parts.append(_part(rows, board, weights, enough))
    return Plan(
        placements=tuple(sorted(each for part in parts for each in part.placements)),
        unplaced=tuple(sorted((each for part in parts for each in part.unplaced), key=lambda each: each.request)),
        shadows=tuple(each for part in parts for each in part.shadows),
        cost_fen=sum(each.compute_fen + each.movement_fen for part in parts for each in part.placements),
        score_fen=sum(part.score_fen for part in parts),
        bound_fen=sum(part.bound_fen for part in parts),
        finished=not enough(),
    )


def _by_class(requests: Iterable[Request]) -> dict[str, list[Request]]:
    classes: dict[str, list[Request]] = {}
    seen: set[str] = set()
    for each in requests:
        check_request(each)
        if each.id in seen:
            raise UnableToPlace("REQUEST_TWICE", f"需求{each.id}重复", f"request {each.id} is there twice", field="id")
        seen.add(each.id)
        classes.setdefault(each.resource_class, []).append(each)
    return classes


def check_terms(horizon: Horizon, outer_saving: Fraction, weights: Mapping[str, int]) -> None:
    """Refuse terms that can't be meant.

    Raises
    ------
    UnableToPlace
        Naming the field.
    """
    if horizon.block_s < 1 or horizon.blocks < 1 or horizon.start_s < 0:
        raise UnableToPlace("HORIZON_EMPTY", "时段长度和个数须大于零", "a plan needs blocks of time", field="blocks")
    if not 0 <= outer_saving <= _SAVING_MAX:
        raise UnableToPlace(
            "SAVING_OUT_OF_RANGE",
            "外层节省比例须在0到90%之间",
            "the outer tiers' saving must be 0 to 90%",
            field="outer_saving",
        )
    for holder, weight in weights.items():
        if not isinstance(weight, int) or isinstance(weight, bool) or weight < 1:
            raise UnableToPlace(
                "WEIGHT_WRONG",
                f"{holder}的权重须为正整数，当前为{weight!r}",
                f"{holder}'s weight must be a whole number of 1 or more, not {weight!r}",
                field="weights",
            )


def _part(rows: Sheet, board: Board, weights: Mapping[str, int] | None, enough: Callable[[], bool]) -> _Part:
    """Plan one resource class."""
    n, m, blocks = rows.shape
    if not m or not n:
        return _Part([], never(rows, np.arange(n), board), [], 0, 0)
    room = room_of(rows)
    field = field_of(rows, room)
    able = np.flatnonzero(field.idle < BLOCKED)
    some = rows_of(field, able)
    prices, tau = scarcity_prices(some, enough) if able.size else (np.zeros((m, blocks)), 0.0)
    option = np.full(n, IDLE, dtype=np.int64)
    if able.size:
        option[able] = _whole_jobs(_within(rows, able, some, weights), some, prices, tau, enough)
    placements, score_fen = _placements(rows, option)
    lost = able[option[able] == IDLE]
    score_fen += int(np.ceil(field.idle[lost].astype(np.float64) * field.units[lost]).sum())
    bound_fen = max(0, floor(bound(some, prices))) if able.size else 0
    unplaced = [crowded_out(rows, row, float(field.idle[row]), weights is not None) for row in lost.tolist()]
    unplaced += never(rows, np.setdiff1d(np.arange(n), able), board)
    return _Part(placements, unplaced, _shadows(rows, prices), score_fen, bound_fen)


def rows_of(field: Field, rows: Ints, room: Floats | None = None) -> Field:
    """Give a field of some rows only, perhaps with other room."""
    whole = rows.size == field.units.size
    spans = []
    for span, first, end in field.spans:
        begin, until = int(np.searchsorted(rows, first)), int(np.searchsorted(rows, end))
        if until > begin:
            spans.append((span, begin, until))
    return Field(
        field.score if whole else field.score[rows],
        field.idle if whole else field.idle[rows],
        field.units if whole else field.units[rows],
        tuple(spans),
        field.room if room is None else room,
    )


def _within(rows: Sheet, able: Ints, field: Field, weights: Mapping[str, int] | None) -> Flags:
    """Say which rows lie within their holders' fair shares, those of most worth per unit first."""
    within = np.ones(able.size, dtype=np.bool_)
    if weights is None:
        return within
    size = rows.units[able] * rows.span[able]
    holders = [rows.requests[row].holder for row in able.tolist()]
    demand: dict[str, int] = {}
    for holder, amount in zip(holders, size.tolist(), strict=True):
        demand[holder] = demand.get(holder, 0) + amount
    left = fair_limits(demand, weights, int(field.room.sum()))
    for at in np.lexsort((np.arange(able.size), -field.idle)).tolist():
        within[at] = size[at] <= left[holders[at]]
        if within[at]:
            left[holders[at]] -= int(size[at])
    return within


def _whole_jobs(within: Flags, field: Field, prices: Floats, tau: float, enough: Callable[[], bool]) -> Ints:
    """Round what lies within the holders' shares first, then give what room is left to the others."""
    option = np.full(within.size, IDLE, dtype=np.int64)
    room = field.room
    for turn in (np.flatnonzero(within), np.flatnonzero(~within)):
        if turn.size:
            option[turn] = rounded(rows_of(field, turn, room), prices, tau, enough)
            room = field.room - _load(field, option)
    return option


def _load(field: Field, option: Ints) -> Floats:
    """Give the units that a plan uses of every cell."""
    m, blocks = field.room.shape
    load = np.zeros((m, blocks))
    for span, first, end in field.spans:
        rows = np.arange(first, end)[option[first:end] != IDLE]
        starts = np.bincount(option[rows], weights=field.units[rows], minlength=m * blocks).reshape(m, blocks)
        for later in range(span):
            load[:, later:] += starts[:, : blocks - later]
    return load


def _placements(rows: Sheet, option: Ints) -> tuple[list[Placement], int]:
    """Put the chosen options into exact figures; give them with their score."""
    _, m, blocks = rows.shape
    found: list[Placement] = []
    score = 0
    for column in range(m):
        mine = np.flatnonzero((option != IDLE) & (option // blocks == column))
        if not mine.size:
            continue
        starts = rows.horizon.start_s + rows.horizon.block_s * (option[mine] % blocks)
        compute, movement = compute_prices(rows, mine, column), movement_prices(rows, mine, column)
        waiting, factor = waits(rows, mine, starts), rows.factors[column]
        price = compute + movement
        score += int(waiting.sum()) + (
            int(price.sum())
            if factor == 1
            else sum(-(-each * factor.numerator // factor.denominator) for each in price.tolist())
        )
        columns = (each.tolist() for each in (mine, starts, rows.duration_s[mine], compute, movement, waiting))
        centre = rows.stalls[column].centre
        found += [
            Placement(rows.requests[row].id, centre, start, start + length, *amounts)
            for row, start, length, *amounts in zip(*columns, strict=True)
        ]
    return found, score


def _shadows(rows: Sheet, prices: Floats) -> list[Shadow]:
    """Give the scarcity prices that are not nothing."""
    horizon = rows.horizon
    found = []
    for column, block in np.argwhere(prices > 0).tolist():
        stall = rows.stalls[column]
        hourly = int(prices[column, block] * UFEN_PER_FEN * _S_PER_HOUR / horizon.block_s)
        if hourly:
            start_s, end_s = horizon.start_of(block), horizon.start_of(block + 1)
            found.append(Shadow(stall.centre, stall.offer.resource_class, start_s, end_s, hourly))
    return found
