"""The story, act by act; each act makes the calls that a person would make and prints what came of them."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from jiaozi.catalogue import services as catalogue
from jiaozi.cli.demo import granting, people, proving, running, samples, settling, trading
from jiaozi.cli.demo.cast import FINANCE, OFFICER, OPERATOR, PROGRAMME, Stage
from jiaozi.cli.demo.slurm import losing
from jiaozi.cli.demo.slurm.centres import SlurmCentres
from jiaozi.kernel import clock
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.ids import named_id
from jiaozi.kernel.period import local_date
from jiaozi.order.ports import JobOutcome
from jiaozi.policy import queries as policy
from jiaozi.policy import rules as policy_rules
from jiaozi.policy import services as policies
from jiaozi.voucher import services as vouchers

_WIDTH_MIN = 120
console = Console(highlight=False)
if not console.is_terminal:
    console = Console(highlight=False, width=max(console.width, _WIDTH_MIN))


def tell(root: Path, trace: Path | None, started: float, clusters: SlurmCentres | None = None) -> bool:
    """Play the whole story, at the centres' own clusters where there are some; True when every book balances."""
    console.rule("[bold]交子 Jiaozi · 一张算力券的一生 · one voucher's whole life")
    stage = _open(root, clusters.catalogue(root / "catalogue") if clusters else root / "catalogue")
    people.enrol_house(stage)
    granting.act(stage, console)
    people.enrol_applicants(stage)
    true = True
    if clusters:
        _at_clusters(stage, clusters)
    running.act(stage, console)
    if clusters:
        true = losing.act(stage, clusters, console)
    proving.bring_usage(stage, trace, console)
    settling.act(stage, console)
    trading.act(stage, console)
    true = proving.act(stage, console) and true
    people.show(stage, console)
    console.print(f"[dim]全程用时 · the whole story took {time.perf_counter() - started:.1f} s")
    return true


def _at_clusters(stage: Stage, clusters: SlurmCentres) -> None:
    """Wait for the clusters, and leave out what would keep the story waiting for a minute: Slurm's shortest limit."""
    with console.status("等待两个Slurm集群就绪 · waiting for both Slurm clusters"):
        clusters.ready()
    jobs = stage.samples.jobs
    left_out = [job["title"].split(" · ")[0] for job in jobs if job["ends"] == JobOutcome.TIMED_OUT]
    stage.samples = replace(stage.samples, jobs=[job for job in jobs if job["ends"] != JobOutcome.TIMED_OUT])
    console.print(
        "[bold]两家中心各由一个真实的Slurm集群承担[/] · each centre is a real Slurm cluster\n"
        f"  [dim]Slurm时限以分钟计，演示不等，略去 · Slurm's limits are whole minutes, left out: {'、'.join(left_out)}"
        "（由 jiaozi centre check 证明 · which proves it）"
    )


def _open(root: Path, folder: Path) -> Stage:
    """Act 0: the policy's text becomes data, the catalogue is loaded, finance approves the year's budget."""
    found = samples.read(root)
    now = clock.now()
    version = policies.adopt(text=found.programme_text, by=OFFICER.name, now=now, demo=True)
    document = policy.document(version.id)
    catalogue.load(folder=folder, by=OPERATOR.name, now=now, demo=True)
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
