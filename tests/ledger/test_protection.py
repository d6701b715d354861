"""Nobody edits the ledger: the application by its grants, the owner by the triggers, tricks with names by neither."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connections, transaction
from django.db.utils import ProgrammingError

from jiaozi.kernel.ids import new_id
from jiaozi.ledger import queries, services
from jiaozi.ledger.rules import TransferStatus, UnableToTransfer, capture, post

from .books import AT, AUTHORITY, AVAILABLE, CENTRES, VOUCHER, a_hold, assert_true_books, open_books

FACE_FEN = 1_000
EDITS = [
    "UPDATE ledger_transfer SET amount_fen = 1",
    "UPDATE ledger_transfer SET amount_fen = 1 WHERE false",
    "DELETE FROM ledger_transfer",
    "TRUNCATE ledger_transfer",
    "TRUNCATE ledger_account CASCADE",
    "DELETE FROM ledger_account",
    "UPDATE ledger_account SET debits_posted = 0",
    "UPDATE ledger_account SET debits_within_credits = false",
    "UPDATE ledger_account SET subject = 'another'",
    (
        "INSERT INTO ledger_account (id, book, kind, programme, subject, debits_within_credits, credits_within_debits)"
        " VALUES (gen_random_uuid(), 'FACE', 'VOUCHER', 'p', 's', false, false)"
    ),
    (
        "INSERT INTO ledger_transfer (id, chain_id, kind, debit_id, credit_id, amount_fen, event, at)"
        " SELECT gen_random_uuid(), gen_random_uuid(), 1, id, id, 1, 'x', now() FROM ledger_account LIMIT 1"
    ),
    "INSERT INTO ledger_account SELECT * FROM ledger_account ON CONFLICT (id) DO UPDATE SET debits_posted = 0",
    "MERGE INTO ledger_account a USING ledger_account b ON a.id = b.id WHEN MATCHED THEN DELETE",
]
KEYS = [
    "ALTER TABLE ledger_transfer DISABLE TRIGGER ALL",
    "ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_debits_within_credits",
    "DROP TRIGGER ledger_transfer_no_change ON ledger_transfer",
    "DROP TABLE ledger_transfer",
    "ALTER TABLE ledger_transfer OWNER TO jiaozi_app",
    "SET session_replication_role = replica",
    "SET ROLE jiaozi_ledger",
    "SET SESSION AUTHORIZATION jiaozi_ledger",
    "ALTER ROLE jiaozi_app SUPERUSER",
    "GRANT jiaozi_ledger TO jiaozi_app",
    "CREATE FUNCTION public.ledger_apply_one() RETURNS text LANGUAGE sql AS 'SELECT ''APPLIED'''",
    "CREATE OR REPLACE FUNCTION public.ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TABLE public.ledger_shadow ()",
    "CREATE SCHEMA evil",
    "ALTER FUNCTION ledger_apply_one SECURITY INVOKER",
    "SELECT ledger_settle('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
    "SELECT ledger_verdicts('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
    "SELECT setval('ledger', 1)",
]
REFUSED = r"permission denied|is refused|must be owner|does not exist|must be able to SET ROLE|must be superuser"


@pytest.fixture
def books(db):
    open_books(FACE_FEN)
    services.require([a_hold(10)], at=AT)


@pytest.mark.parametrize("statement", [*EDITS, *KEYS])
def test_the_application_may_not(books, statement):
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("jiaozi_app",)
        with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic():
            cursor.execute(statement)
    assert_true_books()


@pytest.mark.parametrize("role", ["PUBLIC", "jiaozi_app"])
@pytest.mark.parametrize("table", ["ledger_account", "ledger_transfer"])
def test_the_application_can_grant_nothing(books, role, table):
    with connections["default"].cursor() as cursor:
        cursor.execute(f"GRANT ALL ON {table} TO {role}")  # PostgreSQL only warns
        cursor.execute(
            "SELECT array_agg(r) FROM unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS r"
            " WHERE has_table_privilege(%s, r)",
            [table],
        )
        assert cursor.fetchone() == (["SELECT"],)


@pytest.mark.parametrize("statement", EDITS)
def test_the_owner_may_not_either(fresh_database, statement):
    open_books(FACE_FEN)
    with connections["owner"].cursor() as cursor, pytest.raises(DatabaseError, match=r"is refused|permission denied"):
        cursor.execute(statement)
    assert queries.balance(VOUCHER).credits_posted == FACE_FEN
    assert_true_books()


SHADOWS = [
    "CREATE TEMP TABLE ledger_account (LIKE public.ledger_account INCLUDING DEFAULTS)",
    "CREATE TEMP TABLE ledger_transfer (LIKE public.ledger_transfer INCLUDING DEFAULTS)",
    "INSERT INTO pg_temp.ledger_account SELECT * FROM public.ledger_account",
    "UPDATE pg_temp.ledger_account SET credits_posted = 1000000, debits_within_credits = false",
    (
        "CREATE FUNCTION pg_temp.ledger_same"
        "(public.ledger_transfer, uuid, smallint, uuid, uuid, bigint, uuid, text, uuid)"
        " RETURNS boolean LANGUAGE sql AS 'SELECT true'"
    ),
    "CREATE FUNCTION pg_temp.cardinality(anyarray) RETURNS integer LANGUAGE sql AS 'SELECT 0'",
    "CREATE FUNCTION pg_temp.more(bigint, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT false'",
    "CREATE OPERATOR pg_temp.> (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = pg_temp.more)",
    "SET LOCAL search_path = pg_temp, public, pg_catalog",
]


@pytest.mark.parametrize("count", [1, 2], ids=["single function", "batch function"])
def test_names_in_front_of_ours_change_nothing(books, count):
    with connections["default"].cursor() as cursor:
        for statement in SHADOWS:
            cursor.execute(statement)
    too_much = [a_hold(FACE_FEN) for _ in range(count)]
    with pytest.raises(UnableToTransfer) as refusal:
        services.require(too_much, at=AT)
    assert refusal.value.status is TransferStatus.EXCEEDS_CREDITS
    services.require([a_hold(1) for _ in range(count)], at=AT)
    with connections["default"].cursor() as cursor:
        cursor.execute("DROP TABLE pg_temp.ledger_account, pg_temp.ledger_transfer")  # they fool but their own session
    assert queries.balance(VOUCHER).debits_pending == 10 + count
    assert_true_books()


def test_opening_an_account_again_changes_nothing(books):
    before = queries.balance(VOUCHER)
    services.open_accounts([VOUCHER, VOUCHER])
    services.open_accounts([])
    assert queries.balance(VOUCHER) == before


def test_refused_chain_leaves_nothing(books):
    before = queries.balances([AVAILABLE, VOUCHER, CENTRES[0]])
    with pytest.raises(UnableToTransfer, match="balance does not cover"):
        services.require([a_hold(1), a_hold(FACE_FEN), a_hold(1)], at=AT)
    assert queries.balances([AVAILABLE, VOUCHER, CENTRES[0]]) == before


def test_ledger_goes_with_the_verbs_transaction(books):
    before = queries.balance(VOUCHER)
    with transaction.atomic():
        services.require([a_hold(1)], at=AT)
        transaction.set_rollback(True)
    assert queries.balance(VOUCHER) == before


def test_broken_transaction_takes_no_transfer(books):
    def break_and_go_on():
        with transaction.atomic():
            with pytest.raises(ProgrammingError), connections["default"].cursor() as cursor:
                cursor.execute("SELECT nonsense")
            transaction.set_rollback(True)
            services.require([a_hold(1)], at=AT)

    with pytest.raises(transaction.TransactionManagementError):
        break_and_go_on()


def test_statement_is_one_query_with_the_balance_after_each_line(books, django_assert_num_queries):
    held = a_hold(50)
    services.apply([[held], [capture(new_id(), held.id, 20, "usage.capture")]], at=AT)
    with django_assert_num_queries(1):
        lines = queries.statement(VOUCHER)
    assert [(line.event, line.debit_fen, line.credit_fen, line.balance_fen) for line in lines] == [
        ("voucher.issue", 0, 1000, 1000),
        ("order.hold", 10, 0, 1000),
        ("order.hold", 50, 0, 1000),
        ("usage.capture", 20, 0, 980),
    ]
    assert [line.event for line in queries.statement(VOUCHER, limit=1)] == ["usage.capture"]
    assert queries.balance(VOUCHER).spendable == FACE_FEN - 20 - 10


def test_balances_of_many_accounts_are_one_query(books, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = queries.balances([VOUCHER, AVAILABLE, AUTHORITY, *CENTRES])
    assert found[AUTHORITY.id].debit == FACE_FEN
    assert queries.total(VOUCHER.programme, CENTRES[0].kind, "centre/").credits_pending == 10


def test_an_id_with_another_payload_is_a_conflict(books):
    transfer = post(new_id(), VOUCHER, CENTRES[0], 5, "x")
    services.require([transfer], at=AT)
    services.require([transfer], at=AT)
    with pytest.raises(UnableToTransfer) as refusal:
        services.require([post(transfer.id, VOUCHER, CENTRES[0], 6, "x")], at=AT)
    assert refusal.value.status is TransferStatus.ID_CONFLICT
