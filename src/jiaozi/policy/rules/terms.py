"""What the later stages ask a programme: a voucher's terms, the year's pools, the reserve, settlement, dispatch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from jiaozi.kernel.label import Label
from jiaozi.policy.rules import schema
from jiaozi.policy.rules.amounts import cap_use
from jiaozi.policy.rules.decision import CapUse
from jiaozi.policy.rules.document import Document
from jiaozi.policy.rules.figures import Figure
from jiaozi.policy.rules.problems import UnableToDecide
from jiaozi.policy.rules.weighing import Weighing
from jiaozi.policy.rules.words import Expiry, Interval, PayModel, Subject


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """How a voucher is spent: its share of each order, how long, where, and what is left over.

    ``unpublished`` names the parameters whose demo values stand in here.
    """

    share: Fraction
    validity_months: int
    suppliers: tuple[str, ...]
    pay_model: PayModel
    expiry: Expiry
    partial_use: bool
    transferable: bool
    unpublished: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReserveTerms:
    """The reserve fund: its size, below which balance it is topped up, and when centres are settled with."""

    size_fen: int
    trigger_fen: int
    interval: Interval
    unpublished: tuple[str, ...]


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


def order_terms(document: Document, on: date, *, allow_demo: bool) -> OrderTerms:
    """Give the terms that a voucher is spent under.

    Raises
    ------
    UnableToDecide
        Naming the parameter that is not published.
    """
    asked, voucher = Asked(document, on, allow_demo), document.programme.voucher
    terms = {
        "share": asked.figure(voucher.order_share),
        "validity_months": asked.figure(voucher.validity_months),
        "expiry": Expiry(asked.figure(voucher.expiry)),
        "partial_use": asked.figure(voucher.partial_use),
        "transferable": asked.figure(voucher.transferable),
    }
    suppliers = tuple(supplier.id for supplier in document.programme.suppliers.named)
    return OrderTerms(**terms, suppliers=suppliers, pay_model=voucher.pay_model, unpublished=asked.unpublished)


def programme_caps(document: Document, on: date, *, allow_demo: bool) -> tuple[CapUse, ...]:
    """Give the pools: every cap that adds up over the whole programme, for the period that ``on`` falls in."""
    asked = Asked(document, on, allow_demo)
    pools = [name for name, cap in document.programme.caps.items() if cap.subject is Subject.PROGRAMME]
    uses = [cap_use(asked.weighing, name) for name in pools]
    asked.must_be_known()
    return tuple(use for use in uses if use is not None)


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
