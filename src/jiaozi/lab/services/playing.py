"""Runs a scenario from its file, and writes what came out into a folder. Touches no database and no network."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.template import Context, Engine
from django.utils.safestring import mark_safe

from jiaozi.kernel.period import local_date
from jiaozi.kernel.refusal import Refused
from jiaozi.lab import rules
from jiaozi.lab.rules.filing import Past
from jiaozi.lab.rules.running import Told
from jiaozi.lab.rules.scenario import SEEDS_MAX, Scenario, Seeds
from jiaozi.lab.rules.tracing import Spending
from jiaozi.metering.rules import swf
from jiaozi.policy import rules as policy
from jiaozi.policy.rules.problems import Path as Place

REPORT = Path(__file__).parent.parent / "report"
ECHARTS = REPORT / "vendor" / "echarts-6.1.0" / "echarts.common.min.js"
TEXT_BYTES_MAX = 2_000_000
FILE_BYTES_MAX = 1_000_000_000


class UnableToRun(Refused):
    """A file that can't be read or written, or seeds that are too many."""


def run(*, scenario: Path, out: Path, seeds: int | None, now: datetime, told: Told) -> rules.Result:
    """Play a scenario and write ``report.html``, ``result.json`` and the CSV tables into a folder.

    Raises
    ------
    UnableToReadScenario
        With every problem, each with its line and column in the scenario.
    UnableToReadProgramme
        When a document that it names can't be used.
    UnableToRun
        Naming the file.
    """
    read = _seeded(rules.read(_text(scenario, TEXT_BYTES_MAX)), seeds)
    result = rules.run(read, _sources(read, scenario.parent), told)
    _write(out, files_of(result, now))
    return result


def files_of(result: rules.Result, now: datetime) -> dict[str, str]:
    """Give what a run comes to: the page with everything in it, the figures as JSON, and the CSV tables."""
    files = rules.csv_files(result)
    files["result.json"] = json.dumps(rules.to_json(result), ensure_ascii=False, indent=1) + "\n"
    files["report.html"] = _report(rules.view(result, local_date(now)))
    return files


def check(*, scenario: Path) -> Scenario:
    """Read a scenario with all that it names, and play nothing.

    Raises
    ------
    UnableToReadScenario
        As ``run`` does.
    """
    read = rules.read(_text(scenario, TEXT_BYTES_MAX))
    sources = _sources(read, scenario.parent)
    rules.try_out(read, sources)
    return read.scenario


def _seeded(read: rules.Read, seeds: int | None) -> rules.Read:
    if seeds is None:
        return read
    if not 1 <= seeds <= SEEDS_MAX:
        raise UnableToRun("SEEDS_WRONG", f"须在 1 与 {SEEDS_MAX} 之间", f"must be 1 to {SEEDS_MAX}", field="--seeds")
    chosen = Seeds(first=read.scenario.seeds.first, count=seeds)
    return rules.Read(read.scenario.model_copy(update={"seeds": chosen}), read.marks)


def _sources(read: rules.Read, folder: Path) -> rules.Sources:
    """Read the documents, and the trace or file that demand is drawn from."""
    texts = [
        _named(read, ("versions", index, "document"), folder / version.document, TEXT_BYTES_MAX)
        for index, version in enumerate(read.scenario.versions)
    ]
    documents = [_document(read, index, text) for index, text in enumerate(texts)]
    return rules.Sources(texts, documents, _spending(read, folder), _past(read, folder))


def _document(read: rules.Read, index: int, text: str) -> policy.Document:
    try:
        return rules.changed_document(read, index, text)
    except policy.UnableToReadProgramme as refused:
        first, name = refused.problems[0], read.scenario.versions[index].document
        zh, en = (f"{name}:{first.in_language(language)}" for language in ("zh", "en"))
        raise read.refuse(("versions", index, "document"), zh, en) from refused


def _spending(read: rules.Read, folder: Path) -> Spending | None:
    trace = read.scenario.demand.trace
    if trace is None:
        return None
    place: Place = ("demand", "trace", "path")
    found = swf.read(_named(read, place, folder / trace.path, FILE_BYTES_MAX).splitlines())
    if found.bad:
        zh, en = (f"{trace.path}:{found.bad[0].in_language(language)}" for language in ("zh", "en"))
        raise read.refuse(place, zh, en)
    spent = rules.spending(found.entries, trace, read.scenario.price.core_hour)
    if spent is None:
        raise read.refuse(place, f"{trace.path}: 没有运行过的作业", f"{trace.path}: no job in it ran")
    return spent


def _past(read: rules.Read, folder: Path) -> Past | None:
    file = read.scenario.demand.file
    if file is None:
        return None
    place: Place = ("demand", "file", "path")
    text = _named(read, place, folder / file.path, FILE_BYTES_MAX)
    try:
        return rules.read_applications(read.scenario, file, text)
    except rules.UnableToReadApplications as refused:
        zh, en = (f"{file.path}: {refused.in_language(language)}" for language in ("zh", "en"))
        raise read.refuse(place, zh, en) from refused


def _named(read: rules.Read, place: Place, path: Path, bytes_max: int) -> str:
    """Read a file that the scenario names; what is wrong with it stands at its place there."""
    try:
        return _text(path, bytes_max)
    except UnableToRun as refused:
        raise read.refuse(place, refused.in_language("zh"), refused.in_language("en")) from refused


def _text(path: Path, bytes_max: int) -> str:
    try:
        if path.stat().st_size > bytes_max:
            raise UnableToRun(
                "FILE_TOO_LARGE", "文件过大", f"the file is larger than {bytes_max:,} bytes", field=str(path)
            )
        if path.suffix == ".gz":
            with gzip.open(path, "rt", encoding="utf-8-sig") as lines:
                return lines.read(bytes_max)
        return path.read_text(encoding="utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as wrong:
        why = getattr(wrong, "strerror", None) or str(wrong)
        raise UnableToRun("FILE_UNREADABLE", f"无法读取：{why}", f"can't be read: {why}", field=str(path)) from wrong


def _report(shown: dict[str, Any]) -> str:
    """Make the page: all that it needs stands in it, and nothing is loaded from elsewhere."""
    parts = {
        name: mark_safe(file.read_text(encoding="utf-8"))  # noqa: S308 - the house's own files, and ECharts
        for name, file in (("style", REPORT / "report.css"), ("script", REPORT / "report.js"), ("echarts", ECHARTS))
    }
    shown["plots"] = mark_safe(shown["plots"])  # noqa: S308 - JSON without an angle bracket
    page = Engine(dirs=[str(REPORT)]).get_template("report.html")
    return str(page.render(Context({**shown, **parts})))


def _write(out: Path, files: dict[str, str]) -> None:
    """Write all files beside their places first, then move them there."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (out / f".{name}.new").write_text(text, encoding="utf-8")
        for name in files:
            (out / f".{name}.new").replace(out / name)
    except OSError as wrong:
        why = wrong.strerror or str(wrong)
        raise UnableToRun(
            "FOLDER_UNWRITABLE", f"无法写入：{why}", f"can't be written: {why}", field=str(out)
        ) from wrong
