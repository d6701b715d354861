"""Sharing what is left at the margin: pro rata to the quantities asked for, whole lots, largest remainder first."""

from __future__ import annotations

from collections.abc import Sequence

from jiaozi.exchange.rules.book import Order


def share(total: int, orders: Sequence[Order], floors: Sequence[int]) -> list[int]:
    """Share lots among orders by quantity; nobody gets less than its floor or more than its quantity.

    Of equal remainders the larger order goes first, then the lower id.

    >>> from jiaozi.exchange.rules.book import Side
    >>> three = [Order(name, "p", Side.BID, "cpu", "a", "h", 10, 5) for name in "abc"]
    >>> share(10, three, [0, 0, 0]), share(10, three, [0, 0, 8])
    ([4, 3, 3], [1, 1, 8])
    """
    if not sum(floors) <= total <= sum(each.quantity for each in orders):
        raise ValueError(f"{total} lots can't be shared within {sum(floors)} and all that is asked for")
    got = list(floors)
    open_ = set(range(len(orders)))
    while True:  # whoever's part is below its floor keeps the floor, and the others share the rest
        left = total - sum(floors[i] for i in range(len(orders)) if i not in open_)
        asked = sum(orders[i].quantity for i in open_)
        below = {i for i in open_ if left * orders[i].quantity < floors[i] * asked}
        if not below:
            break
        open_ -= below
    rest: dict[int, int] = {}
    for i in open_:
        got[i], rest[i] = divmod(left * orders[i].quantity, asked)
    ranked = sorted(rest, key=lambda i: (-rest[i], -orders[i].quantity, orders[i].id))
    for i in ranked[: total - sum(got)]:
        got[i] += 1
    return got
