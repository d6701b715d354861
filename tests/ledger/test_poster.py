"""The group-commit poster: who hears what, in calm, at the end, and when something breaks."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from jiaozi.kernel.ids import new_id
from jiaozi.ledger import queries, services
from jiaozi.ledger.models import LedgerTransfer
from jiaozi.ledger.rules import TransferStatus, capture
from jiaozi.ledger.services.poster import UnableToPost

from .books import AT, VOUCHER, a_count, a_hold, assert_true_books, in_threads, open_books

APPLIED, EXISTS = TransferStatus.APPLIED, TransferStatus.EXISTS


@pytest.fixture(autouse=True)
def books(fresh_database):
    open_books(face_fen=100_000, cap_fen=100_000)


def test_answer_is_durable_and_keeps_the_callers_instant():
    chains = [[a_hold(1), a_count(1)] for _ in range(8)]
    later = {chain[0].id: AT + timedelta(seconds=index) for index, chain in enumerate(chains)}
    with services.Poster() as poster:
        answers = in_threads(lambda chain: poster.submit(chain, at=later[chain[0].id]), chains)
    assert answers == [[APPLIED, APPLIED]] * 8
    for chain in chains:
        instants = LedgerTransfer.objects.filter(chain_id=chain[0].id).values_list("at", flat=True)
        assert set(instants) == {later[chain[0].id]}
        assert len(instants) == 2


def test_same_id_from_many_threads_is_one_transfer():
    chain = [a_hold(5)]
    with services.Poster() as poster:
        answers = in_threads(lambda _: poster.submit(chain, at=AT), range(16))
    assert sorted(status for (status,) in answers) == [APPLIED] + [EXISTS] * 15
    assert queries.balance(VOUCHER).debits_pending == 5


def test_hold_and_its_capture_from_one_gathering():
    held = a_hold(5)
    with services.Poster() as poster:
        in_threads(
            lambda chain: poster.submit(chain, at=AT),
            [[held], *[[capture(new_id(), held.id, 3, "x")] for _ in range(8)]],
        )
        (last,) = poster.submit([capture(new_id(), held.id, 3, "x")], at=AT)
    resolved = LedgerTransfer.objects.filter(hold_id=held.id).count()
    assert (resolved, last) in {(1, TransferStatus.HOLD_RESOLVED), (1, APPLIED)}
    assert queries.balance(VOUCHER).debits_posted == 3


def test_poster_that_is_not_open_takes_nothing():
    poster = services.Poster()
    with pytest.raises(UnableToPost):
        poster.submit([a_hold(1)], at=AT)
    with poster:
        pass
    with pytest.raises(UnableToPost):
        poster.submit([a_hold(1)], at=AT)
    assert queries.balance(VOUCHER).debits_pending == 0


def test_closing_answers_or_refuses_every_caller():
    poster = services.Poster(batch_max=4)
    begun = threading.Barrier(17)

    def submit_until_closed(_):
        stood = 0
        begun.wait()
        while True:
            try:
                (status,) = poster.submit([a_hold(1)], at=AT)
            except UnableToPost:
                return stood
            stood += status.stands

    def close():
        begun.wait()
        poster.__exit__(None, None, None)

    poster.__enter__()
    closer = threading.Thread(target=close)
    closer.start()
    stood = in_threads(submit_until_closed, range(16))
    closer.join()
    assert queries.balance(VOUCHER).debits_pending == sum(stood)
    assert_true_books()


def test_chain_that_the_database_refuses_spoils_no_other():
    bad = replace(a_hold(1), event="e" * 41)
    with services.Poster() as poster:
        _gather_only_when_there_are(poster, 4)

        def ask(transfer):
            try:
                return poster.submit([transfer], at=AT)
            except psycopg.DataError:
                return "refused"

        answers = in_threads(ask, [a_hold(1), bad, a_hold(1), a_hold(1)])
    assert answers == [[APPLIED], "refused", [APPLIED], [APPLIED]]


def test_lost_connection_is_heard_and_healed_by_the_same_id():
    with services.Poster() as poster:
        poster.submit([a_hold(1)], at=AT)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND datname = current_database() AND usename = current_user"
            )
        again = [a_hold(1)]
        with pytest.raises(psycopg.OperationalError):
            poster.submit(again, at=AT)
        assert poster.submit(again, at=AT) == [APPLIED]
    assert queries.balance(VOUCHER).debits_pending == 2


def test_unreachable_database_fails_closed():
    nowhere = {"host": "/nonexistent", "connect_timeout": 1}
    with services.Poster(nowhere) as poster, pytest.raises(psycopg.OperationalError):
        poster.submit([a_hold(1)], at=AT)


@pytest.mark.parametrize("make", [list, lambda: [a_hold(1)] * 2, lambda: [a_hold(1) for _ in range(5)]])
def test_malformed_chain_reaches_nobody_else(make):
    with services.Poster(batch_max=4) as poster, pytest.raises(ValueError, match="chain"):
        poster.submit(make(), at=AT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_broken_thread_leaves_nobody_waiting(monkeypatch):
    poster = services.Poster()

    def break_off():
        raise SystemExit

    monkeypatch.setattr(poster, "_gather", break_off)
    with poster:
        poster._thread.join()
        with pytest.raises(UnableToPost):
            poster.submit([a_hold(1)], at=AT)


def _gather_only_when_there_are(poster, count):
    """Let so many asks meet in one batch."""
    gather = poster._gather

    def wait_and_gather():
        for _ in range(3_000):
            if poster._asks.qsize() >= count or not poster._open:
                break
            time.sleep(0.01)
        return gather()

    poster._gather = wait_and_gather
    poster.submit([a_hold(1)], at=AT)  # the gathering that was under way already
