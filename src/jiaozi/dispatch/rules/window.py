"""When a request could run: the first window in which enough units are free for as long as it needs."""

from __future__ import annotations

from bisect import bisect_left

from jiaozi.dispatch.rules.request import Block


def earliest_start(free: tuple[Block, ...] | None, units: int, duration_s: int, ready_s: int) -> int | None:
    """Give the first start, at ``ready_s`` or later, with the units free throughout; None when there is none.

    One pass over the blocks; blocks that touch count as one window.
    """
    if free is None:
        return ready_s
    begin_s, reach_s = -1, -1
    for start_s, end_s, available, _ in free:
        if available < units or end_s <= ready_s:
            begin_s = -1
            continue
        if begin_s < 0 or start_s != reach_s:
            begin_s = ready_s if ready_s > start_s else start_s  # noqa: FURB136 - a call costs more than the rest
        reach_s = end_s
        if reach_s - begin_s >= duration_s:
            return begin_s
    return None


def most_units(free: tuple[Block, ...] | None, duration_s: int, ready_s: int, units_max: int) -> int:
    """Give the most units that some window holds for the duration; 0 when the duration fits nowhere."""
    if free is None:
        return units_max
    levels = sorted({min(block.units, units_max) for block in free if block.units})
    fitting = bisect_left(
        levels, x=True, key=lambda units: earliest_start(free, units, duration_s, ready_s) is None
    )  # whoever fits with more units fits with fewer
    return levels[fitting - 1] if fitting else 0
