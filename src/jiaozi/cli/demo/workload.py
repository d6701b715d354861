"""Without a real trace: a made-up workload of the supercomputing centre, so that every page has something to show.

Plainly marked as made up wherever it is told of. It comes in as a centre's metered usage does: as a file's lines, rated
by the tariff in force, dealt over the demo's vouchers, held back where a balance is short.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

JOBS, ACCOUNTS = 400, 40
TRACE = "made-up"
_REACH = timedelta(hours=60)
"""The oldest job was sent in so long ago, after the last round of vouchers."""
_HOUR_S = 3_600


def lines(now: datetime) -> Iterator[str]:
    """Give the lines of a trace in the Standard Workload Format, all ended before ``now``; the same at each call."""
    start = now - _REACH
    yield f"; UnixStartTime: {int(start.timestamp())}"
    span_s = int(_REACH.total_seconds())
    for job in range(JOBS):
        run_s = _HOUR_S // 6 + job * 7_919 % (14 * _HOUR_S)
        submit_s = job * (span_s - 16 * _HOUR_S) // JOBS
        cores = 128 << job * 31 % 6
        wait_s = job * 97 % 900
        yield (
            f"{job + 1} {submit_s} {wait_s} {run_s} {cores} -1 -1 {cores} 86400 -1 1"
            f" {job * 13 % ACCOUNTS} 1 1 -1 1 -1 -1"
        )
