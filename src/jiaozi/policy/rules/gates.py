"""What a programme asks of every clause beside its own conditions, each found true or false like a condition.

A clause stands outside of one by ``without``. Only a gate whose facts are declared is asked here; the rest of its
section (how deep relations go, which lists) is told to the stages that look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from jiaozi.kernel.label import Label
from jiaozi.kernel.period import months_later
from jiaozi.policy.rules import schema
from jiaozi.policy.rules.conditions import SUPPLIERS
from jiaozi.policy.rules.decision import ConditionFound, Truth
from jiaozi.policy.rules.weighing import Weighing, suppliers_on
from jiaozi.policy.rules.words import Admission, Gate

_LISTED = {Admission.NAMED, Admission.YEARLY_LIST, Admission.BATCH}


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: the facts that it needs, its answer once they are known, and the code of a refusal."""

    name: str
    label: Label
    facts: tuple[str, ...]
    code: str
    holds: Callable[[], bool]


def gates(weighing: Weighing, clause: schema.Clause) -> tuple[ConditionFound, ...]:
    """Ask every gate that the clause does not stand outside of; each that is not met adds its reason."""
    asked = (one for gate, ask in _GATES.items() if gate not in clause.without for one in ask(weighing, clause))
    return tuple(_found(weighing, one) for one in asked)


def _found(weighing: Weighing, asked: Asked) -> ConditionFound:
    missing = [name for name in asked.facts if name not in weighing.known]
    for name in missing:
        weighing.refuse_missing(name)
    truth = Truth.UNKNOWN if missing else Truth.TRUE if asked.holds() else Truth.FALSE
    used = tuple(map(weighing.used, asked.facts))
    if truth is Truth.FALSE:
        zh = "，".join(f"{fact.label.zh}为{fact.shown.zh}" for fact in used)
        en = ", ".join(f"{fact.label.en}: {fact.shown.en}" for fact in used)
        weighing.refuse(
            asked.code,
            f"不符合“{asked.label.zh}”" + (f"（{zh}）" if zh else ""),
            f"not met: {asked.label.en}" + (f" ({en})" if en else ""),
            field=asked.facts[0] if asked.facts else "on",
        )
    return ConditionFound(asked.name, asked.label, truth, used, "")


def _plain(weighing: Weighing, name: str) -> Any:
    return weighing.known[name].plain


def _is_not(weighing: Weighing, name: str) -> bool:
    """Say whether a fact is false, or no money."""
    return not _plain(weighing, name)


def _process(weighing: Weighing, clause: schema.Clause) -> Iterator[Asked]:
    process = weighing.document.programme.process
    windows: Sequence[schema.Span] = clause.windows or (process.windows if process else ())
    spans = [(weighing.figure(span.since), weighing.figure(span.to)) for span in windows]
    if not spans or any(None in span for span in spans):
        return
    text = "、".join(f"{first}–{last}" for first, last in spans)
    applied = weighing.applied_on or weighing.on
    label = Label(f"在申报窗口内：{text}", f"inside the window of application: {text}")
    yield Asked("process.windows", label, (), "OUTSIDE_WINDOW", lambda: any(a <= applied <= b for a, b in spans))


def _credit(weighing: Weighing, _clause: schema.Clause) -> Iterator[Asked]:
    credit = weighing.document.programme.credit
    if credit is None:
        return
    if credit.records and credit.look_back_months is not None:
        months, records = weighing.figure(credit.look_back_months), credit.records
        if months is not None:
            begin = months_later(weighing.on, -months)
            label = Label(
                f"近 {months} 个月（{begin} 之后）无失信记录",
                f"no dishonesty record in {months} months (after {begin})",
            )
            yield Asked(
                "credit.records",
                label,
                (records,),
                "CREDIT_RECORD",
                lambda: not any(day > begin.isoformat() for day in _plain(weighing, records)),
            )
    if credit.listed:
        listed, bad = credit.listed, {one.id for one in credit.lists}
        label = Label(
            "未列入：" + "、".join(one.zh for one in credit.lists),
            "on none of: " + ", ".join(one.en for one in credit.lists),
        )
        yield Asked("credit.lists", label, (listed,), "CREDIT_LISTED", lambda: not bad & {*_plain(weighing, listed)})


def _related(weighing: Weighing, _clause: schema.Clause) -> Iterator[Asked]:
    related = weighing.document.programme.related
    depth = weighing.figure(related.depth) if related and related.steps else None
    if related is None or related.steps is None or depth is None:
        return
    steps = related.steps
    label = Label(f"与供给方在 {depth} 层以内无关联关系", f"not related to the supplier within {depth} steps")
    yield Asked("related", label, (steps,), "RELATED", lambda: not 1 <= _plain(weighing, steps) <= depth)


def _roles(weighing: Weighing, _clause: schema.Clause) -> Iterator[Asked]:
    roles = weighing.document.programme.roles
    if roles is None:
        return
    sides = (
        (
            roles.is_supplier,
            roles.supplier_may_claim,
            Label("供给方不得申领", "a supplier may not claim"),
            "SUPPLIER_CLAIMS",
        ),
        (
            roles.other_side_claimed,
            roles.both_sides_may_claim,
            Label("同一交易只能由一方申领", "only one side of a deal may claim"),
            "BOTH_SIDES_CLAIM",
        ),
    )
    for fact, may, label, code in sides:
        if fact is not None and weighing.figure(may) is False:
            yield Asked(f"roles.{code.lower()}", label, (fact,), code, partial(_is_not, weighing, fact))


def _suppliers(weighing: Weighing, _clause: schema.Clause) -> Iterator[Asked]:
    suppliers = weighing.document.programme.suppliers
    fact = suppliers.fact
    if fact is None or not (suppliers.named or suppliers.unpublished) or not _LISTED & {*suppliers.admission}:
        return
    if not weighing.suppliers_known():
        return
    listed = suppliers_on(weighing.document, weighing.on, weighing.allow_demo)
    service_fact = weighing.document.programme.services.fact if weighing.document.programme.services else None

    def admitted() -> bool:
        wanted = {*_plain(weighing, service_fact)} if service_fact in weighing.known and service_fact else set()
        rows = [row for row in listed if row.id == _plain(weighing, fact)]
        return any(not row.services or wanted <= {*row.services} for row in rows)

    label = Label(
        "供给方在当日名单内并承接所申请的服务", "the supplier is on that day's list for the services applied for"
    )
    yield Asked(SUPPLIERS, label, (fact,), "SUPPLIER_NOT_ADMITTED", admitted)


def _services(weighing: Weighing, clause: schema.Clause) -> Iterator[Asked]:
    programme = weighing.document.programme
    services = programme.services
    if services is None or services.fact is None:
        return
    fact = services.fact
    kind = programme.classes.get(clause.voucher_class or "")
    narrowed = {*kind.services} if kind and kind.services else None
    eligible = [one for one in services.eligible if narrowed is None or one.id in narrowed]
    allowed, refused = {one.id for one in eligible}, {one.id for one in services.excluded}

    def holds() -> bool:
        wanted = {*_plain(weighing, fact)}
        return bool(wanted) and not wanted & refused and (not allowed or wanted <= allowed)

    zh = [f"只含{'、'.join(one.zh for one in eligible)}"] if eligible else []
    en = [f"only {', '.join(one.en for one in eligible)}"] if eligible else []
    if services.excluded:
        zh.append(f"不含{'、'.join(one.zh for one in services.excluded)}")
        en.append(f"without {', '.join(one.en for one in services.excluded)}")
    label = Label("服务范围：" + "，".join(zh), "services: " + ", ".join(en))
    yield Asked("services", label, (fact,), "SERVICE_NOT_ELIGIBLE", holds)


def _other_support(weighing: Weighing, _clause: schema.Clause) -> Iterator[Asked]:
    for index, other in enumerate(weighing.document.programme.other_support):
        name = other.fact
        yield Asked(
            f"other_support[{index}]",
            other.label,
            (name,),
            "OTHER_SUPPORT",
            partial(_is_not, weighing, name),
        )


_GATES: dict[Gate, Callable[[Weighing, schema.Clause], Iterator[Asked]]] = {
    Gate.PROCESS: _process,
    Gate.CREDIT: _credit,
    Gate.RELATED: _related,
    Gate.ROLES: _roles,
    Gate.SUPPLIERS: _suppliers,
    Gate.SERVICES: _services,
    Gate.OTHER_SUPPORT: _other_support,
}
