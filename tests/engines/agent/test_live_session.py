"""A real session behind a firewall: agent and engine in processes of their own, a real shell, a line that is cut.

About a minute: the shell really reaches its limit.
"""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import urllib.error
from pathlib import Path

import pytest

from jiaozi.catalogue.models import Centre
from jiaozi.catalogue.queries import tariff_of
from jiaozi.catalogue.rules import run_price_fen
from jiaozi.engines.agent import session_desk
from jiaozi.engines.agent.envelope import UnableToRead
from jiaozi.journal.models import JournalLine
from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.kernel.refusal import Refused
from jiaozi.ledger import queries as ledger
from jiaozi.metering import queries as metered
from jiaozi.metering import services as metering
from jiaozi.metering.models import Capture, UsageRow
from jiaozi.order import queries
from jiaozi.order import services as order
from jiaozi.order.ports import JUPYTERLAB, SSH, JobState
from jiaozi.order.rules import Request, Session, State
from jiaozi.order.rules.session import SliceState
from jiaozi.order.services.engines import _engine, engine_of
from jiaozi.voucher.queries import purse
from tests.engines.agent.centre import Both
from tests.engines.agent.test_agent import Face
from tests.engines.places import wait_until
from tests.engines.test_sessions import ask, jupyter, keys, ssh, sshd  # noqa: F401 - fixtures
from tests.world import CENTRE, CENTRE_CLERK, OFFICER, build

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("sessions")]
LIMIT_MS, MORE_MS, BOUND_S = 40_000, 5_000, 120.0


@pytest.fixture
def world(fresh_database):
    made = build(clock.now())
    _engine.cache_clear()
    yield made
    _engine.cache_clear()


class Far:
    """A centre whose agent runs in a process of its own, and the line to it, which can be cut."""

    def __init__(self, folder, place):
        both = Both(folder, centre=CENTRE)
        Centre.objects.filter(id=CENTRE).update(
            connected=True, engine="agent", engine_granularity_ms=1, kill_lag_ms=500,
            engine_options={**both.options, "granularity_ms": 1, "kill_lag_ms": 500},
        )  # fmt: skip
        self.engine, self.cut = engine_of(Centre.objects.get(id=CENTRE)), False
        self.face = Face(self._answer)
        options = {
            "centre": CENTRE, "platform_url": self.face.url, "engine": "process", "engine_options": place.options,
            "spool": str(folder / "centre.db"), "key_file": str(folder / "agent.key"),
            "platform_key_file": str(folder / "platform.pub"),
        }  # fmt: skip
        (folder / "agent.json").write_text(json.dumps(options))
        words = [str(Path(sys.executable).parent / "jiaozi"), "agent", "run", "--options", str(folder / "agent.json")]
        self.said = (folder / "agent.log").open("wb")
        self.agent = subprocess.Popen([*words, "--every", "0.2"], stdout=self.said, stderr=self.said)

    def _answer(self, letter):
        if self.cut:
            raise UnableToRead("CUT", "断", "the line is cut")
        return self.engine.desk.answer(letter)

    def close(self):
        self.agent.terminate()
        self.agent.wait(30)
        self.said.close()
        self.face.close()


@pytest.fixture
def connect(world, tmp_path, open_place):
    """Bring up a centre behind a firewall, with the programs that open sessions."""
    made = []

    def connect(**programs):
        place = open_place("root" if os.geteuid() == 0 else "user", **programs)
        made.append(Far(tmp_path, place))
        wait_until(lambda: made[-1].engine.sessions, "the agent's first letter", BOUND_S)
        return made[-1], place

    yield connect
    for far in made:
        far.close()


def started(world, session, limit_ms):
    """Order a session and wait until it runs; give its order and who ordered it."""
    holder = world.holder("样例科技")
    world.credit(holder)
    voucher = world.voucher(holder)
    by = world.applicant(voucher.holder)
    request = Request(
        centre=CENTRE, resource_class="demo-core", units=1, memory_mib=1_024, time_limit_ms=limit_ms, command=(),
        session=session,
    )  # fmt: skip
    row = order.quote(voucher_id=voucher.id, request=request, title="session", by=by, now=clock.now())
    row = order.hold(order_id=row.id, by=by, now=clock.now())
    until(lambda: queries.order(row.id).state == State.RUNNING, "the session to run")
    return row, by


def turn():
    """Do what the platform's worker does every few seconds."""
    now = clock.now()
    order.submit_waiting(now=now)
    order.watch_all(now=now)
    metering.collect_all(now=now)
    order.tend_sessions(now=now)


def until(condition, what):
    def look():
        turn()
        return condition()

    return wait_until(look, what, BOUND_S)


def test_a_notebook_behind_a_firewall_is_opened_by_a_token_that_nothing_on_the_way_keeps(
    world,
    connect,
    jupyter,  # noqa: F811 - the fixture
    tmp_path,
):
    far, _ = connect(jupyter=jupyter)
    row, by = started(world, Session(opens=JUPYTERLAB), 600_000)
    access = wait_until(lambda: _way_in(row, by), "the way in", BOUND_S)
    assert ask(access, "/api/contents")["type"] == "directory"
    with pytest.raises(urllib.error.HTTPError):
        ask(access, "/api/contents", token="wrong")
    assert access.token not in _kept(tmp_path, row)
    order.cancel(order_id=row.id, by=by, now=clock.now())
    until(lambda: queries.order(row.id).state == State.CAPTURED, "the capture")
    assert far.engine.access(row.id) is None
    assert access.token not in _kept(tmp_path, row)


def _kept(folder, row):
    """Give all that both sides' files, the agent's output, the journal and the order's rows say."""
    files = b"".join(path.read_bytes() for path in [*folder.glob("*.db*"), folder / "agent.log"])
    rows = [*JournalLine.objects.values_list("body", flat=True), vars(row), vars(queries.order(row.id).session)]
    return files.decode(errors="replace") + str(rows)


def test_a_shell_behind_a_firewall_is_opened_extended_cut_off_ended_paid_and_saved(
    world,
    connect,
    sshd,  # noqa: F811 - the fixture
    tmp_path,
    monkeypatch,
):
    monkeypatch.setattr(session_desk, "LETTERS_MS", 1_000)
    far, shells = connect(sshd=sshd)
    row, by = started(world, Session(opens=SSH, authorized_key=keys(tmp_path)), LIMIT_MS)
    voucher = row.voucher
    access = wait_until(lambda: _way_in(row, by), "the way in", BOUND_S)
    done = ssh(access, tmp_path, "echo kept > out.txt; echo in")
    assert done.stdout.strip() == "in", done.stderr
    for other in (OFFICER, CENTRE_CLERK):
        with pytest.raises(Refused):
            order.access(order_id=row.id, by=other)

    first = _more(row, by)
    assert first.state == SliceState.HELD, "held first; nobody has answered yet"
    _age(first)
    until(lambda: _state(first) == SliceState.GRANTED, "the agent's yes")
    far.cut = True
    second = _more(row, by)
    held_fen = purse(voucher.id).held_fen
    wait_until(lambda: shells.status(row.id).state is JobState.ENDED, "the limit that the centre was told", BOUND_S)
    turn()
    assert (_state(second), purse(voucher.id).held_fen) == (SliceState.HELD, held_fen), "nobody knows, so it is held"
    assert queries.order(row.id).state == State.RUNNING
    far.cut = False
    until(lambda: queries.order(row.id).state == State.CAPTURED, "the capture")

    _age(second)
    until(lambda: _state(second) == SliceState.REFUSED, "the second slice's end")
    row, usage = queries.order(row.id), UsageRow.objects.get()
    grace_ms = shells.engine.end_grace_ms
    assert LIMIT_MS + MORE_MS - grace_ms <= usage.elapsed_ms < LIMIT_MS + MORE_MS
    assert row.price_fen == run_price_fen(tariff_of(row.tariff), units=1, elapsed_ms=usage.elapsed_ms)
    assert Capture.objects.get().voucher_fen == purse(voucher.id).used_fen
    assert purse(voucher.id).held_fen == 0
    assert metered.audit() == ledger.audit() == queries.audit() == []

    until(lambda: queries.order(row.id).session.saved_name, "what was saved")
    content = wait_until(lambda: _files(row, by), "the files", BOUND_S)
    assert hashlib.sha256(content).hexdigest() == queries.order(row.id).session.saved_sha256
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        assert tar.extractfile("work/out.txt").read() == b"kept\n"
    assert far.engine.access(row.id) is None
    assert access.host_key.split()[1] not in _kept(tmp_path, row)


def _way_in(row, by):
    try:
        return order.access(order_id=row.id, by=by)
    except Refused:
        return None


def _files(row, by):
    try:
        return b"".join(order.saved_files(order_id=row.id, by=by)[2])
    except Refused:
        return None


def _more(row, by):
    return order.extend(order_id=row.id, slice_id=new_id(), adds_ms=MORE_MS, by=by, now=clock.now())


def _state(slice_):
    slice_.refresh_from_db()
    return slice_.state


def _age(slice_):
    """Let the next turn ask for it again, as it would five seconds later."""
    type(slice_).objects.filter(id=slice_.id).update(asked_at=slice_.asked_at.replace(year=2025))
