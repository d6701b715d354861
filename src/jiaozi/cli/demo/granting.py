"""Act 1: organisations register and apply; the policy decides with reasons; vouchers are issued under the cap."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from jiaozi.application import services as applications
from jiaozi.application.models import Application
from jiaozi.cli.demo.cast import OFFICER, PROGRAMME, Stage, applicant
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger import queries as ledger
from jiaozi.ledger.rules import AccountKind
from jiaozi.party import services as party
from jiaozi.party.rules import EndUser, HolderClass, Registration
from jiaozi.policy.rules import Outcome
from jiaozi.voucher import services as vouchers
from jiaozi.voucher.models import Voucher

_ROUNDS = ((1, 26, 25, 15), (2, 12, 11, 4))
_SHOWN = 14


def act(stage: Stage, console: Console) -> None:
    """Play both rounds of applications and show what was decided."""
    told: list[tuple[dict[str, Any], str, str]] = []
    for number, applied, reviewed, issued in _ROUNDS:
        entries = [entry for entry in stage.samples.applicants if entry.get("round", 1) == number]
        days = (applied, reviewed, issued)
        shown = track(entries, f"第{number}轮申领 · round {number}", console=console, transient=True)
        told.extend((entry, *_one(stage, entry, days)) for entry in shown)
    _show(stage, told, console)


def _one(stage: Stage, entry: dict[str, Any], days: tuple[int, int, int]) -> tuple[str, str]:
    """Take one applicant from the door to its voucher or its refusal; gives the result and the reason."""
    applied, reviewed, issued = days
    try:
        _register(stage, entry)
        row = _apply(stage, entry, applied)
        row = applications.review(application_id=row.id, by=OFFICER, now=stage.ago(reviewed))
        if row.decision and row.decision["outcome"] == Outcome.REFUSED:
            applications.reject(application_id=row.id, by=OFFICER, now=stage.ago(reviewed))
            stage.refusals[row.reasons[0]["code"]] += 1
            return "不予批准 refused", row.reasons[0]["label"]["zh"]
        noticed, over = stage.ago(reviewed), stage.ago(issued)
        applications.notify_public(application_id=row.id, until=over, by=OFFICER, now=noticed)
        voucher = vouchers.issue(application_id=row.id, by=OFFICER, now=over)
    except Refused as refusal:
        stage.refusals[refusal.reason.code] += 1
        return "不受理 not accepted", refusal.in_language("zh")
    stage.vouchers[entry["name"]] = voucher
    return f"¥{yuan(voucher.face_fen)}", entry.get("note", "")


def _register(stage: Stage, entry: dict[str, Any]) -> None:
    if entry["name"] in stage.holders:
        return
    registration = Registration(
        name=entry["name"],
        holder_class=HolderClass(entry["class"]),
        uscc=entry.get("uscc", ""),
        registered_in_city=entry.get("registered_in_city", True),
        in_incubator=bool(entry.get("incubator")),
        incubator=entry.get("incubator", ""),
        dishonest=entry.get("dishonest", False),
    )
    holder = party.register(registration=registration, by=OFFICER, now=stage.ago(28))
    stage.holders[entry["name"]] = holder
    for name in entry.get("end_users", []):
        user = party.name_end_user(
            intermediary=holder.id, end_user=EndUser(name=name), by=applicant(holder), now=stage.ago(28)
        )
        stage.end_users.setdefault(entry["name"], user.id)


def _apply(stage: Stage, entry: dict[str, Any], days: int) -> Application:
    holder = stage.holders[entry["name"]]
    claimed = {"project": entry["project"]} if "project" in entry else {"need": {"compute_cost": entry["cost"]}}
    return applications.apply(
        holder_id=holder.id,
        version_id=stage.version.id,
        clause=entry.get("clause", "general"),
        claimed=claimed,
        by=applicant(holder),
        now=stage.ago(days),
    )


def _show(stage: Stage, told: list[tuple[dict[str, Any], str, str]], console: Console) -> None:
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
        f"  {len(told)} 件申领，发券 {len(stage.vouchers)} 张，未发 {refused} 件 · {len(told)} applications, "
        f"{len(stage.vouchers)} vouchers, {refused} refused with reasons\n"
        f"  已发放 issued ¥{yuan(issued)} · 年度余额 left of the year ¥{yuan(left)}"
    )
    for entry in stage.samples.applicants:
        if entry.get("then") == "revoke" and entry["name"] in stage.vouchers:
            _revoke(stage, stage.vouchers[entry["name"]], console)


def _revoke(stage: Stage, voucher: Voucher, console: Console) -> None:
    vouchers.freeze(voucher_id=voucher.id, reason="演示：疑似转让", by=OFFICER, now=stage.ago(3))
    vouchers.revoke(voucher_id=voucher.id, reason="演示：查实转让", by=OFFICER, now=stage.ago(2))
    console.print(
        f"  一张停用后撤销，额度不回到可发余额 · one was frozen, then revoked, and is not available again: "
        f"{voucher.number} ¥{yuan(voucher.face_fen)}"
    )
