"""What the later stages ask a programme: a voucher's terms, the year's pools, the reserve, settlement, dispatch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from jiaozi.kernel.label import Label
from jiaozi.policy.rules import schema
from jiaozi.policy.rules.caps import period_of
from jiaozi.policy.rules.decision import CapUse
from jiaozi.policy.rules.document import Document
from jiaozi.policy.rules.figures import Figure
from jiaozi.policy.rules.problems import UnableToDecide
from jiaozi.policy.rules.weighing import Weighing, suppliers_on
from jiaozi.policy.rules.words import DEDUCTED, Expiry, Interval, PayModel, ProcessClass

NOTICE_LEAST_DAYS = 5
"""The house's own shortest public notice, where a programme says none. It is no city's published figure."""


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """How a voucher is spent: its share of each order, how long, where, and what is left over.

    ``unpublished`` names the parameters whose demo values stand in here. ``any_supplier``: there is no list of them.
    ``valid_until`` ends the validity where it comes before the months do.
    """

    share: Fraction
    validity_months: int
    suppliers: tuple[str, ...]
    pay_model: PayModel
    expiry: Expiry
    partial_use: bool
    transferable: bool
    unpublished: tuple[str, ...]
    valid_until: date | None = None
    any_supplier: bool = False
    base_period: tuple[date, date] | None = None
    services: tuple[str, ...] = ()
    movement_share: Fraction = Fraction(0)

    @property
    def movement_deducted(self) -> Fraction:
        """The share of an order's data movement that the voucher pays; none where the programme says nothing of it."""
        return self.movement_share if self.pay_model in DEDUCTED else Fraction(0)

    @property
    def deducted(self) -> Fraction:
        """The share of an order that the voucher pays there and then; none where its holder is paid afterwards."""
        return self.share if self.pay_model in DEDUCTED else Fraction(0)


@dataclass(frozen=True, slots=True)
class ReserveTerms:
    """The reserve fund: its size, below which balance it is topped up, and when centres are settled with."""

    size_fen: int
    trigger_fen: int
    interval: Interval
    unpublished: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LimitInForce:
    """What the version in force makes a counter's limit; ``at_least``: a higher one that stands is kept."""

    limit_fen: int
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class DispatchTerms:
    """The tiers, nearest first, and the share that an outer tier must save before it is preferred."""

    tiers: tuple[tuple[str, Label], ...]
    outer_saving: Fraction
    unpublished: tuple[str, ...]


class Asked:
    """Answers figures outside a decision; what is not published and has no demo value raises."""

    def __init__(self, document: Document, on: date, allow_demo: bool) -> None:
        self.weighing = Weighing(document, {}, {}, on, allow_demo)

    def figure(self, figure: Figure) -> Any:
        """Give a figure's value, or raise naming the parameter."""
        value = self.weighing.figure(figure)
        self.must_be_known()
        return value

    def must_be_known(self) -> None:
        """Raise when something asked so far is not published."""
        if self.weighing.reasons:
            reason = self.weighing.reasons[0]
            raise UnableToDecide(reason.code, reason.label.zh, reason.label.en, field=reason.field)

    @property
    def unpublished(self) -> tuple[str, ...]:
        """The parameters whose demo values were given."""
        return tuple(self.weighing.unpublished)


def order_terms(document: Document, on: date, *, allow_demo: bool, voucher_class: str = "") -> OrderTerms:
    """Give the terms that a voucher, or one of a class, is spent under.

    Raises
    ------
    UnableToDecide
        Naming the parameter that is not published, or the class that there is not.
    """
    asked, voucher = Asked(document, on, allow_demo), document.programme.voucher
    kind = _class(document, voucher_class)

    def figure(name: str) -> Any:
        own = getattr(kind, name, None) if kind else None
        return asked.figure(own or getattr(voucher, name))

    share, months, expiry = figure("order_share"), figure("validity_months"), Expiry(figure("expiry"))
    suppliers = document.programme.suppliers
    if suppliers.unpublished:
        asked.weighing.suppliers_known()
        asked.must_be_known()
    listed = suppliers_on(document, on, allow_demo)
    period = voucher.base_period
    return OrderTerms(
        share=share,
        validity_months=months,
        expiry=expiry,
        partial_use=figure("partial_use"),
        transferable=figure("transferable"),
        suppliers=tuple(dict.fromkeys(one.id for one in listed if _serves(one, kind))),
        pay_model=(kind.pay_model if kind else None) or voucher.pay_model,
        valid_until=asked.figure(voucher.valid_until) if voucher.valid_until else None,
        any_supplier=not suppliers.named and not suppliers.unpublished,
        base_period=(asked.figure(period.since), asked.figure(period.to)) if period else None,
        services=kind.services if kind else (),
        movement_share=asked.figure(voucher.movement_share) if voucher.movement_share else Fraction(0),
        unpublished=asked.unpublished,
    )


def _serves(supplier: schema.Supplier, kind: schema.VoucherClass | None) -> bool:
    return not kind or not kind.services or not supplier.services or bool({*kind.services} & {*supplier.services})


def _class(document: Document, name: str) -> schema.VoucherClass | None:
    if not name:
        return None
    if name not in document.programme.classes:
        there = ", ".join(document.programme.classes) or "—"
        raise UnableToDecide(
            "CLASS_UNKNOWN",
            f"没有券种 {name}，现有：{there}",
            f"no voucher class {name}; there is: {there}",
            field="class",
        )
    return document.programme.classes[name]


def limits_in_force(
    document: Document, uses: Iterable[CapUse], on: date, *, allow_demo: bool
) -> dict[str, LimitInForce]:
    """Say what this version, in force on a day, makes the limits of counters that another may have begun.

    It speaks of a counter whose cap it still has, measured and counted alike, and whose period the day falls in; not of
    one whose limit it does not publish. A share of a fact is as high as the claim that has most of it.
    """
    weighing = Weighing(document, {}, {}, on, allow_demo)
    found = {}
    for use in uses:
        cap = document.programme.caps.get(use.cap_id)
        if cap is None or (cap.measures, cap.subject) != (use.measures, use.subject):
            continue
        if use.period != period_of(cap.per, on, document.programme.fiscal_year_month):
            continue
        if cap.amount is None:
            found[use.key] = LimitInForce(use.limit_fen, at_least=True)
            continue
        limit_fen = weighing.figure(cap.amount)
        if limit_fen is not None:
            found[use.key] = LimitInForce(limit_fen)
    return found


def notice_days(document: Document, on: date, *, allow_demo: bool) -> int:
    """Say how many days an award stands on public notice at least: the programme's figure, else the house's own.

    A programme that promises a grant on application, without review or fast, has no notice unless it says so.
    """
    process = document.programme.process
    if process and process.notice_days:
        days: int | None = Weighing(document, {}, {}, on, allow_demo).figure(process.notice_days)
        if days is not None:
            return days
    return NOTICE_LEAST_DAYS if process is None or process.kind is ProcessClass.ORDINARY else 0


def reserve_terms(document: Document, on: date, *, allow_demo: bool) -> ReserveTerms:
    """Give the reserve fund's figures and the settlement interval."""
    reserve = _section(document.programme.reserve, "reserve")
    settlement = _section(document.programme.settlement, "settlement")
    asked = Asked(document, on, allow_demo)
    size_fen, trigger_fen = asked.figure(reserve.size), asked.figure(reserve.trigger)
    return ReserveTerms(size_fen, trigger_fen, Interval(asked.figure(settlement.interval)), asked.unpublished)


def dispatch_terms(document: Document, on: date, *, allow_demo: bool) -> DispatchTerms:
    """Give the dispatch tiers."""
    dispatch: schema.Dispatch = _section(document.programme.dispatch, "dispatch")
    asked = Asked(document, on, allow_demo)
    tiers = tuple((tier.id, tier.label) for tier in dispatch.tiers)
    return DispatchTerms(tiers, asked.figure(dispatch.outer_saving), asked.unpublished)


def _section(section: Any, name: str) -> Any:
    if section is None:
        raise UnableToDecide(
            "SECTION_MISSING", f"项目文件没有 {name} 一节", f"the document has no section `{name}`", field=name
        )
    return section
