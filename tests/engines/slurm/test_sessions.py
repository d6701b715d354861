"""Real sessions on a real cluster: a shell, a notebook, extensions granted and refused, an end in time."""

import hashlib
import io
import shutil
import tarfile
from pathlib import Path

import pytest

from jiaozi.engines.slurm import connect, telling
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import (
    JUPYTERLAB,
    SSH,
    JobOutcome,
    JobState,
    SessionSpec,
    UnableToExtend,
    UnableToReachEngine,
    UnableToSubmit,
)
from tests.engines.slurm.clusters import FUNDED_ACCOUNT, FUNDED_USER, USER, until
from tests.engines.slurm.conftest import Place, reach, spec
from tests.engines.test_sessions import START_S, jupyter, keys, run_in_kernel, ssh, sshd

__all__ = ["jupyter", "sshd"]
pytestmark = pytest.mark.xdist_group("slurm")
GRACE_S = 5


def with_shell(folder, user, program):
    """Give words that start a server for which a service account has a shell, as a centre's job account has."""
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed; install it with: make setup-system")
    lines = [line.split(":") for line in Path("/etc/passwd").read_text().splitlines()]
    own = {
        "passwd": "\n".join(":".join([*line[:6], "/bin/sh"] if line[0] == user else line) for line in lines) + "\n",
        "nsswitch.conf": "passwd: files\nshadow: files\n",  # systemd's own answer calls a service account locked
    }
    words = ["bwrap", "--dev-bind", "/", "/"]
    for name, text in own.items():
        (folder / f"session-{name}").write_text(text)
        words += ["--ro-bind", str(folder / f"session-{name}"), f"/etc/{name}"]
    return [*words, program]


@pytest.fixture
def shells(clusters, login, tmp_path, sshd):
    words = with_shell(clusters.root / "etc", USER, sshd)
    return Place(clusters, "scc", **reach(clusters, "scc", "local", login, tmp_path), sshd=words, operator=[],
                 session_grace_s=GRACE_S, sessions_share_an_account=True)  # fmt: skip


def opened(place, opens, key="", minutes=10):
    order_id = new_id()
    session = SessionSpec(opens=opens, authorized_key=key)
    job = spec(order_id, "jiaozi-session", session=session, time_limit_ms=minutes * 60_000, memory_mib=1_024)
    place.engine.submit(job)
    return order_id, until(lambda: _listening(place, order_id), "the session to listen", START_S)


def _listening(place, order_id):
    status = place.engine.status([order_id]).get(order_id)
    assert status is None or status.state is not JobState.ENDED, place.engine.logs(order_id, 65_536).decode()
    return place.engine.access(order_id)


def limit_of(place, order_id):
    return place.engine._found(order_id).limit_min


def content(place, order_id):
    saved = until(lambda: place.engine.saved(order_id), "the saved files")
    packed = b"".join(place.engine.read_saved(order_id))
    assert (saved.size, saved.sha256) == (len(packed), hashlib.sha256(packed).hexdigest())
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        return {each.name: tar.extractfile(each).read() for each in tar if each.isreg()}


def test_a_shell_on_a_node_is_extended_and_its_files_are_saved_when_it_is_cancelled(shells, tmp_path):
    assert shells.engine.sessions == {SSH}
    order_id, access = opened(shells, SSH, keys(tmp_path))
    told = Path(shells.engine.sitting._path(order_id, "access.json"))
    assert (told.stat().st_mode & 0o777, told.owner()) == (0o600, USER)
    done = ssh(access, tmp_path, "echo $SLURM_JOB_NAME; echo kept > out.txt")
    assert (done.returncode, done.stdout.strip()) == (0, f"jiaozi-{order_id}"), done.stderr
    for _ in range(2):
        shells.engine.extend(order_id, 12 * 60_000)
    assert limit_of(shells, order_id) == 12
    shells.engine.extend(order_id, 60_000)  # never down
    assert limit_of(shells, order_id) == 12
    shells.engine.cancel(order_id)
    assert shells.until(order_id, JobState.ENDED).outcome is JobOutcome.CANCELLED
    assert shells.engine.access(order_id) is None
    assert content(shells, order_id) == {"work/out.txt": b"kept\n"}
    with pytest.raises(UnableToExtend):
        shells.engine.extend(order_id, 20 * 60_000)


def test_a_session_is_asked_to_end_before_its_limit_and_saves_in_time(shells, tmp_path):
    """Slurm asks up to a minute earlier than it was told, so one of a minute is asked soon after its start."""
    order_id, access = opened(shells, SSH, keys(tmp_path), minutes=1)
    assert ssh(access, tmp_path, "echo 1 > a").returncode == 0
    status = shells.until(order_id, JobState.ENDED, 90)
    assert (status.outcome, status.exit_code) == (JobOutcome.SUCCEEDED, 0)
    assert shells.record(order_id).elapsed_ms <= 60_000
    assert content(shells, order_id) == {"work/a": b"1\n"}


def test_a_centre_that_makes_the_platform_no_operator_refuses_in_words(shells, tmp_path):
    plain = shells.with_options(operator=None)
    order_id, _ = opened(plain, SSH, keys(tmp_path))
    with pytest.raises(UnableToExtend) as refused:
        plain.engine.extend(order_id, 12 * 60_000)
    assert refused.value.reason.code == "NOT_AN_OPERATOR"
    assert limit_of(plain, order_id) == 10
    plain.engine.cancel(order_id)
    plain.until(order_id, JobState.ENDED)


def test_a_gate_lets_a_limit_grow_by_the_centres_own_hand_alone(clusters, sshd, tmp_path):
    """Words that act as the centre's administrator pass it; an operator of Slurm does not."""
    words = with_shell(clusters.root / "etc", FUNDED_USER, sshd)
    place = Place(
        clusters, "scc", user=FUNDED_USER, account=FUNDED_ACCOUNT, become=["runuser", "-u", FUNDED_USER, "--"],
        conf=str(clusters.conf("scc")), cluster="scc", permit_key_file=str(clusters.permit_key), sshd=words,
        sessions_share_an_account=True,
    )  # fmt: skip
    order_id, _ = opened(place, SSH, keys(tmp_path))
    with pytest.raises(UnableToExtend):
        place.engine.extend(order_id, 12 * 60_000)
    assert limit_of(place, order_id) == 10
    place.with_options(operator=[]).engine.extend(order_id, 12 * 60_000)
    assert limit_of(place, order_id) == 12
    place.engine.cancel(order_id)
    place.until(order_id, JobState.ENDED)


def test_a_notebook_on_a_node_answers_its_token(clusters, jupyter):
    place = Place(
        clusters, "scc", user="root", conf=str(clusters.conf("scc")), jupyter=[jupyter], session_grace_s=GRACE_S,
        sessions_share_an_account=True,
    )  # fmt: skip
    order_id, access = opened(place, JUPYTERLAB)
    assert access.host == "127.0.0.1"
    assert run_in_kernel(jupyter, access, "print(6 * 7)") == "42"
    assert access.token not in place.engine.logs(order_id, 65_536).decode()
    place.engine.cancel(order_id)
    place.until(order_id, JobState.ENDED)


@pytest.fixture
def operator(clusters):
    """The platform's account is an operator of Slurm for a while, as a centre makes it where slurmrestd is the way."""
    words = ("scc", "sacctmgr", "-i", "modify", "user", USER, "set")
    clusters.run(*words, "adminlevel=operator")
    yield
    clusters.run(*words, "adminlevel=none")


def comment_of(place, order_id):
    return place.engine._found(order_id).comment


@pytest.fixture(params=["socket", "tcp"])
def far(request, clusters, login, tmp_path, sshd):
    """A cluster whose files nobody gives: reached by slurmrestd alone."""
    way = reach(clusters, "scc", request.param, login, tmp_path) | {"logs_folder": ""}
    words = with_shell(clusters.root / "etc", USER, sshd)
    return Place(clusters, "scc", **way, sshd=words, session_grace_s=GRACE_S, sessions_share_an_account=True)


def test_by_slurmrestd_a_shell_tells_its_way_in_and_what_it_saved_in_its_comment(far, operator, tmp_path):
    assert far.engine.sessions == {SSH}
    order_id, access = opened(far, SSH, keys(tmp_path))
    began = f"jiaozi order={order_id} class=cpu"
    assert comment_of(far, order_id).startswith(f"{began} told=")
    assert access.user == USER
    done = ssh(access, tmp_path, "echo $SLURM_JOB_NAME; echo kept > out.txt")
    assert (done.returncode, done.stdout.strip()) == (0, f"jiaozi-{order_id}"), done.stderr
    assert far.engine.submit(spec(order_id, "true")).already_there, "the comment is not the key, the name is"
    far.engine.extend(order_id, 12 * 60_000)
    assert limit_of(far, order_id) == 12
    for _ in range(2):  # as the watcher does, until it is gone
        far.engine.cancel(order_id)
    assert far.until(order_id, JobState.ENDED).outcome is JobOutcome.CANCELLED
    assert far.engine.access(order_id) is None
    saved = far.engine.saved(order_id)
    packed = Path(saved.name).read_bytes()
    assert (saved.size, saved.sha256) == (len(packed), hashlib.sha256(packed).hexdigest())
    with pytest.raises(UnableToReachEngine, match="at the centre itself"):
        next(far.engine.read_saved(order_id))
    assert comment_of(far, order_id).startswith(f"{began} asked=")
    record = far.record(order_id)
    assert (record.resource_class, record.outcome) == ("cpu", JobOutcome.CANCELLED)


def test_by_slurmrestd_one_that_is_killed_names_its_folder_and_a_plain_account_extends_nothing(far, tmp_path):
    order_id, access = opened(far, SSH, keys(tmp_path))
    with pytest.raises(UnableToExtend) as refused:
        far.engine.extend(order_id, 12 * 60_000)
    assert (refused.value.reason.code, limit_of(far, order_id)) == ("NOT_AN_OPERATOR", 10)
    assert ssh(access, tmp_path, "echo mine > out.txt").returncode == 0
    job = far.engine._found(order_id)
    far.clusters.run("scc", "scancel", "--signal=KILL", "--full", str(job.job_id))
    far.until(order_id, JobState.ENDED)
    saved = far.engine.saved(order_id)
    assert (saved.size, saved.sha256) == (0, "")
    assert Path(saved.name, "out.txt").read_text() == "mine\n"


def test_by_slurmrestd_a_session_is_asked_to_end_before_its_limit(far, tmp_path):
    order_id, _ = opened(far, SSH, keys(tmp_path), minutes=1)
    status = far.until(order_id, JobState.ENDED, 90)
    assert (status.outcome, status.exit_code) == (JobOutcome.SUCCEEDED, 0)
    assert far.engine.saved(order_id).sha256


def test_by_slurmrestd_a_notebook_has_the_token_that_the_platform_chose(clusters, jupyter, tmp_path):
    key, token = tmp_path / "session.key", tmp_path / "token"
    key.write_bytes(b"k" * 32)
    made = clusters.run("scc", "scontrol", "token", "username=root", "lifespan=3600")
    token.write_text(made.partition("=")[2])
    way = {"transport": "rest", "url": f"http://{clusters.rest_of('scc')}", "token_file": str(token), "user": "root"}
    place = Place(
        clusters, "scc", **way, jupyter=[jupyter], session_grace_s=GRACE_S, sessions_share_an_account=True,
        session_key_file=str(key),
    )  # fmt: skip
    order_id, access = opened(place, JUPYTERLAB)
    assert run_in_kernel(jupyter, access, "print(6 * 7)") == "42"
    told = telling.told(place.engine._found(order_id)).decode()
    assert access.token not in told
    assert access.token not in repr(access)
    key.write_bytes(b"short")
    with pytest.raises(UnableToReachEngine, match="fewer than 32"):
        place.engine.access(order_id)
    place.engine.cancel(order_id)
    place.until(order_id, JobState.ENDED)


def test_by_slurmrestd_no_notebook_without_a_key_and_nothing_behind_a_gate(sshd, tmp_path):
    rest = {"transport": "rest", "url": "unix:/nowhere", "user": USER, "folder": "/tmp", "sshd": [sshd]}
    rest |= {"classes": {"cpu": {"partition": "work"}}, "sessions_share_an_account": True, "jupyter": ["jupyter-lab"]}
    assert connect(rest).sessions == {SSH}
    assert connect({**rest, "session_key_file": str(tmp_path / "key")}).sessions == {SSH, JUPYTERLAB}
    gated = connect({**rest, "permit_key_file": str(tmp_path / "permit"), "cluster": "scc"})
    assert gated.sessions == frozenset()
    with pytest.raises(UnableToSubmit) as refused:
        gated.submit(spec(new_id(), "jiaozi-session", session=SessionSpec(opens=JUPYTERLAB)), first_attempt=True)
    assert refused.value.reason.code == "SESSION_NOT_OFFERED"


def test_a_centre_whose_account_nobody_answers_for_opens_no_session(tmp_path):
    """Every session runs as one account there: whoever has a shell could read another's token."""
    given = {"folder": str(tmp_path), "sshd": ["/usr/sbin/sshd"], "classes": {"cpu": {"partition": "work"}}}
    engine = connect(given)
    assert engine.sessions == frozenset()
    keyed = SessionSpec(opens=JUPYTERLAB)
    with pytest.raises(UnableToSubmit, match="share one account") as refused:
        engine.submit(spec(new_id(), "jiaozi-session", session=keyed))
    assert refused.value.reason.code == "SESSION_NOT_OFFERED"
    assert connect({**given, "sessions_share_an_account": True}).sessions == {SSH}
    with pytest.raises(ValueError, match="must be true or false"):
        connect({**given, "sessions_share_an_account": "false"})
