"""The story, act by act; each act makes the calls that a person would make and prints what came of them."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from rich.console import Console

from jiaozi.catalogue import services as catalogue
from jiaozi.cli.demo import (
    awarding,
    granting,
    months,
    people,
    proving,
    running,
    samples,
    settling,
    spending,
    trading,
    trying,
    waiting,
)
from jiaozi.cli.demo.cast import OFFICER, OPERATOR, Stage
from jiaozi.cli.demo.diary import Diary
from jiaozi.cli.demo.slurm import losing
from jiaozi.cli.demo.slurm.centres import SlurmCentres
from jiaozi.kernel import clock
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.period import local_date
from jiaozi.notice import services as notice
from jiaozi.order.ports import JobOutcome
from jiaozi.policy import queries as policy
from jiaozi.policy import services as policies
from jiaozi.policy.rules.pooled import caps_of

_WIDTH_MIN = 120
_TOLD_DAYS = 30
"""What happened in the last so many days stands on people's pages of notifications."""
console = Console(highlight=False)
if not console.is_terminal:
    console = Console(highlight=False, width=max(console.width, _WIDTH_MIN))


def tell(root: Path, trace: Path | None, started: float, clusters: SlurmCentres | None = None) -> bool:
    """Play the whole story, at the centres' own clusters where there are some; True when every book balances."""
    console.rule("[bold]交子 Jiaozi · 一张算力券的一生 · one voucher's whole life")
    stage = year_before(root, clusters.catalogue(root / "catalogue") if clusters else root / "catalogue", clock.now())
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
    while notice.tell_people(now=clock.now()):
        continue
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


def year_before(root: Path, folder: Path, now: datetime) -> Stage:
    """Play what happened before today, through the same verbs, each as of its own instant."""
    stage, year_cap_fen = _open(root, folder, now)
    people.enrol_house(stage)
    told = granting.note(stage)
    months.note(stage, year_cap_fen)
    spending.note(stage)
    awarding.note(stage)
    trading.note(stage)
    trying.note(stage)
    with console.status("") as status:

        def tell_month(at: datetime) -> None:
            status.update(f"演示年度 · the year before today: {local_date(at):%Y-%m}")

        stage.diary.note(stage.diary.ago(_TOLD_DAYS), _begin_to_tell)
        stage.diary.play(tell_month)
    waiting.act(stage)
    people.enrol_applicants(stage)
    granting.show(stage, told, console)
    return stage


def _begin_to_tell(at: datetime) -> None:
    """Set the cursor that people are told from; nothing before it is told."""
    notice.tell_people(now=at)


def _open(root: Path, folder: Path, now: datetime) -> tuple[Stage, int]:
    """Act 0, in last year's autumn: the policy's text becomes data, the catalogue is loaded; gives the year's cap."""
    found, diary = samples.read(root), Diary(now)
    version = policies.adopt(text=found.programme_text, by=OFFICER.name, now=diary.opened, demo=True)
    document = policy.document(version.id)
    catalogue.load(folder=folder, by=OPERATOR.name, now=diary.opened, demo=True)
    stage = Stage(root, found, version, diary)
    year_cap = next(
        cap.use for cap in caps_of(document, local_date(stage.now), allow_demo=True) if cap.use and cap.cap_id == "year"
    )
    unpublished = sum(parameter.unpublished for parameter in document.programme.parameters.values())
    console.print(
        f"[bold]政策 · policy[/] {document.programme.title.zh}\n"
        f"  {len(document.programme.clauses)} 条款 clauses · 版本 version {version.digest[:12]}\n"
        f"  年度发放上限 yearly cap on issue ¥{yuan(year_cap.limit_fen)}（{year_cap.label.zh}）\n"
        f"  [yellow]{unpublished} 项参数未公布，仅在本演示中取演示值 · "
        f"{unpublished} parameters are not published; this demo uses demo values[/]"
    )
    return stage, year_cap.limit_fen
