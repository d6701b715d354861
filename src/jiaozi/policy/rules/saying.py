"""A whole document as short statements, each under a stable name and with whom it touches: what ``diff`` compares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from jiaozi.kernel.label import Label
from jiaozi.policy.rules import describing, schema
from jiaozi.policy.rules.document import Document
from jiaozi.policy.rules.explaining import GRANTS, SUBJECTS
from jiaozi.policy.rules.figures import Figure
from jiaozi.policy.rules.words import Decided

_ALL = Label("所有申领主体", "all applicants")
_HOLDERS = Label("所有持券人", "all holders")
_SUPPLIERS = Label("供给方", "suppliers")
_FINANCE = Label("财政与供给方", "finance and suppliers")
_GATES = {
    "credit": Label("信用要求", "credit test"),
    "related": Label("关联关系限制", "bar on related parties"),
    "roles": Label("角色限制", "bar on roles"),
    "services": Label("服务范围", "eligible services"),
    "process": Label("办理方式与窗口", "process and windows"),
    "reserve": Label("备用金", "reserve fund"),
    "penalties": Label("追回与处罚", "clawback and penalties"),
    "administration": Label("管理费", "administration cost"),
    "settlement": Label("结算", "settlement"),
}
_VOUCHER = {
    "order_share": Label("每单券额占比", "voucher's share of an order"),
    "movement_share": Label("数据传输费券额占比", "voucher's share of data movement"),
    "validity_months": Label("有效期（月）", "validity in months"),
    "expiry": Label("过期余额去向", "where an expired rest goes"),
    "partial_use": Label("分次使用", "use in parts"),
    "transferable": Label("转让", "transfer"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """One statement: whom it touches, about what, what it says; ``size`` where it can be more or less."""

    whom: Label
    about: Label
    text: Label
    size: Fraction | None = None


def statements(document: Document) -> dict[str, Said]:
    """Give everything that a document says, in its order, by stable names."""
    return dict(_statements(document))


def _statements(document: Document) -> Iterator[tuple[str, Said]]:
    programme = document.programme
    yield "effective/from", _of_figure(document, _ALL, Label("生效日", "first day of force"), programme.effective.since)
    if programme.effective.to:
        yield "effective/to", _of_figure(document, _ALL, Label("失效日", "last day of force"), programme.effective.to)
    yield "together", _of_figure(document, _ALL, Label("多项并行", "several clauses met"), programme.together.rule)
    if programme.together.ceiling:
        ceiling = programme.together.ceiling
        text = both(lambda language: describing.limit(document, ceiling, language))
        yield "together/ceiling", Said(_ALL, ceiling.label, text, _known(document, ceiling.amount))
    for clause in programme.clauses:
        yield from _of_clause(document, clause)
    for condition in programme.always:
        yield f"always/{_plain(condition)}", Said(_ALL, Label("共同条件", "common condition"), condition.label)
    for name, cap in programme.caps.items():
        yield from _of_cap(document, name, cap)
    for supplier in programme.suppliers.named:
        yield f"suppliers/{supplier.id}", Said(_SUPPLIERS, Label("供给方名单", "list of suppliers"), supplier.label)
    admission = ", ".join(programme.suppliers.admission)
    if programme.suppliers.unpublished:
        admission += " (unpublished)"
    yield "suppliers", Said(_SUPPLIERS, Label("准入方式", "how suppliers are admitted"), Label(admission, admission))
    figures = {name: getattr(programme.voucher, name) for name in _VOUCHER}
    yield from (
        (f"voucher/{name}", _of_figure(document, _HOLDERS, _VOUCHER[name], figure))
        for name, figure in figures.items()
        if figure is not None
    )
    pay = str(programme.voucher.pay_model)
    yield "voucher/pay_model", Said(_HOLDERS, Label("兑付方式", "pay model"), Label(pay, pay))
    for name, kind in programme.classes.items():
        yield f"classes/{name}", Said(_HOLDERS, Label("券种", "voucher class"), kind.label)
    yield from _of_sections(document)


def _of_sections(document: Document) -> Iterator[tuple[str, Said]]:
    """Say each figure of the other sections, and that the section is there."""
    for name, about in _GATES.items():
        section = getattr(document.programme, name)
        if section is None:
            continue
        whom = _FINANCE if name in ("reserve", "settlement", "penalties", "administration") else _ALL
        yield name, Said(whom, about, Label("有", "there is one"))
        for field in type(section).model_fields:
            value = getattr(section, field)
            if isinstance(value, Figure):
                part = Label(f"{about.zh} {field}", f"{about.en}, {field}")
                yield f"{name}/{field}", _of_figure(document, whom, part, value)
            elif field not in ("zh", "en", "source") and value:
                text = ", ".join(_item(one) for one in value) if isinstance(value, tuple) else str(value)
                part = Label(f"{about.zh} {field}", f"{about.en}, {field}")
                yield f"{name}/{field}", Said(whom, part, Label(text, text))
    for other in document.programme.other_support:
        yield f"other_support/{other.fact}", Said(_ALL, Label("其他支持", "other support"), other.label)


def _item(one: Any) -> str:
    return str(getattr(one, "id", None) or getattr(one, "misdeed", None) or one)


def _of_clause(document: Document, clause: schema.Clause) -> Iterator[tuple[str, Said]]:
    whom = Label(f"符合“{clause.zh}”的申领主体", f"applicants under “{clause.en}”")
    key = f"clauses/{clause.id}"
    yield key, Said(whom, Label("条款", "clause"), clause.label)
    gives = both(
        lambda language: GRANTS[clause.grants].in_language(language) + describing.how(document, clause, language)
    )
    ratio = clause.amount.ratio or clause.amount.fixed if clause.amount else None
    yield f"{key}/gives", Said(whom, Label("给予", "gives"), gives, _known(document, ratio))
    if clause.decided is Decided.BY_HAND:
        yield f"{key}/by_hand", Said(whom, Label("决定方式", "decided"), Label("一事一议", "case by case"))
    for condition in clause.when:
        yield f"{key}/when/{_plain(condition)}", Said(whom, Label("条件", "condition"), condition.label)
    for modifier in clause.amount.modifiers if clause.amount else ():
        text = both(partial(describing.modifier, document, modifier))
        yield f"{key}/modifiers/{_plain(modifier)}", Said(whom, Label("比例调整", "change of the ratio"), text)
    for under in clause.caps:
        cap = document.programme.caps[under.cap]
        text = both(partial(describing.cap, document, under))
        yield f"{key}/caps/{under.cap}", Said(whom, Label("适用上限", "cap"), text, _known(document, cap.amount))
    if clause.once:
        text = both(partial(describing.times, document, clause.once))
        yield f"{key}/once", Said(whom, Label("一次性", "once only"), text)
    for paper in clause.evidence:
        yield f"{key}/evidence/{paper.id}", Said(whom, Label("材料", "evidence"), paper.label)


def _of_cap(document: Document, name: str, cap: schema.Cap) -> Iterator[tuple[str, Said]]:
    text = both(lambda language: describing.cap(document, schema.CapUnder(cap=name), language))
    yield f"caps/{name}", Said(SUBJECTS[cap.subject], Label("上限", "cap"), text, _known(document, cap.amount))


def both(write: Callable[[str], str]) -> Label:
    """Write one text in both languages."""
    return Label(write("zh"), write("en"))


def _plain(condition: schema.Condition) -> str:
    return " ".join(condition.test.split())


def _of_figure(document: Document, whom: Label, about: Label, figure: Figure) -> Said:
    text = both(lambda language: describing.figure(document, figure, language))
    return Said(whom, about, text, _known(document, figure))


def _known(document: Document, figure: Figure | None) -> Fraction | None:
    value = describing.known(document, figure) if figure else None
    return Fraction(value) if isinstance(value, int | Fraction) and not isinstance(value, bool) else None
