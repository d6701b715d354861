"""Which prices an allocation allows: those at which no accepted order loses and no link works against its price.

They are bounds on each price and on differences of two, so the lowest and the highest such vectors exist, and the whole
middle between them, rounded down to a fen, is one as well. That middle is the price: it favours neither side.
"""

from __future__ import annotations

from collections.abc import Sequence

from jiaozi.exchange.rules.clearing.prices import Pipe


def middle(
    floors: Sequence[int], ceilings: Sequence[int], pipes: Sequence[Pipe], flows: Sequence[int]
) -> list[int] | None:
    """Give the middle of all prices within the bounds, or None where there are none.

    A link with room left allows no more than its charge of difference; one in use asks for at least that.
    """
    rules = []  # price of the second is at most that of the first plus the third
    for (start, end, capacity, charge), lots in zip(pipes, flows, strict=True):
        if lots < capacity:
            rules.append((start, end, charge))
        if lots > 0:
            rules.append((end, start, -charge))
    high, low = list(ceilings), list(floors)
    for _ in range(len(high) + 1):
        changed = False
        for one, other, apart in rules:
            if high[one] + apart < high[other]:
                high[other], changed = high[one] + apart, True
            if low[other] - apart > low[one]:
                low[one], changed = low[other] - apart, True
        if not changed:
            break
    else:
        return None
    if any(least > most for least, most in zip(low, high, strict=True)):
        return None
    return [(least + most) // 2 for least, most in zip(low, high, strict=True)]
