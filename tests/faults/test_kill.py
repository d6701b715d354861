"""Kill -9 of the client, and of the database, in mid-load: what was acknowledged is there, nothing is there by halves.

The server is an embedded one of the test's own with fsync on. The log that the client keeps on its side is the oracle.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jiaozi.project import postgres
from jiaozi.project.databases import APP_ROLE

pytestmark = pytest.mark.faults

LOAD = Path(__file__).with_name("load.py")
ACKNOWLEDGED_MIN = 200
ROUNDS = 2
WAIT_MAX_S = 300.0


@dataclass(frozen=True)
class Stage:
    """One server, and how clients reach it."""

    home: postgres.Location
    environ: dict[str, str]

    def command(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(LOAD), *words],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def done(self, *words: str) -> str:
        """Run a command to its end and give what it printed."""
        process = self.command(*words)
        out, errors = process.communicate(timeout=WAIT_MAX_S)
        assert process.returncode == 0, errors
        return out

    def postmaster(self) -> int:
        return int((self.home.data / "postmaster.pid").read_text().split()[0])


@pytest.fixture(scope="module")
def stage(tmp_path_factory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("faults")
    home = postgres.location(folder / "postgres")
    urls = {"DATABASE_URL": home.url(APP_ROLE), "DATABASE_OWNER_URL": home.url(postgres.OWNER_ROLE)}
    one = Stage(home, {**os.environ, **urls, "JIAOZI_VAR": str(folder)})
    try:
        postgres.ensure(home)
        one.done("migrate")
        yield one
    finally:
        postgres.purge(home)


@pytest.mark.parametrize("turn", range(ROUNDS))
@pytest.mark.parametrize("victim", ["client", "database"])
@pytest.mark.xdist_group("faults")
def test_kill_in_mid_load_loses_and_tears_nothing(stage, tmp_path, victim, turn):
    log = tmp_path / "log"
    client = stage.command("run", str(log))
    try:
        _await_acknowledgements(client, log, ACKNOWLEDGED_MIN * (turn + 1))
        if victim == "client":
            client.kill()
        else:
            _kill_database(stage.postmaster())
        client.communicate(timeout=WAIT_MAX_S)
    finally:
        client.kill()
        client.wait()
    assert postgres.ensure(stage.home) is (victim == "database")

    found = json.loads(stage.done("check", str(log)))
    assert found.pop("acknowledged") >= ACKNOWLEDGED_MIN
    assert found == {question: [] for question in found}


def _await_acknowledgements(client: subprocess.Popen[str], log: Path, count: int) -> None:
    deadline = time.monotonic() + WAIT_MAX_S
    while not log.exists() or log.read_bytes().count(b"stands ") < count:
        assert client.poll() is None, client.communicate()[1]
        assert time.monotonic() < deadline, "the load never got under way"
        time.sleep(0.005)


def _kill_database(postmaster: int) -> None:
    """Kill the server whole, every process of it, with no chance to tidy up."""
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    for pid in [postmaster, *map(int, children)]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
