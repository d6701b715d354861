"""Sessions on a real Ray: a shell and a notebook, a limit that only the platform's mark raises, an end that saves."""

import hashlib
import io
import os
import signal
import subprocess
import tarfile
from pathlib import Path

import pytest

from jiaozi.engines.ray import connect, entry
from jiaozi.engines.ray.keys import Keys
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import (
    JUPYTERLAB,
    SSH,
    JobOutcome,
    JobState,
    SessionEngine,
    SessionSpec,
    UnableToExtend,
    UnableToReachEngine,
    UnableToSubmit,
)
from tests.engines.places import running_with
from tests.engines.ray.cluster import until
from tests.engines.ray.conftest import CLASSES, Place, spec
from tests.engines.test_sessions import START_S, jupyter, keys, run_in_kernel, ssh, sshd

__all__ = ["jupyter", "sshd"]
pytestmark = pytest.mark.xdist_group("ray")
GRACE_S, LIMIT_MS = 8, 45_000
LAUNCHER = """
p=$$
until grep -q "jiaozi-session[.]py" /proc/$p/cmdline; do p=$(sed -n 's/^PPid:[^0-9]*//p' /proc/$p/status); done
echo $p
"""


@pytest.fixture
def seats(cluster, tmp_path):
    """Give a place that opens sessions; its platform has a key of its own."""
    more = {"sessions_share_an_account": True, "session_key_file": str(tmp_path / "sessions.key")}
    return lambda **options: Place(cluster, session_grace_s=GRACE_S, **more, **options)


def submitted(place, opens, key="", **limits):
    order_id = new_id()
    wanted = {"session": SessionSpec(opens=opens, authorized_key=key), "time_limit_ms": 600_000, "memory_mib": 1_024}
    place.engine.submit(spec(order_id, "jiaozi-session", **wanted | limits))
    return order_id


def opened(place, opens, key="", **limits):
    order_id = submitted(place, opens, key, **limits)
    return order_id, listening(place, order_id)


def listening(place, order_id):
    return until(lambda: _access(place, order_id), "the session to listen", START_S)


def _access(place, order_id):
    status = place.status(order_id)
    assert status.state is not JobState.ENDED, place.engine.head.log(f"jiaozi-{order_id}")
    return place.engine.access(order_id)


def extended(place, order_id, limit_ms):
    """Ask until the session's own word came, as orders do."""

    def asked():
        try:
            place.engine.extend(order_id, limit_ms)
        except UnableToReachEngine:
            return False
        return True

    until(asked, "the session to take its new limit")


def told(place, order_id):
    return place.engine.sitting._told(place.engine.head.job(f"jiaozi-{order_id}"))


def content(place, order_id):
    saved = until(lambda: place.engine.saved(order_id), "the saved files")
    packed = b"".join(place.engine.read_saved(order_id))
    assert (saved.size, saved.sha256) == (len(packed), hashlib.sha256(packed).hexdigest())
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        return {each.name: tar.extractfile(each).read() for each in tar if each.isreg()}


def log_folder(place, order_id):
    """Find where Ray keeps the log of a job."""
    (log,) = place.cluster.root.glob(f"t/session_2*/logs/job-driver-jiaozi-{order_id}.log")
    return log.parent


def test_a_shell_takes_its_holders_key_alone_and_a_cancelled_one_saves_its_files(seats, sshd, tmp_path):
    kept = tmp_path / "kept"
    place = seats(sshd=[sshd], session_folder=str(kept))
    assert isinstance(place.engine, SessionEngine)
    assert place.engine.sessions == {SSH}
    order_id, access = opened(place, SSH, keys(tmp_path), files={"in.txt": b"given\n"})
    done = ssh(access, tmp_path, "cat in.txt; echo $RAY_ADDRESS; head -c 3000000 /dev/urandom > big; sha256sum big")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == ["given", ""]
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other")], check=True)
    assert "Permission denied (publickey)" in ssh(access, tmp_path, "true", key="other").stderr
    for _ in range(2):
        place.engine.cancel(order_id)
    assert place.until(order_id, JobState.ENDED).outcome is JobOutcome.CANCELLED
    assert place.engine.access(order_id) is None
    found = content(place, order_id)
    assert found["work/in.txt"] == b"given\n"
    assert hashlib.sha256(found["work/big"]).hexdigest() == done.stdout.split()[-2]
    assert [each.stat().st_mode & 0o777 for each in kept.glob("*.gz")] == [0o600]
    assert place.records()[order_id].outcome is JobOutcome.CANCELLED


def test_a_limit_asks_for_the_end_kills_who_does_not_and_moves_by_the_platforms_mark_alone(seats, sshd, tmp_path):
    """Three at once: one that ends when asked, one that does not, one whose limit grew; nobody watches meanwhile."""
    place, key = seats(sshd=[sshd]), keys(tmp_path)
    orders = polite, frozen, longer = [submitted(place, SSH, key, time_limit_ms=LIMIT_MS) for _ in range(3)]
    for order_id in orders:
        assert ssh(listening(place, order_id), tmp_path, "echo 1 > a; ln -s /etc/passwd link").returncode == 0
    os.kill(int(ssh(place.engine.access(frozen), tmp_path, LAUNCHER).stdout), signal.SIGSTOP)
    extended(place, longer, LIMIT_MS + 15_000)
    extended(place, longer, LIMIT_MS + 15_000)
    place.engine.extend(longer, 1_000)  # never down
    mark = Keys(place.options["session_key_file"], f"jiaozi-{longer}").mark(LIMIT_MS + 60_000)
    for words in (f"{LIMIT_MS + 60_000} {mark}", f"{LIMIT_MS + 60_000} {'0' * 64}", "9" * 5_000, "ä ö"):
        (log_folder(place, polite) / f"jiaozi-{polite}.limit").write_text(words)
    ends = {each: place.until(each, JobState.ENDED) for each in orders}
    assert [ends[each].outcome for each in orders] == [
        JobOutcome.SUCCEEDED, JobOutcome.TIMED_OUT, JobOutcome.SUCCEEDED,
    ]  # fmt: skip
    used_ms = {each: place.records()[each].elapsed_ms for each in orders}
    assert LIMIT_MS - GRACE_S * 1_000 <= used_ms[polite] < LIMIT_MS
    assert LIMIT_MS <= used_ms[frozen] <= LIMIT_MS + place.engine.kill_lag_ms
    assert LIMIT_MS - GRACE_S * 1_000 + 15_000 <= used_ms[longer] < LIMIT_MS + 15_000
    assert content(place, polite) == content(place, longer) == {"work/a": b"1\n"}
    assert place.engine.saved(frozen) is None
    left = log_folder(place, frozen) / f"jiaozi-{frozen}.work"
    assert f"it lies at the centre: {left}".encode() in place.engine.logs(frozen, 65_536)
    assert (left / "a").read_text() == "1\n"
    assert place.engine.head.job(entry.teller_name(f"jiaozi-{longer}", LIMIT_MS + 15_000)) is None
    assert not list(log_folder(place, polite).glob(f"*{polite}.limit"))
    with pytest.raises(UnableToExtend) as refused:
        place.engine.extend(longer, 900_000)
    assert refused.value.reason.code == "SESSION_ENDING"


def test_a_notebook_answers_its_token_and_tells_it_to_nobody(seats, jupyter):
    place = seats(jupyter=[jupyter])
    order_id, access = opened(place, JUPYTERLAB)
    assert run_in_kernel(jupyter, access, "print(6 * 7)") == "42"
    job = place.engine.head.job(f"jiaozi-{order_id}")
    listed = place.engine.head._exchange("GET", "api/jobs/")[1].decode()
    assert access.token not in place.engine.head.log(job.name) + listed + repr(access)
    assert connect(place.options).access(order_id).token == access.token  # another process of the platform knows it
    package = f"working_dir_files/_ray_pkg_{job.name.replace('-', '_')}"
    travelled = list(place.cluster.root.glob(f"t/session_2*/runtime_resources/{package}/**/*.*"))
    assert {each.name for each in travelled if each.is_file()} == {"jiaozi-session.py", "seat.py"}
    place.engine.cancel(order_id)
    assert place.until(order_id, JobState.ENDED).outcome is JobOutcome.CANCELLED
    assert place.engine.saved(order_id) is not None


def test_a_session_whose_front_is_killed_saves_its_files_before_it_goes(seats, sshd, tmp_path):
    """Ray kills the front when its own parts fail; the guard still lets the session end in its time."""
    place = seats(sshd=[sshd])
    order_id, access = opened(place, SSH, keys(tmp_path))
    assert ssh(access, tmp_path, "echo 1 > a").returncode == 0
    (front, *_) = sorted(
        pid for pid in running_with(f"jiaozi-{order_id}") if b"\0-c\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )
    folder = log_folder(place, order_id)
    os.kill(front, signal.SIGKILL)
    assert place.until(order_id, JobState.ENDED).outcome is JobOutcome.LOST
    until((folder / f"jiaozi-{order_id}.saved.tar.gz.json").exists, "the files to be kept")
    until(lambda: place.engine.saved(order_id), "the guard's last word")
    assert content(place, order_id) == {"work/a": b"1\n"}


def test_a_cluster_whose_operator_has_not_said_that_it_serves_one_opens_none(tmp_path):
    """Everybody on it is one user: whoever runs a job there could read another's token."""
    given = {"url": "http://127.0.0.1:9", "classes": CLASSES, "sshd": ["/usr/sbin/sshd"], "elastic": True}
    key_file = str(tmp_path / "key")
    engine = connect({**given, "session_key_file": key_file})
    assert engine.sessions == frozenset()
    for made, said in (
        (engine, "one organisation"),
        (connect({**given, "session_key_file": key_file, "sessions_share_an_account": True}), "opens no JUPYTERLAB"),
    ):
        with pytest.raises(UnableToSubmit, match=said) as refused:
            made.submit(spec(new_id(), "x", session=SessionSpec(opens=JUPYTERLAB)))
        assert refused.value.reason.code == "SESSION_NOT_OFFERED"
    assert connect({**given, "session_key_file": key_file, "sessions_share_an_account": True}).sessions == {SSH}
    for wrong in (
        {"sessions_share_an_account": "false"},
        {"sessions_share_an_account": True, "session_key_file": ""},
        {"sshd": "/usr/sbin/sshd"},
        {"session_folder": "kept"},
        {"session_host": "a b"},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            connect({**given, "session_key_file": key_file, **wrong})


def test_a_key_that_can_not_be_read_is_said_so(tmp_path):
    (tmp_path / "key").write_text("no key")
    with pytest.raises(UnableToReachEngine) as refused:
        Keys(str(tmp_path / "key"), "jiaozi-x")
    assert refused.value.reason.code == "SESSION_KEY_MISSING"
