"""Kill -9 of the worker with orders under way: the next one finds every job, runs none twice, and charges each once.

The oracle is what the client was told: every order whose hold was acknowledged is captured in the end, from one record
of the engine, and nothing stays held.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from jiaozi.journal.models import JournalLine
from jiaozi.kernel import clock
from jiaozi.metering.models import Capture
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.rules import Request, State
from jiaozi.settlement import queries as settlement
from jiaozi.voucher import queries as vouchers
from tests.world import CENTRE, World, build

pytestmark = pytest.mark.faults

WORKER = Path(__file__).with_name("worker.py")
KILL_AFTER = (1, 6, 11)
"""Journal lines of the house after which the worker is killed, counted from its own start."""
ORDERS = 9
WAIT_MAX_S = 90.0


def _worker(environ: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(WORKER)], env=environ, stdout=subprocess.DEVNULL)


def _await(condition, what: str, worker: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + WAIT_MAX_S
    while not condition():
        assert worker.poll() is None, "the worker ended by itself"
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.005)


def _lines() -> int:
    return JournalLine.objects.filter(by="system").count()


def _order(world: World, voucher, number: int) -> Order:
    request = Request(
        centre=CENTRE,
        resource_class="cpu-core",
        units=1,
        memory_mib=64,
        time_limit_ms=20_000,
        command=("sh", "-c", f"sleep 0.{number % 4}; echo ran"),
    )
    by = world.applicant(voucher.holder)
    row = order.quote(voucher_id=voucher.id, request=request, title=f"{number}", by=by, now=clock.now())
    return order.hold(order_id=row.id, by=by, now=clock.now())


def test_a_killed_worker_loses_no_job_and_charges_none_twice(fresh_database, tmp_path):
    world = build()
    holder = world.holder("被杀的工人")
    world.credit(holder)
    voucher = world.voucher(holder)
    spool = tmp_path / "jobs" / CENTRE
    environ = {
        **fresh_database.environ(),
        "DJANGO_SETTINGS_MODULE": "jiaozi.project.settings",
        "JIAOZI_VAR": str(tmp_path),
        "JIAOZI_PROCESS_ENGINE": "true",
    }
    acknowledged = []
    for kill_after in KILL_AFTER:
        while len(acknowledged) < ORDERS * (KILL_AFTER.index(kill_after) + 1) // len(KILL_AFTER):
            acknowledged.append(_order(world, voucher, len(acknowledged)).id)
        seen = _lines()
        worker = _worker(environ)
        try:
            _await(lambda: _lines() >= seen + kill_after or _closed(acknowledged), "so many lines", worker)  # noqa: B023
        finally:
            worker.kill()
            worker.wait()
    last = _worker(environ)
    try:
        _await(lambda: _closed(acknowledged), "every order captured", last)
    finally:
        last.kill()
        last.wait()

    rows = Order.objects.filter(id__in=acknowledged)
    assert Counter(row.state for row in rows) == {State.CAPTURED: ORDERS}
    assert {row.outcome for row in rows} == {"SUCCEEDED"}
    assert Counter(Capture.objects.values_list("order_id", flat=True)) == dict.fromkeys(acknowledged, 1)
    ran = [json.loads(line)["order_id"] for line in (spool / "usage.jsonl").read_text().splitlines()]
    assert Counter(ran) == {str(id_): 1 for id_ in acknowledged}
    assert {(spool / "jobs" / id_ / "output").read_text() for id_ in ran} == {"ran\n"}
    assert vouchers.purse(voucher.id).held_fen == 0
    assert settlement.audit_all().findings == ()


def _closed(order_ids) -> bool:
    return Order.objects.filter(id__in=order_ids, state=State.CAPTURED).count() == len(order_ids)
