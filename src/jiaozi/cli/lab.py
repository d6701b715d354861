"""``jiaozi lab``: try a policy before it is law. Needs no database and no network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy loads: more threads only wait for each other here

from jiaozi.kernel import clock
from jiaozi.lab import rules, services

app = typer.Typer(
    no_args_is_help=True,
    help="Try a policy before it is law: play years of applications and use · 政策推演",
    pretty_exceptions_enable=False,
)

File = Annotated[Path, typer.Argument(metavar="SCENARIO.yaml")]
Language = Annotated[str, typer.Option("--lang", help="zh or en")]


@app.command()
def run(
    scenario: File,
    *,
    out: Annotated[Path, typer.Option(help="folder for report.html, result.json and the CSV tables")] = Path("var/lab"),
    seeds: Annotated[int | None, typer.Option(help="how often chance is played; the scenario's own without it")] = None,
    lang: Language = "zh",
) -> None:
    """Play a scenario and write its report · 推演并生成报告."""
    console = Console(soft_wrap=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("…", total=None)

        def told(what: str, done: int, steps: int) -> None:
            bar.update(task, description=what or "✓", completed=done, total=steps)

        try:
            result = services.run(scenario=scenario, out=out, seeds=seeds, now=clock.now(), told=told)
        except rules.UnableToReadScenario as refused:
            bar.stop()
            raise _refused(scenario, refused, lang) from None
    _show(console, result, lang)
    console.print(f"[green]✓[/] {escape(str(out / 'report.html'))}")


@app.command()
def check(scenario: File, lang: Language = "zh") -> None:
    """Read a scenario with all that it names, and play nothing; exit status 1 when anything is wrong · 校验."""
    try:
        found = services.check(scenario=scenario)
    except rules.UnableToReadScenario as refused:
        raise _refused(scenario, refused, lang) from None
    names = ", ".join(version.id for version in found.versions)
    typer.echo(f"✓ {scenario}: {found.scenario}, {names}")


def _refused(scenario: Path, refused: rules.UnableToReadScenario, lang: str) -> typer.Exit:
    for problem in refused.problems:
        typer.echo(f"✗ {scenario}:{problem.in_language(lang)}", err=True)
    return typer.Exit(1)


def _show(console: Console, result: rules.Result, lang: str) -> None:
    """Show the comparison, as the report does."""
    shown = rules.view(result, clock.now().date())
    table = Table(title=shown["title"].in_language(lang), title_justify="left")
    table.add_column("")
    for version in shown["versions"]:
        table.add_column(version["label"].in_language(lang), justify="right")
    for row in shown["compared"]:
        cells = (f"{cell['text']}\n[dim]{cell['band']}[/]" if cell["band"] else cell["text"] for cell in row["cells"])
        table.add_row(row["label"].in_language(lang), *cells)
    console.print(table)
    for version in shown["versions"]:
        console.print(f"[bold]{escape(version['label'].in_language(lang))}[/]: {version['sentence'].in_language(lang)}")
    if result.slow:
        share = f"{result.slow:,} / {result.decisions:,}"
        console.print(f"[yellow]逐件决定 decided one by one: {share}[/]")
