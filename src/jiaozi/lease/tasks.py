"""Job entry points of leases; each is one service call."""

from __future__ import annotations

from procrastinate.contrib.django import app

from jiaozi.kernel import clock
from jiaozi.lease import services


@app.periodic(cron="* * * * * */2")
@app.task(name="jiaozi.lease.tasks.hear", queue="order", queueing_lock="lease.hear")
def hear(timestamp: int) -> None:  # noqa: ARG001 - procrastinate says which tick it is
    """Read what centres admitted under their leases."""
    services.hear_all(now=clock.now())


@app.periodic(cron="* * * * * */15")
@app.task(name="jiaozi.lease.tasks.tend", queue="order", queueing_lock="lease.tend")
def tend(timestamp: int) -> None:  # noqa: ARG001
    """Open, fill up, prolong, ask back and return leases."""
    services.tend_all(now=clock.now())
