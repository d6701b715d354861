"""Job entry points of metering; each is one service call."""

from __future__ import annotations

from procrastinate.contrib.django import app

from jiaozi.kernel import clock
from jiaozi.metering import services


@app.periodic(cron="* * * * * */5")
@app.task(name="jiaozi.metering.tasks.collect", queue="metering", queueing_lock="metering.collect")
def collect(timestamp: int) -> None:  # noqa: ARG001 - procrastinate says which tick it is
    """Read the engines' usage and capture what is complete."""
    services.collect_all(now=clock.now())
