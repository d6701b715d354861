"""OR-tools alone on one block of requests: as a flow that may split jobs, and whole jobs by CP-SAT."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
from ortools.graph.python import min_cost_flow
from ortools.sat.python import cp_model


class Block(NamedTuple):
    """Requests by centres: units wanted, units free, and what one unit costs where (in micro-fen)."""

    units: np.ndarray
    room: np.ndarray
    cost: np.ndarray
    unserved: int


class Solved(NamedTuple):
    """What came out: seconds, the objective in micro-fen, a bound below it, and whether it is proved best."""

    seconds: float
    score: int
    bound: int
    proved: bool


def as_flow(block: Block) -> Solved:
    """Give the least cost where every job may be split over centres: a bound for whole jobs, not a plan."""
    began = time.perf_counter()
    requests, centres = block.cost.shape
    flow = min_cost_flow.SimpleMinCostFlow()
    jobs = np.repeat(np.arange(requests), centres)
    places = requests + np.tile(np.arange(centres), requests)
    flow.add_arcs_with_capacity_and_unit_cost(jobs, places, np.repeat(block.units, centres), block.cost.ravel())
    sink, spare = requests + centres, requests + centres + 1
    wanted = int(block.units.sum())
    flow.add_arcs_with_capacity_and_unit_cost(
        np.arange(requests), np.full(requests, spare), block.units, np.full(requests, block.unserved)
    )
    flow.add_arcs_with_capacity_and_unit_cost(
        requests + np.arange(centres), np.full(centres, sink), block.room, np.zeros(centres, dtype=np.int64)
    )
    flow.add_arc_with_capacity_and_unit_cost(spare, sink, wanted, 0)
    flow.set_nodes_supplies(np.arange(requests), block.units)
    flow.set_node_supply(sink, -wanted)
    if flow.solve() != flow.OPTIMAL:
        raise RuntimeError("the flow has no optimum")
    cost = flow.optimal_cost()
    return Solved(time.perf_counter() - began, cost, cost, proved=True)


def as_whole_jobs(block: Block, seconds: float) -> Solved:
    """Place whole jobs by CP-SAT within a time."""
    began = time.perf_counter()
    requests, centres = block.cost.shape
    model = cp_model.CpModel()
    chosen = [[model.new_bool_var("") for _ in range(centres + 1)] for _ in range(requests)]
    for row in chosen:
        model.add_exactly_one(row)
    units = block.units.tolist()
    for at in range(centres):
        model.add(sum(units[job] * chosen[job][at] for job in range(requests)) <= int(block.room[at]))
    cost = [[*row, block.unserved] for row in block.cost.tolist()]
    model.minimize(
        sum(units[job] * cost[job][at] * chosen[job][at] for job in range(requests) for at in range(centres + 1))
    )
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 1
    status = solver.solve(model)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return Solved(time.perf_counter() - began, 0, 0, proved=False)
    return Solved(
        time.perf_counter() - began,
        round(solver.objective_value),
        round(solver.best_objective_bound),
        proved=status == cp_model.OPTIMAL,
    )
