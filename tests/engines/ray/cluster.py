"""One real Ray head on this machine, with cards that are only names, in a folder of its own.

Ray is no part of the product: ``make setup-ray`` puts it into a virtual environment beside it. All ports are free ones.
By hand, for a look around: ``python -m tests.engines.ray.cluster`` prints the dashboard's address and waits.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

CORES, CARDS, CARD = 8, 4, "910b"
START_WAIT_S = 45
"""How long this cluster lets a job wait; the default is 15 minutes."""

_BOUND_S = 120.0


def home():
    """Where ``make setup-ray`` puts Ray."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "jiaozi" / "ray"


def missing():
    """Say why Ray can't be tested here, or nothing."""
    return "" if (home() / "bin" / "ray").exists() else "Ray is not installed; install it with: make setup-ray"


def until(condition, what, bound_s=_BOUND_S):
    """Wait for a condition, and give what it gave."""
    end = time.monotonic() + bound_s
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {bound_s} s: {what}"
        time.sleep(0.1)
    return found


def free_ports(count):
    """Give ports that are free now, outside those that Ray gives to its workers."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    assert not any(10_002 <= port <= 19_999 for port in ports)
    return ports


class Cluster:
    """A head that is also the only node."""

    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix="jzray-"))  # short: Ray puts sockets below it
        gcs, self.port, listen, grpc, metrics, client, health = free_ports(7)
        self.url = f"http://127.0.0.1:{self.port}"
        words = [
            home() / "bin" / "ray", "start", "--head", "--block", "--node-ip-address=127.0.0.1", f"--port={gcs}",
            "--dashboard-host=127.0.0.1", f"--dashboard-port={self.port}", f"--dashboard-agent-listen-port={listen}",
            f"--dashboard-agent-grpc-port={grpc}", f"--metrics-export-port={metrics}",
            f"--ray-client-server-port={client}", f"--runtime-env-agent-port={health}", f"--num-cpus={CORES}",
            f'--resources={{"{CARD}": {CARDS}}}', "--object-store-memory=80000000", "--disable-usage-stats",
            f"--temp-dir={self.root}/t",
        ]  # fmt: skip
        environ = {
            "PATH": f"{home()}/bin:/usr/local/bin:/usr/bin:/bin", "HOME": str(self.root), "LANG": "C.UTF-8",
            "RAY_JOB_START_TIMEOUT_SECONDS": str(START_WAIT_S), "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
        }  # fmt: skip
        with (self.root / "out").open("wb") as out:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environ, start_new_session=True
            )

    def up(self):
        try:
            until(self._answers, f"Ray to answer; {(self.root / 'out').read_text()[-2000:]}")
        except BaseException:
            self.down()
            raise
        return self

    def _answers(self):
        assert self.process.poll() is None, (self.root / "out").read_text()[-2000:]
        try:
            return b'"ALIVE"' in urllib.request.urlopen(f"{self.url}/api/v0/nodes", timeout=5).read()
        except OSError:
            return False

    def down(self):
        if self.process.poll() is None:
            self.process.terminate()  # with --block it ends what it started
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(10)
        shutil.rmtree(self.root, ignore_errors=True)


def main():
    cluster = Cluster().up()
    try:
        print(cluster.url, flush=True)  # noqa: T201
        signal.pause()
    finally:
        cluster.down()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    main()
