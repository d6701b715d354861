"""Places that are real: a folder, an SFTP server and an S3 server on loopback."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import asyncssh
import httpx2
import pytest
from obstore.store import S3Store

from jiaozi.engines.staging import Mover, Options
from jiaozi.order.ports import Direction, Movement

PIECE = 64 * 1024


def movement(source, target, **changed):
    words = {"id": uuid4(), "order_id": uuid4(), "direction": Direction.IN, "bytes_max": 10**9, **changed}
    return Movement(source=source, target=target, **words)


class SftpServer:
    """asyncssh's own SFTP server over a folder, in a thread; ``cut`` breaks every connection."""

    def __init__(self, root: Path) -> None:
        self.root, self.port = root, 0
        self.loop = asyncio.new_event_loop()
        self.connections: list[asyncssh.SSHServerConnection] = []
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        self.ready.wait()

    def _run(self) -> None:
        self.loop.run_until_complete(self._listen())
        self.ready.set()
        self.loop.run_forever()

    async def _listen(self) -> None:
        outer = self

        class Server(asyncssh.SSHServer):
            def connection_made(self, conn):
                outer.connections.append(conn)

            def begin_auth(self, username):
                return False

        self.acceptor = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=Server,
            server_host_keys=[self.key],
            sftp_factory=lambda chan: asyncssh.SFTPServer(chan, chroot=str(self.root).encode()),
        )
        self.port = self.acceptor.get_port()

    def cut(self) -> None:
        for each in self.connections:
            self.loop.call_soon_threadsafe(each.abort)
        self.connections.clear()

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.acceptor.close)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()


@pytest.fixture
def data(tmp_path):
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def options(tmp_path, data):
    return Options(roots=(f"file://{data}",), spool=tmp_path / "spool", piece_bytes=PIECE)


@pytest.fixture
def mover(options):
    return Mover(options)


@pytest.fixture
def sftp(tmp_path, options):
    root = tmp_path / "centre"
    root.mkdir()
    server = SftpServer(root)
    access = {
        "sftp://centre": {
            "host": "127.0.0.1",
            "port": server.port,
            "known_hosts": None,
            "username": "jiaozi",
            "config": None,
        }
    }
    server.options = replace(options, roots=(*options.roots, "sftp://centre/scratch"), access=access)
    yield server
    server.stop()


def server() -> Path:
    """Where ``make setup-s3`` puts the S3 server; it is no part of the product."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "jiaozi" / "s3" / "bin" / "moto_server"


@pytest.fixture(scope="session")
def s3_address():
    if not server().exists():
        pytest.skip("there is no S3 server; install it with: make setup-s3")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [server(), "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(600):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.1):
            break
        assert process.poll() is None, "the S3 server ended by itself"
        time.sleep(0.05)
    yield address
    process.terminate()
    process.wait()


@pytest.fixture
def s3(s3_address, options):
    """A bucket of one's own, the server's store for looking behind the mover, and the options to reach it."""
    bucket = f"b{uuid4().hex}"
    httpx2.put(f"{s3_address}/{bucket}").raise_for_status()
    words = {"endpoint": s3_address, "access_key_id": "test", "secret_access_key": "test", "region": "us-east-1"}
    store = S3Store(bucket, config={**words}, client_options={"allow_http": True})
    access = {f"s3://{bucket}": {**words, "allow_http": True}}
    return store, bucket, replace(options, roots=(*options.roots, f"s3://{bucket}"), access=access)
