"""Probing the network: round trips told apart, throughput, strangers refused, nobody there."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from jiaozi.catalogue.rules.probing import Measured, UnableToProbe, summarise
from jiaozi.engines import probe

TOKEN = b"a token that both ends share"
TIERS_MS = (1, 5, 20)


@pytest.fixture
def responder():
    with probe.Responder("127.0.0.1", 0, TOKEN) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join(10)


def copy(source, sink, delay_s):
    """Hand bytes on after a delay, as a long line does."""
    try:
        while part := source.recv(65_536):
            time.sleep(delay_s)
            sink.sendall(part)
    except OSError:
        pass
    finally:
        sink.close()


@contextmanager
def far_away(port, round_trip_ms):
    """Put a line between here and a port that takes so long there and back."""
    with socket.create_server(("127.0.0.1", 0)) as here:

        def relay():
            inner, _ = here.accept()
            outer = socket.create_connection(("127.0.0.1", port), timeout=10)
            for end in (inner, outer):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = threading.Thread(target=copy, args=(outer, inner, round_trip_ms / 2_000))
            back.start()
            copy(inner, outer, round_trip_ms / 2_000)
            back.join(10)

        thread = threading.Thread(target=relay)
        thread.start()
        yield here.getsockname()[1]
        thread.join(10)


def nearest_tier_ms(found):
    return min(TIERS_MS, key=lambda tier: abs(tier - found.rtt_least_us / 1_000))


def test_tiers_are_told_apart(responder):
    found = []
    for round_trip_ms in TIERS_MS:
        with far_away(responder, round_trip_ms) as port:
            found.append(probe.measure("127.0.0.1", port, TOKEN, echoes=16))
    assert [nearest_tier_ms(one) for one in found] == list(TIERS_MS)
    for one, delay_ms in zip(found, TIERS_MS, strict=True):
        assert one.rtt_us >= one.rtt_least_us >= delay_ms * 1_000
        assert (one.echoes, one.bandwidth_mbps) == (16, None)


def test_throughput_is_measured_when_asked(responder):
    found = probe.measure("127.0.0.1", responder, TOKEN, moved_mib=8)
    assert found.bandwidth_mbps is not None
    assert found.bandwidth_mbps >= 1


@pytest.mark.parametrize("token", [b"another token of this length", TOKEN[:-1]])
def test_another_token_gets_no_answer(responder, token):
    with pytest.raises(UnableToProbe, match="another token"):
        probe.measure("127.0.0.1", responder, token)
    assert probe.measure("127.0.0.1", responder, TOKEN, echoes=1).echoes == 1


def test_nobody_there_and_nobody_answering_end_with_one_line():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(UnableToProbe, match="no answer from"):
            probe.measure("127.0.0.1", port, TOKEN, timeout_s=0.3)
    with pytest.raises(UnableToProbe, match="no answer from"):
        probe.measure("127.0.0.1", port, TOKEN, timeout_s=0.3)


def test_what_is_no_talk_is_not_answered(responder):
    with socket.create_connection(("127.0.0.1", responder), timeout=10) as talk:
        nonce = talk.recv(16)
        talk.sendall(probe._proof(TOKEN, nonce) + b"Q")
        assert talk.recv(1) == b""


@pytest.mark.parametrize("wrong", [{"moved_mib": -1}, {"moved_mib": 257}, {"echoes": 0}, {"echoes": 1_000}])
def test_bounds(wrong):
    with pytest.raises(UnableToProbe) as refused:
        probe.measure("127.0.0.1", 9, TOKEN, **wrong)
    assert refused.value.reason.code == "OUT_OF_BOUNDS"
    with pytest.raises(UnableToProbe, match="at least 16 bytes"):
        probe.measure("127.0.0.1", 9, b"short")


def test_figures_of_timings():
    assert summarise([3_000, 1_001, 2_000]) == Measured(2, 2, None, 3)
    for nothing in ([], [0], [-1]):
        with pytest.raises(UnableToProbe):
            summarise(nothing)
    with pytest.raises(UnableToProbe):
        summarise([1], moved_bytes=1, took_ns=0)


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)


@pytest.fixture
def hosts():
    """Two hosts in namespaces of their own with a line between them; gives a function that sets its delay."""
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("tc"):
        pytest.skip("hosts in network namespaces need root, ip and tc (apt-get install iproute2)")
    names = [f"jz-probe-{os.getpid()}-{side}" for side in "ab"]
    try:
        for name in names:
            if run("ip", "netns", "add", name).returncode:
                pytest.skip("this machine makes no network namespaces")
        run("ip", "link", "add", "jza", "netns", names[0], "type", "veth", "peer", "name", "jzb", "netns", names[1])
        for name, link, address in ((names[0], "jza", "10.99.7.1/24"), (names[1], "jzb", "10.99.7.2/24")):
            run("ip", "-n", name, "address", "add", address, "dev", link)
            run("ip", "-n", name, "link", "set", link, "up")

        def delay(delay_ms):
            set_ = run(
                "tc", "-n", names[0], "qdisc", "replace", "dev", "jza", "root", "netem", "delay", f"{delay_ms}ms"
            )
            if set_.returncode:
                pytest.skip("this kernel can't delay packets (it has no sch_netem)")

        yield names, delay
    finally:
        for name in names:
            run("ip", "netns", "delete", name)


def test_tiers_between_real_hosts_are_told_apart(hosts, tmp_path):
    (one, other), delay = hosts
    delay(TIERS_MS[0])
    key = tmp_path / "token"
    key.write_bytes(TOKEN)
    key.chmod(0o600)
    jiaozi = [sys.executable, "-c", "from jiaozi.cli.main import run; run()", "probe"]
    serve = subprocess.Popen(
        ["ip", "netns", "exec", one, *jiaozi, "serve", "--host", "10.99.7.1", "--token", str(key)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert "listening" in serve.stdout.readline()
        for delay_ms in TIERS_MS:
            delay(delay_ms)
            done = run(
                "ip", "netns", "exec", other, *jiaozi, "measure", "10.99.7.1:7461", "--token", str(key), "--mib", "0"
            )
            assert done.returncode == 0, done.stderr
            least_ms = float(done.stdout.split("least ")[1].split(" ms")[0])
            assert min(TIERS_MS, key=lambda tier: abs(tier - least_ms)) == delay_ms
    finally:
        serve.terminate()
        serve.wait(10)
