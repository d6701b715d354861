"""``jiaozi policy``: check a programme's document, decide by it, explain it. All but ``replay`` need no database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jiaozi.cli.replay import replay
from jiaozi.kernel import clock
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Refused
from jiaozi.policy import rules

FILE_BYTES_MAX = 2_000_000

app = typer.Typer(
    no_args_is_help=True,
    help="Check, decide by and explain a programme's document · 校验、试算、解释政策文件",
    pretty_exceptions_enable=False,
)

Language = Annotated[str, typer.Option("--lang", help="zh or en")]
Clause = Annotated[str | None, typer.Option("--clause", help="one clause only; without it, all of them")]


On = Annotated[str | None, typer.Option("--on", help="date in Asia/Shanghai; today without it")]
Demo = Annotated[bool, typer.Option("--demo", help="let demo values stand in for unpublished figures")]
AsJson = Annotated[bool, typer.Option("--json", help="everything as JSON")]


class UnableToReadFile(Refused):
    """A file that is missing, too large or not text."""


def _console() -> Console:
    return Console(soft_wrap=True, highlight=False)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise UnableToReadFile("FILE_TOO_LARGE", "文件超过 2 MB", "the file is larger than 2 MB", field=str(path))
        return path.read_text(encoding="utf-8")
    except OSError as wrong:
        why = wrong.strerror or str(wrong)
        raise UnableToReadFile(
            "FILE_UNREADABLE", f"无法读取：{why}", f"can't be read: {why}", field=str(path)
        ) from wrong
    except UnicodeDecodeError as wrong:
        raise UnableToReadFile("FILE_NOT_UTF8", "不是 UTF-8 文本", "is no UTF-8 text", field=str(path)) from wrong


def _document(path: Path, language: str, console: Console) -> rules.Document:
    """Load a document; every problem is printed as ``file:line:column``, and the command ends with status 1."""
    try:
        return rules.load(_text(path))
    except rules.UnableToReadProgramme as refused:
        for problem in refused.problems:
            console.print(f"[red]✗[/] {escape(str(path))}:{escape(problem.in_language(language))}")
        raise typer.Exit(1) from refused


@app.command()
def check(files: Annotated[list[Path], typer.Argument()], lang: Language = "zh") -> None:
    """Read documents, compile their conditions, run their cases; exit status 1 when anything is wrong · 校验."""
    console, wrong = _console(), False
    for path in files:
        try:
            document = _document(path, lang, console)
        except typer.Exit:
            wrong = True
            continue
        except Refused as refused:
            console.print(f"[red]✗[/] {escape(refused.in_language(lang))}")
            wrong = True
            continue
        wrong = not _cases_hold(document, path, lang, console) or wrong
    if wrong:
        raise typer.Exit(1)


def _cases_hold(document: rules.Document, path: Path, lang: str, console: Console) -> bool:
    runs = [*rules.run_cases(document)]
    failed = [run for run in runs if run.wrong]
    for run in failed:
        text = run.wrong.in_language(lang) if run.wrong else ""
        console.print(f"[red]✗[/] {escape(f'{path}:{run.line}:{run.column} cases[{run.index}] {run.title}: {text}')}")
    if not failed:
        counts = f"{len(document.programme.clauses)} clauses, {len(runs)} cases, {document.version[:12]}"
        console.print(f"[green]✓[/] {escape(str(path))}: {document.slug}, {counts}")
    return not failed


@app.command()
def decide(
    file: Path,
    facts: Annotated[Path, typer.Argument(metavar="FACTS.json")],
    *,
    clause: Clause = None,
    on: On = None,
    used: Annotated[Path | None, typer.Option("--used", help="JSON: what caps and one-offs have used before")] = None,
    demo: Demo = False,
    lang: Language = "zh",
    as_json: AsJson = False,
) -> None:
    """Decide on facts, with every reason · 试算."""
    console = _console()
    document = _document(file, lang, console)
    day, given = _day(on), _facts(facts)
    counters = _counters(document, _facts(used), clause=clause, facts=given, on=day, demo=demo) if used else {}
    decision = rules.decide(document, clause_id=clause, facts=given, counters=counters, on=day, allow_demo=demo)
    if as_json:
        typer.echo(json.dumps(decision.to_json(), ensure_ascii=False, indent=2))
        return
    for line in rules.explain(decision, lang):
        console.print(escape(line))


def _counters(
    document: rules.Document, used: Any, *, clause: str | None, facts: Any, on: date, demo: bool
) -> dict[str, int]:
    """Turn ``{"year": "900万"}`` into the counters that the decision will look at."""
    uses = rules.measured(document, clause_id=clause, facts=facts, on=on, allow_demo=demo)
    try:
        return rules.counters_from(uses, used, [*document.programme.caps])
    except rules.UnableToReadFacts as refused:
        raise UnableToReadFile(
            refused.reason.code,
            refused.reason.label.zh,
            refused.reason.label.en,
            field=f"--used {refused.reason.field}",
        ) from refused


def _day(on: str | None) -> date:
    if on is None:
        return local_date(clock.now())
    try:
        return date.fromisoformat(on)
    except ValueError as wrong:
        raise UnableToReadFile(
            "DATE_WRONG", f"{on!r} 不是日期，请写成 2023-06-01", f"{on!r} is no date; write 2023-06-01", field="--on"
        ) from wrong


def _facts(path: Path) -> Any:
    """Read facts; decimals stay text, so that they arrive exactly as written, and a key given twice is refused."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for key, value in pairs:
            if key in seen:
                raise UnableToReadFile(
                    "FACT_TWICE", f"{key} 出现两次", f"{key} is given twice; keep one", field=str(path)
                )
            seen[key] = value
        return seen

    text = _text(path)
    try:
        return json.loads(text, parse_float=str, object_pairs_hook=once)
    except (json.JSONDecodeError, RecursionError) as wrong:
        place = f":{wrong.lineno}:{wrong.colno}" if isinstance(wrong, json.JSONDecodeError) else ""
        raise UnableToReadFile(
            "FACTS_NO_JSON", f"不是合格的 JSON：{wrong}", f"no proper JSON: {wrong}", field=f"{path}{place}"
        ) from wrong


@app.command()
def explain(file: Path, *, clause: Clause = None, lang: Language = "zh", as_json: AsJson = False) -> None:
    """Put the clauses into plain words, with sources and what is not published · 解释."""
    console = _console()
    document = _document(file, lang, console)
    clauses = [clause] if clause else [one.id for one in document.programme.clauses]
    described = {clause_id: rules.describe(document, clause_id, lang) for clause_id in clauses}
    if as_json:
        hidden = [name for name, parameter in document.programme.parameters.items() if parameter.unpublished]
        whole = {"programme": document.slug, "version": document.version, "clauses": described, "unpublished": hidden}
        typer.echo(json.dumps(whole, ensure_ascii=False, indent=2))
        return
    title = document.programme.title.label.in_language(lang)
    console.print(f"[bold]{escape(title)}[/] · {document.slug} · {document.version[:12]}")
    for head, *lines in described.values():
        console.print(f"\n[bold]{escape(head)}[/]")
        for line in lines:
            console.print(escape(line))
    if not clause:
        console.print()
        console.print(_unpublished(document, lang))


app.command()(replay)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a document, for editors · 供编辑器使用的 JSON Schema."""
    typer.echo(rules.editor_schema_text(), nl=False)


def _unpublished(document: rules.Document, lang: str) -> Table:
    """List what the city has not published, with the demo values."""
    zh = not lang.startswith("en")
    table = Table(title="未公布的参数" if zh else "what is not published", title_justify="left")
    for heading in ("参数", "含义", "演示值") if zh else ("parameter", "meaning", "demo value"):
        table.add_column(heading)
    for name, parameter in document.programme.parameters.items():
        if parameter.unpublished:
            demo = "—" if parameter.demo is None else str(parameter.demo)
            table.add_row(name, parameter.label.in_language(lang), demo)
    return table


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(metavar="A")],
    after: Annotated[Path, typer.Argument(metavar="B")],
    *,
    applicants: Annotated[
        Path | None, typer.Option("--applicants", help="JSON list or CSV table of facts: who gains, who loses")
    ] = None,
    on: Annotated[
        str | None, typer.Option("--on", help="one day for both; else the first day of force of each")
    ] = None,
    demo: Demo = False,
    lang: Language = "zh",
    as_json: AsJson = False,
) -> None:
    """Say in words what changed between two documents, and for whom · 比较."""
    console = _console()
    old, new = _document(before, lang, console), _document(after, lang, console)
    changes = rules.compare(old, new)
    compared: list[rules.Comparison] = []
    if applicants is not None:
        days = [_day(on) if on else rules.effective_dates(one, allow_demo=demo)[0] for one in (old, new)]
        people = _applicants(applicants, (old, new))
        compared = [*rules.compare_applicants((old, days[0]), (new, days[1]), people, allow_demo=demo)]
    if as_json:
        typer.echo(json.dumps(_diff_json(old, new, changes, compared), ensure_ascii=False, indent=2))
        return
    same = "（无变化）" if lang.startswith("zh") else "(nothing changed)"
    console.print(f"[bold]{old.slug} → {new.slug}[/]" + ("" if changes else f" {same}"))
    for change in changes:
        console.print(f"  {escape(change.in_language(lang))}")
    if applicants is not None:
        _show_compared(console, compared, lang)


def _applicants(path: Path, documents: Sequence[rules.Document]) -> list[tuple[str, Any]]:
    """Read a CSV table by its name, anything else as JSON."""
    try:
        if path.suffix.lower() == ".csv":
            return [*rules.applicants_from_csv(_text(path), documents)]
        return [*rules.applicants_from_json(_facts(path), documents)]
    except rules.UnableToReadFacts as refused:
        reason = refused.reason
        raise UnableToReadFile(
            reason.code, reason.label.zh, reason.label.en, field=f"{path} {reason.field}".strip()
        ) from refused


def _diff_json(
    old: rules.Document, new: rules.Document, changes: Sequence[rules.Change], compared: Sequence[rules.Comparison]
) -> dict[str, Any]:
    rows = [
        {
            "applicant": one.applicant,
            "effect": str(one.effect),
            "before": {"outcome": one.before.outcome, "amount_fen": one.before.amount_fen, "clause": one.before.clause},
            "after": {"outcome": one.after.outcome, "amount_fen": one.after.amount_fen, "clause": one.after.clause},
        }
        for one in compared
    ]
    return {
        "before": {"programme": old.slug, "version": old.version},
        "after": {"programme": new.slug, "version": new.version},
        "changes": [asdict(change) for change in changes],
        "applicants": rows,
    }


def _show_compared(console: Console, compared: Sequence[rules.Comparison], lang: str) -> None:
    """Show everyone whose grant changed, and the sums."""
    zh = not lang.startswith("en")
    words = {"gains": "增加", "loses": "减少", "same": "不变"} if zh else {}
    table = Table(title="每个申领主体单独试算" if zh else "each applicant decided alone", title_justify="left")
    for heading in ("申领主体", "变化", "之前", "之后", "理由") if zh else ("applicant", "", "before", "after", "why"):
        table.add_column(heading)
    for one in compared:
        if one.effect is not rules.Effect.SAME:
            worse = one.after if one.effect is rules.Effect.LOSES else one.before
            why = worse.reasons[0].label.in_language(lang) if worse.reasons else one.after.clause
            effect = words.get(one.effect, str(one.effect))
            table.add_row(
                escape(one.applicant), effect, one.before.in_language(lang), one.after.in_language(lang), escape(why)
            )
    console.print(table)
    for effect, (count, fen) in rules.totals(compared).items():
        console.print(f"  {words.get(effect, str(effect))}: {count} · {yuan(fen)}")
