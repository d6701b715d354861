"""The arithmetic of one clause for many applications, up to its caps: threshold, base, ratio, rounding.

The order, and the reasons, are those of ``amounts.reckon``; every figure is an exact fraction in integers.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, lcm
from typing import Any

import numpy as np

from jiaozi.policy.rules import schema
from jiaozi.policy.rules.bands import Range, range_of
from jiaozi.policy.rules.many.columns import CODED, Bools, Ints
from jiaozi.policy.rules.many.exact import Exact, fractions, whole
from jiaozi.policy.rules.many.judging import SAFE_MAX
from jiaozi.policy.rules.many.prorating import prorated
from jiaozi.policy.rules.many.sheet import Sheet
from jiaozi.policy.rules.ratios import changed
from jiaozi.policy.rules.words import BandMode, Kind

_END, _MONEY_END = 2**60, 2**53


def reckon(sheet: Sheet, clause: schema.Clause, amount: schema.Amount) -> tuple[Ints, int]:
    """Give each row's amount in fen before its caps, and the minimum; where there is none the sheet has the reason."""
    if amount.threshold:
        _threshold(sheet, amount.threshold)
    exact = _before_rounding(sheet, clause, amount)
    least_fen = sheet.figure(amount.minimum) if amount.minimum else 0
    if exact is None:
        return np.zeros(sheet.desk.count, dtype=np.int64), least_fen or 0
    sheet.doubt(exact.unsure)
    amount_fen, unsure = exact.rounded(amount.rounding.step_fen, amount.rounding.rule)
    sheet.doubt(unsure)
    sheet.refuse("NOTHING_TO_GRANT", amount_fen == 0)
    return amount_fen, least_fen or 0


def _threshold(sheet: Sheet, threshold: schema.Threshold) -> None:
    reached_fen, known = sheet.money(threshold.of)
    least_fen = sheet.figure(threshold.least)
    if least_fen is not None:
        sheet.refuse("BELOW_THRESHOLD", known & (reached_fen < least_fen))


def _before_rounding(sheet: Sheet, clause: schema.Clause, amount: schema.Amount) -> Exact | None:
    count = sheet.desk.count
    if amount.fixed is not None:
        fixed_fen = sheet.figure(amount.fixed)
        return None if fixed_fen is None else whole(np.full(count, fixed_fen, dtype=np.int64))
    if not amount.of and not amount.quantity:
        return _shared(sheet, clause, amount, whole(np.zeros(count, dtype=np.int64)))
    base = _quantity(sheet, amount.quantity) if amount.quantity else _facts(sheet, amount)
    if base is not None and amount.prorate is not None:
        base = prorated(sheet, amount.prorate, base)
    if base is None:
        sheet.figure(amount.ratio)
        return None
    if amount.quantity and not amount.ratio and not amount.bands:
        return base
    return _shared(sheet, clause, amount, base)


def _facts(sheet: Sheet, amount: schema.Amount) -> Exact:
    total = np.zeros(sheet.desk.count, dtype=np.int64)
    known = np.ones(sheet.desk.count, dtype=bool)
    for names, sign in ((amount.of, 1), (amount.less, -1)):
        for name in names:
            part, given = sheet.money(name)
            total, known = total + sign * part, known & given
    sheet.refuse("BASE_NEGATIVE", known & (total < 0))
    return whole(np.maximum(total, 0))


def _quantity(sheet: Sheet, quantity: schema.Quantity) -> Exact | None:
    """Give a quantity in kind at its price; a decimal one is exact by its text."""
    column, missing = sheet.desk.column(quantity.of), sheet.missing([quantity.of])
    sheet.refuse("FACT_MISSING", missing)
    price_fen = sheet.figure(quantity.price)
    most = sheet.figure(quantity.most) if quantity.most else None
    if column is None or price_fen is None or (quantity.most and most is None):
        return None
    if column.kind is Kind.DECIMAL:
        words = [Fraction(word) for word in column.words]
        words = [min(word, Fraction(most)) for word in words] if most is not None else words
        over, under = fractions(words, column.values)
        asked = Exact(over, under, sheet.desk.nowhere())
    elif column.kind in (Kind.INT, Kind.MONEY):
        asked = whole(column.values if most is None else np.minimum(column.values, most))
    else:
        sheet.doubt()
        return None
    sheet.refuse("BASE_NEGATIVE", (asked.over < 0) & ~missing)
    return Exact(np.maximum(asked.over, 0), asked.under, asked.unsure).times(price_fen)


def _shared(sheet: Sheet, clause: schema.Clause, amount: schema.Amount, base: Exact) -> Exact | None:
    """Give the base's share: by slices, by the band that holds, or by the ratio, with its modifiers."""
    bands = amount.bands
    if bands and bands.mode is BandMode.SLICES:
        return _slices(sheet, bands, base)
    if bands is None:
        ratio = sheet.figure(amount.ratio) if amount.ratio else Fraction(1)
        if ratio is None:
            return None
        return _by_ratio(sheet, clause, amount, base, ([ratio], np.zeros(sheet.desk.count, dtype=np.int64)))
    which = _band(sheet, bands)
    if which is None:
        return None
    fixed: Any = [0] * len(bands.steps)
    ratios: list[Fraction] = [Fraction(0)] * len(bands.steps)
    for place, band in enumerate(bands.steps):
        held = which == place
        if not held.any():
            continue
        value = sheet.figure(band.fixed or band.ratio, held)
        if band.fixed is not None:
            fixed[place] = value or 0
        elif value is not None:
            ratios[place] = value
    is_fixed = np.array([band.fixed is not None for band in bands.steps])[which]
    shared = _by_ratio(sheet, clause, amount, base, (ratios, which))
    sums = np.array(fixed, dtype=np.int64)[which]
    return Exact(np.where(is_fixed, sums, shared.over), np.where(is_fixed, 1, shared.under), shared.unsure & ~is_fixed)


def _by_ratio(
    sheet: Sheet, clause: schema.Clause, amount: schema.Amount, base: Exact, start: tuple[list[Fraction], Ints]
) -> Exact:
    """Take each row's ratio, changed by the modifiers that it meets; rows that meet the same share one fraction."""
    ratios, which = start
    kinds = which.copy()
    for place in range(len(amount.modifiers)):
        met = sheet.holds(f"{clause.id}.modifiers[{place}]")
        modifier = amount.modifiers[place]
        for figure in (modifier.to, modifier.add, modifier.take, modifier.times):
            if figure is not None and met.any():
                sheet.figure(figure, met)
        kinds = kinds * 2 + met
    most = sheet.figure(amount.ratio_most) if amount.ratio_most else None
    found: Any = range(len(ratios))
    if amount.modifiers:
        found, kinds = np.unique(kinds, return_inverse=True)
    values = [_ratio_of(sheet, amount, ratios, int(kind)) for kind in found]
    values = [min(value, most) if most is not None else value for value in values]
    outside = np.array([not 0 <= value <= 1 for value in values])[kinds]
    sheet.refuse("RATIO_OUT_OF_BOUNDS", outside)
    over, under = fractions([min(max(value, Fraction(0)), Fraction(1)) for value in values], kinds)
    return base.times(over, under)


def _ratio_of(sheet: Sheet, amount: schema.Amount, ratios: list[Fraction], kind: int) -> Fraction:
    count = len(amount.modifiers)
    ratio = ratios[kind >> count]
    for place, modifier in enumerate(amount.modifiers):
        if kind >> (count - 1 - place) & 1:
            ratio, _shown = changed(sheet.desk.figures, modifier, ratio)
    sheet.desk.figures.begin("")  # what is not published was noted for its own rows
    return ratio


def _ranges(sheet: Sheet, bands: schema.Bands) -> list[Range] | None:
    values = {id(figure): sheet.figure(figure) for band in bands.steps for figure in _bounds(band)}
    if any(value is None for value in values.values()):
        return None
    return [range_of(band, lambda figure: values[id(figure)] if figure else None) for band in bands.steps]


def _bounds(band: schema.Band) -> list[Any]:
    return [figure for figure in (band.above or band.since, band.below or band.to) if figure is not None]


def _band(sheet: Sheet, bands: schema.Bands) -> Ints | None:
    """Find the band that each row's value falls in; a value outside of all of them refuses."""
    column, missing = sheet.desk.column(bands.by), sheet.missing([bands.by])
    sheet.refuse("FACT_MISSING", missing)
    ranges = _ranges(sheet, bands)
    if column is None or ranges is None:
        return None
    if column.kind in CODED:
        places = [next((n for n, span in enumerate(ranges) if Fraction(word) in span), -1) for word in column.words]
        which = np.array(places or [-1], dtype=np.int64)[column.values]
    else:
        which = np.full(sheet.desk.count, -1, dtype=np.int64)
        for place, span in reversed([*enumerate(ranges)]):
            which[_inside(column.values, span)] = place
    sheet.refuse("OUTSIDE_BANDS", (which < 0) & ~missing)
    found: Ints = np.maximum(which, 0)
    return found


def _inside(values: Ints, span: Range) -> Bools:
    """Say which whole numbers fall inside."""
    low = floor(span.low) + 1 if span.open_low else ceil(span.low)
    high = ceil(span.high) - 1 if span.open_high else floor(span.high)
    inside: Bools = (values >= max(low, -_END)) & (values <= min(high, _END))
    return inside


def _slices(sheet: Sheet, bands: schema.Bands, base: Exact) -> Exact | None:
    """Give every slice of the base its own ratio and add them up; the base begins where what came before ends."""
    ranges = _ranges(sheet, bands)
    before, _given = sheet.money(bands.after) if bands.after else (np.zeros(sheet.desk.count, dtype=np.int64), None)
    if ranges is None:
        return None
    ratios = []
    for band in bands.steps:
        ratio = sheet.figure(band.ratio)
        if ratio is None:
            return None
        ratios.append(ratio)
    under = lcm(*(ratio.denominator for ratio in ratios))
    total = np.zeros(sheet.desk.count, dtype=np.int64)
    large = before.astype(np.float64) * base.under >= SAFE_MAX
    begin = np.where(large, 0, before * base.under)
    sizes = float(_MONEY_END) * base.under  # a prorated base is a fraction: the bounds are told in its parts
    for span, ratio in zip(ranges, ratios, strict=True):
        if span.low.denominator != 1 or span.high.denominator != 1:
            sheet.doubt()
            return None
        low, high = min(max(0, int(span.low)), _MONEY_END), min(max(0, int(span.high)), _MONEY_END)
        inside = np.maximum(0, np.minimum(begin + base.over, high * base.under) - np.maximum(begin, low * base.under))
        times = ratio.numerator * (under // ratio.denominator)
        total = total + inside * times
        sizes = sizes + inside.astype(np.float64) * times
    unsure = base.unsure | large | (sizes >= SAFE_MAX) | (base.under * float(under) >= SAFE_MAX)
    return Exact(total, under * base.under, unsure)
