"""Applications from last year's end to today: the policy decides with reasons, vouchers are issued under the cap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.table import Table

from jiaozi.alert import queries as alerts
from jiaozi.alert import services as alert
from jiaozi.alert.rules import Subject, SubjectKind
from jiaozi.application import services as applications
from jiaozi.application.models import Application
from jiaozi.cli.demo.cast import OFFICER, Spender, Stage, applicant, centre_clerk
from jiaozi.cli.demo.names import CENTRES, PROGRAMME
from jiaozi.cli.demo.registering import register
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import AccountKind
from jiaozi.order import services as orders
from jiaozi.party.rules import HolderClass
from jiaozi.policy.rules import Outcome
from jiaozi.voucher import services as vouchers
from jiaozi.voucher.models import Voucher

_SHOWN = 14
_STRIDE = 23
"""The year's applicants come in another order than they are listed in, so that no kind of them comes all at once."""
_PREPAID_LEAST_FEN = 20_000_000
_ACCOUNTS_FROM = 1_000
_SPENT_LEAST_FEN, _SPENT_SHARE, _SPENT_LAST_YEAR = 1_000_000, 60, 35
"""Larger vouchers are spent week by week, of each so many hundredths at most; of last year's fewer."""
Told = list[tuple[dict[str, Any], str, str]]


@dataclass(frozen=True)
class _Dossier:
    """One applicant on its way; each step notes the next one."""

    stage: Stage
    entry: dict[str, Any]
    told: Told

    def apply(self, at: datetime) -> None:
        self._tried(self._apply, at)

    def _tried(self, step: Callable[[datetime], None], at: datetime) -> None:
        try:
            step(at)
        except Refused as refused:
            self.stage.refusals[refused.reason.code] += 1
            self.told.append((self.entry, "不受理 not accepted", refused.in_language("zh")))

    def _apply(self, at: datetime) -> None:
        register(self.stage, self.entry, at)
        row = apply(self.stage, self.entry, at)
        self._note(at, 2, 11, partial(self._review, row.id))

    def _note(self, at: datetime, days: int, hour: int, step: Callable[[datetime], None]) -> None:
        diary = self.stage.diary
        diary.note(diary.later(at, days, hour), lambda then: self._tried(step, then))

    def _review(self, id_: UUID, at: datetime) -> None:
        row = applications.review(application_id=id_, by=OFFICER, now=at)
        if row.decision and row.decision["outcome"] == Outcome.REFUSED:
            applications.reject(application_id=id_, by=OFFICER, now=at)
            _resolve(id_, "演示：情况属实，申领已不予批准", at, confirmed=True)
            self.stage.refusals[row.reasons[0]["code"]] += 1
            self.told.append((self.entry, "不予批准 refused", row.reasons[0]["label"]["zh"]))
            return
        self._note(at, 1, 14, partial(self._give_notice, id_))

    def _give_notice(self, id_: UUID, at: datetime) -> None:
        until = self.stage.diary.later(at, 7, 16)
        applications.notify_public(application_id=id_, until=until, by=OFFICER, now=at)
        if "dismissed" in self.entry:
            _resolve(id_, self.entry["dismissed"], at, confirmed=False)
        self.stage.diary.note(until, lambda then: self._tried(partial(self._issue, id_), then))

    def _issue(self, id_: UUID, at: datetime) -> None:
        voucher = vouchers.issue(application_id=id_, by=OFFICER, now=at)
        self.stage.vouchers[self.entry["name"]] = voucher
        self.stage.issued += 1
        self.told.append((self.entry, f"¥{yuan(voucher.face_fen)}", self.entry.get("note", "")))
        _prepay(self.stage, voucher, at)
        if self.entry.get("then") == "revoke":
            self._note(at, 30, 10, partial(self._freeze, voucher))
        else:
            _let_spend(self.stage, voucher)

    def _freeze(self, voucher: Voucher, at: datetime) -> None:
        vouchers.freeze(voucher_id=voucher.id, reason="演示：疑似转让", by=OFFICER, now=at)
        self._note(at, 4, 15, partial(self._revoke, voucher))

    def _revoke(self, voucher: Voucher, at: datetime) -> None:
        vouchers.revoke(voucher_id=voucher.id, reason="演示：查实转让", by=OFFICER, now=at)


def note(stage: Stage) -> Told:
    """Note last year's applications and this year's; gives where what became of each will stand."""
    told: Told = []
    diary, samples = stage.diary, stage.samples
    for entry in samples.last_year:
        diary.note(diary.later(diary.opened, entry["day"], 9), _Dossier(stage, entry, told).apply)
    count = len(samples.applicants)
    for place, entry in enumerate(samples.applicants):
        fraction = place * _STRIDE % count / count
        diary.note(diary.spread(fraction), _Dossier(stage, entry, told).apply)
    return told


def apply(stage: Stage, entry: dict[str, Any], at: datetime, *, draft: bool = False) -> Application:
    """Apply as an entry says, under the version that the demo adopted."""
    holder = stage.holders[entry["name"]]
    claimed = entry.get("claimed")
    if claimed is None:
        claimed = {"project": entry["project"]} if "project" in entry else {"need": {"compute_cost": entry["cost"]}}
    return (applications.draft if draft else applications.apply)(
        holder_id=holder.id,
        version_id=stage.version.id,
        clause=entry.get("clause", "general"),
        claimed=claimed,
        by=applicant(holder),
        now=at,
    )


def _resolve(application_id: UUID, reason: str, at: datetime, *, confirmed: bool) -> None:
    for found in alerts.alerts_of(Subject(SubjectKind.APPLICATION, str(application_id)), by=OFFICER):
        alert.resolve(alert_id=found.id, confirmed=confirmed, reason=reason, by=OFFICER, now=at)


def _prepay(stage: Stage, voucher: Voucher, at: datetime) -> None:
    """Let a holder prepay its own share of a year's work: at the first centre, and every other one at both."""
    for centre in CENTRES[: 1 + stage.issued % 2]:
        orders.credit_own(
            programme=PROGRAMME,
            holder_id=voucher.holder_id,
            centre=centre,
            amount_fen=voucher.face_fen + _PREPAID_LEAST_FEN,
            reference=named_id("demo.credit.year", voucher.id, centre),
            by=centre_clerk(centre),
            now=at,
        )


def _let_spend(stage: Stage, voucher: Voucher) -> None:
    holder = next(row for row in stage.holders.values() if row.id == voucher.holder_id)
    if voucher.face_fen < _SPENT_LEAST_FEN or holder.holder_class == HolderClass.INTERMEDIARY:
        return
    centre = CENTRES[stage.issued % 2]
    share = _SPENT_SHARE if local_date(voucher.issued_at).year == stage.year else _SPENT_LAST_YEAR
    planned_fen = voucher.face_fen * share // 100
    stage.spenders.append(Spender(_ACCOUNTS_FROM + stage.issued, centre, voucher, holder.holder_class, planned_fen))


def show(stage: Stage, told: Told, console: Console) -> None:
    """Show what was decided."""
    table = Table(title="申领与决定 · applications and decisions", title_justify="left")
    for heading, justify in (
        ("申领主体", "left"),
        ("条款 clause", "left"),
        ("结果 result", "right"),
        ("说明 why", "left"),
    ):
        table.add_column(heading, justify=justify, overflow="fold")  # type: ignore[arg-type]
    noted = [row for row in told if row[2]]
    plain = [row for row in told if not row[2]]
    for entry, result, why in [*plain[: max(0, _SHOWN - len(noted))], *noted]:
        name = entry["name"].removeprefix("演示·")
        table.add_row(name, entry.get("clause", "general"), result, why)
    console.print(table)
    refused = sum(stage.refusals.values())
    issued = ledger.total(PROGRAMME, AccountKind.VOUCHER).credits_posted
    left = ledger.total(PROGRAMME, AccountKind.AVAILABLE).spendable
    console.print(
        f"  {len(told)} 件申领，发券 {stage.issued} 张，未发 {refused} 件 · {len(told)} applications, "
        f"{stage.issued} vouchers, {refused} refused with reasons\n"
        f"  两年已发放 issued in both years ¥{yuan(issued)} · 尚可发放（含奖励预算）left, awards included ¥{yuan(left)}"
    )
    for entry in stage.samples.last_year:
        if entry.get("then") == "revoke" and entry["name"] in stage.vouchers:
            voucher = stage.vouchers[entry["name"]]
            console.print(
                f"  一张停用后撤销，额度不回到可发余额 · one was frozen, then revoked, and is not available again: "
                f"{voucher.number} ¥{yuan(voucher.face_fen)}"
            )
