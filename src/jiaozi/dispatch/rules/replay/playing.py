"""Playing a trace through a policy on some centres: cores as one pool a centre, time from event to event.

Policies: ``FCFS`` starts the head of the queue or nothing. ``EASY`` lets others pass when the head's reserved start
does not suffer. ``CHEAPEST`` binds each job to the cheapest centre, whatever stands in line there, as a chooser without
a notion of capacity does. ``ROLLING`` is the house's: at every arrival and end it places the waiting jobs anew, never
moving what runs, those first whose wait weighs most against their length, each at the cheapest centre with room. The
first that finds none keeps a reservation; one that can have a cheaper centre after a short wait waits for it.

Cost: events × waiting jobs; 18,000 jobs with a queue of hundreds take seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from heapq import heappop, heappush

from jiaozi.dispatch.rules.replay.trace import Job
from jiaozi.dispatch.rules.request import UnableToPlace

_BACKFILL_MAX = 10_000
_SHORT_S = 10
_PATIENCE = 0.02
"""The part of its time limit that a job may wait for a cheaper centre."""
_S_PER_HOUR = 3_600
_UFEN_PER_FEN = 1_000_000


class Policy(StrEnum):
    """Who starts next, and where."""

    FCFS = "FCFS"
    EASY = "EASY"
    CHEAPEST = "CHEAPEST"
    ROLLING = "ROLLING"


@dataclass(frozen=True, slots=True)
class Centre:
    """A pool of cores on equal nodes at a price; ``node`` of 0 means that nodes don't matter."""

    name: str
    cores: int
    rate_ufen: int
    node: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What a policy made of a trace; wait and slowdown are means, ``use`` the busy part while jobs came."""

    policy: Policy
    jobs: int
    wait_s: float
    slowdown: float
    use: float
    cost_fen: int
    late: int


@dataclass(slots=True)
class _Pool:
    centre: Centre
    free: int
    ends: list[tuple[int, int, int]] = field(default_factory=list)


def eligible(job: Job, centres: Sequence[Centre]) -> tuple[int, ...]:
    """Give the centres that a job may use: large enough nodes, and the cluster that it names by a property ``cl_…``."""
    named = [at for at, each in enumerate(centres) if f"cl_{each.name}" in job.properties]
    fits = [at for at, each in enumerate(centres) if job.units <= each.cores and job.per_node <= (each.node or 10**9)]
    return tuple(at for at in fits if not named or at in named)


def home(job: Job, places: tuple[int, ...], centres: Sequence[Centre]) -> int:
    """Give the centre that a user has without a network: always the same one, the larger ones more often."""
    total = sum(centres[at].cores for at in places)
    point = int.from_bytes(sha256(job.user.encode()).digest()[:8]) % total
    for at in places:
        point -= centres[at].cores
        if point < 0:
            return at
    raise AssertionError("a point below the sum lies in one of its parts")


def play(jobs: Sequence[Job], centres: Sequence[Centre], policy: Policy, *, isolated: bool = False) -> Result:
    """Play a trace.

    Raises
    ------
    UnableToPlace
        When a job fits into no centre.
    """
    where: dict[int, tuple[int, ...]] = {}
    for job in jobs:
        places = eligible(job, centres)
        if not places:
            raise UnableToPlace(
                "JOB_FITS_NOWHERE",
                f"作业需要{job.units}核，任何中心都放不下",
                f"a job of {job.units} cores fits into no centre; add one that is large enough",
                field=f"line {job.number}",
            )
        if isolated:
            places = (home(job, places, centres),)
        elif policy is Policy.CHEAPEST:
            places = (min(places, key=lambda at: (centres[at].rate_ufen, at)),)
        where[job.number] = places
    return _Play(jobs, centres, policy, where).run()


class _Play:
    def __init__(
        self, jobs: Sequence[Job], centres: Sequence[Centre], policy: Policy, where: dict[int, tuple[int, ...]]
    ) -> None:
        self.jobs, self.centres, self.policy, self.where = jobs, centres, policy, where
        self.pools = [_Pool(each, each.cores) for each in centres]
        self.queue: list[Job] = []
        self.running: list[tuple[int, int, int, int]] = []
        self.wait_s = self.cost_ufen = self.late = self.busy = 0
        self.slowdown = 0.0
        self.last_s = jobs[-1].submit_s

    def run(self) -> Result:
        """Go from event to event; all that happens at one instant happens before anything starts."""
        coming, total = 0, len(self.jobs)
        while coming < total or self.running or self.queue:
            arrives = self.jobs[coming].submit_s if coming < total else None
            ends = self.running[0][0] if self.running else None
            now = min(each for each in (arrives, ends) if each is not None)
            while coming < total and self.jobs[coming].submit_s == now:
                self.queue.append(self.jobs[coming])
                coming += 1
            while self.running and self.running[0][0] == now:
                _, number, at, units = heappop(self.running)
                self.pools[at].free += units
                self.pools[at].ends = [each for each in self.pools[at].ends if each[1] != number]
            if self.queue and any(pool.free for pool in self.pools):
                _STEPS[self.policy](self, now)
        span = sum(each.cores for each in self.centres) * max(1, self.last_s - self.jobs[0].submit_s)
        return Result(
            self.policy,
            total,
            self.wait_s / total,
            self.slowdown / total,
            self.busy / span,
            self.cost_ufen // _S_PER_HOUR // _UFEN_PER_FEN,
            self.late,
        )

    def start(self, job: Job, at: int, now: int) -> None:
        """Let a job run."""
        pool, wait_s = self.pools[at], now - job.submit_s
        pool.free -= job.units
        pool.ends.append((now + job.limit_s, job.number, job.units))
        heappush(self.running, (now + job.run_s, job.number, at, job.units))
        self.wait_s += wait_s
        self.slowdown += max(1.0, (wait_s + job.run_s) / max(job.run_s, _SHORT_S))
        self.cost_ufen += job.units * job.run_s * pool.centre.rate_ufen
        self.late += now + job.run_s > job.submit_s + 2 * job.limit_s
        self.busy += job.units * max(0, min(now + job.run_s, self.last_s) - now)

    def room(self, job: Job) -> int | None:
        """Give the cheapest centre where a job could start now."""
        open_to = [at for at in self.where[job.number] if self.pools[at].free >= job.units]
        return min(open_to, key=lambda at: (self.centres[at].rate_ufen, at), default=None)

    def reserve(self, job: Job, now: int, places: tuple[int, ...] = ()) -> tuple[int, int, int]:
        """Give where and when a job can start by the limits of what runs, and the cores left over then."""
        best: tuple[int, int, int] | None = None
        for at in places or self.where[job.number]:
            pool = self.pools[at]
            free, when = pool.free, now
            for ends_s, _, units in sorted(pool.ends):
                if free >= job.units:
                    break
                free, when = free + units, max(now, ends_s)
            if best is None or when < best[1]:
                best = (at, when, free - job.units)
        if best is None:
            raise AssertionError("every job has a centre")
        return best


def _fcfs(play: _Play, now: int) -> None:
    while play.queue:
        at = play.room(play.queue[0])
        if at is None:
            return
        play.start(play.queue.pop(0), at, now)


def _per_centre(play: _Play, now: int) -> None:
    """Start the head of each centre's own line."""
    blocked: set[int] = set()
    kept: list[Job] = []
    for job in play.queue:
        at = play.where[job.number][0]
        if at not in blocked and play.pools[at].free >= job.units:
            play.start(job, at, now)
        else:
            blocked.add(at)
            kept.append(job)
    play.queue = kept


def _easy(play: _Play, now: int) -> None:
    _fcfs(play, now)
    if play.queue:
        _backfill(play, now, play.queue[0], play.queue[1:])


def _rolling(play: _Play, now: int) -> None:
    """Place every waiting job anew, those first whose wait weighs most against their length.

    The first one that finds no room keeps a reservation, so that nobody waits for ever.
    """
    order = sorted(play.queue, key=lambda job: (-(now - job.submit_s + job.limit_s) / job.limit_s, job.number))
    started: set[int] = set()
    left: list[Job] = []
    for turn, job in enumerate(order):
        at = play.room(job)
        if at is None:
            left = order[turn:]
            break
        if not _saves_by_waiting(play, job, at, now):
            play.start(job, at, now)
            started.add(job.number)
    play.queue = [job for job in play.queue if job.number not in started]
    if left:
        _backfill(play, now, left[0], left[1:])


def _saves_by_waiting(play: _Play, job: Job, at: int, now: int) -> bool:
    """Say whether a cheaper centre is free so soon that the wait is worth less than what it saves."""
    patience_s = _PATIENCE * job.limit_s
    rate = play.pools[at].centre.rate_ufen
    cheaper = tuple(each for each in play.where[job.number] if play.pools[each].centre.rate_ufen < rate)
    if not cheaper or now - job.submit_s > patience_s:
        return False
    return play.reserve(job, now, cheaper)[1] - now <= patience_s


def _backfill(play: _Play, now: int, head: Job, others: Sequence[Job]) -> None:
    """Start whoever fits and doesn't put off the head's reserved start."""
    held, when, spare = play.reserve(head, now)
    started: set[int] = set()
    for job in others[:_BACKFILL_MAX]:
        fits = [
            at
            for at in play.where[job.number]
            if play.pools[at].free >= job.units and (at != held or now + job.limit_s <= when or job.units <= spare)
        ]
        if not fits:
            continue
        at = min(fits, key=lambda each: (play.centres[each].rate_ufen, each))
        if at == held and now + job.limit_s > when:
            spare -= job.units
        play.start(job, at, now)
        started.add(job.number)
    if started:
        play.queue = [job for job in play.queue if job.number not in started]


_STEPS: dict[Policy, Callable[[_Play, int], None]] = {
    Policy.FCFS: _fcfs,
    Policy.EASY: _easy,
    Policy.CHEAPEST: _per_centre,
    Policy.ROLLING: _rolling,
}
