"""The journal only grows, whoever asks: the application by its grants, the owner by the trigger."""

import pytest
from django.db import DatabaseError, connections, transaction

from jiaozi.journal import services as journal
from jiaozi.journal.models import JournalLine
from jiaozi.journal.rules import Line
from jiaozi.kernel.clock import now
from jiaozi.kernel.ids import new_id


def a_line(**changes):
    words = {
        "stage": "voucher",
        "verb": "issue",
        "subject": new_id(),
        "before": "",
        "after": "ACTIVE",
        "by": "system:test",
        "at": now(),
        "body": {"face_fen": 5_000_000},
    }
    return Line(**words | changes)


@pytest.mark.django_db
def test_line_is_kept_with_its_digest():
    line = a_line()
    journal.write(line)
    kept = JournalLine.objects.get(subject=line.subject)
    assert bytes(kept.digest) == line.digest()
    assert (kept.stage, kept.verb, kept.after, kept.body) == ("voucher", "issue", "ACTIVE", {"face_fen": 5_000_000})


def test_line_without_transaction_is_refused(fresh_database):
    with pytest.raises(RuntimeError, match="transaction"):
        journal.write(a_line())


def test_line_goes_with_a_rolled_back_change(fresh_database):
    class BrokeOffError(Exception):
        pass

    def write_and_break_off():
        with transaction.atomic():
            journal.write(a_line())
            raise BrokeOffError

    with pytest.raises(BrokeOffError):
        write_and_break_off()
    assert JournalLine.objects.count() == 0


@pytest.mark.parametrize("role", ["default", "owner"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_line SET by = 'somebody else'",
        "DELETE FROM journal_line",
        "TRUNCATE journal_line",
        "TRUNCATE journal_line CASCADE",
    ],
)
def test_nobody_changes_a_line(fresh_database, role, statement):
    with transaction.atomic():
        journal.write(a_line())
    with pytest.raises(DatabaseError, match=r"append-only|permission denied"), connections[role].cursor() as cursor:
        cursor.execute(statement)
    assert JournalLine.objects.count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE journal_line DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "DROP TRIGGER journal_append_only ON journal_line",
        "SET ROLE jiaozi_owner",
    ],
)
@pytest.mark.django_db
def test_application_cannot_open_the_lock(statement):
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("jiaozi_app",)
        with pytest.raises(DatabaseError, match=r"permission denied|must be owner|does not exist"):
            cursor.execute(statement)


@pytest.mark.django_db
def test_application_cannot_grant_itself_more():
    with connections["default"].cursor() as cursor:
        cursor.execute("GRANT ALL ON journal_line TO jiaozi_app")  # PostgreSQL only warns: nothing was granted
        cursor.execute(
            "SELECT array_agg(word ORDER BY word)"
            " FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS word"
            " WHERE has_table_privilege('journal_line', word)"
        )
        assert cursor.fetchone() == (["INSERT", "SELECT"],)


def test_transaction_of_a_line_is_the_databases_word(fresh_database):
    with transaction.atomic(), connections["default"].cursor() as cursor:
        journal.write(a_line(), a_line())
        cursor.execute("SELECT DISTINCT tx = pg_current_xact_id() FROM journal_line")
        assert cursor.fetchall() == [(True,)]
        cursor.execute(
            "INSERT INTO journal_line (id, stage, verb, subject, before, after, by, at, body, digest, tx)"
            " SELECT gen_random_uuid(), stage, verb, subject, before, after, by, at, body, digest, '3'"
            " FROM journal_line LIMIT 1"
        )
        cursor.execute("SELECT DISTINCT tx = pg_current_xact_id() FROM journal_line")
        assert cursor.fetchall() == [(True,)]
