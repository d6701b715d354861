"""Real jobs on real clusters, in every way that one is reached."""

import pickle
import signal
import subprocess
import sys
import uuid
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import JobOutcome, JobState, UnableToFindJob, UnableToReachEngine, UnableToSubmit
from tests.engines import overrun
from tests.engines.slurm.clusters import until
from tests.engines.slurm.conftest import Place, spec

pytestmark = pytest.mark.xdist_group("slurm")


def test_a_job_runs_says_how_it_ended_and_is_metered_once(place):
    order_id, status, log = place.run("sh", "-c", "echo 你好; cat in.txt; exit 3", cores=2, files={"in.txt": b"file"})
    assert (status.outcome, status.exit_code, status.reason.en) == (
        JobOutcome.FAILED, 3, "the program ended with exit code 3",
    )  # fmt: skip
    assert log.decode() == "你好\nfile"
    record = place.record(order_id)
    assert record.record_id == f"slurm:scc:{status.engine_job}:{int(status.submitted_at.timestamp())}"
    assert (record.resource_class, record.units, record.outcome) == ("cpu", 2, JobOutcome.FAILED)
    assert 1_000 <= record.elapsed_ms <= 30_000


def test_a_second_submit_finds_the_first(place):
    order = spec(new_id(), "sleep", "0.1")
    first = place.engine.submit(order)
    again = place.engine.submit(order)
    assert (first.already_there, again.already_there) == (False, True)
    assert first.engine_job == again.engine_job
    place.until(order.order_id, JobState.ENDED)
    assert place.engine.submit(order).already_there


def test_an_old_order_is_looked_for_in_accounting(local):
    order_id = uuid.uuid4()  # tells no age
    local.engine.submit(spec(order_id, "true"))
    status = local.until(order_id, JobState.ENDED)
    until(lambda: local.engine.cluster.recorded([f"jiaozi-{order_id}"]), "accounting to have it")
    local.engine.cluster.known = list  # as a controller that has forgotten, or was rebuilt
    assert local.engine.submit(spec(order_id, "true")).already_there
    assert local.status(order_id).outcome is status.outcome is JobOutcome.SUCCEEDED


def test_cancelling_ends_it(place):
    order_id = place.submit("sleep", "600")
    place.until(order_id, JobState.RUNNING)
    place.engine.cancel(order_id)
    assert place.until(order_id, JobState.ENDED).outcome is JobOutcome.CANCELLED
    place.engine.cancel(order_id)
    assert place.record(order_id).outcome is JobOutcome.CANCELLED
    with pytest.raises(UnableToFindJob):
        place.engine.cancel(new_id())


def test_waiting_is_never_usage(local):
    order_id = local.submit("true")
    blocked = [local.submit("sleep", "3", cores=64), local.submit("true", cores=64)]
    first, last = (local.until(each, JobState.ENDED) for each in blocked)
    assert (last.started_at - last.submitted_at).total_seconds() >= 2
    assert local.record(blocked[1]).elapsed_ms <= 2_000 < local.record(blocked[0]).elapsed_ms
    assert local.until(order_id, JobState.ENDED)
    never = local.submit("true", cores=64)
    local.engine.cancel(never)
    local.until(never, JobState.ENDED)
    assert first.outcome is JobOutcome.SUCCEEDED


def test_cards_are_metered_where_the_class_counts_cards(cards):
    order_id, status, _ = cards.run("true", resource_class="gpu-910b", cards=2, cores=3)
    assert status.outcome is JobOutcome.SUCCEEDED
    record = cards.record(order_id)
    assert (record.record_id.split(":")[1], record.resource_class, record.units) == ("aic", "gpu-910b", 2)
    free = {each.resource_class: each for each in cards.engine.capacity()}
    assert (free["gpu-910b"].units_total, free["cpu"].units_total) == (8, 64)


def test_a_forecast_starts_nothing(local):
    forecast = local.engine.forecast_start(order := spec(new_id(), "true"), clock.now())
    assert forecast.starts_at >= datetime(2020, 1, 1, tzinfo=UTC)
    assert local.engine.status([order.order_id]) == {}
    never = local.engine.forecast_start(spec(new_id(), "true", resource_class="nowhere"), clock.now())
    assert never.starts_at is None
    assert "partition" in never.reason.en


def test_an_output_flood_is_cut_and_said(local):
    _, status, log = local.run("sh", "-c", "yes | head -c 300000", output_bytes_max=1_000)
    assert status.outcome is JobOutcome.SUCCEEDED
    assert log.startswith(b"y\ny\n")
    assert log.endswith(b"\n[jiaozi] 299000 bytes more were dropped\n")


def test_nothing_of_the_platforms_environment_reaches_a_job(local, monkeypatch):
    monkeypatch.setenv("JIAOZI_TEST_SECRET", "never-to-be-read")
    _, _, log = local.run("env")
    assert b"never-to-be-read" not in log


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"resource_class": "nowhere"}, "PARTITION_UNKNOWN"),
        ({"resource_class": "unheard-of"}, "RESOURCE_CLASS_UNKNOWN"),
        ({"cards": 1}, "CARDS_DO_NOT_FIT"),
        ({"files": {"big": bytes(4 * 1024 * 1024)}}, "FILES_TOO_LARGE"),
    ],
)
def test_what_can_never_run_is_refused_with_one_reason(place, limits, code):
    order = spec(new_id(), "true", **limits)
    with pytest.raises(UnableToSubmit) as refused:
        place.engine.submit(order)
    assert refused.value.reason.code == code
    assert place.engine.status([order.order_id]) == {}


def test_a_refused_association_says_so(place):
    with pytest.raises(UnableToSubmit) as refused:
        place.with_options(account="not-ours").engine.submit(spec(new_id(), "true"))
    assert refused.value.reason.code == "ASSOCIATION_REFUSED"


def test_a_job_that_would_wait_for_ever_is_withdrawn_with_its_reason(place):
    impossible = [{"resource_class": "barred"}, {"cores": 65}, {"time_limit_ms": 25 * 3_600_000}]
    for order_id in [place.submit("true", **limits) for limits in impossible]:
        status = place.until(order_id, JobState.ENDED)
        assert (status.outcome, status.started_at) == (JobOutcome.CANCELLED, None)
        assert "withdrawn, it would never start" in status.reason.en


def test_a_thousand_words_reach_the_command_as_they_are(place):
    words = ["%s", "a b", "$HOME", "'", '"', "\\", "`id`", "新\n行", "*", "-n", "--", ";", "&&", "|", "!"]
    _, status, log = place.run("printf", "%s\\0", *words)
    assert status.outcome is JobOutcome.SUCCEEDED
    assert log.decode().split("\0")[:-1] == words


def test_an_unreachable_controller_is_no_answer_and_nothing_is_believed(clusters, local):
    order_id = local.submit("true")
    local.until(order_id, JobState.ENDED)
    wrong = clusters.root / "etc" / "gone.conf"
    text = clusters.conf("scc").read_text().replace(f"SlurmctldPort={clusters.ports['scc-ctld']}", "SlurmctldPort=9")
    wrong.write_text(text.replace("SlurmctldTimeout=30", "SlurmctldTimeout=5\nMessageTimeout=3"))
    gone = local.with_options(conf=str(wrong), timeout_s=6)
    for ask in (
        lambda: gone.engine.status([order_id]),
        lambda: gone.engine.submit(spec(new_id(), "true")),
        gone.engine.capacity,
    ):
        with pytest.raises(UnableToReachEngine) as refused:
            ask()
        assert refused.value.reason.code in {"CONTROLLER_UNREACHABLE", "ENGINE_TOO_SLOW"}


def test_a_wrong_ssh_key_and_a_changed_host_are_refused(clusters, login, tmp_path):
    import asyncssh

    stranger = tmp_path / "stranger"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(stranger))
    other = tmp_path / "known_hosts"
    changed = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    other.write_text(f"[127.0.0.1]:{login.port} {changed}")
    for options, code in (
        ({"key_file": str(stranger)}, "KEY_REFUSED"),
        ({"known_hosts": str(other)}, "HOST_KEY_UNKNOWN"),
        ({"port": 9}, "CENTRE_UNREACHABLE"),
    ):
        place = Place(clusters, "scc", **{**login.options(), **options})
        with pytest.raises(UnableToReachEngine) as refused:
            place.engine.capacity()
        assert refused.value.reason.code == code


def test_an_expired_and_a_wrong_token_say_so(clusters, tmp_path):
    token = tmp_path / "token"
    rest = {"transport": "rest", "url": f"http://{clusters.rest_of('scc')}", "token_file": str(token)}
    place = Place(clusters, "scc", **rest)
    token.write_text(clusters.token("scc", seconds=1))
    until(lambda: _code(place) == "TOKEN_EXPIRED", "the token to expire", 10)
    token.write_text("no token")
    assert _code(place) == "TOKEN_GARBLED"
    whole = clusters.token("scc")
    token.write_text(whole[:-4] + ("AAAA" if not whole.endswith("AAAA") else "BBBB"))
    assert _code(place) == "SLURM_NO_ANSWER"  # slurmrestd does not say more
    token.unlink()
    assert _code(place) == "TOKEN_MISSING"


def _code(place):
    try:
        place.engine.status([new_id()])
    except UnableToReachEngine as refused:
        return refused.reason.code
    return ""


def test_a_controller_that_was_silent_loses_no_job_and_its_late_end_is_within_the_hold(clusters, local):
    """Slurm writes a job's end when its controller hears of it: longer than it ran, never longer than it may."""
    order_id = local.submit("sleep", "1")
    local.until(order_id, JobState.RUNNING)
    clusters.cut("scc")
    try:
        with pytest.raises(UnableToReachEngine) as silent:
            local.with_options(timeout_s=4).engine.status([order_id])
        assert silent.value.reason.code in {"ENGINE_TOO_SLOW", "CONTROLLER_UNREACHABLE"}
        until(lambda: not _processes_of(order_id), "the job to end at its node")
    finally:
        clusters.mend("scc")
    status = local.until(order_id, JobState.ENDED)
    assert status.outcome is JobOutcome.SUCCEEDED
    record = local.record(order_id)
    assert 3_000 <= record.elapsed_ms <= 60_000 + local.engine.kill_lag_ms


def _processes_of(order_id):
    return subprocess.run(["pgrep", "-f", f"jiaozi-{order_id}"], capture_output=True, text=True, check=False).stdout


PLATFORM = """
import pickle, sys, time
from jiaozi.engines.slurm import connect
options, order = pickle.load(sys.stdin.buffer)
connect(options).submit(order)
print("handed over", flush=True)
time.sleep(600)
"""


def test_the_time_limit_holds_with_the_platform_killed(local):
    """The platform hands over and is killed with -9; the job ignores all requests, so that Slurm alone ends it."""
    order = spec(new_id(), "sh", "-c", "trap '' TERM; while :; do sleep 1; done", time_limit_ms=1_000)
    platform = subprocess.Popen([sys.executable, "-c", PLATFORM], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    platform.stdin.write(pickle.dumps((local.options, order)))
    platform.stdin.close()
    assert platform.stdout.readline() == b"handed over\n"
    platform.kill()
    platform.wait()
    platform.stdout.close()
    running = local.until(order.order_id, JobState.RUNNING)
    status = local.until(order.order_id, JobState.ENDED, 120)
    assert status.outcome is JobOutcome.TIMED_OUT
    record = local.record(order.order_id)
    assert 60_000 <= record.elapsed_ms <= 60_000 + local.engine.kill_lag_ms
    assert _processes_of(order.order_id) == "", running
    overrun.check(local.engine, limit_ms=1_000, elapsed_ms=record.elapsed_ms)


KILLED = """
import os, pickle, signal, sys
from jiaozi.engines.slurm import connect
options, order, done = pickle.load(sys.stdin.buffer)
engine = connect(options)
hand_over = engine.cluster.submit
def submit(batch):
    if done:
        hand_over(batch)
    os.kill(os.getpid(), signal.SIGKILL)
def look(*_):
    raise AssertionError("a first attempt looks for nothing")
engine.cluster.submit, engine.cluster.known, engine.cluster.recorded = submit, look, look
engine.submit(order, first_attempt=True)
"""


@pytest.mark.parametrize("done", [False, True], ids=["before it was handed over", "before the answer was kept"])
def test_a_first_attempt_that_is_killed_leaves_one_job_to_the_second(place, done):
    """The first looks for nothing, the second does: it finds the job that is there, or hands over what is not."""
    order = spec(new_id(), "true")
    given = pickle.dumps((place.options, order, done))
    first = subprocess.run([sys.executable, "-c", KILLED], input=given, capture_output=True, check=False, timeout=60)
    assert first.returncode == -signal.SIGKILL, first.stderr.decode()
    second = place.engine.submit(order)
    assert second.already_there is done
    assert place.engine.submit(order) == replace(second, already_there=True)
    named = [job for job in place.engine.cluster.known() if job.name == f"jiaozi-{order.order_id}"]
    assert [str(job.job_id) for job in named] == [second.engine_job]


def test_a_first_attempt_whose_answer_came_too_late_finds_its_own_job(local, clusters):
    """The program that hands over is slower than the platform waits; Slurm has the job all the same."""
    programs = clusters.root / f"late-{new_id()}"
    programs.mkdir(mode=0o755)
    late = programs / "sbatch"
    late.write_text('#!/bin/sh\n/usr/bin/sbatch "$@"\nexec sleep 30\n')
    late.chmod(0o755)
    order = spec(new_id(), "true")
    taken = local.with_options(programs=str(programs), timeout_s=5).engine.submit(order, first_attempt=True)
    assert taken.already_there
    assert local.engine.submit(order) == taken
