"""Job entry points of settlement; each is one service call."""

from __future__ import annotations

from procrastinate.contrib.django import app

from jiaozi.kernel import clock
from jiaozi.settlement import services


@app.periodic(cron="30 16 * * *")  # 00:30 in Chengdu; the programme's interval says on which days there is work
@app.task(name="jiaozi.settlement.tasks.close_due", queue="settlement", queueing_lock="settlement.close_due")
def close_due(timestamp: int) -> None:  # noqa: ARG001 - procrastinate says which tick it is
    """Close the statements that the programmes' intervals have made due."""
    services.close_due(now=clock.now())


@app.periodic(cron="* * * * * */15")
@app.task(name="jiaozi.settlement.tasks.keep_totals", queue="settlement", queueing_lock="settlement.keep_totals")
def keep_totals(timestamp: int) -> None:  # noqa: ARG001 - procrastinate says which tick it is
    """Add to the totals of years and centres what came since."""
    services.keep_totals()
