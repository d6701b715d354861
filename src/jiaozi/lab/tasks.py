"""Job entry points of the lab; each is one service call."""

from __future__ import annotations

from uuid import UUID

from procrastinate.contrib.django import app

from jiaozi.kernel import clock
from jiaozi.lab.services import runs


@app.task(name="jiaozi.lab.tasks.play", queue="lab", lock="lab.play")
def play(run_id: str) -> None:
    """Play a kept run; one at a time, so that the worker's other jobs go on."""
    runs.play(run_id=UUID(run_id), clock=clock.now)
