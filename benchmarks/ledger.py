"""The ledger against RAW: a single hold, arrays spread and hot, and single holds coalesced from 64 threads.

The yardstick is measured before and after each of ours, in every round, so that noise of the machine meets both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from statistics import median
from threading import Thread

from django.db import connection
from rich.console import Console

from benchmarks import yardstick
from benchmarks.row import Row, percentile, rates, ratios, spread
from jiaozi.kernel.clock import now
from jiaozi.kernel.ids import new_id
from jiaozi.ledger import queries, services
from jiaozi.ledger.rules import AMOUNT_MAX_FEN, Account, AccountKind, Transfer, hold, post

ROUNDS = 7
SECONDS = 0.8
THREADS = 64
P99_MAX_MS = 25
VOUCHERS, SHARDS = 800, 200
PROGRAMME = "bench"
AUTHORITY = Account(AccountKind.AUTHORITY, PROGRAMME)
AVAILABLE = Account(AccountKind.AVAILABLE, PROGRAMME)
PURSES = [Account(AccountKind.VOUCHER, PROGRAMME, str(n)) for n in range(VOUCHERS)]
PAYABLES = [Account(AccountKind.PAYABLE, PROGRAMME, f"centre/{n}") for n in range(SHARDS)]

Pair = tuple[Account, Account]
HOT: Pair = (PURSES[0], PAYABLES[0])


def _all_pairs() -> Iterator[Pair]:
    """Walk over accounts without a visible pattern: steps that share no factor with the counts."""
    step = 0
    while True:
        yield PURSES[step * 379 % VOUCHERS], PAYABLES[step * 83 % SHARDS]
        step += 1


_SPREAD = _all_pairs()


def _hold(pair: Pair) -> Transfer:
    return hold(new_id(), *pair, 1, "order.hold")


def _holds(count: int, *, hot: bool) -> list[list[Transfer]]:
    return [[_hold(HOT if hot else next(_SPREAD))] for _ in range(count)]


def _prepare() -> None:
    services.open_accounts([AUTHORITY, AVAILABLE, *PURSES, *PAYABLES])
    at, face = now(), AMOUNT_MAX_FEN // VOUCHERS
    services.require([post(new_id(), AUTHORITY, AVAILABLE, face * VOUCHERS, "budget.approve")], at=at)
    services.apply([[post(new_id(), AVAILABLE, purse, face, "voucher.issue")] for purse in PURSES], at=at)


def _singles() -> float:
    """Give durable single holds a second, one connection."""
    done, began = 0, time.perf_counter()
    while (took := time.perf_counter() - began) < SECONDS:
        services.require([_hold(next(_SPREAD))], at=now())
        done += 1
    return done / took


def _arrays(size: int, calls: int, *, hot: bool) -> Callable[[], float]:
    """Give a measurement of holds a second in arrays of a size; the transfers are made before the clock starts."""

    def measure() -> float:
        batches = [_holds(size, hot=hot) for _ in range(calls)]
        began = time.perf_counter()
        answers = [services.apply(batch, at=now()) for batch in batches]
        took = time.perf_counter() - began
        _check(status.stands for answer in answers for statuses in answer for status in statuses)
        return size * calls / took

    return measure


def _check(stands: Iterator[bool]) -> None:
    if not all(stands):
        raise RuntimeError("a hold was refused, so the figure would mean nothing")


@dataclass(slots=True)
class _Coalesced:
    """Single holds from many threads through the poster: the rate of every round, and all waits of the spread ones."""

    hot: bool
    waits_ms: list[float] = field(default_factory=list)

    def measure(self) -> float:
        waits: list[float] = []
        with services.Poster() as poster:
            until = time.perf_counter() + SECONDS
            threads = [Thread(target=self._ask, args=(poster, waits, until)) for _ in range(THREADS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.waits_ms += waits
        return len(waits) / SECONDS

    def _ask(self, poster: services.Poster, waits: list[float], until: float) -> None:
        while (began := time.perf_counter()) < until:
            pair = HOT if self.hot else next(_PAIRS_OF_THREADS)
            (status,) = poster.submit([_hold(pair)], at=now())
            _check(iter([status.stands]))
            waits.append(1_000 * (time.perf_counter() - began))


_PAIRS_OF_THREADS = cycle([next(_SPREAD) for _ in range(VOUCHERS)])
"""Safe from any thread: itertools steps under the interpreter's lock, a generator does not."""

_ONE = (
    "\\set v random(0, {vouchers})\n\\set p random(0, {shards})\n"
    "SELECT ledger_apply_one(gen_random_uuid(), 2::smallint, {voucher}, {payable}, 1, 'order.hold', NULL, now());\n"
)


def _by_pgbench() -> float:
    """Give single holds a second driven as RAW is; looking up both account ids by name is in the price."""
    account = "(SELECT id FROM ledger_account WHERE programme = 'bench' AND kind = '{}' AND subject = {})"
    script = _ONE.format(
        vouchers=VOUCHERS - 1,
        shards=SHARDS - 1,
        voucher=account.format("VOUCHER", ":v::text"),
        payable=account.format("PAYABLE", "'centre/' || :p"),
    )
    return yardstick.drive(script, calls=400, alias="default")


@dataclass(slots=True)
class _Found:
    """A measurement's rates, and RAW's around each."""

    rates: list[float] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)


def run(console: Console) -> list[Row]:
    """Measure the ledger in interleaved rounds."""
    _prepare()
    yardstick.prepare()
    spread_out, hot = _Coalesced(hot=False), _Coalesced(hot=True)
    measures: dict[str, Callable[[], float]] = {
        "single hold, 1 connection, by pgbench as RAW": _by_pgbench,
        "single hold, 1 connection, services.require": _singles,
        "array of 1,000, spread": _arrays(1_000, 6, hot=False),
        "array of 1,000, hot": _arrays(1_000, 6, hot=True),
        "array of 8,000, spread": _arrays(8_000, 1, hot=False),
        "array of 8,000, hot": _arrays(8_000, 1, hot=True),
        _COALESCED_SPREAD: spread_out.measure,
        _COALESCED_HOT: hot.measure,
    }
    found = {name: _Found() for name in measures}
    free: list[float] = []
    for turn in range(ROUNDS):
        console.log(f"ledger: round {turn + 1} of {ROUNDS}")
        free.append(yardstick.not_durable())
        before = yardstick.durable()
        for name, measure in measures.items():
            found[name].rates.append(measure())
            after = yardstick.durable()
            found[name].raw.append((before + after) / 2)
            before = after
    if findings := queries.audit():
        raise RuntimeError(f"the audit after the benchmark: {findings[0]}")
    connection.close()
    raw = [rate for one in found.values() for rate in one.raw]
    rows = [Row("RAW, durable, 1 connection", rates(raw)), Row("RAW, synchronous_commit off", rates(free))]
    rows += [_against_raw(name, one, free) for name, one in found.items()]
    return rows + _coalesced_rows(spread_out, hot, found)


_COALESCED_SPREAD = f"coalesced singles, {THREADS} threads, spread"
_COALESCED_HOT = f"coalesced singles, {THREADS} threads, hot"
_TARGETS = {"single": 0.6, "array of 1,000": 6.0, "array of 8,000": 8.0}


def _against_raw(name: str, found: _Found, free: list[float]) -> Row:
    durable = ratios(found.rates, found.raw)
    text = f"{spread(durable)}; RAW not durable: {median(ratios(found.rates, free)):.2f}"
    target = next((value for prefix, value in _TARGETS.items() if name.startswith(prefix)), None)
    if target is None:
        return Row(name, rates(found.rates), text)
    return Row(name, rates(found.rates), text, f"≥ {target:g} × RAW", median(durable) >= target)


def _coalesced_rows(spread_out: _Coalesced, hot: _Coalesced, found: dict[str, _Found]) -> list[Row]:
    rows = []
    for name, one in (("spread", spread_out), ("hot", hot)):
        p50, p99 = percentile(one.waits_ms, 50), percentile(one.waits_ms, 99)
        figure = f"p50 {p50:.1f} ms, p99 {p99:.1f} ms"
        rows.append(Row(f"coalesced, wait, {name}", figure, "", f"p99 ≤ {P99_MAX_MS} ms", p99 <= P99_MAX_MS))
    against = ratios(found[_COALESCED_HOT].rates, found[_COALESCED_SPREAD].rates)
    rows.append(Row("coalesced, hot against spread", "", spread(against), "≥ 0.9 × spread", median(against) >= 0.9))
    return rows
