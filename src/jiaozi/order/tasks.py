"""Job entry points of orders; each is one service call."""

from __future__ import annotations

from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from jiaozi.kernel import clock
from jiaozi.order import services
from jiaozi.order.ports import UnableToReachEngine

_RETRY = RetryStrategy(max_attempts=10, exponential_wait=2, retry_exceptions=[UnableToReachEngine])


@app.task(name="jiaozi.order.tasks.submit", queue="order", retry=_RETRY)
def submit(*, order_id: str) -> None:
    """Hand one funded order to its engine."""
    services.submit(order_id=UUID(order_id), now=clock.now())


@app.task(name="jiaozi.order.tasks.move_data", queue="order")
def move_data(*, order_id: str) -> None:
    """Move the next file of one order."""
    services.move_data(order_id=UUID(order_id), now=clock.now())


@app.periodic(cron="* * * * * */5")
@app.task(name="jiaozi.order.tasks.move_waiting", queue="order", queueing_lock="order.move_waiting", pass_context=False)
def move_waiting(timestamp: int) -> None:  # noqa: ARG001
    """Have whatever data is due moved."""
    services.move_waiting(now=clock.now())


@app.periodic(cron="* * * * * */2")
@app.task(name="jiaozi.order.tasks.watch", queue="order", queueing_lock="order.watch", pass_context=False)
def watch(timestamp: int) -> None:  # noqa: ARG001 - procrastinate says which tick it is
    """Follow the jobs on every engine."""
    services.watch_all(now=clock.now())


@app.periodic(cron="* * * * *")
@app.task(name="jiaozi.order.tasks.submit_waiting", queue="order", queueing_lock="order.submit_waiting")
def submit_waiting(timestamp: int) -> None:  # noqa: ARG001
    """Ask again for whatever was funded but could not be handed over."""
    services.submit_waiting(now=clock.now())


@app.periodic(cron="*/10 * * * *")
@app.task(name="jiaozi.order.tasks.end_quotas", queue="order", queueing_lock="order.end_quotas")
def end_quotas(timestamp: int) -> None:  # noqa: ARG001
    """Take what is left of the quotas in kind of vouchers that have ended."""
    services.end_due_quotas(now=clock.now())


@app.periodic(cron="* * * * * */5")
@app.task(name="jiaozi.order.tasks.tend_sessions", queue="order", queueing_lock="order.tend_sessions")
def tend_sessions(timestamp: int) -> None:  # noqa: ARG001
    """Warn, extend and keep what sessions need."""
    services.tend_sessions(now=clock.now())


@app.periodic(cron="* * * * *")
@app.task(name="jiaozi.order.tasks.re_place_waiting", queue="order", queueing_lock="order.re_place_waiting")
def re_place_waiting(timestamp: int) -> None:  # noqa: ARG001
    """Place anew whatever its centre did not take in time."""
    services.re_place_waiting(now=clock.now())
