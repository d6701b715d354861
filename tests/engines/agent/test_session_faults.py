"""What goes wrong with one session stays its own: an engine that forgot it, won't end it, or has other files."""

import stat
from datetime import timedelta
from hashlib import sha256

import pytest
from structlog.testing import capture_logs

from jiaozi.engines.agent import sitting
from jiaozi.engines.agent.runner import STATUS_FAULTS_MAX
from jiaozi.kernel import clock
from jiaozi.order.ports import JobState, Saved, UnableToFindJob, UnableToSubmit
from tests.engines.agent.centre import Both, Sittings, spec
from tests.engines.agent.test_sessions import HOUR_MS, ended, extend, fetched, opened, rounds, session

UNKNOWN = UnableToFindJob("job_unknown", "没有", "no such job")
BROKEN = (UNKNOWN, RuntimeError("broken"), FileNotFoundError("gone"), UnableToSubmit("X", "不", "no"))


@pytest.fixture
def both(tmp_path):
    made = Both(tmp_path, paper=Sittings())
    made.paper.at = clock.now()
    return made


def live(both):
    with both.agent.spool.change() as page:
        return page.live_jobs()


def forget(both, side):
    for path in both.folder.glob(f"{side}.db*"):
        path.unlink()
    both.open_platform()
    both.open_agent()


@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: type(fault).__name__)
def test_one_session_that_the_engine_fails_on_stops_nobody(both, fault):
    """At every call for it, while it runs and when it is over: letters go on, usage is told, jobs are handed over."""
    sick, well = sorted([opened(both), opened(both)])
    both.paper.raises = {sick: fault}
    extend(both, sick, 2 * HOUR_MS)
    extend(both, well, 2 * HOUR_MS)
    both.engine.logs(sick, 10)
    both.engine.cancel(sick)
    late, job = session(), spec(time_limit_ms=1_000)
    for order in (late, job):
        both.submitted(order)
    with capture_logs() as said:
        rounds(both, 6)
    assert extend(both, well, 2 * HOUR_MS) is True
    assert both.engine.access(late.order_id) is not None
    both.paper.tick(2)
    rounds(both, 2)
    assert [record.order_id for record in both.records()] == [job.order_id]
    lines = [line for line in said if line.get("order") == str(sick)]
    assert len(lines) == len({(line["doing"], line["problem"]) for line in lines}), "each is said once"
    assert lines
    both.paper.raises = {}
    rounds(both, 3)
    left = JobState.RUNNING if fault is UNKNOWN else JobState.ENDED
    assert both.engine.status([sick])[sick].state is left, "what was asked is kept, unless there was nothing to end"


@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: type(fault).__name__)
def test_an_ended_session_that_the_engine_fails_on_is_left_after_a_day(both, monkeypatch, fault):
    order_id = opened(both)
    both.engine.cancel(order_id)
    both.agent.step()
    both.agent.look()
    both.paper.raises = {order_id: fault}
    other = spec()
    both.submitted(other)
    rounds(both, 3)
    assert other.order_id in both.paper.jobs
    assert order_id in live(both)
    later = clock.now() + timedelta(hours=25)
    monkeypatch.setattr("jiaozi.engines.agent.sitting.clock.now", lambda: later)
    rounds(both)
    assert order_id not in live(both)
    assert both.engine.saved(order_id) is None


@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: type(fault).__name__)
def test_saved_files_that_the_engine_fails_on_are_refused(both, fault):
    order_id = ended(both, b"whole")
    both.paper.raises = {order_id: fault}
    assert fetched(both, order_id) == "SAVED_ON_ITS_WAY"
    rounds(both, 3)
    assert fetched(both, order_id) == "SAVED_UNREADABLE"
    assert live(both) == {}


def test_an_engine_that_breaks_halfway_through_the_files_gives_none(both, monkeypatch):
    order_id = ended(both, b"x" * (2 * sitting.PIECE_BYTES))

    def broken(_):
        yield b"x" * sitting.PIECE_BYTES
        raise RuntimeError("half")

    monkeypatch.setattr(both.paper, "read_saved", broken)
    assert fetched(both, order_id) == "SAVED_ON_ITS_WAY"
    rounds(both, 3)
    assert fetched(both, order_id) == "SAVED_UNREADABLE"


@pytest.mark.parametrize("part", ["status", "usage", "capacity"])
def test_a_part_of_the_look_that_breaks_leaves_the_others(both, monkeypatch, part):
    order_id = opened(both)

    def broken(*_):
        raise RuntimeError("broken")

    monkeypatch.setattr(both.paper, part, broken)
    other = spec()
    both.submitted(other)
    with capture_logs() as said:
        rounds(both, 4)
    lines = [(line["order"], line["doing"]) for line in said]
    expected = [(str(each), "status") for each in (order_id, other.order_id)]
    assert sorted(lines) == (sorted(expected) if part == "status" else [("", f"look at {part}")])
    assert other.order_id in both.paper.jobs
    assert both.engine.access(order_id) is not None


class Deaf(Sittings):
    """Asks a session to end first, and ends it only when asked again after its grace, as Slurm by slurmrestd does."""

    asked_at = None

    def ends(self, order_id):
        self.asked_at = self.asked_at or self.at
        return self.at >= self.asked_at + timedelta(seconds=90)


def test_a_session_that_does_not_hear_is_ended_at_the_second_asking(tmp_path):
    both = Both(tmp_path, paper=Deaf())
    both.paper.at = clock.now()
    order_id = opened(both)
    both.engine.cancel(order_id)
    rounds(both)
    assert both.engine.status([order_id])[order_id].state is JobState.RUNNING
    both.open_agent()
    both.paper.tick(60)
    rounds(both)
    both.paper.tick(40)
    rounds(both)
    assert both.engine.status([order_id])[order_id].state is JobState.ENDED
    asked = len(both.paper.cancels)
    rounds(both, 3)
    assert len(both.paper.cancels) == asked, "it is over: nobody is asked any more"


def test_a_cancelled_job_that_is_over_or_unknown_is_not_asked_for_for_ever(both):
    over, gone = spec(time_limit_ms=1_000), spec()
    for order in (over, gone):
        both.submitted(order)
    rounds(both)
    both.engine.cancel(over.order_id)
    both.engine.cancel(gone.order_id)
    both.paper.tick(2)
    del both.paper.jobs[gone.order_id]
    rounds(both, 4)
    assert both.paper.cancels.count(over.order_id) == 0
    assert both.paper.cancels.count(gone.order_id) == 1
    assert over.order_id not in live(both)


@pytest.mark.parametrize("late", [False, True])
def test_an_agent_that_lost_its_memory_tells_what_an_ended_session_saved(both, late):
    order_id = opened(both)
    both.engine.cancel(order_id)
    rounds(both, 2)
    assert both.engine.status([order_id])[order_id].state is JobState.ENDED
    kept = Saved(name="saved.tar.gz", size=5, sha256=sha256(b"whole").hexdigest())
    both.paper.content[order_id] = b"whole"
    if not late:
        both.paper.kept[order_id] = kept
    forget(both, "agent")
    rounds(both, 3)
    both.paper.kept[order_id] = kept
    rounds(both, 3)
    assert both.engine.saved(order_id) == kept
    assert both.paper.submissions[order_id] == 1, "what is over is not asked for again"
    assert fetched(both, order_id) == "SAVED_ON_ITS_WAY"
    rounds(both, 3)
    assert fetched(both, order_id) == b"whole"
    assert live(both) == {}


def test_the_desk_speaks_of_an_ended_session_for_a_day_at_most(both, monkeypatch):
    order_id = opened(both)
    both.engine.cancel(order_id)
    rounds(both, 2)
    later = clock.now() + timedelta(hours=25)
    monkeypatch.setattr("jiaozi.engines.agent.session_desk.clock.now", lambda: later)
    forget(both, "agent")
    rounds(both, 3)
    assert order_id not in live(both)
    with both.engine.desk.spool.change() as page:
        assert page.live_jobs() == {}


def test_files_that_an_agent_without_memory_is_asked_for_are_refused(both):
    order_id = ended(both, b"whole")
    forget(both, "agent")
    rounds(both, 3)
    assert fetched(both, order_id) == "SAVED_ON_ITS_WAY"
    rounds(both, 3)
    assert fetched(both, order_id) == "SAVED_UNREADABLE"


def test_the_first_word_of_what_was_saved_stands(both):
    order_id = ended(both, b"whole")
    first = both.engine.saved(order_id)
    with both.agent.spool.change() as page:
        other = {"name": "saved.tar.gz", "size": 5, "sha256": sha256(b"other").hexdigest()}
        page.say({"tell": "saved", "order": str(order_id), "saved": other})
    both.paper.content[order_id] = b"other"
    rounds(both)
    assert both.engine.saved(order_id) == first
    fetched(both, order_id)
    rounds(both, 3)
    assert fetched(both, order_id) == "SAVED_CHANGED"


def test_an_offer_is_told_at_each_start(both):
    """A platform of before confirmed the word unread; it is told again once that platform is renewed."""
    rounds(both)
    with both.engine.desk.spool.change() as page:
        page.set("sessions", "")
    rounds(both)
    assert both.engine.sessions == frozenset()
    both.open_agent()
    rounds(both)
    assert both.engine.sessions == both.paper.sessions


def test_a_job_that_somebody_else_answered_meanwhile_is_not_handed_over_again(both):
    order = spec()
    both.submitted(order)
    both.agent.talk()
    stale = live(both)[order.order_id]
    both.agent.work()
    both.agent._submit(order.order_id, stale)
    assert both.paper.submissions == {order.order_id: 1}
    assert stale["stand"] == "answered"


def test_a_way_in_outlives_a_centre_whose_clock_is_slow(both, monkeypatch):
    both.paper.at = clock.now() - timedelta(hours=3)
    order_id = opened(both)
    assert both.engine.access(order_id) is not None, "it has just begun, whatever the centre's clock says"
    later = clock.now() + timedelta(hours=2)
    monkeypatch.setattr("jiaozi.engines.agent.session_desk.clock.now", lambda: later)
    assert both.engine.access(order_id) is None


@pytest.mark.parametrize("side", ["agent", "desk"])
def test_a_spool_is_its_account_s_own(both, side):
    paths = sorted(both.folder.glob(f"{side}.db*"))
    assert paths
    for path in paths:
        path.chmod(0o644)
    both.open_platform()
    both.open_agent()
    rounds(both)
    for path in both.folder.glob(f"{side}.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_an_engine_whose_status_breaks_for_all_is_not_asked_for_each(both, monkeypatch):
    orders, asked = [spec() for _ in range(40)], []
    for order in orders:
        both.submitted(order)
    rounds(both)

    def broken(order_ids):
        asked.append(order_ids)
        raise RuntimeError("broken")

    monkeypatch.setattr(both.paper, "status", broken)
    both.agent.look()
    assert len(asked) == STATUS_FAULTS_MAX + 1


def test_an_answer_that_is_no_letter_is_no_line_and_work_goes_on(both):
    """Such as a proxy's page: what is here is handed over all the same."""
    order = spec()
    both.submitted(order)
    both.agent.talk()
    both.exchange = lambda _: b"<html>sign in</html>"
    with capture_logs() as said:
        assert [both.agent.step() for _ in range(2)] == [False, False]
    assert [line["doing"] for line in said] == ["read the platform's letter"]
    assert order.order_id in both.paper.jobs


def test_a_lease_that_cannot_be_read_leaves_the_jobs(both, monkeypatch):
    def broken(*_):
        raise RuntimeError("another key")

    monkeypatch.setattr("jiaozi.engines.agent.leases.give_back_ended", broken)
    order_id = opened(both)
    assert both.engine.access(order_id) is not None
