"""Sessions by letters: the way in readable by the platform alone, more time funded whatever happens to letters."""

import base64
import random
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaozi.engines.agent import sealing, sitting, wire
from jiaozi.engines.agent.session_desk import LETTERS_MS
from jiaozi.kernel import clock
from jiaozi.kernel.ids import new_id
from jiaozi.order.ports import (
    JUPYTERLAB,
    SSH,
    JobState,
    Saved,
    SessionEngine,
    SessionSpec,
    UnableToExtend,
    UnableToFindJob,
    UnableToReachEngine,
    UnableToSubmit,
)
from tests.engines.agent.centre import TOKEN, Both, Paper, Sittings, spec
from tests.engines.agent.test_agent import FATES, Unreliable

HOUR_MS = 3_600_000
_OVER = {"SESSION_ENDING", "SESSION_OVER"}


@pytest.fixture
def both(tmp_path):
    made = Both(tmp_path, paper=Sittings())
    made.paper.at = clock.now()
    return made


def session(**limits):
    return spec(session=SessionSpec(opens=JUPYTERLAB), **{"time_limit_ms": HOUR_MS, **limits})


def opened(both, **limits):
    order = session(**limits)
    both.submitted(order)
    rounds(both, 3)
    assert both.engine.status([order.order_id])[order.order_id].state is JobState.RUNNING
    return order.order_id


def rounds(both, count=2):
    for _ in range(count):
        both.agent.step()


def bytes_at_rest(both):
    """Give all that lies in both sides' files, what was deleted there included."""
    return b"".join(path.read_bytes() for path in both.folder.glob("*.db*"))


def test_the_agent_tells_what_its_engine_opens_and_is_believed_while_it_speaks(both, monkeypatch):
    assert isinstance(both.engine, SessionEngine)
    assert both.engine.sessions == frozenset()
    rounds(both)
    assert both.engine.sessions == {SSH, JUPYTERLAB}
    assert both.engine.end_grace_ms == Sittings.end_grace_ms + LETTERS_MS
    both.paper.sessions = {SSH}
    rounds(both)
    assert both.engine.sessions == {SSH}
    for path in both.folder.glob("desk.db*"):
        path.unlink()
    both.open_platform()
    rounds(both, 3)
    assert both.engine.sessions == {SSH}, "a platform that lost its memory is told again"
    later = clock.now() + timedelta(hours=1)
    monkeypatch.setattr("jiaozi.engines.agent.engine.clock.now", lambda: later)
    assert both.engine.sessions == frozenset()


def test_an_agent_whose_engine_opens_none_offers_none(tmp_path):
    both = Both(tmp_path, paper=Paper())
    rounds(both)
    assert both.engine.sessions == frozenset()


def test_the_way_in_is_sealed_on_both_sides_and_forgotten_at_the_end(both):
    both.paper.listens = False
    order_id = opened(both)
    assert both.engine.access(order_id) is None
    both.paper.listens = True
    letters = []
    both.exchange = lambda letter: (letters.append(letter), both.direct(letter))[1]
    rounds(both)
    access = both.engine.access(order_id)
    assert (access.opens, access.host, access.port) == (JUPYTERLAB, "127.0.0.1", 8888)
    assert access.token.startswith(TOKEN)
    everything = b"".join(letters) + bytes_at_rest(both)
    assert b'"access"' in everything, "it did travel"
    assert TOKEN.encode() not in everything
    both.engine.cancel(order_id)
    rounds(both, 3)
    assert both.engine.access(order_id) is None
    with both.engine.desk.spool.change() as page:
        assert page.way(order_id) == ""


def test_a_session_that_runs_anew_is_opened_by_its_new_way_in(both):
    order_id = opened(both)
    before = both.engine.access(order_id)
    both.paper.jobs[order_id]["began"] += timedelta(seconds=1)  # the centre started it again elsewhere
    rounds(both)
    assert both.engine.access(order_id).token != before.token


def test_a_way_in_is_forgotten_without_a_word_once_its_session_must_be_over(both, monkeypatch):
    order_id = opened(both)
    both.exchange = both.cut
    with pytest.raises(UnableToReachEngine):
        both.engine.extend(order_id, 2 * HOUR_MS)
    began = clock.now()
    for minutes, there in ((100, True), (129, True), (131, False)):
        at = began + timedelta(minutes=minutes)
        monkeypatch.setattr("jiaozi.engines.agent.session_desk.clock.now", lambda at=at: at)
        both.engine.status([order_id])
        with both.engine.desk.spool.change() as page:
            assert bool(page.way(order_id)) is there


def test_a_platform_with_another_key_says_that_it_cannot_open(both):
    order_id = opened(both)
    both.engine.desk.sessions._line = replace(both.engine.desk.line, key=Ed25519PrivateKey.generate())
    with pytest.raises(UnableToReachEngine) as refused:
        both.engine.access(order_id)
    assert refused.value.reason.code == "SEALED_TO_ANOTHER_KEY"


def test_what_is_sealed_opens_with_its_key_for_its_session_as_what_it_is_and_not_otherwise():
    key, order_id = Ed25519PrivateKey.generate(), new_id()
    text = sealing.seal(b"secret", sealing.public_half(key, order_id), order_id, "access")
    assert sealing.unseal(text, key, order_id, "access") == b"secret"
    assert sealing.seal(b"secret", sealing.public_half(key, order_id), order_id, "access") != text
    for wrong in (
        (text, Ed25519PrivateKey.generate(), order_id, "access"),
        (text, key, new_id(), "access"),
        (text, key, order_id, "saved"),
        (text[:-8], key, order_id, "access"),
        ("A" + text[1:] if text[0] != "A" else "B" + text[1:], key, order_id, "access"),
        ("", key, order_id, "access"),
        ("?", key, order_id, "access"),
    ):
        with pytest.raises(ValueError, match="not sealed"):
            sealing.unseal(*wrong)


def extend(both, order_id, limit_ms):
    """Ask as an order does: give True when raised, the code when refused, None while nobody knows."""
    try:
        both.engine.extend(order_id, limit_ms)
    except UnableToReachEngine:
        return None
    except UnableToExtend as refused:
        return refused.reason.code
    return True


def test_more_time_is_asked_for_once_and_answered_when_the_letter_comes(both):
    order_id = opened(both)
    assert [extend(both, order_id, 2 * HOUR_MS) for _ in range(3)] == [None] * 3
    with both.engine.desk.spool.change() as page:
        assert page.waiting() == 1
    both.agent.step()
    assert (both.paper.limit_ms(order_id), extend(both, order_id, 2 * HOUR_MS)) == (2 * HOUR_MS, None)
    both.agent.step()
    assert extend(both, order_id, 2 * HOUR_MS) is True
    assert extend(both, order_id, HOUR_MS) is True, "never down"
    with pytest.raises(UnableToFindJob):
        both.engine.extend(new_id(), HOUR_MS)


def test_a_refusal_comes_back_once_and_the_same_may_be_asked_anew(both):
    order_id = opened(both)
    both.paper.refuses = True
    assert extend(both, order_id, 2 * HOUR_MS) is None
    rounds(both)
    assert extend(both, order_id, 2 * HOUR_MS) == "PARTITION_FULL"
    both.paper.refuses = False
    assert extend(both, order_id, 2 * HOUR_MS) is None, "another hold asks another question"
    rounds(both)
    assert extend(both, order_id, 2 * HOUR_MS) is True


def test_an_engine_that_raised_the_limit_and_lost_its_answer_is_asked_again(both):
    order_id = opened(both)
    both.paper.loses_answers = True
    assert extend(both, order_id, 2 * HOUR_MS) is None
    rounds(both, 1)
    assert (both.paper.limit_ms(order_id), extend(both, order_id, 2 * HOUR_MS)) == (2 * HOUR_MS, None)
    both.paper.loses_answers, both.paper.refuses = False, True
    rounds(both, 2)
    assert extend(both, order_id, 2 * HOUR_MS) is True


def test_a_session_that_ended_at_its_limit_without_a_line_was_given_no_more(both):
    order_id = opened(both)
    both.exchange = both.cut
    assert extend(both, order_id, 2 * HOUR_MS) is None
    both.paper.tick(3_600)
    rounds(both)
    assert extend(both, order_id, 2 * HOUR_MS) is None, "nobody knows yet"
    both.exchange = both.direct
    rounds(both, 3)
    assert extend(both, order_id, 2 * HOUR_MS) == "SESSION_OVER"
    (record,) = both.records()
    assert record.elapsed_ms == HOUR_MS


def test_an_agent_that_lost_its_memory_hears_the_question_and_tells_the_way_in_again(both):
    order_id = opened(both)
    both.exchange = both.cut
    assert extend(both, order_id, 2 * HOUR_MS) is None
    for path in both.folder.glob("agent.db*"):
        path.unlink()
    both.open_agent()
    both.exchange = both.direct
    rounds(both, 4)
    assert extend(both, order_id, 2 * HOUR_MS) is True
    assert both.paper.submissions[order_id] == 2, "asked for again; the engine found the first"
    assert both.engine.access(order_id) is not None


@pytest.mark.parametrize("late", [False, True])
def test_what_was_saved_comes_after_the_end(both, late):
    order_id = opened(both)
    kept = Saved(name="saved.tar.gz", size=5, sha256="ab" * 32)
    if not late:
        both.paper.kept[order_id] = kept
    both.engine.cancel(order_id)
    rounds(both, 3)
    if late:
        assert both.engine.saved(order_id) is None
        both.paper.kept[order_id] = kept
        rounds(both)
    assert both.engine.saved(order_id) == kept
    with both.agent.spool.change() as page:
        assert page.live_jobs() == {}


def ended(both, content):
    """End a session that saved some bytes; give its order."""
    order_id = opened(both)
    both.paper.content[order_id] = content
    both.paper.kept[order_id] = Saved(name="saved.tar.gz", size=len(content), sha256=sha256(content).hexdigest())
    both.engine.cancel(order_id)
    rounds(both, 3)
    return order_id


def fetched(both, order_id):
    """Give the files, or the code of the reason why there are none."""
    try:
        return b"".join(both.engine.read_saved(order_id))
    except UnableToReachEngine as refused:
        return refused.reason.code


def test_saved_files_come_sealed_when_they_are_asked_for_and_leave_again(both, monkeypatch):
    content = random.Random(1).randbytes(5 * sitting.PIECE_BYTES // 2)
    order_id = ended(both, content)
    assert [fetched(both, order_id) for _ in range(2)] == ["SAVED_ON_ITS_WAY"] * 2
    both.agent.step()
    letters = []
    both.exchange = lambda letter: (letters.append(letter), both.direct(letter))[1]
    rounds(both)
    assert fetched(both, order_id) == content
    travelled = b"".join(letters) + bytes_at_rest(both)
    assert all(base64.b64encode(content[at : at + 33])[4:-4] not in travelled for at in range(3))
    later = clock.now() + timedelta(hours=25)
    monkeypatch.setattr("jiaozi.engines.agent.session_desk.clock.now", lambda: later)
    both.engine.status([order_id])
    assert fetched(both, order_id) == "SAVED_ON_ITS_WAY", "kept for a day, then fetched anew"
    rounds(both, 3)
    assert fetched(both, order_id) == content


def test_saved_files_that_are_too_large_gone_or_changed_say_so(both):
    order_id = ended(both, b"whole")
    both.engine.options = replace(both.engine.options, saved_bytes_max=4)
    assert fetched(both, order_id) == "SAVED_TOO_LARGE"
    both.engine.options = replace(both.engine.options, saved_bytes_max=5)
    for content, code in ((b"larger", "SAVED_UNREADABLE"), (b"", "SAVED_UNREADABLE"), (b"other", "SAVED_CHANGED")):
        both.paper.content[order_id] = content
        assert fetched(both, order_id) == "SAVED_ON_ITS_WAY"
        rounds(both, 3)
        assert fetched(both, order_id) == code
    both.paper.content[order_id] = b"whole"
    assert fetched(both, order_id) == "SAVED_ON_ITS_WAY"
    rounds(both, 3)
    assert fetched(both, order_id) == b"whole"
    assert fetched(both, new_id()) == b""


def test_a_session_that_saves_nothing_is_not_looked_for_for_ever(both, monkeypatch):
    order_id = opened(both)
    both.engine.cancel(order_id)
    rounds(both, 3)
    with both.agent.spool.change() as page:
        assert list(page.live_jobs()) == [order_id]
    later = clock.now() + timedelta(hours=25)
    monkeypatch.setattr("jiaozi.engines.agent.sitting.clock.now", lambda: later)
    rounds(both)
    with both.agent.spool.change() as page:
        assert page.live_jobs() == {}


def test_a_session_that_no_engine_takes_is_refused_and_left(both):
    order = session(resource_class="none")
    both.submitted(order)
    rounds(both)
    with pytest.raises(UnableToSubmit):
        both.engine.submit(order)
    with both.agent.spool.change() as page:
        assert page.live_jobs() == {}


def test_a_session_travels_and_a_job_of_before_has_none():
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINAycOXU2JNN9/0t+GapZiqa1ieLmOp6mpDuPzFdSYYM"
    order = spec(session=SessionSpec(opens=SSH, authorized_key=key))
    body = wire.write_spec(order)
    assert wire.read_spec(body) == order
    del body["session"]
    assert wire.read_spec(body).session is None


def test_one_session_that_cannot_be_read_does_not_hide_the_others(both, monkeypatch):
    first, second = sorted(session().order_id for _ in range(2))
    real = both.paper.access

    def access(order_id):
        if order_id == first:
            raise UnableToReachEngine("X", "读不到", "its file can't be read")
        return real(order_id)

    monkeypatch.setattr(both.paper, "access", access)
    for order_id in (first, second):
        both.submitted(session(order_id=order_id))
    rounds(both, 3)
    assert (both.engine.access(first), both.engine.access(second) is not None) == (None, True)


@settings(max_examples=15)
@given(fates=FATES, seed=st.integers(0, 2**32))
def test_no_limit_is_ever_raised_past_what_is_held_for_it(tmp_path_factory, fates, seed):
    """Slices asked for, granted and refused at random, on a line that fails in every way, an agent that forgets."""
    both, draw = Both(tmp_path_factory.mktemp("line"), paper=Sittings()), random.Random(seed)
    line = Unreliable(both, draw)
    order_id = opened(both)
    both.exchange = line
    held = granted = HOUR_MS
    for fate in fates:
        line.fate, both.paper.refuses = fate, draw.random() < 0.4
        both.paper.loses_answers, both.paper.away = draw.random() < 0.3, draw.random() < 0.2
        if held == granted and draw.random() < 0.6:
            held = granted + draw.choice([1, 2]) * HOUR_MS  # the hold comes first
        if draw.random() < 0.1:
            for path in both.folder.glob("agent.db*"):
                path.unlink()
            both.open_agent()
        if fate == "platform dies":
            both.open_platform()
        held, granted = _decide(both, order_id, held, granted)
        try:
            both.agent.step()
        except KeyboardInterrupt:
            both.open_agent()
        assert both.paper.limit_ms(order_id) <= held, "a limit that nobody pays for"
    line.fate, both.paper.refuses, both.paper.loses_answers, both.paper.away = "through", False, False, False
    for _ in range(5):
        both.agent.step()
        held, granted = _decide(both, order_id, held, granted)
        assert both.paper.limit_ms(order_id) <= held
    assert held == granted == both.paper.limit_ms(order_id), "every question found its answer"


def _decide(both, order_id, held, granted):
    """Do what an order does with the answer: take the hold back on a no, keep it while nobody knows."""
    if held == granted:
        return held, granted
    answer = extend(both, order_id, held)
    assert answer not in _OVER
    if answer is True:
        return held, held
    return (granted, granted) if answer else (held, granted)
