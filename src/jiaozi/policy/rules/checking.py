"""Checks of a document as a whole: names that point at other parts, kinds that must fit, dates, shares and bands.

Each check yields the path of the part that is wrong and what would be right; a part alone is checked by the schema.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from fractions import Fraction
from typing import Any

from pydantic import BaseModel

from jiaozi.policy.rules import schema, words
from jiaozi.policy.rules.bands import bands_wrong
from jiaozi.policy.rules.figures import Figure, Unreadable, shown
from jiaozi.policy.rules.problems import Path
from jiaozi.policy.rules.references import fact_references
from jiaozi.policy.rules.shadows import shadows
from jiaozi.policy.rules.words import Kind

Wrong = tuple[Path, Unreadable]
_BOUND_KINDS = (Kind.INT, Kind.MONEY)


def wrongs(programme: schema.Programme) -> Iterator[Wrong]:
    """Give everything wrong with a document that its parts alone can't know."""
    for path, figure in figures(programme, ()):
        wrong = _figure_wrong(programme, figure)
        if wrong:
            yield path, wrong
    yield from _facts_wrong(programme)
    yield from _names_wrong(programme)
    yield from _subjects_wrong(programme)
    yield from _words_wrong(programme)
    yield from _dates_wrong(programme)
    yield from _shares_wrong(programme)
    for index, clause in enumerate(programme.clauses):
        yield from bands_wrong(programme, clause, ("clauses", index, "amount"))
        yield from _modifiers_wrong(programme, clause, ("clauses", index, "amount"))
    yield from shadows(programme)
    yield from _cases_wrong(programme)


def figures(part: Any, path: Path) -> Iterator[tuple[Path, Figure]]:
    """Walk every figure of a document with its path in the YAML."""
    if isinstance(part, Figure):
        yield path, part
    elif isinstance(part, BaseModel):
        for name, field in type(part).model_fields.items():
            yield from figures(getattr(part, name), (*path, field.alias or name))
    elif isinstance(part, Mapping):
        for name, inner in part.items():
            yield from figures(inner, (*path, name))
    elif isinstance(part, tuple):
        for index, inner in enumerate(part):
            yield from figures(inner, (*path, index))


def value_of(programme: schema.Programme, figure: Figure | None) -> Any:
    """Give a figure's value as far as it is known, demo values included; None where it is not."""
    if figure is None or not figure.parameter:
        return figure.value if figure else None
    parameter = programme.parameters.get(figure.parameter)
    fits = parameter is not None and (parameter.kind is figure.kind or figure.kind is Kind.DECIMAL)
    return parameter.typed(allow_demo=True) if parameter is not None and fits else None


def _figure_wrong(programme: schema.Programme, figure: Figure) -> Unreadable | None:
    if not figure.parameter:
        return None
    parameter = programme.parameters.get(figure.parameter)
    if parameter is None:
        return missing("参数", "parameter", figure.parameter, programme.parameters)
    allowed = _BOUND_KINDS if figure.kind is Kind.DECIMAL else (figure.kind,)
    if parameter.kind not in allowed:
        kinds = "/".join(allowed)
        return Unreadable(
            f"此处需要 {kinds}，参数 {figure.parameter} 是 {parameter.kind}",
            f"a {kinds} belongs here, the parameter {figure.parameter} is a {parameter.kind}",
        )
    return None


def missing(zh: str, en: str, name: str, there: Iterable[str]) -> Unreadable:
    """Say that a name points at nothing, and what there is."""
    names = ", ".join(there) or "—"
    return Unreadable(f"没有{zh} {name}，现有：{names}", f"there is no {en} {name}; there is: {names}")


def _facts_wrong(programme: schema.Programme) -> Iterator[Wrong]:
    """Check every place that names a fact: it must be declared, and of a kind that fits."""
    for path, name, kinds in fact_references(programme):
        fact = programme.facts.get(name)
        if fact is None:
            yield path, missing("事实", "fact", name, programme.facts)
        elif fact.kind not in kinds:
            wanted = " or ".join(kinds)
            yield path, Unreadable(f"{name} 须为 {wanted}，现为 {fact.kind}", f"{name} is no {wanted} but {fact.kind}")


def _names_wrong(programme: schema.Programme) -> Iterator[Wrong]:
    clauses = [clause.id for clause in programme.clauses]
    yield from _twice(clauses, ("clauses",), "条款", "clause")
    for path, part in _named_lists(programme):
        yield from _twice([item.id for item in part], path, "编号", "id")
    services = [service.id for service in programme.services.eligible] if programme.services else []
    for path, names, there, zh, en in _pointers(programme, clauses, services):
        for index, name in enumerate(names):
            if name not in there:
                yield (*path, index), missing(zh, en, name, there)
    for index, clause in enumerate(programme.clauses):
        if clause.voucher_class and clause.voucher_class not in programme.classes:
            yield ("clauses", index, "class"), missing("券种", "class", clause.voucher_class, programme.classes)
    if programme.services:
        both = {service.id for service in programme.services.excluded} & {*services}
        if both:
            name = min(both)
            yield ("services", "out"), Unreadable(f"{name} 既在 in 又在 out", f"{name} is both `in` and `out`")


def _twice(names: list[str], path: Path, zh: str, en: str) -> Iterator[Wrong]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield (*path, index, "id"), Unreadable(f"{zh} {name} 出现两次", f"the {en} {name} appears twice")


def _named_lists(programme: schema.Programme) -> Iterator[tuple[Path, Collection[Any]]]:
    yield ("evidence",), programme.evidence
    yield ("together", "groups"), programme.together.groups
    for index, clause in enumerate(programme.clauses):
        yield ("clauses", index, "evidence"), clause.evidence
        yield ("clauses", index, "stages"), clause.stages
    if programme.settlement:
        yield ("settlement", "shares"), programme.settlement.shares
    if programme.penalties:
        yield ("penalties", "grounds"), programme.penalties.grounds


def _pointers(
    programme: schema.Programme, clauses: list[str], services: list[str]
) -> Iterator[tuple[Path, Iterable[str], Collection[str], str, str]]:
    for index, clause in enumerate(programme.clauses):
        papers = [paper.id for paper in (*programme.evidence, *clause.evidence)]
        path: Path = ("clauses", index)
        yield (*path, "caps"), [under.cap for under in clause.caps], programme.caps, "上限", "cap"
        for place, stage in enumerate(clause.stages):
            yield (*path, "stages", place, "needs"), stage.needs, papers, "材料", "evidence"
        if clause.recorded:
            yield (*path, "recorded", "needs"), clause.recorded.needs, papers, "材料", "evidence"
    for name, kind in programme.classes.items():
        yield ("classes", name, "caps"), [under.cap for under in kind.caps], programme.caps, "上限", "cap"
        yield ("classes", name, "services"), kind.services, services, "服务", "service"
    for index, group in enumerate(programme.together.groups):
        yield ("together", "groups", index, "clauses"), group.clauses, clauses, "条款", "clause"
    for index, supplier in enumerate(programme.suppliers.named):
        yield ("suppliers", "named", index, "services"), supplier.services, services, "服务", "service"


def _subjects_wrong(programme: schema.Programme) -> Iterator[Wrong]:
    for index, clause in enumerate(programme.clauses):
        for subject in _subjects(programme, clause):
            if programme.subjects.get(subject) is None:
                yield (
                    ("clauses", index),
                    missing("主体（subjects）", "entry in `subjects` for", subject, programme.subjects),
                )
    for kind in programme.subjects:
        if kind not in [*words.Subject]:
            yield ("subjects", kind), missing("主体类型", "kind of subject", kind, words.Subject)


def _subjects(programme: schema.Programme, clause: schema.Clause) -> list[str]:
    """Name the subjects whose id a clause needs from the facts."""
    kind = programme.classes.get(clause.voucher_class or "")
    unders = (*clause.caps, *(kind.caps if kind else ()))
    caps = (programme.caps[under.cap].subject for under in unders if under.cap in programme.caps)
    needed = {*caps, *([clause.once.subject] if clause.once else [])}
    return sorted(str(subject) for subject in needed - {words.Subject.PROGRAMME, words.Subject.CLAIM})


def _word_places(programme: schema.Programme) -> Iterator[tuple[Path, Figure | None, type[StrEnum]]]:
    yield ("voucher", "expiry"), programme.voucher.expiry, words.Expiry
    yield ("together", "rule"), programme.together.rule, words.Concurrence
    for index, group in enumerate(programme.together.groups):
        yield ("together", "groups", index, "rule"), group.rule, words.Concurrence
    for name, kind in programme.classes.items():
        yield ("classes", name, "expiry"), kind.expiry, words.Expiry
    if programme.settlement:
        yield ("settlement", "interval"), programme.settlement.interval, words.Interval


def _words_wrong(programme: schema.Programme) -> Iterator[Wrong]:
    """Check text figures that must be one of a closed list, also when a parameter holds them."""
    for path, figure, choices in _word_places(programme):
        raw = value_of(programme, figure)
        if raw is not None and raw not in [*choices]:
            allowed = ", ".join(choices)
            yield path, Unreadable(f"{raw!r} 不在可选值内：{allowed}", f"{raw!r} is none of: {allowed}")


def _spans(programme: schema.Programme) -> Iterator[tuple[Path, Figure | None, Figure | None]]:
    yield ("effective", "to"), programme.effective.since, programme.effective.to
    for index, supplier in enumerate(programme.suppliers.named):
        yield ("suppliers", "named", index, "to"), supplier.since, supplier.to
    windows = programme.process.windows if programme.process else ()
    places: list[tuple[Path, schema.Span]] = [(("process", "windows", n), span) for n, span in enumerate(windows)]
    for index, clause in enumerate(programme.clauses):
        places += [(("clauses", index, "windows", n), span) for n, span in enumerate(clause.windows)]
        if clause.amount and clause.amount.prorate:
            within = clause.amount.prorate.within
            yield ("clauses", index, "amount", "prorate", "within", "to"), within.since, within.to
    if programme.voucher.base_period:
        places.append((("voucher", "base_period"), programme.voucher.base_period))
    for path, span in places:
        yield (*path, "to"), span.since, span.to


def _dates_wrong(programme: schema.Programme) -> Iterator[Wrong]:
    for path, since, to in _spans(programme):
        first, last = value_of(programme, since), value_of(programme, to)
        if first and last and last < first:
            if path[0] == "effective":
                yield path, Unreadable("失效日早于生效日", "the last day of force is before the first")
            else:
                yield (
                    path,
                    Unreadable(f"止日 {last} 早于起日 {first}", f"the last day {last} is before the first {first}"),
                )


def _shares_wrong(programme: schema.Programme) -> Iterator[Wrong]:
    """Shares that divide a sum must make 100 %, or fen would be lost or made."""
    lists: list[tuple[Path, list[Figure]]] = []
    if programme.settlement:
        lists.append((("settlement", "shares"), [sharer.share for sharer in programme.settlement.shares]))
    for index, clause in enumerate(programme.clauses):
        lists.append((("clauses", index, "stages"), [stage.share for stage in clause.stages]))
    for path, shares in lists:
        values = [value_of(programme, share) for share in shares]
        if values and None not in values and sum(values, Fraction(0)) != 1:
            total = shown(Kind.RATIO, sum(values, Fraction(0)))
            yield (
                path,
                Unreadable(f"各份额合计须为 100%，现为 {total}", f"the shares make {total}; they must make 100%"),
            )
    for place, fine in enumerate(programme.penalties.fines if programme.penalties else ()):
        least, most = value_of(programme, fine.since), value_of(programme, fine.to)
        if least is not None and most is not None and most < least:
            yield (
                ("penalties", "fines", place, "to"),
                Unreadable("罚款上限低于下限", "the fine's band ends before it begins"),
            )


def _modifiers_wrong(programme: schema.Programme, clause: schema.Clause, path: Path) -> Iterator[Wrong]:
    """A ratio that additions could lift over 100 % needs ``ratio_most``."""
    amount = clause.amount
    if amount is None or amount.ratio_most is not None or not amount.modifiers:
        return
    starts = [amount.ratio, *(step.ratio for step in amount.bands.steps)] if amount.bands else [amount.ratio]
    starts += [modifier.to for modifier in amount.modifiers]
    known = [value for value in (value_of(programme, start) for start in starts) if value is not None]
    added = [value_of(programme, modifier.add) or Fraction(0) for modifier in amount.modifiers]
    highest = max(known, default=Fraction(0)) + sum(added, Fraction(0))
    if highest > 1:
        text = shown(Kind.RATIO, highest)
        yield (
            (*path, "modifiers"),
            Unreadable(
                f"各项相加比例可达 {text}，超过 100%；请写 ratio_most",
                f"all additions together make {text}, a ratio over 100%; say where it ends with `ratio_most`",
            ),
        )


def _cases_wrong(programme: schema.Programme) -> Iterator[Wrong]:
    clauses = [clause.id for clause in programme.clauses]
    for index, case in enumerate(programme.cases):
        if case.clause is not None and case.clause not in clauses:
            yield ("cases", index, "clause"), missing("条款", "clause", case.clause, clauses)
        if case.chosen is not None and case.chosen not in clauses:
            yield ("cases", index, "chosen"), missing("条款", "clause", case.chosen, clauses)
        if case.sample is not None and case.sample not in programme.samples:
            yield ("cases", index, "sample"), missing("样例", "sample", case.sample, programme.samples)
        for name in case.used:
            if name not in programme.caps:
                yield ("cases", index, "used", name), missing("上限", "cap", name, programme.caps)
