"""Demand from a real workload trace: users apply for the days to come, and spend as their jobs really ran.

A user's jobs are told in money at the scenario's price per core-hour and summed by week; what the user asks for is
that sum, taken too high or too low by a share of chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jiaozi.kernel.fen import UFEN_PER_FEN
from jiaozi.lab.rules.demand import DAYS_OF_A_YEAR, Demand, in_order, sized, triangular
from jiaozi.lab.rules.drawing import drawn
from jiaozi.lab.rules.scenario import FromTrace, Scenario
from jiaozi.metering.rules.entry import Entry
from jiaozi.policy.rules.many import Ints

WEEK = 7
_DAY_S, _HOUR_S = 86_400, 3_600


@dataclass(frozen=True, slots=True)
class Spending:
    """What the users of a trace spent: one row a user and span of days that it had jobs in.

    ``spent_fen`` is spans by weeks; ``span`` counts from the trace's first day.
    """

    user: Ints
    users: int
    span: Ints
    spent_fen: Ints


def spending(jobs: Sequence[Entry], trace: FromTrace, price_ufen: int) -> Spending | None:
    """Sum up the jobs that ran, by user, span and week; None where none did.

    Cost: one pass over the jobs, about 1 µs each; a core-hour's price is rounded once a user and week.
    """
    ran = [job for job in jobs if job.elapsed_ms > 0 and job.units > 0 and job.wrong is None]
    if not ran:
        return None
    started = np.array([job.started_ms // 1000 for job in ran], dtype=np.int64)
    core_s = np.array([job.elapsed_ms // 1000 * job.units for job in ran], dtype=np.int64)
    names = {name: number for number, name in enumerate(dict.fromkeys(job.account for job in ran))}
    user = np.array([names[job.account] for job in ran], dtype=np.int64)
    day = (started - started.min()) // _DAY_S
    span, week = day // trace.every_days, day % trace.every_days // WEEK
    spans = int(span.max()) + 1
    keys, row = np.unique(user * spans + span, return_inverse=True)
    weeks = -(-trace.every_days // WEEK)
    total = np.zeros((len(keys), weeks), dtype=np.int64)
    np.add.at(total, (row, week), core_s)
    spent_fen = np.rint(total.astype(np.float64) * price_ufen / (_HOUR_S * UFEN_PER_FEN)).astype(np.int64)
    return Spending(keys // spans, len(names), keys % spans, spent_fen)


def from_trace(scenario: Scenario, trace: FromTrace, spent: Spending, seed: int) -> Demand:
    """Draw a demand: users anew, each with all its spans, repeated until the years are full."""
    chance = np.random.default_rng(seed)
    holders = trace.holders or spent.users
    rows, holder = drawn(chance, spent.user, spent.users, holders)
    spans = int(spent.span.max()) + 1
    repeats = np.arange(trace.repeat)
    span = (spent.span[rows][None, :] + repeats[:, None] * spans).ravel()
    rows, holder = np.tile(rows, trace.repeat), np.tile(holder, trace.repeat)
    first = span * trace.every_days
    inside = first < scenario.years * DAYS_OF_A_YEAR
    rows, holder, first = rows[inside], holder[inside], first[inside]
    bought_fen = spent.spent_fen[rows]
    asked = triangular(chance, trace.asks, (len(rows),))
    cost_fen = np.rint(bought_fen.sum(axis=1) * asked).astype(np.int64)
    weeks = np.broadcast_to(np.arange(bought_fen.shape[1], dtype=np.int64) * WEEK, bought_fen.shape)
    kind = np.full(len(rows), [*scenario.classes].index(trace.kind), dtype=np.int64)
    size = sized(scenario, holder, cost_fen, holders)
    return in_order(Demand(first, holder, holders, kind, size, cost_fen, bought_fen, weeks, {}))
