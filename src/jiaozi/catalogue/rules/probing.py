"""What a probe found of the network between two centres: from single timings to the figures that a link keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low

from jiaozi.kernel.refusal import Refused
from jiaozi.party.rules import Actor, Role, check_own_centre

_NS_PER_US = 1_000
_BITS_PER_BYTE = 8
RTT_MAX_US = 60_000_000
BANDWIDTH_MAX_MBPS = 10_000_000
_MAY_RECORD = frozenset({Role.CENTRE, Role.OPERATOR, Role.SYSTEM})


class UnableToProbe(Refused):
    """The network could not be measured, or the measurement can't be kept."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The network between two places at one time.

    Attributes
    ----------
    rtt_us, rtt_least_us
        The middle and the least of the round trips, in microseconds; the least has no waiting in queues in it.
    bandwidth_mbps
        Megabits a second that one connection carried towards the prober; None where it was not tried.
    echoes
        How many round trips were timed.
    """

    rtt_us: int
    rtt_least_us: int
    bandwidth_mbps: int | None
    echoes: int


def summarise(round_trips_ns: Sequence[int], *, moved_bytes: int = 0, took_ns: int = 0) -> Measured:
    """Make figures of timings; 0 bytes says that throughput was not tried.

    Raises
    ------
    UnableToProbe
        When nothing was timed, or a time is not positive: a clock that stands still measures nothing.

    Examples
    --------
    >>> summarise([2_000_000, 1_000_000, 9_000_000], moved_bytes=1_000_000, took_ns=80_000_000)
    Measured(rtt_us=2000, rtt_least_us=1000, bandwidth_mbps=100, echoes=3)
    """
    if not round_trips_ns or min(round_trips_ns) <= 0 or (moved_bytes and took_ns <= 0):
        raise UnableToProbe(
            "NOTHING_TIMED", "未测得有效时延，请重新测量", "no round trip was timed; measure again", field="round_trips"
        )
    bandwidth = max(1, moved_bytes * _BITS_PER_BYTE * _NS_PER_US // took_ns) if moved_bytes else None
    return Measured(
        rtt_us=-(-median_low(round_trips_ns) // _NS_PER_US),
        rtt_least_us=-(-min(round_trips_ns) // _NS_PER_US),
        bandwidth_mbps=bandwidth,
        echoes=len(round_trips_ns),
    )


def check_probe(by: Actor, start: str, end: str, measured: Measured) -> tuple[str, str]:
    """Give the link's two ends in the order in which it is kept.

    Raises
    ------
    UnableToProbe
        When a role may not record, both ends are one place, or a figure is out of bounds.
    UnableToActForCentre
        When a centre's clerk is at neither end.
    """
    if by.role not in _MAY_RECORD:
        raise UnableToProbe(
            "WRONG_ROLE", "测量须由算力中心或平台运营方登记", "a centre or the operator records probes", field="role"
        )
    if by.centre not in (start, end):
        check_own_centre(by, start)
    if start == end:
        raise UnableToProbe("SAME_PLACE", "两端须为不同的中心", "a link has two ends", field="end")
    rtt_fits = 0 < measured.rtt_least_us <= measured.rtt_us <= RTT_MAX_US
    carried = 1 if measured.bandwidth_mbps is None else measured.bandwidth_mbps
    if not rtt_fits or not 1 <= carried <= BANDWIDTH_MAX_MBPS or measured.echoes < 1:
        raise UnableToProbe(
            "OUT_OF_BOUNDS",
            "时延须在 1 微秒至 60 秒之间，带宽须在 1 Mbps 至 10 Tbps 之间",
            "a round trip takes 1 µs to 60 s, and a link carries 1 Mbps to 10 Tbps",
            field="measured",
        )
    return (start, end) if start < end else (end, start)
