"""What a programme asks of every clause beside its conditions, asked of many applications; ``gates`` asks it of one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np

from jiaozi.kernel.period import months_later
from jiaozi.policy.rules import schema
from jiaozi.policy.rules.many.columns import Bools, Column
from jiaozi.policy.rules.many.sheet import Sheet
from jiaozi.policy.rules.weighing import suppliers_on
from jiaozi.policy.rules.words import Admission, Gate, Kind

_LISTED = {Admission.NAMED, Admission.YEARLY_LIST, Admission.BATCH}


def ask_gates(sheet: Sheet, clause: schema.Clause) -> None:
    """Ask every gate that the clause does not stand outside of."""
    for gate, ask in _GATES.items():
        if gate not in clause.without:
            ask(sheet, clause)


def by_word(column: Column, question: Callable[[Any], Any]) -> Any:
    """Ask a question of every word of a column once, and spread the answers."""
    answers = np.array([question(word) for word in column.words] or [False])
    return answers[column.values]


def _process(sheet: Sheet, clause: schema.Clause) -> None:
    process = sheet.desk.document.programme.process
    windows = clause.windows or (process.windows if process else ())
    spans = [(sheet.figure(span.since), sheet.figure(span.to)) for span in windows]
    if not spans or any(None in span for span in spans):
        return
    on, inside = sheet.desk.table.on, sheet.desk.nowhere()
    for first, last in spans:
        inside |= (on >= first.toordinal()) & (on <= last.toordinal())
    sheet.ask((), inside, "OUTSIDE_WINDOW")


def _credit(sheet: Sheet, _clause: schema.Clause) -> None:
    credit = sheet.desk.document.programme.credit
    if credit is None:
        return
    if credit.records and credit.look_back_months is not None:
        months = sheet.figure(credit.look_back_months)
        if months is not None:
            sheet.ask((credit.records,), _clean(sheet, credit.records, months), "CREDIT_RECORD")
    if credit.listed:
        column, bad = sheet.desk.column(credit.listed), {one.id for one in credit.lists}
        holds = by_word(column, lambda words: not bad & {*words}) if column and column.kind is Kind.LIST else None
        sheet.ask((credit.listed,), holds, "CREDIT_LISTED")


def _clean(sheet: Sheet, records: str, months: int) -> Bools | None:
    """Say whose last record lies far enough back."""
    column = sheet.desk.column(records)
    if column is None or column.kind is not Kind.DATES:
        return None
    last = by_word(column, lambda days: max((date.fromisoformat(day).toordinal() for day in days), default=0))
    begins = sheet.desk.table.by_day([months_later(day, -months).toordinal() for day in sheet.desk.table.days[0]])
    clean: Bools = last <= begins
    return clean


def _related(sheet: Sheet, _clause: schema.Clause) -> None:
    related = sheet.desk.document.programme.related
    depth = sheet.figure(related.depth) if related and related.steps else None
    if related is None or related.steps is None or depth is None:
        return
    column = sheet.desk.column(related.steps)
    apart = (column.values < 1) | (column.values > depth) if column and column.kind is Kind.INT else None
    sheet.ask((related.steps,), apart, "RELATED")


def _roles(sheet: Sheet, _clause: schema.Clause) -> None:
    roles = sheet.desk.document.programme.roles
    if roles is None:
        return
    for fact, may, code in (
        (roles.is_supplier, roles.supplier_may_claim, "SUPPLIER_CLAIMS"),
        (roles.other_side_claimed, roles.both_sides_may_claim, "BOTH_SIDES_CLAIM"),
    ):
        if fact is not None and sheet.figure(may) is False:
            sheet.ask((fact,), _is_not(sheet, fact), code)


def _is_not(sheet: Sheet, name: str) -> Bools | None:
    """Say where a fact is false, or no money."""
    column = sheet.desk.column(name)
    if column is None or column.kind not in (Kind.BOOL, Kind.MONEY, Kind.INT):
        return None
    return ~column.values.astype(bool)


def _suppliers(sheet: Sheet, _clause: schema.Clause) -> None:
    programme = sheet.desk.document.programme
    suppliers = programme.suppliers
    if suppliers.fact is None or not (suppliers.named or suppliers.unpublished):
        return
    if not _LISTED & {*suppliers.admission} or not sheet.suppliers_known():
        return
    service_fact = programme.services.fact if programme.services else None
    column = sheet.desk.column(suppliers.fact)
    wanted = sheet.desk.column(service_fact) if service_fact else None
    sheet.ask((suppliers.fact,), _admitted(sheet, column, wanted) if column else None, "SUPPLIER_NOT_ADMITTED")


def _admitted(sheet: Sheet, column: Column, wanted: Column | None) -> Bools | None:
    """Ask each supplier, with each list of services, on each date, once."""
    if column.kind not in (Kind.TEXT, Kind.ENUM) or (wanted and wanted.kind is not Kind.LIST):
        return None
    days, day_of = sheet.desk.table.days
    services = np.zeros(sheet.desk.count, dtype=np.int64)
    if wanted:
        services = wanted.values + 1 if wanted.given is None else np.where(wanted.given, wanted.values + 1, 0)
    listed = [suppliers_on(sheet.desk.document, day, sheet.desk.allow_demo) for day in days]
    lists = {rows: number for number, rows in enumerate(dict.fromkeys(listed))}
    list_of = np.array([lists[rows] for rows in listed], dtype=np.int64)[day_of]
    width = (len(wanted.words) if wanted else 0) + 1
    asked, which = np.unique((list_of * width + services) * len(column.words) + column.values, return_inverse=True)
    rows_by_number = [*lists]
    answers = []
    for one in asked:
        place, supplier = divmod(int(one), len(column.words))
        number, service = divmod(place, width)
        needs = {*wanted.words[service - 1]} if wanted and service else set()
        rows = [row for row in rows_by_number[number] if row.id == column.words[supplier]]
        answers.append(any(not row.services or needs <= {*row.services} for row in rows))
    admitted: Bools = np.array(answers, dtype=bool)[which]
    return admitted


def _services(sheet: Sheet, clause: schema.Clause) -> None:
    programme = sheet.desk.document.programme
    services = programme.services
    if services is None or services.fact is None:
        return
    kind = programme.classes.get(clause.voucher_class or "")
    narrowed = {*kind.services} if kind and kind.services else None
    allowed = {one.id for one in services.eligible if narrowed is None or one.id in narrowed}
    refused = {one.id for one in services.excluded}

    def fits(words: Any) -> bool:
        wanted = {*words}
        return bool(wanted) and not wanted & refused and (not allowed or wanted <= allowed)

    column = sheet.desk.column(services.fact)
    holds = by_word(column, fits) if column and column.kind is Kind.LIST else None
    sheet.ask((services.fact,), holds, "SERVICE_NOT_ELIGIBLE")


def _other_support(sheet: Sheet, _clause: schema.Clause) -> None:
    for other in sheet.desk.document.programme.other_support:
        sheet.ask((other.fact,), _is_not(sheet, other.fact), "OTHER_SUPPORT")


_GATES: dict[Gate, Callable[[Sheet, schema.Clause], None]] = {
    Gate.PROCESS: _process,
    Gate.CREDIT: _credit,
    Gate.RELATED: _related,
    Gate.ROLES: _roles,
    Gate.SUPPLIERS: _suppliers,
    Gate.SERVICES: _services,
    Gate.OTHER_SUPPORT: _other_support,
}
