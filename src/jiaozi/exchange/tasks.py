"""Job entry points of the exchange; each is one service call."""

from __future__ import annotations

from procrastinate.contrib.django import app

from jiaozi.exchange import services
from jiaozi.kernel import clock


@app.periodic(cron="* * * * *")
@app.task(name="jiaozi.exchange.tasks.open_due", queue="exchange", queueing_lock="exchange.open_due")
def open_due(timestamp: int) -> None:  # noqa: ARG001 - procrastinate says which tick it is
    """Open the sessions whose time has come."""
    services.open_due(now=clock.now())


@app.periodic(cron="* * * * *")
@app.task(name="jiaozi.exchange.tasks.advance_due", queue="exchange", queueing_lock="exchange.advance_due")
def advance_due(timestamp: int) -> None:  # noqa: ARG001
    """Close, clear and settle the sessions that are past their time."""
    services.advance_due(now=clock.now())
