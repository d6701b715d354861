"""Job entry points of notices; each is one service call."""

from __future__ import annotations

from procrastinate.contrib.django import app

from jiaozi.kernel import clock
from jiaozi.notice import services


@app.periodic(cron="* * * * * */10")
@app.task(name="jiaozi.notice.tasks.read_journal", queue="notice", queueing_lock="notice.read_journal")
def read_journal(timestamp: int) -> None:  # noqa: ARG001 - procrastinate says which tick it is
    """Make messages of what was written to the journal."""
    services.read_journal(now=clock.now())


@app.periodic(cron="* * * * * */10")
@app.task(name="jiaozi.notice.tasks.send_due", queue="notice", queueing_lock="notice.send_due")
def send_due(timestamp: int) -> None:  # noqa: ARG001 - procrastinate says which tick it is
    """Send the messages that are due."""
    services.send_due(now=clock.now())


@app.periodic(cron="* * * * * */10")
@app.task(name="jiaozi.notice.tasks.tell_people", queue="notice", queueing_lock="notice.tell_people")
def tell_people(timestamp: int) -> None:  # noqa: ARG001 - procrastinate says which tick it is
    """Put before people what was written to the journal."""
    services.tell_people(now=clock.now())


@app.periodic(cron="* * * * *")
@app.task(name="jiaozi.notice.tasks.send_mail", queue="notice", queueing_lock="notice.send_mail")
def send_mail(timestamp: int) -> None:  # noqa: ARG001 - procrastinate says which tick it is
    """Send the mail that is due."""
    services.send_mail_due(now=clock.now())


@app.periodic(cron="20 1-10 * * *")
@app.task(name="jiaozi.notice.tasks.remind", queue="notice", queueing_lock="notice.remind")
def remind(timestamp: int) -> None:  # noqa: ARG001
    """Tell of vouchers that are about to end, in Shanghai's working day; again each hour, for an hour may be missed."""
    services.remind(now=clock.now())


@app.periodic(cron="17 3 * * *")
@app.task(name="jiaozi.notice.tasks.forget", queue="notice", queueing_lock="notice.forget")
def forget(timestamp: int) -> None:  # noqa: ARG001 - procrastinate says which tick it is
    """Forget what was told long ago."""
    services.forget(now=clock.now())
