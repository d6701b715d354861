"""The audit finds tampering of every kind, by the strongest hand there is: the tables' own role, triggers off."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connections

from jiaozi.kernel.ids import new_id
from jiaozi.ledger import queries, services
from jiaozi.ledger.rules import capture

from .books import AT, CAP, VOUCHER, a_hold, open_books

REPLAY, BOOK, WITHIN = "counters equal a replay", "book balances", "a hold is resolved within its amount"
OF_VOUCHER = f"id = '{VOUCHER.id}'"
NEW = "gen_random_uuid(), gen_random_uuid()"
TAMPERING = {
    "a counter": (f"UPDATE ledger_account SET debits_posted = debits_posted - 1 WHERE {OF_VOUCHER}", {BOOK, REPLAY}),
    "both sides of a book": (
        (
            "UPDATE ledger_account SET credits_posted = credits_posted + 5 WHERE kind IN ('VOUCHER', 'AUTHORITY');"
            "UPDATE ledger_account SET debits_posted = debits_posted + 10 WHERE kind = 'AUTHORITY'"
        ),
        {REPLAY},
    ),
    "an amount": ("UPDATE ledger_transfer SET amount_fen = 7 WHERE kind = 3", {REPLAY}),
    "an amount above its hold": ("UPDATE ledger_transfer SET amount_fen = 51 WHERE kind = 3", {REPLAY, WITHIN}),
    "an account of a resolution": (
        (
            "UPDATE ledger_transfer t SET credit_id = (SELECT id FROM ledger_account a WHERE a.kind = 'PAYABLE'"
            " AND a.id <> t.credit_id LIMIT 1) WHERE kind = 3"
        ),
        {REPLAY, WITHIN},
    ),
    "a hold's kind": ("UPDATE ledger_transfer SET kind = 1 WHERE kind = 2", {REPLAY, WITHIN}),
    "a line taken out": ("DELETE FROM ledger_transfer WHERE kind = 3", {REPLAY}),
    "the head of a chain taken out": (
        "DELETE FROM ledger_transfer WHERE event = 'head'",
        {REPLAY, "a chain has its first transfer"},
    ),
    "an account taken out": (
        "DELETE FROM ledger_account WHERE kind = 'CAP'",
        {BOOK, REPLAY, "a transfer stays in one book"},
    ),
    "a second resolution": (
        (
            "DROP INDEX ledger_transfer_one_resolution;"
            "INSERT INTO ledger_transfer (id, chain_id, kind, debit_id, credit_id, amount_fen, hold_id, event, at)"
            f" SELECT {NEW}, 4, debit_id, credit_id, 50, hold_id, 'x', at FROM ledger_transfer WHERE kind = 3"
        ),
        {REPLAY, "a hold is resolved once", "a chain has its first transfer"},
    ),
    "a line between two books": (
        f"UPDATE ledger_transfer SET debit_id = '{CAP.id}' WHERE event = 'head'",
        {REPLAY, "a transfer stays in one book"},
    ),
    "an overdraft": (
        (
            "ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_debits_within_credits;"
            f"UPDATE ledger_account SET debits_pending = 5000 WHERE {OF_VOUCHER}"
        ),
        {BOOK, REPLAY, "bounds kept"},
    ),
    "a bound": (
        f"UPDATE ledger_account SET debits_within_credits = false WHERE {OF_VOUCHER}",
        {"an account is what its kind says"},
    ),
}


@pytest.mark.parametrize("kind", TAMPERING)
def test_tampering_is_found(fresh_database, kind):
    open_books()
    held = a_hold(50)
    services.apply([[held], [capture(new_id(), held.id, 20, "usage.capture")]], at=AT)
    head, tail = a_hold(1), a_hold(2)
    services.apply([[replace(head, event="head"), tail]], at=AT)
    assert queries.audit() == []

    statements, expected = TAMPERING[kind]
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET ROLE jiaozi_ledger")
        cursor.execute("ALTER TABLE ledger_transfer DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE ledger_account DISABLE TRIGGER USER")
        cursor.execute(statements)
        cursor.execute("RESET ROLE")
    findings = queries.audit()
    assert {finding.invariant for finding in findings} == expected
    assert all(finding.where and finding.found for finding in findings)


def test_audit_names_the_account_and_both_figures(fresh_database):
    open_books()
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET ROLE jiaozi_ledger")
        cursor.execute(f"UPDATE ledger_account SET credits_posted = 999999 WHERE {OF_VOUCHER}")
    (wrong,) = [finding for finding in queries.audit() if finding.invariant == REPLAY]
    assert wrong.where == "chengdu-test/VOUCHER/1"
    assert "999999" in wrong.found
    assert "1000" in wrong.found


def test_audit_is_one_query(db, django_assert_num_queries):
    open_books()
    with django_assert_num_queries(1):
        assert queries.audit() == []
