"""Job entry points of vouchers; each is one service call."""

from __future__ import annotations

from procrastinate.contrib.django import app

from jiaozi.kernel import clock
from jiaozi.voucher import services


@app.periodic(cron="5 16 * * *")
@app.task(name="jiaozi.voucher.tasks.expire_due", queue="voucher", queueing_lock="voucher.expire_due")
def expire_due(timestamp: int) -> None:  # noqa: ARG001 - procrastinate says which tick it is
    """Let vouchers lapse whose last day is over; five minutes after midnight in Shanghai."""
    services.expire_due(now=clock.now())
