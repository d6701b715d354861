"""Small books for tests that work in threads: one voucher, its cap, and centres to spend at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from django.db import connections

from jiaozi.kernel.ids import new_id
from jiaozi.ledger import queries, services
from jiaozi.ledger.rules import Account, AccountKind, Transfer, hold, post

AT = datetime(2026, 3, 1, tzinfo=UTC)
PROGRAMME = "chengdu-test"
WAIT_MAX_S = 60
"""A thread that takes longer is stuck."""

AUTHORITY = Account(AccountKind.AUTHORITY, PROGRAMME)
AVAILABLE = Account(AccountKind.AVAILABLE, PROGRAMME)
VOUCHER = Account(AccountKind.VOUCHER, PROGRAMME, "1")
CAP_SOURCE = Account(AccountKind.CAP_SOURCE, PROGRAMME)
CAP = Account(AccountKind.CAP, PROGRAMME, "yearly/1/2026")
COUNTED = Account(AccountKind.COUNTED, PROGRAMME)
CENTRES = [Account(AccountKind.PAYABLE, PROGRAMME, f"centre/{shard}") for shard in range(4)]


def open_books(face_fen: int = 1_000, cap_fen: int = 1_000) -> None:
    """Issue one voucher and grant its cap."""
    services.open_accounts([AUTHORITY, AVAILABLE, VOUCHER, CAP_SOURCE, CAP, COUNTED, *CENTRES])
    services.require([post(new_id(), AUTHORITY, AVAILABLE, face_fen, "budget.approve")], at=AT)
    services.require([post(new_id(), AVAILABLE, VOUCHER, face_fen, "voucher.issue")], at=AT)
    services.require([post(new_id(), CAP_SOURCE, CAP, cap_fen, "cap.grant")], at=AT)


def a_hold(amount_fen: int, centre: int = 0) -> Transfer:
    return hold(new_id(), VOUCHER, CENTRES[centre], amount_fen, "order.hold")


def a_count(amount_fen: int) -> Transfer:
    """What the cap measures of a hold."""
    return hold(new_id(), CAP, COUNTED, amount_fen, "cap.hold")


def in_threads(work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """Run one thread an item, each with a connection of its own, and wait for all, but not for ever."""

    def alone(item: Any) -> Any:
        try:
            return work(item)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(alone, items, timeout=WAIT_MAX_S))


def assert_true_books() -> None:
    assert queries.audit() == []
