"""The arithmetic of one clause: threshold, base, ratio, rounding, caps, minimum; each step is kept.

Every figure is an exact integer of fen or a fraction. A cap bounds the amount by what it leaves; it never adds.
"""

from __future__ import annotations

from fractions import Fraction

from jiaozi.kernel.fen import whole, yuan
from jiaozi.kernel.label import Label
from jiaozi.policy.rules import schema
from jiaozi.policy.rules.bases import base_of
from jiaozi.policy.rules.caps import bounds_grant
from jiaozi.policy.rules.decision import CapUse, ConditionFound, Step, StepKind
from jiaozi.policy.rules.figures import shown
from jiaozi.policy.rules.ratios import Sheet, shared
from jiaozi.policy.rules.weighing import Weighing
from jiaozi.policy.rules.words import Kind

_FIXED = Label("定额", "fixed sum")
_ROUNDING = Label("取整", "rounding")
MINIMUM = Label("最低金额", "minimum")


def reckon(
    weighing: Weighing, clause: schema.Clause, caps: tuple[CapUse, ...]
) -> tuple[tuple[Step, ...], int | None, tuple[ConditionFound, ...]]:
    """Work out the amount, or None with reasons where a figure or fact is missing; and the modifiers asked."""
    amount = clause.amount
    if amount is None:
        return (), None, ()
    sheet = Sheet(weighing, clause.id, [], [])
    enough = _threshold(sheet, amount.threshold) if amount.threshold else True
    exact = _before_rounding(sheet, amount)
    least_fen = weighing.figure(amount.minimum) if amount.minimum else 0
    asked = tuple(sheet.asked)
    if exact is None or least_fen is None or weighing.reasons or not enough:
        return tuple(sheet.steps), None, asked
    amount_fen = _rounded(sheet, exact, amount.rounding)
    if amount_fen == 0:
        weighing.refuse("NOTHING_TO_GRANT", "计算结果为 0", "the amount comes to 0")
    for use in caps:
        if bounds_grant(use, clause.grants):
            amount_fen = under(weighing, use, amount_fen, sheet.steps)
    amount_fen = _whole_steps(sheet, amount_fen, amount.rounding)
    if least_fen:
        _at_least(sheet, amount_fen, least_fen)
    return tuple(sheet.steps), amount_fen, asked


def _threshold(sheet: Sheet, threshold: schema.Threshold) -> bool:
    """Refuse what stays under a threshold; the threshold itself is enough."""
    weighing = sheet.weighing
    reached_fen = weighing.money(threshold.of)
    least_fen: int | None = weighing.figure(threshold.least)
    if reached_fen is None or least_fen is None:
        return False
    label = weighing.document.programme.facts[threshold.of].label
    label = Label(f"{label.zh}门槛", f"threshold of {label.en}")
    figure = shown(Kind.MONEY, least_fen)
    sheet.steps.append(
        Step(StepKind.THRESHOLD, threshold.of, label, figure, reached_fen, reached_fen, binding=reached_fen < least_fen)
    )
    if reached_fen < least_fen:
        weighing.refuse(
            "BELOW_THRESHOLD",
            f"{label.zh} {yuan(least_fen)} 元，现为 {yuan(reached_fen)} 元",
            f"the {label.en} is {yuan(least_fen)} yuan, reached are {yuan(reached_fen)}",
            field=threshold.of,
        )
    return reached_fen >= least_fen


def _before_rounding(sheet: Sheet, amount: schema.Amount) -> Fraction | None:
    """Take the fixed sum, or the base and its share."""
    if amount.fixed is not None:
        fixed_fen: int | None = sheet.weighing.figure(amount.fixed)
        if fixed_fen is None:
            return None
        sheet.steps.append(Step(StepKind.FIXED, "", _FIXED, shown(Kind.MONEY, fixed_fen), 0, fixed_fen, binding=False))
        return Fraction(fixed_fen)
    if not amount.of and not amount.quantity:
        return shared(sheet, amount, Fraction(0))
    base = base_of(sheet.weighing, amount, sheet.steps)
    if base is None:
        for figure in [amount.ratio] if amount.ratio else []:
            sheet.weighing.figure(figure)
        return None
    if amount.quantity and not amount.ratio and not amount.bands:
        return base
    return shared(sheet, amount, base)


def _rounded(sheet: Sheet, exact: Fraction, rounding: schema.RoundTo) -> int:
    step_fen = rounding.step_fen
    if exact.denominator == 1 and exact.numerator % step_fen == 0:
        return exact.numerator
    amount_fen = whole(exact / step_fen, rounding.rule) * step_fen
    if amount_fen != exact:
        figure = str(rounding.rule) if step_fen == 1 else f"{rounding.rule} {shown(Kind.MONEY, step_fen)}"
        sheet.steps.append(Step(StepKind.ROUNDING, "", _ROUNDING, figure, int(exact), amount_fen, binding=False))
    return amount_fen


def _whole_steps(sheet: Sheet, amount_fen: int, rounding: schema.RoundTo) -> int:
    """Cut what a cap left down to whole steps; up would pass the cap."""
    step_fen = rounding.step_fen
    cut_fen = amount_fen // step_fen * step_fen
    if cut_fen != amount_fen:
        figure = f"DOWN {shown(Kind.MONEY, step_fen)}"
        sheet.steps.append(Step(StepKind.ROUNDING, "", _ROUNDING, figure, amount_fen, cut_fen, binding=False))
        if not cut_fen:
            sheet.weighing.refuse(
                "NOTHING_TO_GRANT", "余额不足一个取整单位", "what the caps leave is less than one step of the rounding"
            )
    return cut_fen


def _at_least(sheet: Sheet, amount_fen: int, least_fen: int) -> None:
    figure = shown(Kind.MONEY, least_fen)
    sheet.steps.append(Step(StepKind.MINIMUM, "", MINIMUM, figure, amount_fen, amount_fen, binding=False))
    if amount_fen < least_fen:
        sheet.weighing.refuse(
            "BELOW_MINIMUM",
            f"金额 {yuan(amount_fen)} 元低于最低 {yuan(least_fen)} 元",
            f"{yuan(amount_fen)} yuan is below the minimum of {yuan(least_fen)} yuan",
        )


def under(weighing: Weighing, use: CapUse, amount_fen: int, steps: list[Step]) -> int:
    """Bound an amount by what a cap leaves; a cap with nothing left refuses."""
    bounded_fen = min(amount_fen, use.left_fen)
    figure = shown(Kind.MONEY, use.limit_fen)
    steps.append(
        Step(StepKind.CAP, use.cap_id, use.label, figure, amount_fen, bounded_fen, binding=bounded_fen < amount_fen)
    )
    if not use.left_fen:
        weighing.refuse(
            "CAP_EXHAUSTED",
            f"{use.label.zh}已用完：上限 {yuan(use.limit_fen)} 元，此前已用 {yuan(use.used_before_fen)} 元",
            f"{use.label.en} is used up: {yuan(use.used_before_fen)} of {yuan(use.limit_fen)} yuan before",
        )
    return bounded_fen
