"""Who gets scarce room: each holder at most its weighted share, as long as others could use the rest.

A holder's dominant share is the largest share that it has of any class's room. Each request needs one class only, so
filling every class to one common level per weight makes the smallest weighted dominant share as large as can be.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction


def fair_limits(demand: Mapping[str, int], weights: Mapping[str, int], room: int) -> dict[str, Fraction]:
    """Give each holder's limit: all that it asks for, or the common level times its weight.

    >>> limits = fair_limits({"a": 2, "b": 50, "c": 50}, {"b": 2}, 32)
    >>> {holder: int(limit) for holder, limit in limits.items()}
    {'a': 2, 'b': 20, 'c': 10}
    """
    left = Fraction(room)
    asking = sorted(demand, key=lambda each: (Fraction(demand[each], weights.get(each, 1)), each))
    weight = sum(weights.get(each, 1) for each in asking)
    limits: dict[str, Fraction] = {}
    for holder in asking:
        own = weights.get(holder, 1)
        limits[holder] = min(Fraction(demand[holder]), left * own / weight)
        left -= limits[holder]
        weight -= own
    return dict(sorted(limits.items()))
