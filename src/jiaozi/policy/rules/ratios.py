"""Which ratio holds: the clause's own or its band's, then each modifier that is met, never over its most."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from jiaozi.kernel.label import Label
from jiaozi.policy.rules import schema
from jiaozi.policy.rules.bands import Range, range_of
from jiaozi.policy.rules.decision import ConditionFound, Step, StepKind
from jiaozi.policy.rules.figures import Figure, shown
from jiaozi.policy.rules.testing import holds
from jiaozi.policy.rules.weighing import Weighing
from jiaozi.policy.rules.words import BandMode, Kind

_RATIO = Label("比例", "ratio")
_MOST = Label("比例上限", "the ratio's most")
_SLICE = Label("分段", "slice")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the arithmetic of one clause writes on: the decision in the making, its steps, the conditions it asked."""

    weighing: Weighing
    clause: str
    steps: list[Step]
    asked: list[ConditionFound]

    def step(
        self, kind: StepKind, label: Label, figure: str, change: tuple[Fraction, Fraction], *, cut: bool = False
    ) -> None:
        """Write one step; amounts are shown in whole fen."""
        before, after = change
        self.steps.append(Step(kind, "", label, figure, int(before), int(after), binding=cut))


def shared(sheet: Sheet, amount: schema.Amount, base: Fraction) -> Fraction | None:
    """Give the base's share, exact, or None with reasons."""
    if amount.bands and amount.bands.mode is BandMode.SLICES:
        return _slices(sheet, amount.bands, base)
    ratio = _start(sheet, amount)
    if isinstance(ratio, Figure):
        fixed_fen = sheet.weighing.figure(ratio)
        return None if fixed_fen is None else Fraction(fixed_fen)
    if ratio is None:
        return None
    after = base * ratio
    sheet.step(StepKind.RATIO, _RATIO, shown(Kind.RATIO, ratio), (base, after))
    return _modified(sheet, amount, base, ratio)


def _start(sheet: Sheet, amount: schema.Amount) -> Fraction | Figure | None:
    """Give the ratio to start from, or the fixed sum of the band that holds."""
    if amount.bands is None:
        ratio: Fraction | None = sheet.weighing.figure(amount.ratio) if amount.ratio else Fraction(1)
        return ratio
    band = _band(sheet, amount.bands)
    if band is None:
        return None
    if band.fixed is not None:
        return band.fixed
    held: Fraction | None = sheet.weighing.figure(band.ratio) if band.ratio else None
    return held


def _band(sheet: Sheet, bands: schema.Bands) -> schema.Band | None:
    """Find the band that the fact's value falls in; a value outside of all of them refuses."""
    weighing = sheet.weighing
    value = _value(weighing, bands.by)
    ranges = _ranges(weighing, bands)
    if value is None or ranges is None:
        return None
    label = weighing.document.programme.facts[bands.by].label
    for band, span in zip(bands.steps, ranges, strict=True):
        if value in span:
            sheet.steps.append(
                Step(StepKind.BAND, bands.by, label, band_shown(band, weighing.figure), 0, 0, binding=False)
            )
            return band
    given = weighing.known[bands.by].shown
    weighing.refuse(
        "OUTSIDE_BANDS",
        f"{label.zh}为{given.zh}，不在任何档位内",
        f"{label.en} is {given.en}, which is in no band",
        field=bands.by,
    )
    return None


def _value(weighing: Weighing, name: str) -> Fraction | None:
    fact = weighing.known.get(name)
    if fact is None:
        weighing.refuse_missing(name)
        return None
    return Fraction(str(fact.plain))


def _ranges(weighing: Weighing, bands: schema.Bands) -> list[Range] | None:
    before = len(weighing.reasons)
    ranges = [range_of(band, lambda figure: weighing.figure(figure) if figure else None) for band in bands.steps]
    return ranges if len(weighing.reasons) == before else None


def band_shown(band: schema.Band, value: Any) -> str:
    """Write a band as ``(10万元, 50万元]``."""
    low, high = band.above or band.since, band.below or band.to
    left = "(" if band.above or low is None else "["
    right = ")" if band.below or high is None else "]"
    return f"{left}{_bound(low, value) or '-∞'}, {_bound(high, value) or '∞'}{right}"


def _bound(figure: Figure | None, value: Any) -> str:
    if figure is None:
        return ""
    known = value(figure)
    if known is None:
        return "?"
    kind = Kind.DECIMAL if isinstance(known, Fraction) else figure.kind
    return shown(Kind.INT if kind is Kind.DECIMAL and isinstance(known, int) else kind, known)


def _slices(sheet: Sheet, bands: schema.Bands, base: Fraction) -> Fraction | None:
    """Give every slice of the base its own ratio and add them up; the base begins where what came before ends."""
    ranges = _ranges(sheet.weighing, bands)
    before = _value(sheet.weighing, bands.after) if bands.after else Fraction(0)
    if ranges is None or before is None:
        return None
    total = Fraction(0)
    for band, span in zip(bands.steps, ranges, strict=True):
        ratio = sheet.weighing.figure(band.ratio) if band.ratio else None
        if ratio is None:
            return None
        inside = max(Fraction(0), min(before + base, span.high) - max(before, span.low))
        if inside:
            figure = f"{band_shown(band, sheet.weighing.figure)} × {shown(Kind.RATIO, ratio)}"
            sheet.step(StepKind.BAND, _SLICE, figure, (total, total + inside * ratio))
            total += inside * ratio
    return total


def _modified(sheet: Sheet, amount: schema.Amount, base: Fraction, ratio: Fraction) -> Fraction | None:
    weighing = sheet.weighing
    for place, modifier in enumerate(amount.modifiers):
        if not holds(weighing, f"{sheet.clause}.modifiers[{place}]", sheet.asked):
            continue
        before, (ratio, figure) = ratio, changed(weighing, modifier, ratio)
        sheet.step(StepKind.MODIFIER, modifier.label, figure, (base * before, base * ratio))
    most = weighing.figure(amount.ratio_most) if amount.ratio_most else None
    if most is not None and ratio > most:
        sheet.step(StepKind.MODIFIER, _MOST, shown(Kind.RATIO, most), (base * ratio, base * most), cut=True)
        ratio = most
    if not 0 <= ratio <= 1:
        text = shown(Kind.RATIO, ratio)
        weighing.refuse(
            "RATIO_OUT_OF_BOUNDS",
            f"调整后比例为 {text}，须在 0 与 100% 之间",
            f"the ratio comes to {text}; it must lie in 0% to 100%",
        )
    return None if weighing.reasons else base * ratio


def changed(weighing: Weighing, modifier: schema.Modifier, ratio: Fraction) -> tuple[Fraction, str]:
    """Give the ratio after one modifier, and the change as people write it."""
    for figure, mark, keeps, sign in (
        (modifier.to, "=", 0, 1),
        (modifier.add, "+", 1, 1),
        (modifier.take, "−", 1, -1),
    ):
        by = weighing.figure(figure) if figure else None
        if by is not None:
            return ratio * keeps + sign * by, f"{mark}{shown(Kind.RATIO, by)}"
    times = weighing.figure(modifier.times) if modifier.times else None
    return (ratio, "?") if times is None else (ratio * times, f"×{shown(Kind.RATIO, times)}")
