"""A client that loads the ledger and keeps a log on its own side: what it asked, and what was acknowledged.

``load.py migrate`` prepares the database, ``load.py run LOG`` loads it until it is killed or loses the database, and
``load.py check LOG`` compares the log with the ledger, asks everything again and prints what is wrong, as JSON.
A step's number fixes its chain, so that the log needs to hold numbers only.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import django
import psycopg

django.setup()

from django.db import DatabaseError, connections  # noqa: E402 - Django must be set up first

from jiaozi.kernel.clock import now  # noqa: E402
from jiaozi.kernel.ids import named_id  # noqa: E402
from jiaozi.ledger import queries, services  # noqa: E402
from jiaozi.ledger.models import LedgerTransfer  # noqa: E402
from jiaozi.ledger.rules import Account, AccountKind, Transfer, TransferStatus, capture, hold, post  # noqa: E402

FACE_FEN = 10**12
POSTING_THREADS = 8
BATCHING_THREAD = 99
BATCH = 40
STEPS_MAX = 100_000
FUND = Account(AccountKind.AUTHORITY, "faults")
VOUCHER = Account(AccountKind.VOUCHER, "faults")
CENTRE = Account(AccountKind.PAYABLE, "faults")
SOURCE = Account(AccountKind.CAP_SOURCE, "faults")
CAP = Account(AccountKind.CAP, "faults")
COUNTED = Account(AccountKind.COUNTED, "faults")

Step = tuple[str, int, int]


def chain_of(step: Step) -> list[Transfer]:
    """A hold on voucher and cap at an even step; at the odd step after it, the capture of both."""
    run, thread, number = step
    ids = [named_id("fault", run, thread, number, part) for part in "ab"]
    amount = 1 + number % 9
    if number % 2 == 0:
        return [hold(ids[0], VOUCHER, CENTRE, amount, "hold"), hold(ids[1], CAP, COUNTED, amount, "count")]
    held = [named_id("fault", run, thread, number - 1, part) for part in "ab"]
    return [capture(ids[0], held[0], 1, "capture"), capture(ids[1], held[1], 1, "capture")]


class Log:
    """Lines that outlive a killed process: each is one unbuffered write."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, word: str, steps: list[Step]) -> None:
        os.write(self._file, "".join(f"{word} {' '.join(map(str, step))}\n" for step in steps).encode())


def run(path: Path) -> None:
    log, name = Log(path), str(os.getpid())
    services.open_accounts([FUND, VOUCHER, CENTRE, SOURCE, CAP, COUNTED])
    fund = [post(named_id("fault fund"), FUND, VOUCHER, FACE_FEN, "x")]
    services.require(fund, at=now())
    services.require([post(named_id("fault cap"), SOURCE, CAP, FACE_FEN, "x")], at=now())
    with services.Poster() as poster:

        def through_poster(steps: list[Step]) -> list[list[TransferStatus]]:
            return [poster.submit(chain_of(step), at=now()) for step in steps]

        def as_batch(steps: list[Step]) -> list[list[TransferStatus]]:
            return services.apply([chain_of(step) for step in steps], at=now())

        work = [(through_poster, thread, 1) for thread in range(POSTING_THREADS)] + [(as_batch, BATCHING_THREAD, BATCH)]
        threads = [threading.Thread(target=_load, args=(log, name, *words)) for words in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _load(log: Log, name: str, ask: Callable[[list[Step]], list[list[TransferStatus]]], thread: int, size: int) -> None:
    """Ask step after step until the database is gone; a batch holds only even steps or only odd ones."""
    try:
        for steps in _groups(name, thread, size):
            log.write("asked", steps)
            answers = ask(steps)
            log.write("stands", [step for step, answer in zip(steps, answers, strict=True) if _stands(answer)])
    except (psycopg.Error, DatabaseError):
        return
    finally:
        connections.close_all()


def _groups(name: str, thread: int, size: int) -> Iterator[list[Step]]:
    for first in range(0, STEPS_MAX, 2 * size):
        yield [(name, thread, number) for number in range(first, first + 2 * size, 2)]
        yield [(name, thread, number + 1) for number in range(first, first + 2 * size, 2)]


def _stands(answer: list[TransferStatus]) -> bool:
    return all(status.stands for status in answer)


def check(path: Path) -> dict[str, object]:
    """Compare, replay twice, audit."""
    asked, stands = _read(path)
    there = set(LedgerTransfer.objects.values_list("id", flat=True))
    whole = {step: [transfer.id in there for transfer in chain_of(step)] for step in asked}
    first = _replay(asked)
    again = _replay(asked)
    return {
        "acknowledged": len(stands),
        "lost": [step for step in stands if not all(whole[step])],
        "torn chains": [step for step, parts in whole.items() if len(set(parts)) > 1],
        "torn batches": _torn_batches(asked, whole),
        "not known on replay": [step for step in stands if set(first[step]) != {TransferStatus.EXISTS}],
        "refused on replay": [step for step in asked if not _stands(first[step])],
        "written twice": [step for step in asked if set(again[step]) != {TransferStatus.EXISTS}],
        "audit": [str(finding) for finding in queries.audit()],
    }


def _read(path: Path) -> tuple[list[Step], list[Step]]:
    found: dict[str, list[Step]] = {"asked": [], "stands": []}
    for line in path.read_text().splitlines():
        word, name, thread, number = line.split()
        found[word].append((name, int(thread), int(number)))
    return found["asked"], found["stands"]


def _torn_batches(asked: list[Step], whole: dict[Step, list[bool]]) -> list[str]:
    batches: dict[tuple[str, int, int], set[bool]] = {}
    for step in asked:
        name, thread, number = step
        if thread == BATCHING_THREAD:
            batches.setdefault((name, number // (2 * BATCH), number % 2), set()).add(all(whole[step]))
    return [str(batch) for batch, parts in batches.items() if len(parts) > 1]


def _replay(asked: list[Step]) -> dict[Step, list[TransferStatus]]:
    answers = services.apply([chain_of(step) for step in asked], at=now())
    return dict(zip(asked, answers, strict=True))


def migrate() -> None:
    from jiaozi.project import migrate as wiring

    wiring.prepare()


if __name__ == "__main__":
    verb, *rest = sys.argv[1:]
    if verb == "migrate":
        migrate()
    elif verb == "run":
        run(Path(rest[0]))
    else:
        print(json.dumps(check(Path(rest[0]))))  # noqa: T201
