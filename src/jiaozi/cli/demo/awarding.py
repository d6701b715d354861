"""Awards of the year beside its vouchers: decided on an application, earmarked, paid stage by stage."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from jiaozi.application import services as applications
from jiaozi.cli.demo.cast import CASHIER, FINANCE, OFFICER, Stage
from jiaozi.cli.demo.granting import apply
from jiaozi.cli.demo.names import PROGRAMME
from jiaozi.cli.demo.registering import register
from jiaozi.kernel.fen import parse_yuan
from jiaozi.kernel.ids import named_id
from jiaozi.settlement import queries, services
from jiaozi.voucher import services as vouchers

_BUDGET = "300万"


def note(stage: Stage) -> None:
    """Note a budget for awards and every dossier that asks for one."""
    diary = stage.diary
    diary.note(diary.begun, lambda at: _approve_budget(stage.year, at))
    for entry in stage.samples.awards:
        diary.note(diary.spread(entry["fraction"]), partial(_apply, stage, entry))


def _approve_budget(year: int, at: datetime) -> None:
    vouchers.approve_budget(
        programme=PROGRAMME,
        year=year,
        amount_fen=parse_yuan(_BUDGET),
        by=FINANCE,
        now=at,
        reference=named_id("demo.budget.awards", year),
        for_awards=True,
    )


def _apply(stage: Stage, entry: dict[str, Any], at: datetime) -> None:
    register(stage, entry, at)
    row = apply(stage, entry, at)
    stage.diary.note(stage.diary.later(at, 3, 10), partial(_decide, stage, entry, row.id))


def _decide(stage: Stage, entry: dict[str, Any], id_: UUID, at: datetime) -> None:
    applications.review(application_id=id_, by=OFFICER, now=at)
    if hand := entry.get("by_hand"):
        amount_fen = parse_yuan(hand["amount"])
        applications.record_by_hand(
            application_id=id_, amount_fen=amount_fen, reason=hand["reason"], by=OFFICER, now=at
        )
    until = stage.diary.later(at, 8, 16)
    applications.notify_public(application_id=id_, until=until, by=OFFICER, now=at + timedelta(minutes=1))
    stage.diary.note(until, partial(_award, stage, entry, id_))


def _award(stage: Stage, entry: dict[str, Any], id_: UUID, at: datetime) -> None:
    row = services.award(application_id=id_, by=OFFICER, now=at)
    if entry.get("then") == "pay":
        for stage_ in queries.stages(row.id):
            stage.diary.note(stage.diary.later(at, 9, 11), partial(_pay, stage_.id, entry["clause"]))


def _pay(stage_id: UUID, clause: str, at: datetime) -> None:
    services.pay_award(stage_id=stage_id, bank_reference=f"demo-award-{clause}", by=CASHIER, now=at)
