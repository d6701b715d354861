"""Bands: ranges of one fact, inclusive or not at each end; two of them never hold the same value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from jiaozi.policy.rules import schema
from jiaozi.policy.rules.figures import Figure, Unreadable
from jiaozi.policy.rules.problems import Path
from jiaozi.policy.rules.words import BandMode, Kind

_BEYOND = Fraction(2**60)


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """From ``low`` to ``high``; ``open_low`` and ``open_high`` leave the end itself outside."""

    low: Fraction
    open_low: bool
    high: Fraction
    open_high: bool

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, Fraction | int):
            return False
        above = value > self.low if self.open_low else value >= self.low
        return above and (value < self.high if self.open_high else value <= self.high)

    @property
    def empty(self) -> bool:
        """Whether no value falls inside."""
        return self.low > self.high or (self.low == self.high and (self.open_low or self.open_high))

    def meets(self, other: Range) -> bool:
        """Say whether some value falls into both."""
        low = max((self.low, self.open_low), (other.low, other.open_low))
        high = min((self.high, not self.open_high), (other.high, not other.open_high))
        return not Range(low[0], low[1], high[0], not high[1]).empty


def range_of(band: schema.Band, value: Any) -> Range:
    """Give a band's range; ``value`` gives a figure's value, None where it is not known (then it bounds nothing)."""
    low, high = value(band.above or band.since), value(band.below or band.to)
    return Range(
        Fraction(low) if low is not None else -_BEYOND,
        band.above is not None,
        Fraction(high) if high is not None else _BEYOND,
        band.below is not None,
    )


def bands_wrong(programme: schema.Programme, clause: schema.Clause, path: Path) -> Iterator[tuple[Path, Unreadable]]:
    """Refuse bands that are empty, overlap, or are bounded by another kind of value than their fact."""
    if clause.amount is None or clause.amount.bands is None:
        return
    bands, path = clause.amount.bands, (*path, "bands", "steps")
    fact = programme.facts.get(bands.by)
    ranges = []
    for index, band in enumerate(bands.steps):
        if fact is not None:
            yield from _kinds_wrong(programme.parameters, fact.kind, band, (*path, index))
        ranges.append(range_of(band, lambda figure: _known(programme, figure)))
        if ranges[-1].empty:
            yield (*path, index), Unreadable("档位为空：下限高于上限", "the band is empty: it ends before it begins")
    for index, one in enumerate(ranges):
        for before, other in enumerate(ranges[:index]):
            if one.meets(other):
                yield (*path, index), _overlap(before, index)
    yield from _mode_wrong(clause.amount, bands, ranges, path)


def _mode_wrong(
    amount: schema.Amount, bands: schema.Bands, ranges: list[Range], path: Path
) -> Iterator[tuple[Path, Unreadable]]:
    """Refuse slices that don't touch or cut no base, and what goes with slices alone."""
    if bands.after is not None and bands.mode is not BandMode.SLICES:
        yield (
            (*path[:-1], "after"),
            Unreadable(
                "after 只与 mode: slices 同用；整段按档时把此前累计加进 by 的事实",
                "`after` goes with `mode: slices`; bands for the whole base look at the fact that `by` names",
            ),
        )
    if bands.mode is BandMode.SLICES:
        yield from _gaps(ranges, path)
        if bands.by not in amount.of:
            yield (
                (*path[:-1], "by"),
                Unreadable(
                    "slices 须按基数本身分段：by 须为 of 之一",
                    "`slices` cut the base itself (after `less` and `prorate`): `by` must be one of its `of`",
                ),
            )


def _overlap(before: int, index: int) -> Unreadable:
    return Unreadable(
        f"档位 {before + 1} 与 {index + 1} 重叠；相接处一档写 to（含），另一档写 above（不含）",
        f"the bands {before + 1} and {index + 1} overlap; where they touch, end one with `to` (inside) and begin the "
        f"other with `above` (outside)",
    )


def _gaps(ranges: list[Range], path: Path) -> Iterator[tuple[Path, Unreadable]]:
    for index in range(1, len(ranges)):
        if ranges[index].low != ranges[index - 1].high:
            yield (*path, index), Unreadable("分段之间须相接且递增", "slices must touch, from the lowest upward")


def _known(programme: schema.Programme, figure: Figure | None) -> Any:
    if figure is None or not figure.parameter:
        return figure.value if figure else None
    parameter = programme.parameters.get(figure.parameter)
    fits = parameter is not None and parameter.kind in (Kind.INT, Kind.MONEY)
    return parameter.typed(allow_demo=True) if parameter is not None and fits else None


def _kinds_wrong(
    parameters: Mapping[str, Any], kind: Kind, band: schema.Band, path: Path
) -> Iterator[tuple[Path, Unreadable]]:
    fitting = {Kind.MONEY: (Kind.MONEY,), Kind.INT: (Kind.INT,), Kind.DECIMAL: (Kind.INT, Kind.DECIMAL)}.get(kind, ())
    for name, figure in (("from", band.since), ("above", band.above), ("to", band.to), ("below", band.below)):
        if figure is None or not fitting:
            continue
        parameter = parameters.get(figure.parameter) if figure.parameter else None
        own = parameter.kind if parameter else figure.kind
        if own not in fitting and not (figure.parameter and parameter is None):
            yield (
                (*path, name),
                Unreadable(f"此档按 {kind} 分，界限却是 {own}", f"this band is of a {kind}, its bound is a {own}"),
            )
