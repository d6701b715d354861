"""Real clusters for a whole test session, and an engine on them for each way to reach one."""

import asyncio
import threading

import asyncssh
import pytest

from jiaozi.engines.slurm import connect
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import JobSpec, JobState
from tests.engines.slurm.clusters import USER, Clusters, missing, until

CLASSES = {
    "scc": {"cpu": {"partition": "work"}, "barred": {"partition": "closed"}, "nowhere": {"partition": "nowhere"}},
    "aic": {"cpu": {"partition": "work"}, "gpu-910b": {"partition": "work", "gres": "gpu:910b"}},
}


@pytest.fixture(scope="session")
def clusters():
    """Two clusters, or one line that says why not."""
    why = missing()
    if why:
        pytest.skip(why)
    up = Clusters().up()
    yield up
    up.down()


class Login:
    """An SSH server that stands for a centre's login node."""

    def __init__(self, folder):
        self.host_key, self.user_key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
        self.key_file, self.known_hosts = folder / "key", folder / "known_hosts"
        self.user_key.write_private_key(str(self.key_file))
        self.key_file.chmod(0o600)
        allowed = folder / "allowed"
        self.user_key.write_public_key(str(allowed))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(str(allowed)), self._loop).result(30)
        self.port = self._server.get_port()
        line = self.host_key.export_public_key().decode().strip()
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {line}\n")

    async def _listen(self, allowed):
        return await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[self.host_key], authorized_client_keys=allowed,
            process_factory=self._serve, encoding=None,
        )  # fmt: skip

    async def _serve(self, process):
        started = await asyncio.create_subprocess_shell(process.command, stdin=-1, stdout=-1, stderr=-1)
        given = await process.stdin.read()
        output, complaint = await started.communicate(given)
        process.stdout.write(output)
        process.stderr.write(complaint)
        process.exit(started.returncode)

    def options(self):
        return {
            "transport": "ssh", "host": "127.0.0.1", "port": self.port,
            "key_file": str(self.key_file), "known_hosts": str(self.known_hosts),
        }  # fmt: skip

    def close(self):
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


@pytest.fixture(scope="session")
def login(tmp_path_factory):
    server = Login(tmp_path_factory.mktemp("login"))
    yield server
    server.close()


class Place:
    """One cluster reached in one way."""

    def __init__(self, clusters, name, **options):
        self.clusters, self.name = clusters, name
        folder = str(clusters.root / "jobs")
        self.options = {"classes": CLASSES[name], "folder": folder, "user": USER, "timeout_s": 30, **options}
        self.engine = connect(self.options)

    def with_options(self, **options):
        return Place(self.clusters, self.name, **{**self.options, **options})

    def status(self, order_id):
        return self.engine.status([order_id])[order_id]

    def until(self, order_id, state, bound_s=60.0):
        return until(lambda: (s := self.status(order_id)).state is state and s, f"{order_id} {state}", bound_s)

    def submit(self, *command, **limits):
        order_id = new_id()
        self.engine.submit(spec(order_id, *command, **limits))
        return order_id

    def records(self, order_id=None):
        found, cursor, more = [], "", True
        while more:
            page = self.engine.usage(cursor)
            found += page.records
            cursor, more = page.cursor, page.more
        return [each for each in found if order_id in (None, each.order_id)]

    def record(self, order_id):
        """Wait for accounting to have a job's one record."""
        (record,) = until(lambda: self.records(order_id), f"the record of {order_id}")
        return record

    def run(self, *command, **limits):
        order_id = self.submit(*command, **limits)
        status = self.until(order_id, JobState.ENDED)
        return order_id, status, self.engine.logs(order_id, 65_536)


def spec(order_id, *command, **limits):
    wanted = {"cores": 1, "memory_mib": 64, "time_limit_ms": 60_000, "resource_class": "cpu", **limits}
    return JobSpec(order_id=order_id, command=command, **wanted)


def reach(clusters, name, transport, login, folder):
    """Make the options of one way to a cluster."""
    become = {"become": ["runuser", "-u", USER, "--"], "conf": str(clusters.conf(name))}
    if transport == "local":
        return become
    if transport == "ssh":
        return {**become, **login.options(), "login": "platform"}
    logs = {"transport": "rest", "logs_folder": str(clusters.root / "jobs")}
    if transport == "socket":
        return {**logs, "url": f"unix:{clusters.socket_of(name)}"}
    token = folder / f"token-{name}"
    token.write_text(clusters.token(name))
    return {**logs, "url": f"http://{clusters.rest_of(name)}", "token_file": str(token)}


@pytest.fixture(params=["local", "ssh", "socket", "tcp"])
def place(request, clusters, login, tmp_path):
    """The cluster of cores, in every way."""
    return Place(clusters, "scc", **reach(clusters, "scc", request.param, login, tmp_path))


@pytest.fixture
def local(clusters, login, tmp_path):
    return Place(clusters, "scc", **reach(clusters, "scc", "local", login, tmp_path))


@pytest.fixture
def cards(clusters, login, tmp_path):
    return Place(clusters, "aic", **reach(clusters, "aic", "local", login, tmp_path))
