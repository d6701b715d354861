"""The arithmetic of one clause: base, ratio, rounding, caps, minimum; each step is kept.

Every figure is an exact integer of fen or a fraction. A cap bounds the amount by what it leaves; it never adds.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from jiaozi.kernel import period
from jiaozi.kernel.fen import Rounding, whole, yuan
from jiaozi.kernel.label import Label
from jiaozi.kernel.period import Period
from jiaozi.policy.rules import schema
from jiaozi.policy.rules.decision import CapUse, OnceUse, Step, StepKind
from jiaozi.policy.rules.figures import shown
from jiaozi.policy.rules.weighing import Weighing
from jiaozi.policy.rules.words import Grant, Kind, Measure, Per, Subject

_RATIO = Label("比例", "ratio")
_FIXED = Label("定额", "fixed sum")
_ROUNDING = Label("取整", "rounding")
_MINIMUM = Label("最低金额", "minimum")


def cap_uses(weighing: Weighing, clause: schema.Clause) -> tuple[CapUse, ...]:
    """Give every cap that the clause stands under, whatever it measures, with its counter."""
    counted = [under.cap for under in clause.caps if weighing.figure(under.counts)]
    uses = (cap_use(weighing, cap_id) for cap_id in counted)
    return tuple(use for use in uses if use is not None)


def cap_use(weighing: Weighing, cap_id: str) -> CapUse | None:
    """Give one cap with its counter, or None with reasons where its limit or subject is not known."""
    cap = weighing.document.programme.caps[cap_id]
    limit_fen = weighing.figure(cap.amount)
    subject_id = _subject_id(weighing, cap.subject)
    if limit_fen is None or subject_id is None:
        return None
    use = CapUse(cap_id, cap.label, cap.measures, cap.subject, subject_id, _period(weighing, cap.per), limit_fen, 0)
    used_fen = 0 if cap.subject is Subject.CLAIM else _counted(weighing, use.key)
    return replace(use, used_before_fen=used_fen) if used_fen else use


def once_use(weighing: Weighing, clause: schema.Clause) -> OnceUse | None:
    """Give the one-off counter of a clause; used before, it refuses."""
    if clause.once is None:
        return None
    subject_id = _subject_id(weighing, clause.once)
    if subject_id is None:
        return None
    use = OnceUse(clause.id, clause.once, subject_id)
    if _counted(weighing, use.key):
        weighing.refuse(
            "ALREADY_GRANTED", f"一次性条款，{subject_id} 已享受过", f"a one-off clause that {subject_id} already had"
        )
    return use


def _counted(weighing: Weighing, key: str) -> int:
    used = weighing.counters.get(key, 0)
    if isinstance(used, bool) or not isinstance(used, int) or used < 0:
        raise ValueError(f"the counter {key} must be an integer of 0 or more, not {used!r}")
    return used


def _subject_id(weighing: Weighing, subject: Subject) -> str | None:
    """Find whose counter it is; the id is a fact like any other, so it may be missing."""
    if subject is Subject.PROGRAMME:
        return weighing.document.slug
    if subject is Subject.CLAIM:
        return ""
    name = weighing.document.programme.subjects[subject]
    fact = weighing.known.get(name)
    if fact is None:
        weighing.refuse_missing(name)
        return None
    return str(fact.plain)


def _period(weighing: Weighing, per: Per) -> Period | None:
    if per is Per.CALENDAR_YEAR:
        return period.year(weighing.on.year)
    if per is Per.CALENDAR_MONTH:
        return period.month(weighing.on.year, weighing.on.month)
    return None


def bounds_grant(use: CapUse, grants: Grant) -> bool:
    """Say whether a cap bounds the amount when it is granted; one measured later bounds what happens then."""
    return use.measures is Measure.ISSUED or (grants is Grant.AWARD and use.measures is Measure.PAID)


def reckon(weighing: Weighing, clause: schema.Clause, caps: tuple[CapUse, ...]) -> tuple[tuple[Step, ...], int | None]:
    """Work out the amount, or None with reasons where a figure or fact is missing."""
    steps: list[Step] = []
    amount_fen = _before_caps(weighing, clause, steps)
    least_fen = weighing.figure(clause.amount.minimum) if clause.amount and clause.amount.minimum else 0
    if amount_fen is None or least_fen is None or weighing.reasons:
        return tuple(steps), None
    if amount_fen == 0:
        weighing.refuse("NOTHING_TO_GRANT", "计算结果为 0", "the amount comes to 0")
    for use in caps:
        if bounds_grant(use, clause.grants):
            amount_fen = _under(weighing, use, amount_fen, steps)
    if least_fen:
        steps.append(
            Step(StepKind.MINIMUM, "", _MINIMUM, shown(Kind.MONEY, least_fen), amount_fen, amount_fen, binding=False)
        )
        if amount_fen < least_fen:
            weighing.refuse(
                "BELOW_MINIMUM",
                f"金额 {yuan(amount_fen)} 元低于最低 {yuan(least_fen)} 元",
                f"{yuan(amount_fen)} yuan is below the minimum of {yuan(least_fen)} yuan",
            )
    return tuple(steps), amount_fen


def _before_caps(weighing: Weighing, clause: schema.Clause, steps: list[Step]) -> int | None:
    """Take the base, the ratio and the rounding, or the fixed sum."""
    amount = clause.amount
    if amount is None:
        return None
    if amount.fixed is not None:
        fixed_fen: int | None = weighing.figure(amount.fixed)
        if fixed_fen is not None:
            steps.append(Step(StepKind.FIXED, "", _FIXED, shown(Kind.MONEY, fixed_fen), 0, fixed_fen, binding=False))
        return fixed_fen
    ratio = weighing.figure(amount.ratio) if amount.ratio else None
    name = amount.of or ""
    base = weighing.known.get(name)
    if base is None:
        weighing.refuse_missing(name)
    if base is None or ratio is None:
        return None
    base_fen = int(base.plain) if isinstance(base.plain, int) else 0
    label = weighing.document.programme.facts[name].label
    steps.append(Step(StepKind.BASE, name, label, shown(Kind.MONEY, base_fen), base_fen, base_fen, binding=False))
    return _ratio(base_fen, ratio, amount.rounding, steps)


def _ratio(base_fen: int, ratio: Fraction, rounding: Rounding, steps: list[Step]) -> int:
    exact = base_fen * ratio
    down_fen = exact.numerator // exact.denominator
    amount_fen = whole(exact, rounding) if exact.denominator != 1 else down_fen
    steps.append(Step(StepKind.RATIO, "", _RATIO, shown(Kind.RATIO, ratio), base_fen, down_fen, binding=False))
    if exact.denominator != 1:
        steps.append(Step(StepKind.ROUNDING, "", _ROUNDING, str(rounding), down_fen, amount_fen, binding=False))
    return amount_fen


def _under(weighing: Weighing, use: CapUse, amount_fen: int, steps: list[Step]) -> int:
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
