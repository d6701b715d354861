"""Orders under vouchers on two real clusters: held, run, metered, captured; and a storm against one voucher."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import cycle

import asyncssh
import pytest
from django.db import connection

from jiaozi.catalogue.models import Centre
from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.ledger import queries as ledger
from jiaozi.metering import queries as metered
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture, UsageRow
from jiaozi.order import services as order
from jiaozi.order.models import Order
from jiaozi.order.ports import UnableToReachEngine
from jiaozi.order.rules import Request, State
from jiaozi.order.services.engines import _engine, engine_of
from jiaozi.voucher.queries import purse
from tests.engines.slurm.clusters import USER, until
from tests.engines.slurm.conftest import reach
from tests.world import CENTRE, build

pytestmark = [pytest.mark.xdist_group("slurm"), pytest.mark.django_db(transaction=True)]
CENTRES = {CENTRE: "scc", "chengdu-aicc": "aic"}
PUBLISHED = {"demo-core": {"partition": "work"}}


@pytest.fixture
def world(fresh_database, clusters, login, tmp_path):
    """Chengdu's two centres, each a cluster of its own, and what Slurm is known to need: whole minutes, late kills."""
    made = build(clock.now())
    _engine.cache_clear()
    for centre, name in CENTRES.items():
        options = reach(clusters, name, "local", login, tmp_path)
        options |= {"classes": PUBLISHED, "folder": str(clusters.root / "jobs"), "user": USER, "timeout_s": 30}
        Centre.objects.filter(id=centre).update(
            connected=True, engine="slurm", engine_options=options, engine_granularity_ms=60_000, kill_lag_ms=35_000
        )
    yield made
    _engine.cache_clear()


@pytest.fixture
def holder(world):
    found = world.holder("样例科技")
    for centre in CENTRES:
        world.credit(found, centre=centre)
    return found


def quoted(world, voucher, centre, *command, cores=2):
    request = Request(
        centre=centre, resource_class="demo-core", units=cores, memory_mib=64, time_limit_ms=60_000, command=command
    )
    return order.quote(
        voucher_id=voucher.id, request=request, title="real", by=world.applicant(voucher.holder), now=clock.now()
    )


def step():
    """One round of what the worker does."""
    order.submit_waiting(now=clock.now())
    order.watch_all(now=clock.now())
    metering.collect_all(now=clock.now())


def until_captured(count):
    """Let the worker's rounds go on until so many orders are captured."""

    def done():
        step()
        return Order.objects.filter(state=State.CAPTURED).count() == count

    until(done, f"{count} captures", 120)


def test_an_order_goes_from_hold_to_capture(world, holder):
    voucher = world.voucher(holder)
    held = []
    for centre, command in ((CENTRE, ("sleep", "2")), ("chengdu-aicc", ("sh", "-c", "sleep 1; exit 3"))):
        row = quoted(world, voucher, centre, *command)
        row = order.hold(order_id=row.id, by=world.applicant(holder), now=clock.now())
        assert row.state == State.HELD, row.reason_en
        held.append(row)
    before = purse(voucher.id)
    assert before.held_fen > 0
    until_captured(2)
    after = purse(voucher.id)
    assert after.held_fen == 0
    for row in held:
        usage, capture = UsageRow.objects.get(order_id=row.id), Capture.objects.get(order_id=row.id)
        assert 1_000 <= usage.elapsed_ms <= 30_000
        assert (usage.units, usage.centre_id) == (2, row.centre_id)
        assert capture.voucher_fen + capture.own_fen == capture.price_fen
    assert after.used_fen == sum(Capture.objects.values_list("voucher_fen", flat=True)) <= before.held_fen
    assert metered.audit() == ledger.audit() == []


def test_a_storm_over_two_clusters_spends_one_voucher_and_not_a_fen_more(world, holder):
    """200 orders, 16 at a time, two centres, one voucher that covers a few."""
    voucher = world.voucher(holder, "100元")
    rows = [quoted(world, voucher, centre, "sleep", "1") for centre, _ in zip(cycle(CENTRES), range(200), strict=False)]

    def ask(order_id):
        try:
            return order.hold(order_id=order_id, by=world.applicant(holder), now=clock.now()).state
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        states = list(pool.map(ask, [row.id for row in rows], timeout=300))
    held = states.count(State.HELD)
    dearest_fen = max(row.voucher_hold_fen for row in rows)
    found = purse(voucher.id)
    assert 0 < held < 200
    assert held + states.count(State.REFUSED) == 200
    assert found.held_fen <= found.voucher.face_fen < found.held_fen + dearest_fen
    until_captured(held)
    found = purse(voucher.id)
    assert found.held_fen == 0
    assert found.used_fen == sum(Capture.objects.values_list("voucher_fen", flat=True)) <= found.voucher.face_fen
    assert metered.audit() == ledger.audit() == []


HALF = "printf '7|RUNNING|100|11'"
SKEWED = "echo 'sbatch: error: Munge decode failed: Expired credential' >&2; exit 1"
"""What can't be had of a sound cluster is said by a stub in the place of one of its programs."""


def _stub(clusters, names, text):
    programs = clusters.root / f"stub-{new_id()}"
    programs.mkdir(mode=0o755)
    for name in names.split():
        file = programs / name
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)
    return {"programs": str(programs)}


def _bad_inputs(clusters, login, folder):
    """Each: how the centre is reached, the reason that must stand on the order, and whether it has failed for good."""
    token, stranger = folder / "expired", folder / "stranger"
    token.write_text(clusters.token("scc", seconds=1))
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(stranger))
    by_ssh = reach(clusters, "scc", "ssh", login, folder) | {"key_file": str(stranger)}
    rest = {"transport": "rest", "url": f"http://{clusters.rest_of('scc')}", "token_file": str(token)}
    return [
        (by_ssh, "KEY_REFUSED", False),
        ({"account": "not-ours"}, "ASSOCIATION_REFUSED", True),
        ({"classes": {"demo-core": {"partition": "nowhere"}}}, "PARTITION_UNKNOWN", True),
        (_stub(clusters, "sbatch", SKEWED), "CLOCK_SKEW", False),
        (_stub(clusters, "sbatch squeue", HALF), "ANSWER_GARBLED", False),
        (_stub(clusters, "sbatch squeue", "sleep 60") | {"timeout_s": 1}, "ENGINE_TOO_SLOW", False),
        (rest, "TOKEN_EXPIRED", False),  # last: by now it has
    ]


def test_each_bad_answer_is_one_reason_on_the_order_and_its_hold_is_kept_or_released_as_is_true(
    world, holder, clusters, login, tmp_path
):
    voucher, sound = world.voucher(holder), Centre.objects.get(id=CENTRE).engine_options
    waiting = []
    for options, code, failed in _bad_inputs(clusters, login, tmp_path):
        Centre.objects.filter(id=CENTRE).update(engine_options=sound | options)
        row = quoted(world, voucher, CENTRE, "true")
        order.hold(order_id=row.id, by=world.applicant(holder), now=clock.now())
        if failed:
            order.submit(order_id=row.id, now=clock.now())
        else:
            assert _refused(row.id) == code
            waiting.append(row.id)
        row = Order.objects.get(id=row.id)
        assert (row.state, row.reason_code) == (State.FAILED if failed else State.SUBMITTED, code)
        assert row.reason_zh
        assert row.reason_en
        Centre.objects.filter(id=CENTRE).update(engine_options=sound)
        assert purse(voucher.id).held_fen == sum(_held(each) for each in waiting)
    waiting.append(_kept_out_by_a_full_queue(world, holder, voucher, clusters))
    until_captured(len(waiting))  # the centre is sound again: whatever waited runs, once
    assert purse(voucher.id).held_fen == 0
    assert set(Order.objects.filter(state=State.CAPTURED).values_list("reason_code", flat=True)) == {""}
    assert sorted(UsageRow.objects.filter(order__isnull=False).values_list("order_id", flat=True)) == waiting
    assert metered.audit() == ledger.audit() == []


def _refused(order_id):
    with pytest.raises(UnableToReachEngine) as refused:
        order.submit(order_id=order_id, now=clock.now())
    return refused.value.reason.code


def _held(order_id):
    return Order.objects.get(id=order_id).voucher_hold_fen


def _kept_out_by_a_full_queue(world, holder, voucher, clusters):
    """The centre lets the account queue nothing more, then something again."""
    limit = ("scc", "sacctmgr", "-i", "modify", "user", USER, "set")
    clusters.run(*limit, "MaxSubmitJobs=0")
    try:
        row = quoted(world, voucher, CENTRE, "true")
        order.hold(order_id=row.id, by=world.applicant(holder), now=clock.now())
        assert _refused(row.id) == "QUEUE_FULL"
        row = Order.objects.get(id=row.id)
        assert (row.state, row.reason_code) == (State.SUBMITTED, "QUEUE_FULL")
        assert purse(voucher.id).held_fen > row.voucher_hold_fen
        return row.id
    finally:
        clusters.run(*limit, "MaxSubmitJobs=-1")


KILLED = """
import os, signal, sys
import django
django.setup()
from uuid import UUID
from jiaozi.engines.slurm.commandline import CommandLine
from jiaozi.kernel import clock
from jiaozi.order import services as order
hand_over = CommandLine.submit
def submit(self, batch):
    if sys.argv[2] == "done":
        hand_over(self, batch)
    os.kill(os.getpid(), signal.SIGKILL)
def look(*_):
    raise AssertionError("a first attempt looks for nothing")
CommandLine.submit, CommandLine.known, CommandLine.recorded = submit, look, look
order.submit(order_id=UUID(sys.argv[1]), now=clock.now())
"""


@pytest.mark.parametrize("done", ["done", "not done"])
def test_a_worker_killed_at_its_first_attempt_gives_one_job(world, holder, fresh_database, done):
    """The mark is in the database before sbatch; whoever comes after it looks, and never hands over a second time."""
    voucher = world.voucher(holder)
    row = quoted(world, voucher, CENTRE, "true")
    order.hold(order_id=row.id, by=world.applicant(holder), now=clock.now())
    environ = {**fresh_database.environ(), "DJANGO_SETTINGS_MODULE": "jiaozi.project.settings"}
    words = [sys.executable, "-c", KILLED, str(row.id), done]
    killed = subprocess.run(words, env=environ, capture_output=True, check=False, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    row = Order.objects.get(id=row.id)
    assert (row.state, row.engine_job) == (State.SUBMITTED, "")
    until_captured(1)
    engine = engine_of(Centre.objects.get(id=CENTRE))
    assert len(engine.cluster.recorded([f"jiaozi-{row.id}"])) == 1
    assert UsageRow.objects.get(order_id=row.id).centre_id == CENTRE
    assert purse(voucher.id).held_fen == 0


def test_an_order_that_a_restored_database_holds_for_unasked_finds_its_job(world, holder):
    """The copy was made before the order was handed over; its server began before the one that answers now."""
    voucher = world.voucher(holder)
    row = quoted(world, voucher, CENTRE, "true")
    order.hold(order_id=row.id, by=world.applicant(holder), now=clock.now())
    copied = Order.objects.get(id=row.id)
    first = order.submit(order_id=row.id, now=clock.now()).engine_job
    copied.server_began_at -= timedelta(days=1)
    copied.save()
    assert order.submit(order_id=row.id, now=clock.now()).engine_job == first
    until_captured(1)
    engine = engine_of(Centre.objects.get(id=CENTRE))
    assert len(engine.cluster.recorded([f"jiaozi-{row.id}"])) == 1
