"""What a ratio is taken of: facts added up, parts taken out, a quantity at a price, only the days inside the period."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from jiaozi.kernel import period
from jiaozi.kernel.fen import yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import Period
from jiaozi.policy.rules import schema
from jiaozi.policy.rules.decision import Step, StepKind
from jiaozi.policy.rules.figures import read_date, shown
from jiaozi.policy.rules.spans import part_inside
from jiaozi.policy.rules.weighing import Weighing
from jiaozi.policy.rules.words import Days, Kind, Window

_QUANTITY = Label("数量 × 单价", "quantity at its price")
_DAYS = {
    Days.ACTUAL: Label("按实际天数折算", "prorated by actual days"),
    Days.THIRTY_360: Label("按 30/360 折算", "prorated by 30/360"),
    Days.MONTHS: Label("按月折算", "prorated by months"),
}


def base_of(weighing: Weighing, amount: schema.Amount, steps: list[Step]) -> Fraction | None:
    """Give the base in fen, exact, or None with reasons where it is not known."""
    exact = _quantity(weighing, amount.quantity, steps) if amount.quantity else _facts(weighing, amount, steps)
    if exact is None or amount.prorate is None:
        return exact
    return _prorated(weighing, amount.prorate, exact, steps)


def _facts(weighing: Weighing, amount: schema.Amount, steps: list[Step]) -> Fraction | None:
    total_fen, known = 0, True
    for names, sign, kind in ((amount.of, 1, StepKind.PLUS), (amount.less, -1, StepKind.LESS)):
        for name in names:
            part_fen = weighing.money(name)
            if part_fen is None:
                known = False
                continue
            total_fen += sign * part_fen
            label = weighing.document.programme.facts[name].label
            step = kind if steps else StepKind.BASE
            before_fen = total_fen - sign * part_fen if steps else part_fen
            steps.append(Step(step, name, label, shown(Kind.MONEY, part_fen), before_fen, total_fen, binding=False))
    if not known:
        return None
    if total_fen < 0:
        weighing.refuse(
            "BASE_NEGATIVE",
            f"扣除项超过基数，结果为 {yuan(total_fen)} 元",
            f"more is taken out than there is: the base comes to {yuan(total_fen)} yuan",
            field=amount.less[0],
        )
        return None
    return Fraction(total_fen)


def _quantity(weighing: Weighing, quantity: schema.Quantity, steps: list[Step]) -> Fraction | None:
    """Give a quantity in kind, bounded by the most that there is, at its price."""
    fact = weighing.known.get(quantity.of)
    if fact is None:
        weighing.refuse_missing(quantity.of)
    price_fen = weighing.figure(quantity.price)
    most = weighing.figure(quantity.most) if quantity.most else None
    if fact is None or price_fen is None or (quantity.most and most is None):
        return None
    asked = Fraction(str(fact.plain))
    counted = asked if most is None else min(asked, Fraction(most))
    if counted < 0:
        weighing.refuse("BASE_NEGATIVE", "数量为负", "the quantity is negative", field=quantity.of)
        return None
    exact: Fraction = counted * price_fen
    figure = f"{shown(Kind.DECIMAL, counted)} × {shown(Kind.MONEY, price_fen)}"
    before_fen, after_fen = int(asked * price_fen), int(exact)
    label = weighing.document.programme.facts[quantity.of].label
    label = Label(f"{label.zh}（{_QUANTITY.zh}）", f"{label.en}, {_QUANTITY.en}")
    steps.append(Step(StepKind.QUANTITY, quantity.of, label, figure, before_fen, after_fen, binding=counted < asked))
    return exact


def _prorated(weighing: Weighing, prorate: schema.Proration, exact: Fraction, steps: list[Step]) -> Fraction | None:
    contract = _contract(weighing, prorate.contract)
    base = _base_period(weighing, prorate.within)
    if contract is None or base is None:
        return None
    part: Fraction = part_inside(contract, base, prorate.days)
    if not part:
        weighing.refuse(
            "OUTSIDE_BASE_PERIOD",
            f"合同期 {contract.name()} 不在基期 {base.name()} 内",
            f"the contract, {contract.name()}, lies outside the base period, {base.name()}",
            field=prorate.contract.since,
        )
        return None
    after: Fraction = exact * part
    figure = f"{part.numerator}/{part.denominator} ({base.name()})"
    steps.append(Step(StepKind.PRORATION, "", _DAYS[prorate.days], figure, int(exact), int(after), binding=False))
    return after


def _contract(weighing: Weighing, span: schema.FactSpan) -> Period | None:
    days = []
    for name in (span.since, span.to):
        fact = weighing.known.get(name)
        if fact is None:
            weighing.refuse_missing(name)
        else:
            days.append(read_date(fact.plain))
    if len(days) < 2:  # noqa: PLR2004 - both ends
        return None
    if days[1] < days[0]:
        weighing.refuse(
            "CONTRACT_DATES_WRONG",
            f"合同止日 {days[1]} 早于起日 {days[0]}",
            f"the contract ends on {days[1]}, before it begins on {days[0]}",
            field=span.to,
        )
        return None
    return Period(days[0], days[1] + timedelta(days=1))


def _base_period(weighing: Weighing, within: schema.Within) -> Period | None:
    if within.word is Window.CALENDAR_YEAR:
        return period.year(weighing.on.year)
    effective = weighing.document.programme.effective
    since, to = (effective.since, effective.to) if within.word else (within.since, within.to)
    first = weighing.figure(since) if since else None
    last = weighing.figure(to) if to else None
    if to is None and within.word and first:
        last = period.year(weighing.on.year).last
    return Period(first, last + timedelta(days=1)) if first and last and first <= last else None
