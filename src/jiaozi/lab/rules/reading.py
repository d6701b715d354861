"""Reads a scenario with the reader of programme documents: whatever is wrong is named with its line and column."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from jiaozi.kernel.refusal import Refused
from jiaozi.lab.rules.demand import PURCHASES_MAX, ROWS_MAX
from jiaozi.lab.rules.scenario import COLUMNS, Generated, Scenario, Version
from jiaozi.policy import rules as policy
from jiaozi.policy.rules import reading
from jiaozi.policy.rules.figures import Unreadable
from jiaozi.policy.rules.problems import Path, Problem

MANUAL = "docs/reference/lab.md"
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


class UnableToReadScenario(Refused):
    """A scenario that can't be played; ``problems`` has all that was found, the message the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))[:50]
        first = self.problems[0]
        super().__init__("SCENARIO_UNREADABLE", first.in_language("zh"), first.in_language("en"))


@dataclass(frozen=True, slots=True)
class Read:
    """A scenario and where each of its parts stands."""

    scenario: Scenario
    marks: reading.Marks

    def refuse(self, path: Path, zh: str, en: str, *, key: bool = False) -> UnableToReadScenario:
        """Make the refusal of one place."""
        return UnableToReadScenario([self.marks.problem(path, Unreadable(zh, en), key=key)])


def read(text: str) -> Read:
    """Read and check a scenario; the documents and files that it names are not looked at yet.

    Raises
    ------
    UnableToReadScenario
        With every problem, each with line, column and what would be right.
    """
    try:
        tree, marks = reading.parse(text)
    except policy.UnableToReadProgramme as refused:
        raise UnableToReadScenario(refused.problems) from refused
    try:
        scenario = Scenario.model_validate(tree)
    except ValidationError as wrong:
        raise UnableToReadScenario(reading.problems(wrong, marks, Scenario, MANUAL)) from wrong
    problems = [marks.problem(path, wrong) for path, wrong in _wrongs(scenario)]
    if problems:
        raise UnableToReadScenario(problems)
    return Read(scenario, marks)


def _wrongs(scenario: Scenario) -> Iterator[tuple[Path, Unreadable]]:
    yield from _versions_wrong(scenario)
    demand = scenario.demand
    if demand.generated:
        yield from _groups_wrong(scenario, demand.generated)
    if demand.trace and demand.trace.kind not in scenario.classes:
        yield ("demand", "trace", "class"), _no_such("class", demand.trace.kind, scenario.classes)
    if demand.trace and not scenario.sized_by_need:
        yield ("sizes",), Unreadable("轨迹没有规模，请给各规模写 to", "a trace knows no sizes; give each size a `to`")
    if demand.trace is None and scenario.use is None:
        yield ("demand",), Unreadable("缺少 use：算力券如何使用", "`use` is missing: how vouchers are used")
    bounds = [size.to for size in scenario.sizes.values()]
    if scenario.sized_by_need:
        known = [bound for bound in bounds[:-1] if bound is not None]
        if len(known) < len(bounds) - 1 or bounds[-1] is not None or known != sorted(set(known)):
            yield (
                ("sizes",),
                Unreadable(
                    "按需求分规模时，除最后一档外都须写 to，且递增",
                    "sizes told by need have a `to` each but the last, from the smallest upward",
                ),
            )


def _versions_wrong(scenario: Scenario) -> Iterator[tuple[Path, Unreadable]]:
    seen: set[str] = set()
    for index, version in enumerate(scenario.versions):
        if version.id in seen:
            yield ("versions", index, "id"), Unreadable(f"{version.id} 重复", f"{version.id} is there twice")
        seen.add(version.id)


def too_many(rows: float, purchases: int) -> Unreadable | None:
    """Say so where a demand would not fit: before it is drawn, since it would fill the memory."""
    if rows <= ROWS_MAX and rows * purchases <= PURCHASES_MAX:
        return None
    most = min(ROWS_MAX, PURCHASES_MAX // purchases)
    return Unreadable(
        f"约 {rows:,.0f} 件申领，每件 {purchases} 次购买；至多 {most:,} 件",
        f"about {rows:,.0f} applications with {purchases} purchases each; at most {most:,} fit",
    )


def _groups_wrong(scenario: Scenario, generated: Generated) -> Iterator[tuple[Path, Unreadable]]:
    rows = sum(group.holders * group.applications for group in generated.groups) * scenario.years
    over = too_many(rows, scenario.use.purchases if scenario.use else 1)
    if over:
        yield ("demand", "generated", "groups"), over
    for index, group in enumerate(generated.groups):
        path: Path = ("demand", "generated", "groups", index)
        if group.kind not in scenario.classes:
            yield (*path, "class"), _no_such("class", group.kind, scenario.classes)
        if scenario.sized_by_need != (group.size is None):
            yield (
                path,
                Unreadable(
                    "规模写在 group 的 size，或由 sizes 的 to 决定，二者取一",
                    "a size is either a group's `size` or told by the `to` of `sizes`",
                ),
            )
        elif group.size and group.size not in scenario.sizes:
            yield (*path, "size"), _no_such("size", group.size, scenario.sizes)
        for name in group.attributes:
            if name in COLUMNS:
                yield (*path, "attributes", name), Unreadable(f"{name} 已有此列", f"{name} is a column already")


def _no_such(what: str, name: str, there: Mapping[str, Any]) -> Unreadable:
    known = ", ".join(there)
    return Unreadable(f"没有 {what} {name}，现有：{known}", f"there is no {what} {name}; there is: {known}")


def changed_document(read_: Read, index: int, text: str) -> policy.Document:
    """Load a version's document, with the places that the scenario changes set.

    Raises
    ------
    UnableToReadScenario
        When a place is not there, or the changed document can't be used; the line is the scenario's.
    UnableToReadProgramme
        When the document as it stands can't be used.
    """
    version: Version = read_.scenario.versions[index]
    document = policy.load(text)
    if not version.change:
        return document
    tree, _marks = reading.parse(text)
    for place, value in version.change.items():
        _set(read_, ("versions", index, "change", place), tree, value)
    try:
        return policy.load(json.dumps(tree, ensure_ascii=False, indent=1))
    except policy.UnableToReadProgramme as refused:
        wrong = refused.problems[0]
        path = next((place for place in version.change if place in wrong.path), next(iter(version.change)))
        place_: Path = ("versions", index, "change", path)
        raise read_.refuse(
            place_, f"改动后的文件不可用：{wrong.path}：{wrong.zh}", f"changed like this the document fails: {wrong.en}"
        ) from refused


def stood(read_: Read, index: int, text: str) -> tuple[str, ...]:
    """Say what stood before at each place that a version changes."""
    tree, _marks = reading.parse(text)
    found = []
    for place in read_.scenario.versions[index].change:
        part = tree
        for step in _steps(place):
            part = _child(part, step)
        found.append(json.dumps(part, ensure_ascii=False) if isinstance(part, dict | list) else str(part))
    return tuple(found)


def _steps(place: str) -> list[str | int]:
    """Take a place apart: ``clauses.general.amount.ratio`` or ``clauses[0].amount.ratio``."""
    return [name or int(number) for name, number in _STEP.findall(place)]


def _set(read_: Read, path: Path, tree: Any, value: Any) -> None:
    """Set one place of a document's tree; it must be there, so that a slip of the pen changes nothing in silence."""
    steps = _steps(str(path[-1]))
    holder: Any = None
    for step in steps:
        holder, tree = tree, _child(tree, step)
        if tree is None:
            zh, en = f"文件中没有此处：{path[-1]}", f"the document has no such place: {path[-1]}"
            raise read_.refuse(path, zh, en, key=True)
    holder[steps[-1] if isinstance(holder, dict) else _place(holder, steps[-1])] = value


def _child(tree: Any, step: str | int) -> Any:
    if isinstance(tree, dict):
        return tree.get(step)
    place = _place(tree, step)
    return tree[place] if place is not None else None


def _place(tree: Any, step: str | int) -> Any:
    """Find an entry of a list by its number, or by its ``id``: ``clauses.general.amount.ratio``."""
    if not isinstance(tree, list):
        return None
    if isinstance(step, int):
        return step if step < len(tree) else None
    return next((n for n, one in enumerate(tree) if isinstance(one, dict) and one.get("id") == step), None)
