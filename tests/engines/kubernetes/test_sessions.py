"""Sessions on a real Kubernetes: a shell and a notebook in a pod, a limit that moves, an end that saves the files."""

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
from pathlib import Path

import pytest
from lightkube.resources.core_v1 import Pod

from jiaozi.engines.kubernetes import connect, sitting
from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import (
    JUPYTERLAB,
    SSH,
    JobOutcome,
    JobState,
    SessionEngine,
    SessionSpec,
    UnableToExtend,
    UnableToSubmit,
)
from tests.engines.kubernetes.cluster import until
from tests.engines.kubernetes.conftest import CLASSES, Place, spec
from tests.engines.test_sessions import JUPYTER, START_S, jupyter, keys, sshd

__all__ = ["jupyter", "sshd"]
pytestmark = pytest.mark.xdist_group("kubernetes")
SHELLS, NOTEBOOKS, SFTP, GRACE_S = "jiaozi.test/shells:1", "jiaozi.test/notebooks:1", "/usr/lib/openssh/sftp-server", 5
ACCOUNTS = b"root:x:0:0::/root:/bin/sh\njiaozi:x:65534:65534::/jiaozi:/bin/sh\n"


def seats(cluster, image, **options):
    classes = {"cpu": {**CLASSES["cpu"], "session_image": image}}
    return Place(cluster, classes=classes, quota={}, session_grace_s=GRACE_S, **options)


@pytest.fixture(scope="module")
def shells(cluster, sshd):
    cluster.add_image(SHELLS, [sshd, shutil.which("ssh-keygen"), SFTP], [], ACCOUNTS)
    return seats(cluster, SHELLS, sshd=[sshd])


@pytest.fixture(scope="module")
def notebooks(request, jupyter):
    if "JIAOZI_TEST_NOTEBOOK_POD" not in os.environ:
        pytest.skip("an image with JupyterLab takes a minute to unpack; run it with: make test-kubernetes")
    cluster = request.getfixturevalue("cluster")
    cluster.add_image(NOTEBOOKS, [], [Path(jupyter).parents[1]], ACCOUNTS)
    return seats(cluster, NOTEBOOKS, jupyter=[jupyter])


def submitted(place, opens, key="", **limits):
    order_id = new_id()
    session = SessionSpec(opens=opens, authorized_key=key)
    wanted = {"session": session, "time_limit_ms": 600_000, "memory_mib": 512, **limits}
    place.engine.submit(spec(order_id, "jiaozi-session", **wanted))
    return order_id


def opened(place, opens, key="", **limits):
    order_id = submitted(place, opens, key, **limits)
    return order_id, until(lambda: _listening(place, order_id), "the session to listen", START_S)


def _listening(place, order_id):
    status = place.status(order_id)
    assert status.state is not JobState.ENDED, place.engine.logs(order_id, 65_536).decode()
    return place.engine.access(order_id)


def bring_near(place, order_id, left_s=20):
    """Make it as if the limit had been so short that its end is near: however long a busy machine took so far."""
    ran_s = (clock.now() - place.status(order_id).started_at).total_seconds()
    limit_ms = (int(ran_s) + left_s) * 1_000
    place.engine.cluster.change(Pod, place.engine._one(order_id).pods[-1], sitting.limit_patch(limit_ms))
    return limit_ms


def pid_of(place, order_id):
    """Find the launcher by the id of its pod, which the node puts into the container's groups or mounts."""
    uid = place.engine.cluster.pods(str(order_id))[-1].metadata.uid
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                told = (entry / "cmdline").read_bytes()
                if b"jiaozi-session.py" in told and uid in (entry / "mountinfo").read_text():
                    return entry.name
            except OSError:
                continue
    raise AssertionError("no launcher")


def inside(place, order_id, access, *words):
    """Run words in the pod's network, which is given the address that the cluster says that it has."""
    reach = ["nsenter", "-n", "-t", pid_of(place, order_id)]
    for change in (["link", "set", "lo", "up"], ["addr", "replace", f"{access.host}/32", "dev", "lo"]):
        subprocess.run([*reach, "ip", *change], check=True)
    return subprocess.run([*reach, *words], capture_output=True, text=True, timeout=60, check=False)


def ssh(place, order_id, access, folder, command, *, key="key"):
    known = folder / "known"
    known.write_text(f"[{access.host}]:{access.port} {access.host_key}\n")
    words = ["ssh", "-F", "none", "-i", str(folder / key), "-p", str(access.port)]
    for option in (f"UserKnownHostsFile={known}", "StrictHostKeyChecking=yes", "BatchMode=yes", "IdentitiesOnly=yes"):
        words += ["-o", option]
    return inside(place, order_id, access, *words, f"{access.user}@{access.host}", command)


def content(place, order_id):
    saved = place.engine.saved(order_id)
    packed = b"".join(place.engine.read_saved(order_id))
    assert (saved.size, saved.sha256) == (len(packed), hashlib.sha256(packed).hexdigest())
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        return {each.name: tar.extractfile(each).read() for each in tar if each.isreg()}


def test_a_shell_takes_its_holders_key_alone_and_saves_its_files_when_it_is_cancelled(shells, tmp_path):
    assert isinstance(shells.engine, SessionEngine)
    assert shells.engine.sessions == {SSH}
    order_id, access = opened(shells, SSH, keys(tmp_path), files={"in.txt": b"given\n"})
    done = ssh(shells, order_id, access, tmp_path, "cat in.txt; id -u; echo kept > out.txt; pwd")
    assert done.stdout.split() == ["given", "65534", "/jiaozi/work"], done.stderr
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other")], check=True)
    assert "Permission denied (publickey)" in ssh(shells, order_id, access, tmp_path, "true", key="other").stderr
    for _ in range(2):
        shells.engine.cancel(order_id)
    assert shells.until(order_id, JobState.ENDED).outcome is JobOutcome.CANCELLED
    assert shells.engine.access(order_id) is None
    assert content(shells, order_id) == {"work/in.txt": b"given\n", "work/out.txt": b"kept\n"}
    assert b"jiaozi:saved" not in shells.engine.logs(order_id, 65_536)
    assert shells.records()[order_id].outcome is JobOutcome.CANCELLED


def test_the_clusters_deadline_follows_the_limit_and_kills_who_does_not_end(shells, tmp_path):
    """Two at once: one that is stopped and can't end, one whose limit grows and that ends in time before it."""
    key = keys(tmp_path)
    orders = frozen, extended = [submitted(shells, SSH, key) for _ in range(2)]
    for order_id in orders:
        access = until(lambda each=order_id: _listening(shells, each), "the session to listen", START_S)
        assert ssh(shells, order_id, access, tmp_path, "echo 1 > a").returncode == 0
    os.kill(int(pid_of(shells, frozen)), signal.SIGSTOP)
    limits_ms = {order_id: bring_near(shells, order_id) for order_id in orders}
    for _ in range(2):
        shells.engine.extend(extended, limits_ms[extended] + 15_000)
    shells.engine.extend(extended, 1_000)  # never down
    limits_ms[extended] += 15_000
    ends = {each: shells.until(each, JobState.ENDED) for each in orders}
    assert (ends[frozen].outcome, ends[extended].outcome) == (JobOutcome.TIMED_OUT, JobOutcome.SUCCEEDED)
    for order_id in orders:
        job = shells.engine._one(order_id).job
        waited_s = (ends[order_id].started_at - job.status.startTime).total_seconds()
        assert job.spec.activeDeadlineSeconds == waited_s + limits_ms[order_id] / 1_000 + sitting._LAG_S
    used_ms = {order_id: record.elapsed_ms for order_id, record in shells.records().items()}
    # The cluster's instants are whole seconds, and its launcher counts from its own start, not from the container's.
    assert limits_ms[extended] - GRACE_S * 1_000 - 1_000 <= used_ms[extended] <= limits_ms[extended] + 1_000
    assert limits_ms[frozen] <= used_ms[frozen] <= limits_ms[frozen] + shells.engine.kill_lag_ms
    assert content(shells, extended) == {"work/a": b"1\n"}
    assert shells.engine.saved(frozen) is None
    with pytest.raises(UnableToExtend):
        shells.engine.extend(extended, 900_000)


def test_a_notebook_answers_its_token_alone(notebooks):
    order_id, access = opened(notebooks, JUPYTERLAB, files={"data.csv": b"1,2\n"}, memory_mib=1_024)
    url = f"http://{access.host}:{access.port}/api/contents?token="
    python = str(JUPYTER.parent / "python")
    read = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=30).read().decode())"
    told = json.loads(inside(notebooks, order_id, access, python, "-c", read, url + access.token).stdout)
    assert [each["name"] for each in told["content"]] == ["data.csv"]
    assert "403" in inside(notebooks, order_id, access, python, "-c", read, url + "wrong").stderr
    assert access.token not in notebooks.engine.logs(order_id, 65_536).decode() + repr(access)
    notebooks.engine.cancel(order_id)
    assert notebooks.until(order_id, JobState.ENDED).outcome is JobOutcome.CANCELLED
    assert content(notebooks, order_id)["work/data.csv"] == b"1,2\n"


def test_a_cluster_whose_operator_named_no_program_opens_none():
    engine = connect({"classes": CLASSES})
    assert engine.sessions == frozenset()
    with pytest.raises(UnableToSubmit) as refused:
        engine.submit(spec(new_id(), "x", session=SessionSpec(opens=JUPYTERLAB)))
    assert refused.value.reason.code == "SESSION_NOT_OFFERED"
    for wrong in ({"sshd": "/usr/sbin/sshd"}, {"session_user": "a b"}, {"session_claim": "/x"}, {"session_port": 22}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            connect({"classes": CLASSES, **wrong})
