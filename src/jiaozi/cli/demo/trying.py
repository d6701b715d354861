"""A question that was put to the lab: what another ratio would have done; played at once, as the worker would."""

from __future__ import annotations

from datetime import datetime

from jiaozi.cli.demo.cast import OFFICER, Stage
from jiaozi.cli.demo.names import PROGRAMME
from jiaozi.lab.services import runs as lab

_ASKED_DAYS = 9


def note(stage: Stage) -> None:
    """Note the question."""
    stage.diary.note(stage.diary.ago(_ASKED_DAYS), lambda at: _ask(stage.samples.question, at))


def _ask(text: str, at: datetime) -> None:
    row = lab.ask(programme=PROGRAMME, text=text, by=OFFICER, now=at)
    lab.play(run_id=row.id, clock=lambda: at)
