"""Job entry points of transparency; each is one service call."""

from __future__ import annotations

from procrastinate.contrib.django import app

from jiaozi.kernel import clock
from jiaozi.transparency import services


@app.periodic(cron="* * * * * */5")
@app.task(name="jiaozi.transparency.tasks.seal", queue="transparency", queueing_lock="transparency.seal")
def seal(timestamp: int) -> None:  # noqa: ARG001 - procrastinate says which tick it is
    """Seal what happened since, and sign how far the chain reaches."""
    services.seal_all(now=clock.now())
