"""When a new job would start: played through with every job running to its limit, so it can only be earlier."""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta

from jiaozi.engines.process import turns
from jiaozi.engines.process.spool import Spool, read_json
from jiaozi.kernel.label import Label
from jiaozi.order.ports import Forecast

_TOO_LARGE = Label("超出本机全部资源，永远无法开始", "needs more than the whole machine; it would never start")


def start_of(spool: Spool, *, cores: int, memory_mib: int, now: datetime) -> Forecast:
    """Play the queue through, strictly first come first served; costs one look at each running and waiting job."""
    about = read_json(spool.about) or dict.fromkeys(turns.KINDS, 0)
    need = {"cores": cores, "memory_mib": memory_mib}
    if any(need[kind] > about[kind] for kind in turns.KINDS):
        return Forecast(None, _TOO_LARGE)
    now_ms = int(now.timestamp() * 1000)
    free = turns.free_now(spool)
    ends: list[tuple[int, int, int]] = []
    for order, claim in spool.claims().items():
        state = read_json(spool.job(order) / "state.json") or {"started_ms": now_ms}
        end_ms = state["started_ms"] + spool.read_limit_ms(order)
        heapq.heappush(ends, (max(now_ms, end_ms), claim["cores"], claim["memory_mib"]))
    at_ms = now_ms
    waiting = [spool.read_header(order) for _, order in spool.waiting()]
    for job in [*waiting, {**need, "time_limit_ms": 0}]:
        while ends and any(job[kind] > free[kind] for kind in turns.KINDS):
            at_ms, ended_cores, ended_mib = heapq.heappop(ends)
            free = {"cores": free["cores"] + ended_cores, "memory_mib": free["memory_mib"] + ended_mib}
        free = {kind: free[kind] - job[kind] for kind in turns.KINDS}
        heapq.heappush(ends, (at_ms + job["time_limit_ms"], job["cores"], job["memory_mib"]))
    return Forecast(now + timedelta(milliseconds=at_ms - now_ms))
