"""The dual of the plan: a price for every cell (centre × block) at which demand just fits, and a bound on every plan.

    maximise  D(λ) = Σ_r min( worth_r, min_o score_ro + u_r π_o(λ) ) − Σ_i K_i λ_i      over λ ≥ 0

where option o starts request r in one block of one centre, occupies cells o, o+1, … for its span, and π_o is the sum
of their prices. Any λ gives a lower bound. The inner minimum has corners, so it is taken softly, with a temperature τ,
and Newton's method climbs the smooth function; τ falls until the corners are sharp. At first a sample stands for all:
prices need no more, and the last steps see everybody.

Cost: one look is about six passes over requests × options, plus contested requests × options² for the curvature.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]

BLOCKED = np.float32(1e30)
"""The score of what can't be."""

_REACH = 9.0
"""Options further than so many temperatures from the best have no weight (e^-9)."""
_PRECISION = 4e-7
_CHUNK = 1_500_000
_SAMPLE, _ROWS_PER_CELL = 3_000, 4
_MIDDLE, _WHOLE = 6_000_000, 40_000_000
"""How many scores the sharp steps look at."""
_CURVED = 2_000_000_000
"""How many products the curvature of one look may take; past it only some of the torn requests tell how load bends."""
_COOLING, _NEARER, _SHARP = (0.1, 0.03, 0.01), (0.003,), (0.001, 0.0004)
"""Temperatures, as parts of a middling score: for the first sample, for more requests, for everybody."""
_WIDE = 400
"""With more cells than that curvature is dear, and prices are left a little blunter."""
_STEPS_MAX, _STEPS_FEW = 16, 8


@dataclass(frozen=True, slots=True)
class Field:
    """A plan's figures as arrays, requests in order of their span.

    Attributes
    ----------
    score : (n, m·T) float32
        Fen per unit of starting a request at a centre in a block; ``BLOCKED`` where it can't.
    idle : (n,) float32
        Fen per unit of not serving it.
    units : (n,) float64
    spans : tuple of (span, first row, end row)
        How many blocks the rows occupy.
    room : (m, T) float64
        Free units by centre and block.
    """

    score: Singles
    idle: Singles
    units: Floats
    spans: tuple[tuple[int, int, int], ...]
    room: Floats

    def chunks(self) -> Iterator[tuple[int, slice]]:
        """Give runs of rows of one span that fit into the processor's cache."""
        step = max(1, _CHUNK // max(1, self.score.shape[1]) // 4)
        for span, first, end in self.spans:
            for begin in range(first, end, step):
                yield span, slice(begin, min(begin + step, end))


@dataclass(frozen=True, slots=True)
class Look:
    """What demand does at some prices: the smooth dual's value, the load of every cell, how the load bends."""

    tau: float
    value: float
    load: Floats
    bend: Floats


def option_prices(prices: Floats, span: int) -> Floats:
    """Give the price of a unit for a whole run from each start: (m, T) → (m, T); starts too late are blocked."""
    m, blocks = prices.shape
    total = np.full((m, blocks), float(BLOCKED))
    sums = np.concatenate([np.zeros((m, 1)), np.cumsum(prices, axis=1)], axis=1)
    if span <= blocks:
        total[:, : blocks - span + 1] = sums[:, span:] - sums[:, : blocks - span + 1]
    return total


def cells_of(starts: NDArray[np.floating], span: int, blocks: int) -> NDArray[np.floating]:
    """Spread weights of starts over the cells that they occupy: (…, m·T) → the same shape."""
    if span == 1:
        return starts
    shape = starts.shape
    rows = starts.reshape(-1, blocks)
    sums = np.concatenate([np.zeros((rows.shape[0], 1), rows.dtype), np.cumsum(rows, axis=1)], axis=1)
    begin = np.maximum(np.arange(blocks) - span + 1, 0)
    return np.ascontiguousarray((sums[:, 1:] - sums[:, begin]).reshape(shape))


def look(field: Field, prices: Floats, tau: float, *, curved: bool = True) -> Look:
    """Let every request choose at some prices, softly."""
    m, blocks = field.room.shape
    cells = m * blocks
    bend = np.zeros((cells, cells))
    stride = max(1, field.units.size * cells**2 // _CURVED)
    load = np.zeros(cells)
    value = -float((field.room * prices).sum())
    for span, rows in field.chunks():
        price = option_prices(prices, span).ravel().astype(np.float32)
        reduced = field.score[rows] + price
        idle, units = field.idle[rows], field.units[rows]
        best = np.minimum(reduced.min(axis=1), idle)
        near = reduced < (best + np.float32(_REACH * tau))[:, None]
        ways = near.sum(axis=1) + (idle < best + np.float32(_REACH * tau))
        value += float(units @ best)
        sure = np.flatnonzero((ways == 1) & (best < idle))
        starts = np.zeros(cells)
        starts += np.bincount(near[sure].argmax(axis=1), weights=units[sure], minlength=cells)
        torn = np.flatnonzero(ways > 1)
        if torn.size:
            gain, soft = _torn(reduced[torn], best[torn], idle[torn], tau)
            weight = units[torn].astype(np.float32)
            value -= tau * float(units[torn] @ gain)
            torn_starts = (weight @ soft).astype(np.float64)
            starts += torn_starts
            if curved:
                some = slice(None, None, stride)
                weight = weight[some] * np.float32(stride)
                spread = cells_of(soft[some], span, blocks)
                bend -= (spread * weight[:, None]).T @ spread
                bend += _own((weight @ soft[some]).astype(np.float64), span, m, blocks)
        load += cells_of(starts, span, blocks)
    return Look(tau, value, load.reshape(m, blocks), bend / tau)


def bound(field: Field, prices: Floats) -> float:
    """Give a score that no plan is below: the dual's value, lowered by what single precision may err."""
    demand = 0.0
    for span, rows in field.chunks():
        reduced = field.score[rows] + option_prices(prices, span).ravel().astype(np.float32)
        demand += float(field.units[rows] @ np.minimum(reduced.min(axis=1), field.idle[rows]))
    supply = float((field.room * prices).sum())
    return demand - supply - _PRECISION * (demand + supply)


def _torn(reduced: Singles, best: Singles, idle: Singles, tau: float) -> tuple[Singles, Singles]:
    """Weigh the options of requests that have several near the best: log of the weights' sum, and each one's part."""
    scale = np.float32(-1.0 / tau)
    weight = np.exp(np.maximum((reduced - best[:, None]) * scale, np.float32(-80)))
    total = weight.sum(axis=1) + np.exp(np.maximum((idle - best) * scale, np.float32(-80)))
    weight /= total[:, None]
    return np.log(total), weight


def _own(starts: Floats, span: int, m: int, blocks: int) -> Floats:
    """Give Σ_o p_o a_o a_oᵀ, the part of the curvature that an option has with itself."""
    cells = m * blocks
    if span == 1:
        return np.diag(starts)
    own = np.zeros((m, blocks, blocks))
    weight = starts.reshape(m, blocks)
    for begin in range(blocks - span + 1):
        own[:, begin : begin + span, begin : begin + span] += weight[:, begin, None, None]
    full = np.zeros((cells, cells))
    for centre in range(m):
        at = slice(centre * blocks, (centre + 1) * blocks)
        full[at, at] = own[centre]
    return full


def climb(field: Field, prices: Floats, tau: float, steps: int, enough: Callable[[], bool]) -> Floats:
    """Take Newton's steps up the smooth dual, kept at prices of 0 or more; stop when demand fits closely enough."""
    now = look(field, prices, tau)
    scale = float(np.abs(field.room).sum()) or 1.0
    reach, pace = 64 * tau, 1.0
    for _ in range(steps):
        excess = now.load - field.room
        free = ((prices > 0) | (excess > 0)).ravel()
        miss = float(np.abs(excess.ravel()[free]).sum()) / scale
        if not free.any() or miss < 3e-4 or enough():  # noqa: PLR2004 - the rounding costs more than that
            break
        step = np.zeros(prices.size)
        bend = now.bend[np.ix_(free, free)]
        ridge = 1e-3 * float(np.diag(bend).mean()) + 1e-9 * scale / max(tau, 1e-9)
        bend[np.diag_indices_from(bend)] += ridge
        step[free] = np.linalg.solve(bend, excess.ravel()[free])
        bounded = np.clip(step, -reach, reach).reshape(prices.shape)
        prices, now, pace = _advance(field, prices, bounded, now, min(1.0, 2.5 * pace))
        if not pace:
            break
    return prices


def _advance(field: Field, prices: Floats, step: Floats, now: Look, pace: float) -> tuple[Floats, Look, float]:
    """Take a step of the pace, or a shorter one, that climbs; give the pace that did, 0 when none does."""
    for shorten in (pace, pace / 3, pace / 10, pace / 50):
        there = np.maximum(prices + shorten * step, 0.0)
        found = look(field, there, now.tau)
        if found.value > now.value:
            return there, found, shorten
    return prices, now, 0.0


def sampled(field: Field, rows_max: int) -> Field:
    """Give every k-th request, and the room that the whole has for it; rows come sorted, whatever the input's order."""
    n = field.score.shape[0]
    if n <= rows_max:
        return field
    rows = np.linspace(0, n - 1, rows_max).astype(np.int64)
    spans = []
    for span, first, end in field.spans:
        begin, until = np.searchsorted(rows, first), np.searchsorted(rows, end)
        if until > begin:
            spans.append((span, int(begin), int(until)))
    part = float(field.units[rows].sum() / field.units.sum())
    return Field(field.score[rows], field.idle[rows], field.units[rows], tuple(spans), field.room * part)


def scarcity_prices(field: Field, enough: Callable[[], bool]) -> tuple[Floats, float]:
    """Find prices, in fen per unit and block, at which demand fits the room: (m, T); and the temperature."""
    prices, tau = np.zeros(field.room.shape), 0.0
    middling = typical(field)
    cells = max(1, prices.size)
    wide = cells > _WIDE
    few = sampled(field, max(_SAMPLE, _ROWS_PER_CELL * cells))
    many = sampled(field, max(few.units.size, _MIDDLE // cells))
    everybody = sampled(field, max(few.units.size, _WHOLE // cells))
    stages = [(few, each, _STEPS_MAX) for each in _COOLING]
    stages += [(everybody if wide else many, each, _STEPS_FEW) for each in _NEARER]
    stages += [(everybody, each, _STEPS_FEW) for each in (() if wide else _SHARP)]
    for some, part, steps in stages:
        tau = part * middling
        prices = climb(some, prices, tau, steps, enough)
        if enough():
            break
    return prices, tau


def typical(field: Field) -> float:
    """Give a middling score per unit, by which temperatures are measured."""
    best = np.minimum(field.score.min(axis=1), field.idle)
    usual = float(np.median(best[best < BLOCKED])) if best.size else 1.0
    return max(usual, 1e-2)
