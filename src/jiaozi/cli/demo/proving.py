"""The last act: every invariant over all rows; and, where one was given, a real trace as a centre's metered usage."""

from __future__ import annotations

import time
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.table import Table

from jiaozi.cli.demo import workload
from jiaozi.cli.demo.cast import OPERATOR, Stage
from jiaozi.cli.demo.names import PROGRAMME
from jiaozi.kernel import clock
from jiaozi.kernel.fen import yuan
from jiaozi.metering import services as metering
from jiaozi.metering.services.importing import Words
from jiaozi.settlement import queries
from jiaozi.transparency import services as transparency
from jiaozi.transparency.queries import audit_all

_CENTRE = "nscc-chengdu"
_S_PER_HOUR = 3_600
_LARGE_FEN = 4_500_000


def act(stage: Stage, console: Console) -> bool:
    """Audit every book; True when all is as it must be."""
    transparency.seal_all(now=clock.now())
    audit = audit_all()
    if audit.findings:
        table = Table(title="账目不平 · broken invariants")
        for heading in ("不变式 invariant", "位置 where", "实况 found"):
            table.add_column(heading)
        for finding in audit.findings:
            table.add_row(finding.invariant, finding.where, finding.found)
        console.print(table)
        return False
    glance = queries.year_at_a_glance(PROGRAMME, stage.year)
    console.print(
        f"[bold green]核对 · audit: {len(audit.checked)} 条不变式全部成立 · all invariants hold[/]\n"
        f"  {stage.year}: 上限 cap ¥{yuan(glance.cap_fen or 0)} · 发放 issued ¥{yuan(glance.issued_fen)} · "
        f"冻结 held ¥{yuan(glance.held_fen)} · 核销 used ¥{yuan(glance.used_fen)} · "
        f"结算 settled ¥{yuan(glance.settled_fen)}"
    )
    return True


def bring_usage(stage: Stage, trace: Path | None, console: Console) -> None:
    """Bring in a workload as a centre's usage, dealt over the demo's vouchers: a trace, or a made-up one."""
    now, started = clock.now(), time.perf_counter()
    whose: Words = {"centre": _CENTRE, "programme": PROGRAMME, "accounts": None, "skip_bad": True}
    if trace is None:
        made, accounts = workload.lines(now), _large(stage)
        done = metering.import_jobs(
            lines=made, trace=workload.TRACE, by=OPERATOR, now=now, **(whose | {"accounts": accounts})
        )
        told = "演示负载，虚构 · a made-up workload"
    else:
        done = metering.import_swf(path=trace, by=OPERATOR, now=now, **whose)
        told = f"真实负载 · a real trace[/] {trace.name}[bold]"
    took = time.perf_counter() - started
    console.print(
        f"[bold]{told}[/]\n"
        f"  {done.jobs} 条作业，导入、计价、核销用时 imported, rated and captured in {took:.2f} s\n"
        f"  核销 captured {done.captured} · {done.core_s / _S_PER_HOUR:,.0f} 核时 core-hours · ¥{yuan(done.price_fen)}"
        f"（券 voucher ¥{yuan(done.voucher_fen)}，自付 own ¥{yuan(done.own_fen)}）"
    )
    for code, count in sorted(done.held_back.items()):
        console.print(f"  [yellow]未核销，留待处理 held back: {count} · {code}[/]")
    if done.bad:
        console.print(f"  [yellow]不是作业的行 lines that are no jobs: {len(done.bad)}[/]")


def _large(stage: Stage) -> dict[str, UUID]:
    """Deal the made-up accounts over this year's large vouchers: the small ones are left for who plays on."""
    spent = [each.voucher for each in stage.spenders if each.voucher.face_fen >= _LARGE_FEN]
    large = [row.id for row in spent if row.issued_at > stage.diary.begun]
    return {str(account): large[account % len(large)] for account in range(workload.ACCOUNTS)}
