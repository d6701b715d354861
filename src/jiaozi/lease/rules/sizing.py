"""How large each lease is, and when it is opened, filled up, prolonged or asked back: by recent use, within bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

_WHOLE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the operator of the platform sets; shares are percent of what is left of a voucher.

    Attributes
    ----------
    total_percent
        All leases of a voucher together: the rest stays free for orders by way of the platform.
    floor_percent, ceiling_percent
        One lease.
    refill_percent
        A lease is filled up once less than this share of its size is left.
    hours
        How long a lease lasts from its latest letter.
    report_hours
        How long after its end what a centre ran under it may still be told.
    idle_days
        A centre without any use for so long gets no lease, and gives back the one that it has.
    """

    total_percent: int = 50
    floor_percent: int = 2
    ceiling_percent: int = 30
    refill_percent: int = 50
    hours: int = 48
    report_hours: int = 72
    idle_days: int = 30
    auto_return: bool = True

    @property
    def lasting(self) -> timedelta:
        """How long a lease lasts."""
        return timedelta(hours=self.hours)

    @property
    def reporting(self) -> timedelta:
        """How long after its end the centre may still tell."""
        return timedelta(hours=self.report_hours)

    @property
    def recent(self) -> timedelta:
        """How far back use counts."""
        return timedelta(days=self.idle_days)


def sizes(left_fen: int, used_fen: Mapping[str, int], bounds: Bounds, *, fresh: bool) -> dict[str, int]:
    """Give the size of each centre's lease, in fen of the voucher's share; their sum is within the total's share.

    Parameters
    ----------
    left_fen
        What is left of the voucher, leases included and holds of orders not.
    used_fen
        What was used or held at each centre lately; a centre that is here may have a lease.
    fresh
        Whether the holder allowed leases only lately: a centre without any use gets the floor then.

    Examples
    --------
    >>> sizes(100_000, {"a": 3, "b": 1, "c": 0}, Bounds(), fresh=False)
    {'a': 30000, 'b': 12500, 'c': 0}
    """
    whole = sum(used_fen.values())
    floor, ceiling, most = (
        left_fen * percent // _WHOLE for percent in (bounds.floor_percent, bounds.ceiling_percent, bounds.total_percent)
    )
    wanted = {
        centre: min(max(most * used // whole if whole else 0, floor), ceiling) if used or fresh else 0
        for centre, used in sorted(used_fen.items())
    }
    asked = sum(wanted.values())
    return wanted if asked <= most else {centre: fen * most // asked for centre, fen in wanted.items()}


def own_share_fen(voucher_fen: int, share: Fraction) -> int:
    """Give the holder's own money that goes with a lease: as much as its voucher's share needs beside it.

    >>> own_share_fen(300, Fraction(3, 10))
    700
    """
    exact = voucher_fen * (1 - share) / share
    return -(-exact.numerator // exact.denominator)


def covered_fen(wanted_fen: int, own_fen: int, share: Fraction) -> int:
    """Give how much of a size the holder's own money covers.

    >>> covered_fen(300, 350, Fraction(3, 10)), covered_fen(300, 0, Fraction(1))
    (150, 300)
    """
    if share == 1:
        return wanted_fen
    exact = own_fen * share / (1 - share)
    return min(wanted_fen, exact.numerator // exact.denominator)


def prolongs(ends_at: datetime, new_end: datetime, bounds: Bounds) -> bool:
    """Say whether a new end is enough later to be worth a letter."""
    return new_end - ends_at >= bounds.lasting / 4


class Step(StrEnum):
    """What to do about one centre's lease now."""

    KEEP = "KEEP"
    OPEN = "OPEN"
    GRANT = "GRANT"
    RECALL = "RECALL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an open lease stands: what is left, its end, and whether the centre still has the memory it is for."""

    left_fen: int
    ends_at: datetime
    remembered: bool


def next_step(lease: Standing | None, wanted_fen: int, bounds: Bounds, now: datetime, *, answers: bool) -> Step:
    """Say what to do about a lease: a centre that does not answer gets no fen and no hour more.

    ``answers`` says that the centre was heard of lately.
    """
    if lease is None:
        return Step.OPEN if wanted_fen and answers else Step.KEEP
    if not lease.remembered or not wanted_fen or now >= lease.ends_at:
        return Step.RECALL
    low = lease.left_fen * _WHOLE < wanted_fen * bounds.refill_percent
    ending = lease.ends_at - now < bounds.lasting / 2
    return Step.GRANT if answers and (low or ending) else Step.KEEP
