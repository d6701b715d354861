"""Real sessions on this machine: a notebook's kernel, a shell over SSH, an extension, an end that saves the files."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import pytest

from jiaozi.engines.process import connect
from jiaozi.engines.process.spool import read_apart
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
from tests.engines.places import spec, wait_until

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
JUPYTER = CACHE / "jiaozi" / "jupyter" / "bin" / "jupyter-lab"
START_S = 120.0
pytestmark = pytest.mark.xdist_group("sessions")


@pytest.fixture(scope="module")
def jupyter():
    if not JUPYTER.exists():
        pytest.skip("JupyterLab is not installed; install it with: make setup-jupyter")
    return str(JUPYTER)


@pytest.fixture(scope="module")
def sshd():
    program = shutil.which("sshd", path="/usr/sbin:/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("OpenSSH's server is not installed; install it with: make setup-system")
    return program


@pytest.fixture
def notebooks(open_place, jupyter):
    return open_place("root" if os.geteuid() == 0 else "user", jupyter=jupyter)


@pytest.fixture
def shells(open_place, sshd):
    return open_place("root" if os.geteuid() == 0 else "user", sshd=sshd)


def opened(place, opens, key="", **limits):
    """Submit a session and wait until it listens."""
    order_id = uuid.uuid4()
    wanted = {"time_limit_ms": 600_000, "memory_mib": 1_024, "session": SessionSpec(opens=opens, authorized_key=key)}
    place.engine.submit(spec(order_id, "jiaozi-session", **wanted | limits))
    access = wait_until(lambda: _listening(place, order_id), "the session to listen", START_S)
    return order_id, access


def _listening(place, order_id):
    status = place.status(order_id)
    assert status.state is not JobState.ENDED, place.engine.logs(order_id, 65_536).decode()
    return place.engine.access(order_id)


def _ended(place, order_id):
    status = place.status(order_id)
    return status if status.state is JobState.ENDED else None


def ask(access, path, body=None, token=None):
    headers = {"Authorization": f"token {access.token if token is None else token}"}
    url = f"http://{access.host}:{access.port}{path}"
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:
        return json.load(answer)


def content(place, order_id):
    """Give the saved archive's files, its bytes checked against what is said of them."""
    saved = place.engine.saved(order_id)
    content = b"".join(place.engine.read_saved(order_id))
    assert (saved.size, saved.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return {each.name: tar.extractfile(each).read() for each in tar if each.isreg()}


def keys(folder):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")], check=True)
    return (folder / "key.pub").read_text()


def ssh(access, folder, command, key="key", *, terminal=False):
    known = folder / "known"
    known.write_text(f"[{access.host}]:{access.port} {access.host_key}\n")
    words = ["ssh", *(["-tt"] if terminal else []), "-F", "none", "-i", str(folder / key), "-p", str(access.port)]
    for option in (f"UserKnownHostsFile={known}", "StrictHostKeyChecking=yes", "BatchMode=yes", "IdentitiesOnly=yes"):
        words += ["-o", option]
    return subprocess.run(
        [*words, f"{access.user}@{access.host}", command], capture_output=True, text=True, timeout=60, check=False
    )


FREEZE = (
    "sleep 1; for each in /proc/[0-9]*; do grep -qs jiaozi-session.py $each/cmdline && kill -STOP ${each#/proc/}; done"
)
_RUN = """
import json, sys, uuid, websocket
base, token, kernel, code = sys.argv[1:]
line = websocket.create_connection(f"{base}/api/kernels/{kernel}/channels?token={token}", timeout=120)
head = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "session": "t", "username": "t", "version": "5.3"}
asked = {"code": code, "silent": False, "allow_stdin": False, "user_expressions": {}, "store_history": False}
line.send(json.dumps({"header": head, "parent_header": {}, "metadata": {}, "channel": "shell", "content": asked}))
while True:
    said = json.loads(line.recv())
    if said["header"]["msg_type"] == "stream":
        print(said["content"]["text"], end="")
        break
"""


def run_in_kernel(program, access, code):
    """Start a kernel, run code in it as a notebook does, and give what it printed."""
    kernel = ask(access, "/api/kernels", b"{}")
    python, base = str(Path(program).parent / "python"), f"ws://{access.host}:{access.port}"
    words = [python, "-c", _RUN, base, access.token, kernel["id"], code]
    done = subprocess.run(words, capture_output=True, text=True, timeout=180, check=True)
    return done.stdout.strip()


def test_a_notebook_answers_its_token_alone_and_runs_a_kernel(notebooks):
    order_id, access = opened(notebooks, JUPYTERLAB, files={"data.csv": b"1,2\n"})
    assert (access.opens, access.host) == (JUPYTERLAB, "127.0.0.1")
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(access, "/api/contents", token="wrong")
    assert refused.value.code == 403
    assert [each["name"] for each in ask(access, "/api/contents")["content"]] == ["data.csv"]
    assert run_in_kernel(JUPYTER, access, "print(6 * 7)") == "42"
    terminal = ask(access, "/api/terminals", b"{}")
    assert terminal["name"]
    assert access.token not in notebooks.engine.logs(order_id, 65_536).decode()
    assert access.token not in repr(access)
    notebooks.engine.cancel(order_id)
    notebooks.until(order_id, JobState.ENDED)
    assert notebooks.engine.access(order_id) is None
    assert content(notebooks, order_id)["work/data.csv"] == b"1,2\n"
    (record,) = notebooks.records()
    assert record.outcome is JobOutcome.CANCELLED


def test_a_shell_takes_its_holders_key_alone(shells, tmp_path):
    order_id, access = opened(shells, SSH, keys(tmp_path), files={"in.txt": b"given\n"})
    done = ssh(access, tmp_path, "cat in.txt; id -un; echo kept > out.txt; tty || true; pwd")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["given", access.user, "not", "a", "tty", "/job/work"]
    typed = ssh(access, tmp_path, "tty", terminal=True)
    assert typed.stdout.strip() == "/dev/pts/0", typed.stderr
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other")], check=True)
    other = ssh(access, tmp_path, "true", key="other")
    assert other.returncode == 255
    assert "Permission denied (publickey)" in other.stderr
    shells.engine.cancel(order_id)
    shells.until(order_id, JobState.ENDED)
    found = content(shells, order_id)
    assert (found["work/in.txt"], found["work/out.txt"]) == (b"given\n", b"kept\n")


def test_a_limit_asks_for_the_end_kills_who_does_not_and_moves_with_an_extension(shells, tmp_path):
    """Three at once: one that ends when asked, one that does not, one whose limit grew; the files of all are saved."""
    limit_ms, key = 30_000, keys(tmp_path)
    sittings = [opened(shells, SSH, key, time_limit_ms=limit_ms) for _ in range(3)]
    for (_, access), more in zip(
        sittings, ("ln -s /etc/passwd link; mkfifo pipe", f"({FREEZE}) >/dev/null 2>&1 &", "true"), strict=True
    ):
        assert ssh(access, tmp_path, f"echo 1 > a; {more}").returncode in {0, 255}
    polite, frozen, extended = (order_id for order_id, _ in sittings)
    for _ in range(2):
        shells.engine.extend(extended, limit_ms + 8_000)
    shells.engine.extend(extended, 1_000)  # never down
    ends = {order_id: wait_until(lambda each=order_id: _ended(shells, each), "the end", 90) for order_id, _ in sittings}
    assert [ends[each].outcome for each in (polite, frozen, extended)] == [
        JobOutcome.SUCCEEDED, JobOutcome.TIMED_OUT, JobOutcome.SUCCEEDED,
    ]  # fmt: skip
    used_ms = {each.order_id: each.elapsed_ms for each in shells.records()}
    grace_ms = shells.engine.end_grace_ms
    assert limit_ms - grace_ms <= used_ms[polite] < limit_ms
    assert limit_ms <= used_ms[frozen] <= limit_ms + shells.engine.kill_lag_ms
    assert limit_ms - grace_ms + 8_000 <= used_ms[extended] < limit_ms + 8_000
    assert all(content(shells, each) == {"work/a": b"1\n"} for each in ends)
    with pytest.raises(UnableToExtend):
        shells.engine.extend(extended, 600_000)


def test_an_engine_says_what_it_opens_and_refuses_the_rest(shells, sshd):
    assert isinstance(shells.engine, SessionEngine)
    assert shells.engine.sessions == {SSH}
    assert connect({"enabled": False, "sshd": sshd}).sessions == frozenset()
    assert connect({"enabled": True, "sshd": sshd, "isolation": "account"}).sessions == frozenset()
    with pytest.raises(UnableToSubmit) as refused:
        shells.engine.submit(spec(uuid.uuid4(), "x", session=SessionSpec(opens=JUPYTERLAB)))
    assert refused.value.reason.code == "SESSION_NOT_OFFERED"
    with pytest.raises(ValueError, match="absolute path of a program"):
        connect({"jupyter": "jupyter-lab"})


@pytest.mark.parametrize(
    "key",
    ["", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAA", 'command="x" ssh-ed25519 AAAA', "a\nb"],
)
def test_what_is_no_public_key_is_refused(key):
    with pytest.raises(UnableToSubmit) as refused:
        SessionSpec(opens=SSH, authorized_key=key)
    assert refused.value.reason.field == "authorized_key"


def test_a_link_that_a_job_lays_leads_the_platform_nowhere(tmp_path):
    home, secret = tmp_path / "home", tmp_path / "secret"
    secret.mkdir()
    (secret / "access.json").write_text("{}")
    home.mkdir()
    (home / ".jiaozi").symlink_to(secret)
    assert read_apart(home, ".jiaozi", "access.json", most=100) == b""
    (home / ".jiaozi").unlink()
    (home / ".jiaozi").mkdir()
    (home / ".jiaozi" / "access.json").symlink_to(secret / "access.json")
    assert read_apart(home, ".jiaozi", "access.json", most=100) == b""
    os.mkfifo(home / ".jiaozi" / "pipe")
    assert read_apart(home, ".jiaozi", "pipe", most=100) == b""
