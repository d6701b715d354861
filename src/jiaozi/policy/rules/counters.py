"""Counters given by people: a cap's name or a counter's whole key, and how much was used before."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from jiaozi.kernel.label import Label
from jiaozi.kernel.refusal import Reason
from jiaozi.policy.rules.decision import CapUse, OnceUse
from jiaozi.policy.rules.figures import Unreadable, read_int, read_money
from jiaozi.policy.rules.problems import UnableToReadFacts

ONCE = "once"


def counters_from(uses: Iterable[CapUse | OnceUse], used: Any, caps: Collection[str]) -> dict[str, int]:
    """Read ``{"year": "900万", "once/arrival": 1}`` for the counters that a decision looks at.

    A name of the programme that this decision does not look at is allowed and does nothing.

    Raises
    ------
    UnableToReadFacts
        Naming a counter that there is not, or an amount that is none.
    """
    if not isinstance(used, dict):
        line = Label('须为 JSON 对象，如 {"year": "900万"}', 'must be a JSON object like {"year": "900万"}')
        raise UnableToReadFacts([Reason("USED_NO_OBJECT", line)])
    counters: dict[str, int] = {}
    reasons: list[Reason] = []
    names = {name: use for use in uses for name in (_name(use), use.key)}
    for name, raw in used.items():
        use = names.get(name)
        if use is None and name not in caps and not name.startswith(f"{ONCE}/"):
            there = ", ".join(caps) or "—"
            reasons.append(
                Reason(
                    "COUNTER_UNKNOWN",
                    Label(f"没有此上限，现有：{there}", f"there is no such cap; there is: {there}"),
                    name,
                )
            )
            continue
        try:
            count = _read(name, raw)
        except Unreadable as wrong:
            reasons.append(Reason("COUNTER_MISTYPED", Label(wrong.zh, wrong.en), name))
            continue
        if use is not None:
            counters[use.key] = count
    if reasons:
        raise UnableToReadFacts(reasons)
    return counters


def _name(use: CapUse | OnceUse) -> str:
    return use.cap_id if isinstance(use, CapUse) else f"{ONCE}/{use.clause}"


def _read(name: str, raw: Any) -> int:
    """Read an amount in text, or whole fen; of a one-off, how many times."""
    if name.startswith(f"{ONCE}/") or not isinstance(raw, str):
        return read_int(raw)
    return read_money(raw)
