"""The report's view of a result: texts for its tables, and numbers for its plots. Everything shown is made here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from jiaozi.kernel.fen import wan
from jiaozi.kernel.label import Label
from jiaozi.lab.rules.bands import Band
from jiaozi.lab.rules.concentration import PPM
from jiaozi.lab.rules.exporting import week_begins
from jiaozi.lab.rules.measuring import Fate
from jiaozi.lab.rules.running import Result
from jiaozi.lab.rules.scenario import Basis, Scenario
from jiaozi.lab.rules.summing import METRICS, Summed, Unit
from jiaozi.lab.rules.wording import FATE_LABELS, dry, dry_band, exact, figure, percent, reason_label, sentence, spread

MONTH_WEEKS = 4
SIDE_BY_SIDE = 2
FEN_PER_WAN = 1_000_000


def view(result: Result, made_on: date) -> dict[str, Any]:
    """Give what the template shows; ``plots`` is JSON that may stand inside a script element."""
    scenario = result.read.scenario
    return {
        "title": scenario.title.label,
        "question": scenario.question.label if scenario.question else None,
        "scenario": scenario.scenario,
        "made_on": made_on.isoformat(),
        "demo": scenario.demo,
        "stacked": len(result.versions) > SIDE_BY_SIDE,
        "versions": [
            {"label": one.about.label, "mark": str(place + 1), "sentence": sentence(one), "about": one.about}
            for place, one in enumerate(result.versions)
        ],
        "compared": [_compared(metric, result.versions) for metric in METRICS],
        "pools": [_pool(one, pool) for one in result.versions for pool in one.pools],
        "burn": [_burn(one) for one in result.versions],
        "groups": [_groups(result, "class"), _groups(result, "size")],
        "cells": _cells(result),
        "fates": _fates(result.versions),
        "reasons": [_reason(one, code, band) for one in result.versions for code, band in one.reasons.items()],
        "lorenz": _lorenz(result.versions),
        "bases": _bases(scenario),
        "seeds": f"{result.seeds:,}",
        "decisions": f"{result.decisions:,}",
        "slow": f"{result.slow:,}",
        "slow_share": percent(result.slow * PPM // max(1, result.decisions)),
        "plots": _script_safe(_plots(result)),
    }


def _script_safe(plots: dict[str, Any]) -> str:
    """Write JSON that can't end the script element that it stands in."""
    text = json.dumps(plots, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _shown(band: Band, unit: str) -> dict[str, str]:
    return {"text": figure(band.median, unit), "exact": exact(band.median, unit), "band": spread(band, unit)}


def _compared(metric: Any, versions: Sequence[Summed]) -> dict[str, Any]:
    return {"label": metric.label, "cells": [_shown(one.metrics[metric.name], metric.unit) for one in versions]}


def _pool(version: Summed, pool: Any) -> dict[str, Any]:
    return {
        "version": version.about.label,
        "label": pool.label,
        "limit": f"{wan(pool.limit_fen)} 万元",
        "issued": _shown(pool.issued_fen, Unit.FEN),
        "dry": dry(version, pool),
        "dry_band": dry_band(pool),
        "often": percent(pool.dry_ppm),
    }


def _burn(version: Summed) -> dict[str, Any]:
    """Give the table of every fourth week; the files have them all."""
    weeks = len(version.issued_by_week)
    places = [*range(MONTH_WEEKS - 1, weeks, MONTH_WEEKS)]
    if not places or places[-1] != weeks - 1:
        places.append(weeks - 1)
    rows = []
    for week in places:
        begins = week_begins(version, week)
        columns = (version.issued_by_week, version.used_by_week, version.lapsed_by_week)
        rows.append(
            {"week": str(week + 1), "begins": begins, "cells": [_shown(one[week], Unit.FEN) for one in columns]}
        )
    return {"label": version.about.label, "rows": rows}


def _sums(version: Summed, by: str, name: str, field: str) -> int:
    """Add up medians of the cells of one class or size."""
    mine = [cell for cell in version.cells if (cell.kind if by == "class" else cell.size) == name]
    return sum(cell.figures[field].median for cell in mine)


def _groups(result: Result, by: str) -> dict[str, Any]:
    scenario, versions = result.read.scenario, result.versions
    named = scenario.classes if by == "class" else scenario.sizes
    need = {name: _sums(versions[0], by, name, "cost_fen") for name in named}
    rows = [
        {
            "label": label.label,
            "need": percent(need[name] * PPM // max(1, sum(need.values()))),
            "cells": [
                {
                    "fen": f"{wan(_sums(one, by, name, 'granted_fen'))} 万元",
                    "share": percent(_part(one, by, name)),
                    "met": percent(
                        _sums(one, by, name, "granted_fen") * PPM // max(1, _sums(one, by, name, "entitled_fen"))
                    ),
                }
                for one in versions
            ],
        }
        for name, label in named.items()
    ]
    head = Label("类别", "class") if by == "class" else Label("规模", "size")
    return {"id": by, "head": head, "rows": rows}


def _part(version: Summed, by: str, name: str) -> int:
    total = sum(cell.figures["granted_fen"].median for cell in version.cells)
    return _sums(version, by, name, "granted_fen") * PPM // max(1, total)


def _cells(result: Result) -> list[dict[str, Any]]:
    scenario = result.read.scenario
    fields = (("holders", Unit.COUNT), ("receivers", Unit.COUNT), ("cost_fen", Unit.FEN), ("entitled_fen", Unit.FEN))
    return [
        {
            "version": version.about.label,
            "kind": scenario.classes[cell.kind].label,
            "size": scenario.sizes[cell.size].label,
            "cells": [
                _shown(cell.figures[name], unit)
                for name, unit in (*fields, ("granted_fen", Unit.FEN), ("used_fen", Unit.FEN))
            ],
        }
        for version in result.versions
        for cell in version.cells
        if cell.figures["applications"].high
    ]


def _fates(versions: Sequence[Summed]) -> list[dict[str, Any]]:
    rows = []
    for fate, label in FATE_LABELS.items():
        cells = [
            {**_shown(one.fates[fate], Unit.COUNT), "unmet": figure(one.unmet_by_fate[fate].median, Unit.FEN)}
            for one in versions
        ]
        rows.append({"label": label, "cells": cells})
    return rows


def _reason(version: Summed, code: str, band: Band) -> dict[str, Any]:
    return {"version": version.about.label, "label": reason_label(code), "code": code, **_shown(band, Unit.COUNT)}


def _lorenz(versions: Sequence[Summed]) -> list[dict[str, Any]]:
    points = len(versions[0].lorenz)
    return [
        {"poorest": f"{100 * place // (points - 1)}%", "cells": [percent(one.lorenz[place].median) for one in versions]}
        for place in range(0, points, 5)
    ]


def _bases(scenario: Scenario) -> list[dict[str, Any]]:
    """Say where every assumption comes from."""
    named: list[tuple[Label, Basis]] = [
        (Label("需求", "demand"), scenario.demand.basis),
        (Label("核时单价", "price of a core-hour"), scenario.price.basis),
    ]
    if scenario.use:
        named.append((Label("用券", "use"), scenario.use.basis))
    return [
        {
            "label": label,
            "text": basis.label,
            "demo": basis.demo,
            "source": f"{basis.source.ref}（{basis.source.grade}）" if basis.source else "",
        }
        for label, basis in named
    ]


def _plots(result: Result) -> dict[str, Any]:
    versions = result.versions
    scenario = result.read.scenario
    return {
        "versions": [{"zh": one.about.label.zh, "en": one.about.label.en} for one in versions],
        "left": [
            {
                "name": f"{one.about.label.zh} {pool.label.zh}",
                "version": place,
                "weeks": _lines(pool.left_by_week, pool.limit_fen, 100),
            }
            for place, one in enumerate(versions)
            for pool in one.pools
        ],
        "burn": [
            {
                "dates": [_week_end(one, week) for week in range(len(one.issued_by_week))],
                "limit": _whole_limit(one) if scenario.years == 1 else None,
                "issued": _lines(one.issued_by_week, FEN_PER_WAN),
                "used": _lines(one.used_by_week, FEN_PER_WAN),
                "lapsed": _lines(one.lapsed_by_week, FEN_PER_WAN),
            }
            for one in versions
        ],
        "groups": {by: _group_plot(result, by) for by in ("class", "size")},
        "fates": {
            "names": [label.zh for label in FATE_LABELS.values()],
            "values": [[one.fates[fate].median for fate in FATE_LABELS] for one in versions],
            "keys": [str(fate) for fate in Fate],
        },
        "lorenz": [[point.median / PPM * 100 for point in one.lorenz] for one in versions],
    }


def _whole_limit(version: Summed) -> float | None:
    """Give all pools together, for a plot alone; None where the programme has none."""
    return sum(pool.limit_fen for pool in version.pools) / FEN_PER_WAN or None


def _week_end(version: Summed, week: int) -> str:
    return (date.fromisoformat(week_begins(version, week)) + timedelta(days=6)).isoformat()


def _lines(weeks: Sequence[Band], under: int, times: int = 1) -> dict[str, list[float]]:
    """Give the three lines of a band, for a plot alone."""
    return {
        name: [round(getattr(one, name) * times / max(1, under), 2) for one in weeks]
        for name in ("low", "median", "high")
    }


def _group_plot(result: Result, by: str) -> dict[str, Any]:
    scenario, versions = result.read.scenario, result.versions
    named = scenario.classes if by == "class" else scenario.sizes
    need = [_sums(versions[0], by, name, "cost_fen") for name in named]
    return {
        "names": [one.zh for one in named.values()],
        "need": [round(100 * one / max(1, sum(need)), 1) for one in need],
        "granted": [[round(_part(one, by, name) / PPM * 100, 1) for name in named] for one in versions],
    }
