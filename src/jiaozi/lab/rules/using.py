"""Spends what was granted: each purchase is paid in part by the voucher, as its programme's terms say, until it ends.

An order's voucher share is rounded down as at a real order; a voucher pays no more than its face, nothing after its
last day, and no more than the caps that are measured on use, redemption or payment leave.

Cost: granted applications times purchases, about 0.1 µs each; a cap measured later adds a sort and a few sums.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from jiaozi.kernel.period import months_later
from jiaozi.lab.rules.demand import Demand
from jiaozi.lab.rules.playing import Played, Sum, take_in_order
from jiaozi.policy import rules as policy
from jiaozi.policy.rules.caps import period_of
from jiaozi.policy.rules.many import Bools, CapOf, Ints, Many, Weighed
from jiaozi.policy.rules.words import Grant, Measure, Subject


@dataclass(frozen=True, slots=True)
class Spent:
    """What became of the vouchers of one clause.

    Attributes
    ----------
    row
        The application that each voucher was granted on.
    paid_fen, on
        Vouchers by purchases: what the voucher paid, and on which date (ordinal).
    bought_fen
        What the purchases cost of which the voucher paid a part.
    ends
        The last day of validity.
    """

    clause: str
    row: Ints
    face_fen: Ints
    paid_fen: Ints
    bought_fen: Ints
    on: Ints
    ends: Ints


def spend(made: Many, played: Played, demand: Demand) -> Iterator[Spent]:
    """Spend the vouchers of every clause that granted some; an award is paid on its day, in one sum."""
    for place, weighed in enumerate(made.weighed):
        face = played.decided.chosen.pieces_fen[place]
        rows = np.flatnonzero(face)
        if len(rows):
            yield (
                _award(made, weighed, rows, face[rows])
                if weighed.clause.grants is Grant.AWARD
                else _vouchers(made, weighed, rows, face[rows], demand)
            )


def _award(made: Many, weighed: Weighed, rows: Ints, face_fen: Ints) -> Spent:
    on, none = made.table.on[rows], np.zeros((len(rows), 1), dtype=np.int64)
    return Spent(weighed.clause.id, rows, face_fen, face_fen[:, None], none, on[:, None], on)


def _vouchers(made: Many, weighed: Weighed, rows: Ints, face_fen: Ints, demand: Demand) -> Spent:
    terms = policy.order_terms(
        made.document,
        made.table.on_day(int(rows[0])),
        allow_demo=made.allow_demo,
        voucher_class=weighed.clause.voucher_class or "",
    )
    issued = made.table.on[rows]
    ends = _last_days(issued, terms)
    cost_fen, after = demand.bought_fen[rows], demand.bought_after[rows]
    if not terms.partial_use:  # used once, in one order
        cost_fen = np.concatenate([cost_fen.sum(axis=1, keepdims=True), np.zeros_like(cost_fen[:, 1:])], axis=1)
    on = issued[:, None] + after
    valid = on <= ends[:, None]
    wanted = np.where(valid, _share(cost_fen, terms), 0)
    later = [cap for cap in weighed.caps if cap.measures is not Measure.ISSUED]
    if later:
        paid_fen = _under_caps(made, later, (rows, face_fen), wanted, on)
    else:
        total = np.minimum(np.cumsum(wanted, axis=1), face_fen[:, None])
        paid_fen = np.diff(total, axis=1, prepend=0)
    return Spent(weighed.clause.id, rows, face_fen, paid_fen, np.where(paid_fen > 0, cost_fen, 0), on, ends)


def _share(cost_fen: Ints, terms: policy.OrderTerms) -> Ints:
    """Give the voucher's share of each purchase, rounded down; exact, since it divides before it multiplies."""
    over, under = terms.share.numerator, terms.share.denominator
    whole, rest = np.divmod(cost_fen, under)
    share: Ints = whole * over + rest * over // under
    return share


def _last_days(issued: Ints, terms: policy.OrderTerms) -> Ints:
    """Give each voucher's last day: so many months on, or the programme's own last day where that is earlier."""
    days, which = np.unique(issued, return_inverse=True)
    ends = [months_later(date.fromordinal(int(day)), terms.validity_months) for day in days]
    if terms.valid_until:
        ends = [min(end, terms.valid_until) for end in ends]
    last: Ints = np.array([end.toordinal() for end in ends], dtype=np.int64)[which]
    return last


def _under_caps(made: Many, caps: list[CapOf], vouchers: tuple[Ints, Ints], wanted: Ints, on: Ints) -> Ints:
    """Pay purchases in the order of their dates, under the voucher's face and every cap that is measured later."""
    rows, face_fen = vouchers
    count, parts = wanted.shape
    order = np.argsort(on, axis=None, kind="stable")
    row = np.repeat(rows, parts)[order]
    voucher = np.repeat(np.arange(count, dtype=np.int64), parts)[order]
    days = on.ravel()[order]
    limits = [(Sum(voucher), face_fen[voucher])]
    for cap in caps:
        keys = _keys(made, cap, row, days)
        limit = np.broadcast_to(np.asarray(cap.limit) - cap.besides, (made.table.count,))[row]
        applies: Bools | None = None if cap.applies is None else cap.applies[row]
        if applies is not None:
            limit = np.where(applies, limit, np.int64(2**60))
        limits.append((Sum(keys), np.maximum(limit, 0)))
    paid = np.empty(count * parts, dtype=np.int64)
    paid[order] = take_in_order(wanted.ravel()[order], limits)
    return paid.reshape(count, parts)


def _keys(made: Many, cap: CapOf, row: Ints, days: Ints) -> Ints:
    """Tell whose counter each purchase is, over the period that its own date falls in."""
    declared = made.document.programme.caps[cap.cap_id]
    ordinals, which = np.unique(days, return_inverse=True)
    month = made.document.programme.fiscal_year_month
    spans = [period_of(declared.per, date.fromordinal(int(day)), month) for day in ordinals]
    number = {span: place for place, span in enumerate(dict.fromkeys(spans))}
    period = np.array([number[span] for span in spans], dtype=np.int64)[which]
    if cap.subject is Subject.CLAIM:
        return row
    if cap.subject is Subject.PROGRAMME:
        return period
    column = made.table.columns[made.document.programme.subjects[cap.subject]]
    keys: Ints = column.values[row].astype(np.int64) * len(number) + period
    return keys
