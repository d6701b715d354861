"""The last act: every invariant over all rows; and, where one was given, a real trace as a centre's metered usage."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from jiaozi.cli.demo.cast import PROGRAMME, Stage
from jiaozi.kernel import clock
from jiaozi.kernel.fen import yuan
from jiaozi.metering import services as metering
from jiaozi.settlement import queries


def act(stage: Stage, console: Console) -> bool:
    """Audit every book; True when all is as it must be."""
    audit = queries.audit_all()
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


def bring_trace(trace: Path, console: Console) -> None:
    """Bring in a workload trace as usage of the supercomputing centre, dealt over the demo's vouchers."""
    started = time.perf_counter()
    outcome = metering.import_swf(
        path=trace, centre="nscc-chengdu", programme=PROGRAMME, accounts=None, by="operator:demo", now=clock.now()
    )
    took = time.perf_counter() - started
    console.print(f"[bold]真实负载 · a real trace[/] {trace.name}: {took:.2f} s")
    console.print(outcome)
