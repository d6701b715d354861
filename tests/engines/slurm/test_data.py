"""Orders with data on a real cluster: in before the job, verified; back after it; by this machine and over SSH."""

import hashlib
import json

import pytest

from jiaozi.catalogue.models import Centre, Link
from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture, MovementRow
from jiaozi.order import queries
from jiaozi.order import services as order
from jiaozi.order.ports import JobOutcome, JobState
from jiaozi.order.rules import Request, State
from jiaozi.order.rules.staging import DataState
from jiaozi.order.rules.wishes import DataFile, Wishes
from jiaozi.order.services import stager
from jiaozi.order.services.engines import _engine
from jiaozi.settlement import queries as settlement
from tests.engines.slurm.clusters import USER, until
from tests.engines.slurm.conftest import reach, spec
from tests.engines.staging.conftest import SftpServer
from tests.world import CENTRE, build

pytestmark = pytest.mark.xdist_group("slurm")
HOME = "deyang"
MB = 10**6


@pytest.fixture(params=["local", "ssh"])
def world(*, request, fresh_database, clusters, login, tmp_path, settings):
    """A centre that is a cluster; over SSH its landing, too, is reached by the network alone."""
    made = build(clock.now())
    options = reach(clusters, "scc", request.param, login, tmp_path)
    options |= {"classes": {"demo-core": {"partition": "work"}}, "folder": str(clusters.root / "jobs"), "user": USER}
    Centre.objects.filter(id=CENTRE).update(
        connected=True, engine="slurm", engine_options=options, engine_granularity_ms=60_000, kill_lag_ms=35_000
    )
    Link.objects.filter(start_id__in=[CENTRE, HOME], end_id__in=[CENTRE, HOME]).update(price_per_gb_ufen=5_000_000_000)
    given = {
        "roots": [f"file://{tmp_path}/home/{{holder}}"],
        "spool": str(tmp_path / "spool"),
        "landings": {CENTRE: f"file://{clusters.landing}"},
    }
    server = SftpServer(clusters.landing) if request.param == "ssh" else None
    if server is not None:
        access = {"host": "127.0.0.1", "port": server.port, "username": "platform", "known_hosts": None}
        given |= {
            "access": {"sftp://login": access},
            "landings": {CENTRE: {"url": "sftp://login", "path": str(clusters.landing)}},
            "networks": ["127.0.0.0/8"],
        }
    (tmp_path / "staging.json").write_text(json.dumps(given))
    settings.JIAOZI_STAGING, settings.JIAOZI_DEMO = str(tmp_path / "staging.json"), True
    for cache in (_engine, stager._staging):
        cache.cache_clear()
    yield made
    for cache in (_engine, stager._staging):
        cache.cache_clear()
    if server is not None:
        server.stop()


def ordered(world, tmp_path, script, *outputs):
    """Place an order that reads one file of two megabytes from its holder's folder."""
    holder = world.holder("传数据的单位")
    world.credit(holder)
    voucher, by = world.voucher(holder), world.applicant(holder)
    home = tmp_path / "home" / str(holder.id)
    home.mkdir(parents=True)
    (home / "a").write_bytes(b"a" * 2 * MB)
    sum_ = hashlib.sha256(b"a" * 2 * MB).hexdigest()
    wishes = Wishes(
        data_at=HOME,
        inputs=(DataFile(name="a", url=f"file://{home}/a", size_bytes=2 * MB, sha256=sum_),),
        outputs=tuple(DataFile(name=name, url=f"file://{home}/{name}", size_bytes=MB) for name in outputs),
    )
    request = Request(
        centre=CENTRE,
        resource_class="demo-core",
        units=1,
        memory_mib=64,
        time_limit_ms=60_000,
        command=("sh", "-c", script),
    )
    row = order.quote(voucher_id=voucher.id, request=request, title="数据", by=by, now=clock.now(), wishes=wishes)
    return order.hold(order_id=row.id, by=by, now=clock.now()), home


def worked_off(row):
    def done():
        order.move_data(order_id=row.id, now=clock.now())
        order.submit_waiting(now=clock.now())
        order.watch_all(now=clock.now())
        metering.collect_all(now=clock.now())
        found = queries.order(row.id)
        return found.state in {State.CAPTURED, State.FAILED} and found.movement_fen is not None and found

    return until(done, "the order and its data", 120)


@pytest.mark.django_db(transaction=True)
def test_in_through_a_job_and_back(world, tmp_path, clusters):
    script = "sha256sum < a > sum.txt; ln -s /etc/hostname linked"
    row, home = ordered(world, tmp_path, script, "sum.txt", "linked")
    assert row.state == State.STAGING
    row = worked_off(row)
    assert (row.state, row.outcome) == (State.CAPTURED, JobOutcome.SUCCEEDED)
    assert (home / "sum.txt").read_text().split()[0] == hashlib.sha256(b"a" * 2 * MB).hexdigest()
    files = {each.name: each for each in queries.data_of(row.id)}
    assert {name: each.state for name, each in files.items()} == {
        "a": DataState.DONE,
        "sum.txt": DataState.DONE,
        "linked": DataState.FAILED,
    }
    assert files["linked"].reason_code == "NOT_FOUND", "only a plain file of the job's own is taken"
    assert not (home / "linked").exists()
    assert files["sum.txt"].sha256 == hashlib.sha256((home / "sum.txt").read_bytes()).hexdigest()
    moved = sum(MovementRow.objects.values_list("size", flat=True))
    assert moved == 2 * MB + files["sum.txt"].size
    assert Capture.objects.get(moved_for=row).price_fen == row.movement_fen == 11, "50 yuan a GB, rounded up"
    assert settlement.audit_all().findings == ()


def test_a_job_without_its_input_never_begins_whichever_way_it_came(place, clusters):
    order_id = new_id()
    kept = clusters.landing / "out" / str(order_id) / "made"
    wanted = spec(
        order_id, "touch", "made", inputs={"a": f"{clusters.landing}/in/{order_id}/a"}, outputs={"made": str(kept)}
    )
    place.engine.submit(wanted)
    status = place.until(order_id, JobState.ENDED)
    assert (status.outcome, status.exit_code) == (JobOutcome.FAILED, 125)
    assert b"input not there: a" in place.engine.logs(order_id, 4_096)
    assert not kept.exists()


def test_a_result_is_kept_of_a_job_that_failed(local, clusters):
    order_id = new_id()
    kept = clusters.landing / "out" / str(order_id) / "made"
    local.engine.submit(spec(order_id, "sh", "-c", "echo so far > made; exit 3", outputs={"made": str(kept)}))
    status = local.until(order_id, JobState.ENDED)
    assert (status.outcome, status.exit_code) == (JobOutcome.FAILED, 3)
    assert kept.read_text() == "so far\n"
    assert [each.name for each in kept.parent.iterdir()] == ["made"]
