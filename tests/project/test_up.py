"""The whole service as an operator meets it: up, watched, hurt, ended."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from jiaozi.project import postgres, up
from jiaozi.project.postgres import processes

PROGRAM = [sys.executable, "-c", "from jiaozi.cli.main import run; run()"]
PATIENCE_S = 300


def eventually(found, what, running=None):
    """Wait for a condition, as long as a busy machine may need and the process lives."""
    deadline = time.monotonic() + PATIENCE_S
    while not (value := found()):
        assert time.monotonic() < deadline, f"{what} did not happen"
        assert running is None or running.poll() is None, running.stderr.read()
        time.sleep(0.1)
    return value


def health(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except OSError:
        return 0, {}


def children(pid):
    """Command line of each child by its pid."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[1]
                if int(parent) == pid:
                    found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
    return found


def child(pid, word):
    return next((number for number, line in children(pid).items() if word in line), None)


@pytest.fixture
def service():
    """Starts ``jiaozi`` on a ``var`` of its own, with the embedded database."""
    folder = Path(tempfile.mkdtemp(prefix="jz-"))
    folder.chmod(0o711)
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE_", "JIAOZI_"))}
    environ |= {"JIAOZI_VAR": str(folder / "var")}
    started = []

    def start(*words, port):
        process = subprocess.Popen(
            [*PROGRAM, *words],
            env=environ | {"JIAOZI_PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
        )
        started.append(process)
        return process

    start.here = postgres.location(folder / "var" / "postgres")
    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
    postgres.purge(start.here)
    shutil.rmtree(folder)


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.mark.faults
def test_up_survives_its_parts_and_ends_cleanly(service, free_port):
    running = service("up", port=free_port)
    _, body = eventually(lambda: (found := health(free_port))[0] == 200 and found, "health", running)
    assert body["ok"] is body["database"] is body["worker"] is True
    assert body["missing_migrations"] == []

    second = service("up", port=free_port)
    assert second.wait(PATIENCE_S) == 1
    assert "already runs" in second.stderr.read()

    hurt = {
        "worker": child(running.pid, "worker.main"),
        "web": child(running.pid, "jiaozi.project.serve"),
        "database": processes.postmaster(service.here.data),
    }
    for pid in hurt.values():
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: child(running.pid, "worker.main") not in {None, hurt["worker"]}, "another worker")
    eventually(lambda: child(running.pid, "jiaozi.project.serve") not in {None, hurt["web"]}, "another web process")
    eventually(lambda: processes.postmaster(service.here.data) not in {None, hurt["database"]}, "another database")
    eventually(lambda: health(free_port)[0] == 200, "health after the faults", running)

    parts = children(running.pid)
    running.send_signal(signal.SIGTERM)
    assert running.wait(PATIENCE_S) == 0
    eventually(lambda: not any(Path(f"/proc/{pid}/cwd").exists() for pid in parts), "the children's end")
    assert processes.postmaster(service.here.data) is None
    assert "Traceback" not in running.stderr.read().split("another", 1)[0]


def test_taken_port_is_refused_in_one_line_before_anything_starts(service):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        running = service("up", port=taken.getsockname()[1])
        assert running.wait(PATIENCE_S) == 1
        words = running.stderr.read()
    assert words.startswith("jiaozi: JIAOZI_PORT: 127.0.0.1:")
    assert "taken by another program" in words
    assert not service.here.data.exists()


def test_address_that_is_not_ours_is_refused():
    with pytest.raises(up.UnableToServe, match=r"can't listen on 192\.0\.2\.1"):
        up.listening("192.0.2.1", 0)


def test_child_that_keeps_ending_takes_the_service_down(tmp_path):
    count = tmp_path / "starts"
    command = ["/bin/sh", "-c", f"echo x >> '{count}'; exit 3"]

    async def keep():
        stop = asyncio.Event()
        with pytest.raises(up.UnableToServe, match="ended 5 times"):
            await up._keep("web", command, stop)
        assert stop.is_set()

    asyncio.run(keep())
    assert len(count.read_text().split()) == up.RESTARTS_MAX


def test_health_without_a_database_says_so(tmp_path):
    environ = {**os.environ, "DATABASE_URL": f"postgresql://nobody@/none?host={tmp_path}"}
    environ.pop("DATABASE_OWNER_URL", None)
    done = subprocess.run([*PROGRAM, "health"], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout) == {
        "ok": False,
        "database": False,
        "worker": False,
        "missing_migrations": [],
        "worker_heartbeat_age_s": None,
    }


@pytest.mark.django_db
def test_health_without_a_worker_is_unwell(client):
    response = client.get("/health")
    assert response.status_code == 503
    assert response.json()["database"] is True
    assert response.json()["worker"] is False
    assert response["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_metrics_are_prometheus_text(client):
    response = client.get("/metrics")
    assert response.status_code == 200
    assert b"python_info" in response.content
