"""Caps and one-off counters of a clause: whose counter, over which dates, how much it leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import lru_cache

from jiaozi.kernel import period
from jiaozi.kernel.period import Period, months_later
from jiaozi.policy.rules import schema
from jiaozi.policy.rules.decision import CapUse, ConditionFound, OnceUse
from jiaozi.policy.rules.testing import holds
from jiaozi.policy.rules.weighing import Weighing
from jiaozi.policy.rules.words import Across, Grant, Measure, Per, Subject

_QUARTER_MONTHS = 3


def cap_uses(weighing: Weighing, clause: schema.Clause) -> tuple[tuple[CapUse, ...], tuple[ConditionFound, ...]]:
    """Give every cap that the clause stands under, whatever it measures, and the conditions that chose them."""
    kind = weighing.document.programme.classes.get(clause.voucher_class or "")
    owners = [(clause.id, clause.caps)]
    if kind:
        owners.append((f"classes.{clause.voucher_class}", kind.caps))
    uses: dict[str, CapUse] = {}
    asked: list[ConditionFound] = []
    for name, unders in owners:
        for place, under in enumerate(unders):
            if under.only and not holds(weighing, f"{name}.caps[{place}]", asked):
                continue
            use = cap_use(weighing, under.cap) if weighing.figure(under.counts) else None
            if use:
                uses[use.cap_id] = use
    return tuple(uses.values()), tuple(asked)


def cap_use(weighing: Weighing, cap_id: str) -> CapUse | None:
    """Give one cap with its counter, or None with reasons where its limit or subject is not known."""
    cap = weighing.document.programme.caps[cap_id]
    limit_fen = limit_of(weighing, cap)
    subject_id = _subject_id(weighing, cap.subject)
    besides_fen = weighing.money(cap.besides) if cap.besides else 0
    if limit_fen is None or subject_id is None or besides_fen is None:
        return None
    span = _period(weighing, cap.per)
    counted = CapUse(cap_id, cap.label, cap.measures, cap.subject, subject_id, span, limit_fen, 0)
    used_fen = besides_fen + (0 if cap.subject is Subject.CLAIM else _counted(weighing, counted.key))
    if not used_fen:
        return counted
    return CapUse(cap_id, cap.label, cap.measures, cap.subject, subject_id, span, limit_fen, used_fen)


def limit_of(weighing: Weighing, limit: schema.Cap | schema.Ceiling) -> int | None:
    """Give a limit in fen: a sum, or a share of a fact rounded down, so that it is never passed."""
    if limit.amount is not None:
        fixed_fen: int | None = weighing.figure(limit.amount)
        return fixed_fen
    share: Fraction | None = weighing.figure(limit.share) if limit.share else None
    base_fen = weighing.money(limit.of) if limit.of else None
    return None if share is None or base_fen is None else int(base_fen * share)


def once_use(weighing: Weighing, clause: schema.Clause) -> OnceUse | None:
    """Give the one-off counter of a clause; used before, it refuses."""
    once = clause.once
    if once is None:
        return None
    subject_id = _subject_id(weighing, once.subject)
    if subject_id is None:
        return None
    most: int | None = weighing.figure(once.most)
    if most is None:
        return None
    counter = clause.id if once.across is Across.CLAUSE else "*"
    use = OnceUse(counter, once.subject, subject_id, _period(weighing, once.per), most)
    use = replace(use, used_before=_counted(weighing, use.key))
    if use.used_before >= most:
        _refuse_again(weighing, use)
    return use


def _refuse_again(weighing: Weighing, use: OnceUse) -> None:
    if use.most == 1:
        zh, en = f"一次性条款，{use.subject_id} 已享受过", f"a one-off clause that {use.subject_id} already had"
    else:
        zh = f"最多享受 {use.most} 次，{use.subject_id} 已享受 {use.used_before} 次"
        en = f"a clause for {use.most} times at most; {use.subject_id} had it {use.used_before} times"
    weighing.refuse("ALREADY_GRANTED", zh, en)


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
    return period_of(per, weighing.on, weighing.document.programme.fiscal_year_month)


@lru_cache(maxsize=4096)
def period_of(per: Per, on: date, first: int) -> Period | None:
    """Give the dates that a counter covers on a day; None for a programme's whole life."""
    if per is Per.CALENDAR_YEAR:
        return period.year(on.year)
    if per is Per.FISCAL_YEAR:
        begin = date(on.year if on.month >= first else on.year - 1, first, 1)
        return Period(begin, months_later(begin, 12))
    if per is Per.CALENDAR_QUARTER:
        begin = date(on.year, (on.month - 1) // _QUARTER_MONTHS * _QUARTER_MONTHS + 1, 1)
        return Period(begin, months_later(begin, _QUARTER_MONTHS))
    if per is Per.CALENDAR_MONTH:
        return period.month(on.year, on.month)
    return None


def bounds_grant(use: CapUse, grants: Grant) -> bool:
    """Say whether a cap bounds the amount when it is granted; one measured later bounds what happens then."""
    return use.measures is Measure.ISSUED or (grants is Grant.AWARD and use.measures is Measure.PAID)
