"""The centre's own lock, on the live cluster: it holds with the platform away, and lets funded work through."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from jiaozi.cli.centre import app as centre
from jiaozi.engines.slurm import installing, permit
from jiaozi.kernel import clock, signed
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import JobOutcome, JobState, UnableToReachEngine, UnableToSubmit
from tests.engines.slurm.clusters import FUNDED_ACCOUNT, FUNDED_USER, until
from tests.engines.slurm.conftest import Place, spec

pytestmark = pytest.mark.xdist_group("slurm")


@pytest.fixture
def funded(clusters):
    return Place(
        clusters, "scc", user=FUNDED_USER, account=FUNDED_ACCOUNT, become=["runuser", "-u", FUNDED_USER, "--"],
        conf=str(clusters.conf("scc")), cluster="scc", permit_key_file=str(clusters.permit_key),
    )  # fmt: skip


def _refused(place, batch):
    with pytest.raises((UnableToSubmit, UnableToReachEngine)) as refused:
        place.engine.cluster.submit(batch)
    return refused.value.reason.code


def _submitted(place, order):
    """Hand an order over; the gate asks to wait while it can't know whether the order has its job already."""
    try:
        return not place.engine.submit(order).already_there
    except UnableToReachEngine:
        return False


def test_one_permit_sent_ten_times_at_once_makes_one_job(funded):
    for _ in range(3):
        batch = funded.engine.batch(spec(new_id(), "true"))
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _, batch=batch: _number(funded, batch), range(10)))
        assert sum(number is not None for number in answers) == 1


def _number(place, batch):
    try:
        return place.engine.cluster.submit(batch)
    except (UnableToSubmit, UnableToReachEngine):
        return None


def test_a_permit_lets_one_job_through_and_is_spent_when_it_starts(funded):
    order = spec(new_id(), "true")
    batch = funded.engine.batch(order)
    assert _submitted(funded, order)
    assert _refused(funded, batch) in {"PERMIT_USED", "PERMIT_BUSY"}
    status = funded.until(order.order_id, JobState.ENDED)
    assert status.outcome is JobOutcome.SUCCEEDED
    until((funded.clusters.root / "gate" / "used" / batch.name).exists, "the spent permit's mark")
    assert _refused(funded, batch) == "PERMIT_USED"
    assert funded.engine.submit(order).already_there


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"comment": ""}, "PERMIT_MISSING"),
        ({"comment": "permit=jz1;scc;x"}, "PERMIT_MISSING"),
        ({"limit_min": 2}, "NOT_AS_PERMITTED"),
        ({"cores": 2}, "NOT_AS_PERMITTED"),
        ({"name": "jiaozi-other"}, "NOT_AS_PERMITTED"),
        ({"partition": "closed"}, "NOT_AS_PERMITTED"),
    ],
)
def test_anything_but_what_was_permitted_is_refused(funded, change, code):
    assert _refused(funded, replace(funded.engine.batch(spec(new_id(), "true")), **change)) == code


def test_every_byte_of_a_permit_is_signed(funded):
    batch = funded.engine.batch(spec(new_id(), "true"))
    for old, new in (
        (";1;0;1;", ";9;0;1;"),
        (";1;0;1;", ";1;9;1;"),
        (";1;0;1;", ";1;0;9;"),
        (batch.order, str(new_id())),
    ):
        changed = replace(batch, comment=batch.comment.replace(old, new), name=batch.name.replace(old, new))
        assert _refused(funded, changed) == "PERMIT_FORGED"
    last = batch.comment[-1]
    flipped = replace(batch, comment=batch.comment[:-1] + ("0" if last != "0" else "1"))
    assert _refused(funded, flipped) == "PERMIT_FORGED"


def test_expired_foreign_and_a_strangers_permits_are_refused(funded, tmp_path):
    batch = funded.engine.batch(spec(new_id(), "true"))

    def with_permit(**words):
        wanted = {"cluster": "scc", "key_file": str(funded.clusters.permit_key), "expires_at": clock.now()}
        return replace(batch, comment=f"permit={permit.sign(batch, **{**wanted, **words})}")

    later = permit.expiry(clock.now(), 600)
    stranger = tmp_path / "key"
    signed.make_key(stranger)
    assert _refused(funded, with_permit()) == "PERMIT_EXPIRED"
    assert _refused(funded, with_permit(cluster="aic", expires_at=later)) == "PERMIT_FOREIGN"
    assert _refused(funded, with_permit(key_file=str(stranger), expires_at=later)) == "PERMIT_FORGED"


@pytest.mark.parametrize("wish", ["--array=1-3", "--nodes=2", "--exclusive", "--gpus=1", "--ntasks=4"])
def test_no_way_around_by_other_wishes(funded, wish):
    batch = funded.engine.batch(spec(new_id(), "true"))
    words = [
        "runuser", "-u", FUNDED_USER, "--", "env", f"SLURM_CONF={funded.options['conf']}", "sbatch", wish, "--time=1",
        "--partition=work", f"--job-name={batch.name}", f"--account={FUNDED_ACCOUNT}", f"--comment={batch.comment}",
        "--wrap=true",
    ]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd="/", timeout=60)
    assert done.returncode
    assert "jiaozi-gate NOT_AS_PERMITTED" in done.stderr


def test_a_permitted_job_cant_be_changed_afterwards(funded):
    order_id = funded.submit("sleep", "600")
    number = funded.until(order_id, JobState.RUNNING).engine_job
    change = ["runuser", "-u", FUNDED_USER, "--", "scontrol", "update", f"JobId={number}"]
    for word in ("Comment=nothing", "Name=other", "TimeLimit=100", "NumCPUs=4"):
        done = subprocess.run(
            [*change, word], env=funded.clusters.environ("scc"), capture_output=True, check=False, timeout=30, cwd="/"
        )
        assert done.returncode, word
    funded.engine.cancel(order_id)
    assert funded.until(order_id, JobState.ENDED).outcome is JobOutcome.CANCELLED


def test_a_gated_engine_finds_the_first_by_the_gates_refusal(funded):
    gated = funded.with_options(gated=True)
    order = spec(new_id(), "true")
    first, again = gated.engine.submit(order), gated.engine.submit(order)
    assert (first.already_there, again.already_there, again.engine_job) == (False, True, first.engine_job)
    gated.until(order.order_id, JobState.ENDED)
    assert gated.engine.submit(order).already_there


def test_a_question_spends_no_permit(funded, local):
    order = spec(new_id(), "true")
    assert funded.engine.forecast_start(order, clock.now()).starts_at

    def submitted():
        local.submit("true")  # something else happens at the centre, so that Slurm renews its list
        return _submitted(funded, order)

    until(submitted, "the gate to see a newer list, in which the order has no job", 30)


def test_other_customers_of_the_centre_need_no_permit(local):
    assert local.run("true")[1].outcome is JobOutcome.SUCCEEDED


def test_the_smallest_job_weighs_more_than_nothing(funded):
    order_id, status, _ = funded.run("true")
    assert funded.record(order_id).elapsed_ms >= 1_000
    billed = funded.clusters.run("scc", "sacct", "-X", "-n", "-P", "-j", status.engine_job, "--format=AllocTRES")
    assert "billing=1000," in billed


def test_the_check_proves_it_on_the_live_cluster(funded, tmp_path):
    options = tmp_path / "options.json"
    options.write_text(json.dumps(funded.options))
    done = CliRunner().invoke(centre, ["check", "--options", str(options)])
    lines = done.output.splitlines()
    assert done.exit_code == 0, done.output
    assert (len(lines), {line[0] for line in lines}) == (7, {"✓"})


def test_a_gate_of_the_centres_own_is_left_alone(tmp_path):
    key = tmp_path / "key"
    signed.make_key(key)
    own = tmp_path / "etc" / "job_submit.lua"
    own.parent.mkdir()
    own.write_text("-- ours\n")
    gate = installing.Gate(
        cluster="scc", folder=str(tmp_path / "state"), uids=[1], accounts=["a"], user="u",
        public_key=permit.public_key(key), weights={"CPU": 1000},
    )  # fmt: skip
    assert own not in installing.write(gate, own.parent)
    assert own.read_text() == "-- ours\n"
