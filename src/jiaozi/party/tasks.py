"""Job entry points of the register; each is one service call."""

from __future__ import annotations

from procrastinate.contrib.django import app

from jiaozi.kernel import clock
from jiaozi.party import services


@app.periodic(cron="20 18 * * *")
@app.task(name="jiaozi.party.tasks.forget_answers", queue="party", queueing_lock="party.forget_answers")
def forget_answers(timestamp: int) -> None:  # noqa: ARG001 - procrastinate says which tick it is
    """Forget the answers to programs that are older than anybody may ask for again."""
    services.forget_answers(now=clock.now())
