"""What came out of a scenario: each version's figures as bands over the seeds, ready for a report or a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jiaozi.kernel.label import Label
from jiaozi.lab.rules.bands import Band, band, bands
from jiaozi.lab.rules.concentration import PPM
from jiaozi.lab.rules.measuring import FATES, Cell, Measured


class Unit:
    """What a figure counts, by the name that files give it."""

    FEN = "fen"
    PPM = "ppm"
    COUNT = "count"
    DAY = "day"
    CORE_HOURS = "core_hours"
    UFEN = "ufen_per_core_hour"
    RATIO = "ratio_ppm"


@dataclass(frozen=True, slots=True)
class Metric:
    """One line of the comparison."""

    name: str
    label: Label
    unit: str
    take: Callable[[Measured], int]


def _ratio(over: int, under: int) -> int:
    return over * PPM // under if under else 0


def _unspent(one: Measured) -> int:
    limits = sum(pool.limit_fen for pool in one.pools)
    issued = sum(pool.issued_fen for pool in one.pools)
    lapsed = _ratio(one.lapsed_fen, one.granted_fen)
    return PPM - _ratio(issued, limits) * (PPM - lapsed) // PPM if limits else 0


METRICS = (
    Metric("applications", Label("申领件数", "applications"), Unit.COUNT, lambda one: one.applications),
    Metric("holders", Label("申领主体数", "applicants"), Unit.COUNT, lambda one: one.holders),
    Metric("receivers", Label("获券主体数", "applicants that got something"), Unit.COUNT, lambda one: one.receivers),
    Metric("cost_fen", Label("申报的算力需求", "compute need declared"), Unit.FEN, lambda one: one.cost_fen),
    Metric(
        "uncapped_fen", Label("符合条款，封顶之前", "eligible, before any cap"), Unit.FEN, lambda one: one.uncapped_fen
    ),
    Metric(
        "entitled_fen",
        Label("按条款应得（封顶之后）", "due by the clauses, after caps"),
        Unit.FEN,
        lambda one: one.entitled_fen,
    ),
    Metric("granted_fen", Label("发放", "granted"), Unit.FEN, lambda one: one.granted_fen),
    Metric(
        "unmet_fen", Label("未满足（应得未得）", "unmet: due and not granted"), Unit.FEN, lambda one: one.unmet_all_fen
    ),
    Metric(
        "unmet_ppm",
        Label("未满足占应得", "unmet, of what was due"),
        Unit.PPM,
        lambda one: _ratio(one.unmet_all_fen, one.entitled_fen),
    ),
    Metric("used_fen", Label("实际使用", "used"), Unit.FEN, lambda one: one.used_fen),
    Metric("lapsed_fen", Label("过期作废", "expired unspent"), Unit.FEN, lambda one: one.lapsed_fen),
    Metric(
        "lapsed_ppm",
        Label("过期占发放", "expired, of what was granted"),
        Unit.PPM,
        lambda one: _ratio(one.lapsed_fen, one.granted_fen),
    ),
    Metric("unspent_ppm", Label("未用预算占年度总额", "budget not used, of all pools"), Unit.PPM, _unspent),
    Metric(
        "core_hours",
        Label("用券交付的核时", "core-hours delivered on vouchers"),
        Unit.CORE_HOURS,
        lambda one: one.core_hours,
    ),
    Metric(
        "cost_ufen_per_core_hour",
        Label("每核时财政成本", "public cost per core-hour"),
        Unit.UFEN,
        lambda one: _ratio(one.used_fen, one.core_hours),
    ),
    Metric(
        "gini_ppm",
        Label("基尼系数（获券主体间）", "Gini among receivers"),
        Unit.RATIO,
        lambda one: one.concentration.gini_ppm,
    ),
    Metric(
        "top_ten_ppm",
        Label("前十名占比", "share of the ten largest"),
        Unit.PPM,
        lambda one: one.concentration.top_ten_ppm,
    ),
    Metric(
        "top_tenth_ppm",
        Label("前10%主体占比", "share of the largest tenth"),
        Unit.PPM,
        lambda one: one.concentration.top_tenth_ppm,
    ),
)


@dataclass(frozen=True, slots=True)
class PoolSummed:
    """A pool over the seeds; ``dry_day`` over those seeds in which it ran dry, None where it never did."""

    cap_id: str
    label: Label
    limit_fen: int
    issued_fen: Band
    dry_ppm: int
    dry_day: Band | None
    left_by_week: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class CellSummed:
    """One class and size over the seeds."""

    kind: str
    size: str
    figures: dict[str, Band]


@dataclass(frozen=True, slots=True)
class Unpublished:
    """Something that the city has not published, and the demo value that stood in."""

    name: str
    label: Label
    demo: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A place of the document that the scenario set, with what stood there before."""

    place: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class About:
    """Which document a version is, and what is not the city's in it."""

    id: str
    label: Label
    programme: str
    version: str
    title: Label
    begin: str
    unpublished: tuple[Unpublished, ...]
    changed: tuple[Changed, ...]


@dataclass(frozen=True, slots=True)
class Summed:
    """All figures of one version."""

    about: About
    metrics: dict[str, Band]
    pools: tuple[PoolSummed, ...]
    issued_by_week: tuple[Band, ...]
    used_by_week: tuple[Band, ...]
    lapsed_by_week: tuple[Band, ...]
    cells: tuple[CellSummed, ...]
    fates: dict[str, Band]
    unmet_by_fate: dict[str, Band]
    reasons: dict[str, Band]
    lorenz: tuple[Band, ...]
    decisions: int
    slow: int
    rounds: int


def summed(
    about: About, names: tuple[Sequence[str], Sequence[str]], pools: dict[str, Label], plays: Sequence[Measured]
) -> Summed:
    """Put the plays of one version over all seeds together; ``names`` are the classes and the sizes."""
    return Summed(
        about=about,
        metrics={metric.name: band(metric.take(one) for one in plays) for metric in METRICS},
        pools=tuple(_pool(place, pools, plays) for place in range(len(plays[0].pools))),
        issued_by_week=_running([one.issued_by_week for one in plays]),
        used_by_week=_running([one.used_by_week for one in plays]),
        lapsed_by_week=_running([one.lapsed_by_week for one in plays]),
        cells=_cells(names, plays),
        fates={str(fate): band(one.fates[place] for one in plays) for place, fate in enumerate(FATES)},
        unmet_by_fate={str(fate): band(one.unmet_fen[place] for one in plays) for place, fate in enumerate(FATES)},
        reasons=_reasons(plays),
        lorenz=bands([one.concentration.lorenz_ppm for one in plays]),
        decisions=sum(one.applications for one in plays),
        slow=sum(one.slow for one in plays),
        rounds=max(one.rounds for one in plays),
    )


def _running(rows: Sequence[Sequence[int]]) -> tuple[Band, ...]:
    """Give running totals, seed by seed, then their bands; a play that ended keeps its last total."""
    width = max(len(row) for row in rows)
    totals = []
    for row in rows:
        total, line = 0, []
        for week in range(width):
            total += row[week] if week < len(row) else 0
            line.append(total)
        totals.append(line)
    return bands(totals)


def _pool(place: int, labels: dict[str, Label], plays: Sequence[Measured]) -> PoolSummed:
    mine = [one.pools[place] for one in plays]
    dry = [pool.dry_day for pool in mine if pool.dry_day is not None]
    return PoolSummed(
        mine[0].cap_id,
        labels[mine[0].cap_id],
        mine[0].limit_fen,
        band(pool.issued_fen for pool in mine),
        len(dry) * PPM // len(mine),
        band(dry) if dry else None,
        bands([pool.left_fen for pool in mine]),
    )


def _cells(names: tuple[Sequence[str], Sequence[str]], plays: Sequence[Measured]) -> tuple[CellSummed, ...]:
    fields = Cell.__slots__
    return tuple(
        CellSummed(
            kind, size, {field: band(getattr(one.cells[row][column], field) for one in plays) for field in fields}
        )
        for row, kind in enumerate(names[0])
        for column, size in enumerate(names[1])
    )


def _reasons(plays: Sequence[Measured]) -> dict[str, Band]:
    names = dict.fromkeys(name for one in plays for name, _count in one.reasons)
    return {name: band(dict(one.reasons).get(name, 0) for one in plays) for name in names}
