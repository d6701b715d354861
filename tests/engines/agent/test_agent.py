"""An agent behind a firewall: over a real HTTP server, on a line that fails in every way, and a day without one."""

import json
import random
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from jiaozi.cli.agent import app as agent_app
from jiaozi.engines.agent import connect, envelope, link, wire
from jiaozi.engines.agent.envelope import Envelope, UnableToRead, seal, unseal
from jiaozi.engines.agent.http import Https
from jiaozi.engines.agent.options import read_options
from jiaozi.engines.agent.runner import UnableToReachPlatform
from jiaozi.engines.agent.spool import alone
from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import JobOutcome, JobState, UnableToFindJob, UnableToReachEngine, UnableToSubmit
from tests.engines.agent.centre import Both, spec


@pytest.fixture
def both(tmp_path):
    return Both(tmp_path)


def test_an_order_goes_out_and_comes_back(both):
    order = spec(files={"a": b"\x00\xff"}, voucher_id=new_id())
    assert both.submitted(order) is None, "nobody has asked the agent yet"
    assert both.engine.status([order.order_id])[order.order_id].state is JobState.QUEUED
    assert both.agent.step()
    assert both.paper.jobs[order.order_id]["spec"] == order
    both.agent.step()
    assert both.submitted(order).engine_job == f"paper-{order.order_id}"
    assert both.engine.status([order.order_id])[order.order_id].state is JobState.RUNNING
    both.paper.tick(10)
    both.agent.step()
    status = both.engine.status([order.order_id, new_id()])
    assert (list(status), status[order.order_id].outcome) == ([order.order_id], JobOutcome.SUCCEEDED)
    page = both.engine.usage("")
    assert page.records == (both.paper.record(order.order_id),)
    assert both.engine.usage(page.cursor).records == ()
    assert both.paper.submissions == {order.order_id: 1}


def test_a_refusal_comes_back_with_its_field(both):
    order = spec(resource_class="none")
    both.submitted(order)
    both.agent.step()
    both.agent.step()
    with pytest.raises(UnableToSubmit) as refused:
        both.engine.submit(order)
    assert (refused.value.reason.code, refused.value.reason.field) == ("RESOURCE_CLASS_UNKNOWN", "resource_class")
    assert both.engine.status([order.order_id]) == {}


def test_cancel_reaches_a_job_whether_it_was_answered_or_not(both):
    early, late = spec(), spec()
    both.submitted(early)
    both.engine.cancel(early.order_id)
    both.submitted(late)
    for _ in range(2):
        both.agent.step()
    both.engine.cancel(late.order_id)
    both.engine.cancel(late.order_id)
    for _ in range(2):
        both.agent.step()
    found = both.engine.status([early.order_id, late.order_id])
    assert [status.outcome for status in found.values()] == [JobOutcome.CANCELLED] * 2
    with pytest.raises(UnableToFindJob):
        both.engine.cancel(new_id())


def test_logs_come_with_the_next_letter(both):
    order = spec()
    both.submitted(order)
    both.agent.step()
    assert both.engine.logs(order.order_id, 100) == b""
    both.agent.step()
    both.agent.step()
    assert both.engine.logs(order.order_id, 100) == f"log of {order.order_id}".encode()
    with pytest.raises(UnableToFindJob):
        both.engine.logs(new_id(), 10)


def test_capacity_is_believed_while_the_agent_speaks(both, monkeypatch):
    assert both.engine.capacity() == ()
    assert both.engine.forecast_start(spec(), clock.now()).starts_at is None
    both.agent.step()
    both.agent.step()
    assert both.engine.capacity() == both.paper.capacity()
    now = clock.now()
    assert both.engine.forecast_start(spec(), now).starts_at == now
    monkeypatch.setattr("jiaozi.engines.agent.engine.clock.now", lambda: now + timedelta(hours=1))
    assert both.engine.capacity() == ()


def test_an_engine_that_is_away_keeps_what_was_asked(both):
    order = spec()
    both.submitted(order)
    both.paper.away = True
    for _ in range(3):
        both.agent.step()
    assert both.submitted(order) is None
    both.paper.away = False
    both.agent.step()
    both.agent.step()
    assert both.submitted(order) is not None


def test_a_day_without_a_line_loses_and_doubles_nothing(both):
    """24 hours, an agent's look every minute; jobs go on ending at the centre, orders go on being asked for."""
    before = [spec(time_limit_ms=minute * 60_000 + 1) for minute in range(1, 1_440, 10)]
    for order in before:
        both.submitted(order)
    both.agent.step()
    both.agent.step()
    assert len(both.paper.jobs) == len(before)
    both.exchange = both.cut
    after = []
    for minute in range(1_440):
        both.paper.tick(60)
        if minute % 60 == 0:
            after.append(spec())
            both.submitted(after[-1])
            assert not both.agent.step()
        if minute == 700:
            both.open_agent()  # the agent's machine restarts
            both.open_platform()
    assert both.records() == []
    with both.agent.spool.change() as page:
        assert page.waiting() < 1_000
    both.exchange = both.direct
    for _ in range(3):
        assert both.agent.step()
    both.paper.tick(60)
    both.agent.step()
    records = both.records()
    assert {record.order_id for record in records} == {order.order_id for order in before + after}
    assert len(records) == len(before) + len(after)
    assert records == [both.paper.record(record.order_id) for record in records]
    assert set(both.paper.submissions.values()) == {1}


FATES = st.lists(
    st.sampled_from(["through", "lost", "answer lost", "doubled", "old one", "agent dies", "platform dies"]),
    min_size=5, max_size=30,
)  # fmt: skip


@settings(max_examples=25)
@given(fates=FATES, seed=st.integers(0, 2**32))
def test_whatever_happens_to_letters_each_message_counts_once(tmp_path_factory, fates, seed):
    both, draw = Both(tmp_path_factory.mktemp("line")), random.Random(seed)
    line = Unreliable(both, draw)
    both.exchange = line
    orders = []
    for each in fates:
        line.fate = each
        orders.append(spec(time_limit_ms=draw.randrange(1, 20_000)))
        both.submitted(orders[-1])
        if draw.random() < 0.2:
            both.engine.cancel(draw.choice(orders).order_id)
        if each == "platform dies":
            both.open_platform()
        try:
            both.agent.step()
        except KeyboardInterrupt:
            both.open_agent()
        both.paper.tick(draw.randrange(5))
    line.fate = "through"
    for _ in range(3):
        both.paper.tick(100)
        both.agent.step()
    records = both.records()
    assert sorted(record.record_id for record in records) == sorted(f"paper:{order.order_id}" for order in orders)
    assert records == [both.paper.record(record.order_id) for record in records]
    found = both.engine.status([order.order_id for order in orders])
    assert {status.state for status in found.values()} == {JobState.ENDED}


class Unreliable:
    """A line with a fate."""

    def __init__(self, both, draw):
        self.both, self.draw, self.sent, self.fate = both, draw, [], "through"

    def __call__(self, letter):
        self.sent.append(letter)
        if self.fate == "lost":
            raise UnableToReachPlatform(self.fate)
        if self.fate == "old one":
            self.both.direct(self.draw.choice(self.sent))
        if self.fate == "doubled":
            self.both.direct(letter)
        answer = self.both.direct(letter)
        if self.fate == "answer lost":
            raise UnableToReachPlatform(self.fate)
        if self.fate == "agent dies":
            raise KeyboardInterrupt
        return answer


@pytest.mark.parametrize("side", ["desk.db", "agent.db"])
def test_a_side_that_lost_its_memory_is_told_again(both, side):
    first, second = spec(), spec(time_limit_ms=1_000_000)
    for order in (first, second):
        both.submitted(order)
    for _ in range(2):
        both.agent.step()
    both.paper.tick(10)
    both.agent.step()
    for path in both.folder.glob(f"{side}*"):
        path.unlink()
    both.open_platform()
    both.open_agent()
    if side == "desk.db":
        for order in (first, second):
            both.submitted(order)  # the platform's own orders are in its database
    for _ in range(4):
        both.agent.step()
    assert both.records() == [both.paper.record(first.order_id)]
    found = both.engine.status([first.order_id, second.order_id])
    assert [status.state for status in found.values()] == [JobState.ENDED, JobState.RUNNING]
    both.paper.tick(1_000)
    both.agent.step()
    assert len(both.records()) == 2


class Face:
    """A real HTTP server on the loopback where the platform's face would be."""

    def __init__(self, answer):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                letter = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    status, body = 200, answer(letter)
                except UnableToRead as refused:
                    status, body = 403, str(refused).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/agent"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)


def test_letters_travel_over_http(both):
    face = Face(both.direct)
    both.exchange = Https(face.url, timeout_s=10)
    try:
        orders = [spec() for _ in range(20)]
        for order in orders:
            both.submitted(order)
        for _ in range(2):
            assert both.agent.step()
        both.paper.tick(10)
        assert both.agent.step()
        assert {record.order_id for record in both.records()} == {order.order_id for order in orders}
    finally:
        face.close()
    assert both.agent.step() is False, "the server is gone, the agent lives on"


def test_the_command_runs_an_agent_round(both, tmp_path):
    """``jiaozi agent`` as a centre runs it, with the process engine switched off: it takes the job and refuses it."""
    face, order = Face(both.direct), spec()
    both.submitted(order)
    options = tmp_path / "options.json"
    given = {
        "centre": "sichuan", "platform_url": face.url, "engine": "process", "spool": str(tmp_path / "centre.db"),
        "engine_options": {"enabled": False, "spool": str(tmp_path / "jobs")},
        "key_file": str(tmp_path / "agent.key"), "platform_key_file": str(tmp_path / "platform.pub"),
    }  # fmt: skip
    try:
        options.write_text(json.dumps(given))
        for _ in range(2):
            done = CliRunner().invoke(agent_app, ["run", "--options", str(options), "--once"])
            assert done.exit_code == 0, done.output
        with pytest.raises(UnableToSubmit):
            both.engine.submit(order)
    finally:
        face.close()
    assert CliRunner().invoke(agent_app, ["run", "--options", str(options), "--once"]).exit_code == 1
    shown = CliRunner().invoke(agent_app, ["key", str(tmp_path / "agent.key")]).output
    assert shown == (tmp_path / "agent.pub").read_text()
    del given["engine"]
    options.write_text(json.dumps(given))
    wrong = CliRunner().invoke(agent_app, ["run", "--options", str(options), "--once"])
    assert wrong.exception.reason.code == "OPTION_MISSING"


def test_a_letter_of_a_stranger_has_no_effect_and_is_refused(both):
    stranger = Ed25519PrivateKey.generate()
    letter = Envelope(
        sender="agent:sichuan", centre="sichuan", stream=str(new_id()), first=1,
        messages=({"tell": "capacity", "text": "[]"},), reading="", received=0,
    )  # fmt: skip
    genuine = link.write(both.agent.line, both.agent.spool)
    own = both.agent.line.key
    for wrong, code in (
        (seal(letter, stranger), "SIGNATURE_WRONG"),
        (genuine[:-1], "SIGNATURE_WRONG"),
        (genuine.replace(b"sichuan", b"chengdu"), "SIGNATURE_WRONG"),
        (b"", "SIGNATURE_WRONG"),
        (b"\xff" * 500, "SIGNATURE_WRONG"),
        (link.write(both.engine.desk.line, both.engine.desk.spool), "SIGNATURE_WRONG"),  # the platform's own, sent back
        (seal(_with(letter, centre="aicc"), own), "LETTER_ASTRAY"),
        (seal(_with(letter, sender="platform"), own), "LETTER_ASTRAY"),
        (own.sign(b"[]").hex().encode() + b"\n[]", "LETTER_GARBLED"),
        (own.sign(b'{"v":9}').hex().encode() + b'\n{"v":9}', "VERSION_UNKNOWN"),
    ):
        with pytest.raises(UnableToRead) as refused:
            both.direct(wrong)
        assert refused.value.reason.code == code
    assert both.engine.desk.told("capacity") == ""
    (told,) = unseal(genuine, both.engine.desk.line.other_key, sender="agent:sichuan", centre="sichuan").messages
    assert told["tell"] == "memory", "which memory is at the centre, for leases"


def _with(letter, **changed):
    from dataclasses import replace

    return replace(letter, **changed)


def test_a_command_that_no_letter_can_carry_stops_nobody(both):
    from dataclasses import replace

    with pytest.raises(UnableToSubmit) as refused:
        both.engine.submit(replace(spec(), command=("echo", "\udcff")))
    assert refused.value.reason.code == "COMMAND_NOT_TEXT"
    order = spec()
    both.submitted(order)
    both.agent.step()
    assert order.order_id in both.paper.jobs


def test_everything_that_travels_comes_back_as_it_was(both):
    order = spec(files={"a": bytes(range(256))}, cards=2, voucher_id=new_id())
    assert wire.read_spec(wire.write_spec(order)) == order
    both.paper.submit(order)
    status = both.paper.status([order.order_id])[order.order_id]
    assert wire.read_status(wire.write_status(status)) == status
    assert wire.read_capacity(wire.write_capacity(both.paper.capacity())) == both.paper.capacity()


def test_unanswered_is_asked_again_and_never_released(both):
    order = spec()
    both.exchange = both.cut
    for _ in range(3):
        with pytest.raises(UnableToReachEngine) as waits:
            both.engine.submit(order)
        assert waits.value.reason.code == "AGENT_NOT_ANSWERED"
        assert order.order_id in both.engine.status([order.order_id]), "an order must not be released as unknown"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"centre": ""}, "'centre' is needed"),
        ({"centre": "a b"}, "plain words"),
        ({"kill_lag_ms": None}, "'kill_lag_ms' must be"),
        ({"granularity_ms": 0}, "'granularity_ms' must be"),
        ({"kindness": 1}, "'kindness' is unknown"),
    ],
)
def test_a_wrong_option_is_named(both, options, said):
    with pytest.raises(ValueError, match=said):
        read_options({**both.options, **options})


def test_a_key_that_is_none_says_so(tmp_path):
    (tmp_path / "key").write_text("nonsense")
    options = {"centre": "c", "spool": str(tmp_path / "s"), "granularity_ms": 1, "kill_lag_ms": 0}
    with pytest.raises(UnableToReachEngine):
        connect({**options, "key_file": str(tmp_path / "key"), "agent_key_file": "nowhere"})
    for path in ("key", "nowhere"):
        for read in (envelope.private_key, envelope.public_key):
            with pytest.raises(UnableToRead) as refused:
                read(str(tmp_path / path))
            assert refused.value.reason.code == "KEY_UNREADABLE"


def test_a_first_attempt_is_told_as_one_to_the_memory_that_hears_of_it_first(both):
    both.agent.step()  # tells the platform which memory it has
    order, late = spec(), spec()
    both.submitted(order)
    both.agent.step()
    assert both.paper.attempts == [(order.order_id, True)]
    both.submitted(late)
    both.agent.talk()  # it has heard of the job, and is killed before it tries
    both.open_agent()
    both.agent.step()
    assert both.paper.attempts[1:] == [(late.order_id, False)]


def test_what_an_agent_that_lost_its_memory_hears_again_is_no_first_attempt(both):
    """It had made the attempt; the letter that said so was lost with its memory, and the platform's is still to say."""
    both.agent.step()
    order = spec()
    both.submitted(order)
    letter = both.direct(link.write(both.agent.line, both.agent.spool))
    both.agent._exchange = lambda _: letter  # its answers never reach the platform
    both.agent.talk()
    both.agent.work()
    assert both.paper.attempts == [(order.order_id, True)]
    for file in both.folder.glob("agent.db*"):
        file.unlink()
    both.open_agent()
    for _ in range(3):
        both.agent.step()
    assert both.paper.attempts[1:] == [(order.order_id, False)]
    assert both.submitted(order).engine_job == f"paper-{order.order_id}"


def test_one_agent_at_a_time_works_with_a_memory(both, tmp_path):
    options = tmp_path / "options.json"
    given = {
        "centre": "sichuan", "platform_url": "http://127.0.0.1:9", "engine": "process",
        "spool": str(tmp_path / "centre.db"), "engine_options": {"enabled": False, "spool": str(tmp_path / "jobs")},
        "key_file": str(tmp_path / "agent.key"), "platform_key_file": str(tmp_path / "platform.pub"),
    }  # fmt: skip
    options.write_text(json.dumps(given))
    for words in ([], ["--once"]):
        with alone(tmp_path / "centre.db") as mine:
            assert mine
            second = CliRunner().invoke(agent_app, ["run", "--options", str(options), *words])
        assert (second.exception.reason.code, second.exception.reason.field) == ("AGENT_RUNS", "spool")
        assert not (tmp_path / "centre.db").exists(), "nothing is touched"
    assert CliRunner().invoke(agent_app, ["run", "--options", str(options), "--once"]).exit_code == 1
    with alone(tmp_path / "centre.db") as mine:
        assert mine, "free again after the first one's end"
        shown = CliRunner().invoke(agent_app, ["leases", "--options", str(options)])
    assert (shown.exit_code, json.loads(shown.output)) == (0, [])
