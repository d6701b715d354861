"""Orders with data on real places and the real engine: S3 and SFTP in, a job that reads both, its result back to S3."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from jiaozi.catalogue.models import Link
from jiaozi.kernel import clock
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture, MovementRow
from jiaozi.order import queries
from jiaozi.order import services as order
from jiaozi.order.rules import Request, State
from jiaozi.order.rules.staging import DataState
from jiaozi.order.rules.wishes import DataFile, Wishes
from jiaozi.order.services import engines, stager
from jiaozi.settlement import queries as settlement
from tests.world import CENTRE, build

HOME = "deyang"
WAIT_MAX_S = 90.0
MB = 10**6


@pytest.fixture
def shop(db, settings, tmp_path):
    """A world whose centre runs jobs on this machine, and what an operator's file says."""
    settings.JIAOZI_ENGINE_OPTIONS = {
        "jiaozi.engines.process": {"enabled": True, "spool": str(tmp_path / "jobs"), "isolation": "where_possible"}
    }
    engines._engine.cache_clear()
    world = build()
    Link.objects.filter(start_id=CENTRE, end_id=HOME).update(price_per_gb_ufen=5_000_000_000)
    Link.objects.filter(start_id=HOME, end_id=CENTRE).update(price_per_gb_ufen=5_000_000_000)
    yield world
    engines._engine.cache_clear()
    stager._staging.cache_clear()


def offered(settings, tmp_path, options, *, networks=("127.0.0.0/8",), **more):
    """Write the operator's file and have the settings name it."""
    (tmp_path / "landing").mkdir(exist_ok=True)
    given = {
        "roots": list(options.roots),
        "spool": str(tmp_path / "spool"),
        "access": {name: dict(words) for name, words in options.access.items()},
        "piece_bytes": options.piece_bytes,
        "landings": {CENTRE: f"file://{tmp_path}/landing"},
        "networks": list(networks),
        **more,
    }
    path = tmp_path / "staging.json"
    path.write_text(json.dumps(given))
    settings.JIAOZI_STAGING, settings.JIAOZI_DEMO = str(path), True
    stager._staging.cache_clear()
    return path


def funded(world, wishes, script):
    holder = world.holder("传数据的单位")
    world.credit(holder)
    voucher = world.voucher(holder)
    by = world.applicant(holder)
    request = Request(
        centre=CENTRE,
        resource_class="cpu-core",
        units=1,
        memory_mib=128,
        time_limit_ms=30_000,
        command=("sh", "-c", script),
    )
    row = order.quote(
        voucher_id=voucher.id, request=request, title="数据", by=by, now=clock.now(), wishes=wishes(holder)
    )
    return order.hold(order_id=row.id, by=by, now=clock.now())


def worked_off(row, *states, until=lambda row: True):
    """Do what the worker does until the order is there."""
    deadline = time.monotonic() + WAIT_MAX_S
    while True:
        now = clock.now()
        order.move_data(order_id=row.id, now=now)
        order.submit_waiting(now=now)
        order.watch_all(now=now)
        metering.collect_all(now=now)
        row = queries.order(row.id)
        if row.state in states and until(row):
            return row
        assert time.monotonic() < deadline, (
            f"{row.state} {row.reason_en} {[str(x.state) for x in queries.data_of(row.id)]}"
        )
        time.sleep(0.05)


def test_from_s3_and_sftp_through_a_job_and_back(*, shop, settings, tmp_path, s3, sftp, monkeypatch):
    store, bucket, options = s3
    words = {**options.access[f"s3://{bucket}"], "secret_access_key": {"env": "DEMO_S3_SECRET"}}
    monkeypatch.setenv("DEMO_S3_SECRET", "test")
    (tmp_path / "centre" / "scratch").mkdir()
    (tmp_path / "centre" / "scratch" / "b").write_bytes(b"b" * MB)
    path = offered(
        settings,
        tmp_path,
        options,
        roots=[f"s3://{bucket}/{{holder}}", "sftp://centre/scratch"],
        access={f"s3://{bucket}": words, **sftp.options.access},
        places={f"s3://{bucket}/{{holder}}": HOME, "sftp://centre/scratch": HOME},
    )

    def wishes(holder):
        store.put(f"{holder.id}/a", b"a" * 2 * MB)
        a = DataFile(name="a", url=f"s3://{bucket}/{holder.id}/a", size_bytes=2 * MB)
        b = DataFile(name="b", url="sftp://centre/scratch/b", size_bytes=MB)
        out = DataFile(name="sum.txt", url=f"s3://{bucket}/{holder.id}/sum.txt", size_bytes=4 * MB)
        return Wishes(data_at=HOME, inputs=(a, b), outputs=(out,))

    row = funded(shop, wishes, "cat a b | sha256sum > sum.txt")
    assert row.state == State.STAGING
    row = worked_off(row, State.CAPTURED, until=lambda row: row.movement_fen is not None)
    assert row.outcome == "SUCCEEDED"
    result = bytes(store.get(f"{row.holder_id}/sum.txt").bytes())
    assert result.split()[0].decode() == hashlib.sha256(b"a" * 2 * MB + b"b" * MB).hexdigest()
    captured = Capture.objects.get(moved_for=row)
    moved = sum(MovementRow.objects.values_list("size", flat=True))
    assert moved == 3 * MB + len(result)
    assert (row.movement_fen, captured.price_fen) == (16, 16), "3,000,068 bytes at 50 yuan a GB, rounded up"
    assert "test" not in path.read_text().replace("test_from", "").split('"secret_access_key"')[1][:40]
    assert settlement.audit_all().findings == ()


def test_a_private_address_is_refused_and_said_so(shop, settings, tmp_path, sftp):
    offered(settings, tmp_path, sftp.options, networks=(), roots=["sftp://centre/scratch"])
    wished = Wishes(data_at=HOME, inputs=(DataFile(name="b", url="sftp://centre/scratch/b", size_bytes=1),))
    row = worked_off(funded(shop, lambda _: wished, "true"), State.FAILED)
    assert row.reason_code == "DATA_PRIVATE_ADDRESS"
    assert row.movement_fen in (None, 0)


def test_only_a_demonstration_may_name_this_machine(settings, tmp_path, sftp):
    offered(settings, tmp_path, sftp.options)
    settings.JIAOZI_DEMO = False
    with pytest.raises(Exception, match="demonstrations only"):
        stager.staging()


def test_results_are_taken_from_plain_files_alone(shop, settings, tmp_path, options):
    """A job that makes a link where its result should be gets nobody else's file."""
    secret = tmp_path / "secret"
    secret.write_text("not yours")
    home = tmp_path / "home"
    home.mkdir()
    offered(settings, tmp_path, options, roots=[f"file://{home}/{{holder}}"])

    def wishes(holder):
        (home / str(holder.id)).mkdir()
        return Wishes(
            data_at=HOME,
            outputs=(DataFile(name="out", url=f"file://{home}/{holder.id}/out", size_bytes=MB),),
        )

    row = funded(shop, wishes, f"ln -s {secret} out")
    row = worked_off(row, State.CAPTURED, until=lambda row: row.movement_fen is not None)
    (out,) = queries.data_of(row.id)
    assert (out.state, out.reason_code) == (DataState.FAILED, "NOT_FOUND")


BIG = 3 * MB


def big(home):
    """Give wishes for one file of three megabytes in its holder's own folder."""

    def wishes(holder):
        folder = home / str(holder.id)
        folder.mkdir(parents=True)
        (folder / "big").write_bytes(bytes(range(256)) * (BIG // 256) + b"x" * (BIG % 256))
        file = DataFile(name="big", url=f"file://{folder}/big", size_bytes=BIG)
        return Wishes(data_at=HOME, inputs=(file,))

    return wishes


def worker(environ, row, slow):
    words = [sys.executable, str(Path(__file__).with_name("worker.py")), str(row.id), slow]
    return subprocess.Popen(words, env=environ, stdout=subprocess.DEVNULL)


def killed_when(process, condition):
    """Kill -9 a worker once something is so."""
    deadline = time.monotonic() + WAIT_MAX_S
    try:
        while not condition():
            assert process.poll() is None, "the worker ended by itself"
            assert time.monotonic() < deadline
            time.sleep(0.005)
    finally:
        process.kill()
        process.wait()


def test_a_killed_worker_goes_on_where_it_stopped(fresh_database, settings, tmp_path, options):
    """Kill -9 in mid-file: the next worker moves what is missing, the job runs once, every byte is charged once."""
    world = build()
    path = offered(settings, tmp_path, options, roots=[f"file://{tmp_path}/home/{{holder}}"], piece_bytes=1_024)
    row = funded(world, big(tmp_path / "home"), "wc -c < big")
    environ = {
        **fresh_database.environ(),
        "DJANGO_SETTINGS_MODULE": "jiaozi.project.settings",
        "JIAOZI_VAR": str(tmp_path),
        "JIAOZI_PROCESS_ENGINE": "true",
        "JIAOZI_DEMO": "true",
        "JIAOZI_STAGING": str(path),
    }
    part = tmp_path / "landing" / "in" / str(row.id)
    killed_when(
        worker(environ, row, "0.002"), lambda: any(each.stat().st_size > BIG // 10 for each in part.glob("*.part"))
    )
    (file,) = queries.data_of(row.id)
    left = next(part.glob("*.part")).stat().st_size
    assert (file.state, queries.order(row.id).state) == (DataState.MOVING, State.STAGING)
    assert BIG // 10 < left < BIG
    assert queries.orders_with_due_data(clock.now() + timedelta(seconds=1)) == [row.id]
    killed_when(worker(environ, row, "0"), lambda: queries.order(row.id).movement_fen is not None)
    (file,) = queries.data_of(row.id)
    assert (file.state, file.size, file.attempts) == (DataState.DONE, BIG, 0)
    assert file.sent == BIG - left, "what was there was not sent again"
    assert queries.order(row.id).outcome == "SUCCEEDED"
    assert [each.size for each in MovementRow.objects.all()] == [BIG]
    assert settlement.audit_all().findings == ()
