"""Dossiers that stand somewhere on their way today: begun, handed in, under review, returned, on public notice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from jiaozi.application import services as applications
from jiaozi.application.rules import State
from jiaozi.cli.demo.cast import OFFICER, Stage
from jiaozi.cli.demo.granting import apply
from jiaozi.cli.demo.registering import register

_UNDER_WAY = (State.UNDER_REVIEW, State.PUBLIC_NOTICE)


def act(stage: Stage) -> None:
    """Take every waiting dossier to where it stands."""
    for entry in stage.samples.waiting:
        _take(stage, entry)


def _take(stage: Stage, entry: dict[str, Any]) -> None:
    diary, days, stands = stage.diary, entry["days"], State(entry["stands"])
    at = diary.ago(days)
    register(stage, entry, at)
    row = apply(stage, entry, at, draft=stands is State.DRAFT)
    if stands is State.RETURNED:
        applications.send_back(application_id=row.id, missing=entry["missing"], by=OFFICER, now=diary.ago(days - 1))
    if stands in _UNDER_WAY:
        applications.review(application_id=row.id, by=OFFICER, now=diary.ago(days - 1))
    if stands is State.PUBLIC_NOTICE:
        noticed = diary.ago(days - 2)
        until = noticed + timedelta(days=entry["notice_days"])
        applications.notify_public(application_id=row.id, until=until, by=OFFICER, now=noticed)
