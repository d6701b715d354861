"""Writes a result for machines: one JSON object, and tables as CSV; sums are whole fen, ratios parts of a million."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from jiaozi.lab.rules.bands import Band
from jiaozi.lab.rules.pooling import WEEK
from jiaozi.lab.rules.running import Result
from jiaozi.lab.rules.summing import METRICS, Summed

BAND = ("low", "median", "high")


def to_json(result: Result) -> dict[str, Any]:
    """Give the whole result; the bands are the 5th, 50th and 95th percentile over the seeds."""
    scenario = result.read.scenario
    return {
        "scenario": scenario.scenario,
        "title": {"zh": scenario.title.zh, "en": scenario.title.en},
        "demo": scenario.demo,
        "years": scenario.years,
        "seeds": {"first": scenario.seeds.first, "count": result.seeds},
        "decisions": result.decisions,
        "decided_one_by_one": result.slow,
        "price_ufen_per_core_hour": scenario.price.core_hour,
        "units": {metric.name: metric.unit for metric in METRICS},
        "versions": [asdict(version) for version in result.versions],
    }


def csv_files(result: Result) -> dict[str, str]:
    """Give the tables by file name."""
    return {
        "summary.csv": _table(("version", "metric", "unit", *BAND), _summary(result)),
        "weeks.csv": _table(
            (
                "version",
                "week",
                "begins",
                *(f"{name}_{one}_fen" for name in ("issued", "used", "lapsed") for one in BAND),
            ),
            (row for version in result.versions for row in _weeks(version)),
        ),
        "pools.csv": _table(
            ("version", "pool", "week", "begins", "limit_fen", *(f"left_{one}_fen" for one in BAND)),
            (row for version in result.versions for row in _pools(version)),
        ),
        "groups.csv": _table(
            ("version", "class", "size", *(f"{name}_{one}" for name in _cell_fields(result) for one in BAND)),
            (
                (version.about.id, cell.kind, cell.size, *(x for band in cell.figures.values() for x in _three(band)))
                for version in result.versions
                for cell in version.cells
            ),
        ),
        "fates.csv": _table(
            ("version", "fate", *(f"applications_{one}" for one in BAND), *(f"unmet_{one}_fen" for one in BAND)),
            (
                (version.about.id, fate, *_three(count), *_three(version.unmet_by_fate[fate]))
                for version in result.versions
                for fate, count in version.fates.items()
            ),
        ),
        "reasons.csv": _table(
            ("version", "reason", *BAND),
            (
                (version.about.id, reason, *_three(count))
                for version in result.versions
                for reason, count in version.reasons.items()
            ),
        ),
    }


def _three(band: Band) -> tuple[int, int, int]:
    return band.low, band.median, band.high


def _cell_fields(result: Result) -> list[str]:
    return [*result.versions[0].cells[0].figures]


def _summary(result: Result) -> Iterable[Sequence[Any]]:
    for version in result.versions:
        for metric in METRICS:
            yield (version.about.id, metric.name, metric.unit, *_three(version.metrics[metric.name]))
        for pool in version.pools:
            yield (version.about.id, f"pool/{pool.cap_id}/dry", "ppm", pool.dry_ppm, pool.dry_ppm, pool.dry_ppm)
            if pool.dry_day:
                yield (version.about.id, f"pool/{pool.cap_id}/dry_day", "day", *_three(pool.dry_day))


def week_begins(version: Summed, week: int) -> str:
    """Give the first date of a week of a version's play."""
    return (date.fromisoformat(version.about.begin) + timedelta(days=week * WEEK)).isoformat()


def _weeks(version: Summed) -> Iterable[Sequence[Any]]:
    rows = zip(version.issued_by_week, version.used_by_week, version.lapsed_by_week, strict=True)
    for week, bands in enumerate(rows):
        yield (version.about.id, week + 1, week_begins(version, week), *(x for band in bands for x in _three(band)))


def _pools(version: Summed) -> Iterable[Sequence[Any]]:
    for pool in version.pools:
        for week, left in enumerate(pool.left_by_week):
            begins = week_begins(version, week)
            yield (version.about.id, pool.cap_id, week + 1, begins, pool.limit_fen, *_three(left))


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()
