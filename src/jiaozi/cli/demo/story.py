"""The story, act by act; each act makes the calls that a person would make and prints what came of them."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console

from jiaozi.catalogue import services as catalogue
from jiaozi.cli.demo import granting, people, proving, running, samples, settling, trading
from jiaozi.cli.demo.cast import FINANCE, OFFICER, OPERATOR, PROGRAMME, Stage
from jiaozi.kernel import clock
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.period import local_date
from jiaozi.policy import queries as policy
from jiaozi.policy import rules as policy_rules
from jiaozi.policy import services as policies
from jiaozi.voucher import services as vouchers

_WIDTH_MIN = 120
console = Console(highlight=False)
if not console.is_terminal:
    console = Console(highlight=False, width=max(console.width, _WIDTH_MIN))


def tell(root: Path, trace: Path | None, started: float) -> bool:
    """Play the whole story; True when every book balances at the end."""
    console.rule("[bold]交子 Jiaozi · 一张算力券的一生 · one voucher's whole life")
    stage = _open(root)
    people.enrol_house(stage)
    granting.act(stage, console)
    people.enrol_applicants(stage)
    running.act(stage, console)
    if trace is not None:
        proving.bring_trace(stage, trace, console)
    settling.act(stage, console)
    trading.act(stage, console)
    true = proving.act(stage, console)
    people.show(stage, console)
    console.print(f"[dim]全程用时 · the whole story took {time.perf_counter() - started:.1f} s")
    return true


def _open(root: Path) -> Stage:
    """Act 0: the policy's text becomes data, the catalogue is loaded, finance approves the year's budget."""
    found = samples.read(root)
    now = clock.now()
    version = policies.adopt(text=found.programme_text, by=OFFICER.name, now=now, demo=True)
    document = policy.document(version.id)
    catalogue.load(folder=root / "catalogue", by=OPERATOR.name, now=now, demo=True)
    stage = Stage(root, found, now, version)
    year_cap = next(
        cap for cap in policy_rules.programme_caps(document, local_date(now), allow_demo=True) if cap.cap_id == "year"
    )
    vouchers.approve_budget(
        programme=PROGRAMME,
        year=stage.year,
        amount_fen=year_cap.limit_fen,
        by=FINANCE,
        now=stage.ago(30),
        reference=named_id("demo.budget", stage.year),
    )
    unpublished = sum(parameter.unpublished for parameter in document.programme.parameters.values())
    console.print(
        f"[bold]政策 · policy[/] {document.programme.title.zh}\n"
        f"  {len(document.programme.clauses)} 条款 clauses · 版本 version {version.digest[:12]}\n"
        f"  年度发放上限 yearly cap on issue ¥{yuan(year_cap.limit_fen)}（{year_cap.label.zh}）\n"
        f"  [yellow]{unpublished} 项参数未公布，仅在本演示中取演示值 · "
        f"{unpublished} parameters are not published; this demo uses demo values[/]"
    )
    return stage
