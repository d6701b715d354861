"""Bringing a database up to this version, and what the application's role may do there afterwards."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest
from django.db import connections

from jiaozi.project import migrate
from jiaozi.project.postgres import account
from jiaozi.project.postgres.cluster import as_account

RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


def rights_of_the_application():
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT relname, relkind::text, ARRAY(SELECT word FROM unnest(%s::text[]) WITH ORDINALITY AS w(word, n)"
            " WHERE has_table_privilege('jiaozi_app', c.oid, word) ORDER BY n)"
            " FROM pg_class c"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') ORDER BY 1",
            [list(RIGHTS)],
        )
        return {name: (kind, words) for name, kind, words in cursor.fetchall()}


def expected(name, kind):
    if name == "django_migrations" or name.startswith("ledger_") or kind in {"v", "m"}:
        return ["SELECT"]
    if name.startswith("journal_"):
        return ["SELECT", "INSERT"]
    return ["SELECT", "INSERT", "UPDATE", "DELETE"]


def test_application_has_these_rights_and_no_more(fresh_database):
    found = rights_of_the_application()
    assert {"django_migrations", "journal_line", "procrastinate_jobs"} <= set(found)
    assert {"party_token", "account_emailaddress", "django_session", "shared_cache"} <= set(found)
    assert {name: words for name, (_, words) in found.items()} == {
        name: expected(name, kind) for name, (kind, _) in found.items()
    }


def test_preparing_again_changes_nothing_and_heals_grants(fresh_database):
    before = rights_of_the_application()
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "GRANT UPDATE ON journal_line TO jiaozi_app; REVOKE SELECT ON procrastinate_jobs FROM jiaozi_app"
        )
    assert rights_of_the_application() != before
    migrate.prepare()
    assert rights_of_the_application() == before
    assert migrate.is_ready()


def test_missing_migrations_are_named(fresh_database):
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'journal'")
    assert "journal.0001_initial" in migrate.missing_migrations()
    assert not migrate.is_ready()


def jiaozi(*words, **environ):
    program = "from jiaozi.cli.main import run; run()"
    return subprocess.run(
        [sys.executable, "-c", program, *words], env=environ, capture_output=True, text=True, check=False, timeout=300
    )


def test_a_database_that_is_not_there_is_made(fresh_database, tmp_path):
    new = fresh_database.database(f"{fresh_database.name}_new")
    done = jiaozi("migrate", **new.environ())
    assert done.returncode == 0, done.stderr
    with psycopg.connect(new.app_url) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM django_migrations").fetchone() == (True,)
    with psycopg.connect(fresh_database.owner_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{new.name}" WITH (FORCE)')


def test_an_unreachable_server_is_refused_in_one_line(tmp_path):
    where = f"postgresql://nobody:none@/jiaozi?host={tmp_path}"
    environ = {**os.environ, "DATABASE_URL": where}
    environ.pop("DATABASE_OWNER_URL", None)
    done = jiaozi("migrate", **environ)
    assert done.returncode == 1
    assert done.stderr.startswith("jiaozi: DATABASE_URL: the database can't be reached")
    assert "Traceback" not in done.stderr


def test_an_address_that_is_none_is_refused_in_one_line():
    done = jiaozi("migrate", **{**os.environ, "DATABASE_URL": "mysql://localhost/x"})
    assert done.returncode == 1
    assert "must look like postgresql://" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("setting", "value"),
    [("JIAOZI_PORT", "eighty"), ("JIAOZI_DEBUG", "perhaps"), ("JIAOZI_ALLOWED_HOSTS", "a.example, b.example")],
)
def test_a_wrong_setting_is_named_in_one_line(setting, value):
    done = jiaozi("health", **{**os.environ, setting: value})
    assert done.returncode == 1
    assert done.stderr.startswith(f"jiaozi: {setting}: the setting is wrong: ")
    assert len(done.stderr.splitlines()) == 2, "one line in each language"


@pytest.fixture
def postgres_15():
    """A server of the oldest version that we support, with a superuser of its own and no role of ours."""
    programs = Path("/usr/lib/postgresql/15/bin")
    if not (programs / "initdb").exists():
        pytest.skip("PostgreSQL 15 is not installed: run `make setup-system`")
    folder = Path(tempfile.mkdtemp(prefix="jz-"))
    dropped = account.chosen()
    if dropped:
        os.chown(folder, dropped.uid, dropped.gid)
    words = {"cwd": folder, "env": {"LC_ALL": "C"}, "capture_output": True, **as_account(dropped)}
    subprocess.run(
        [programs / "initdb", "-D", folder / "data", "-U", "chief", "-A", "trust", "-N"], check=True, **words
    )
    control = [programs / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log"]
    subprocess.run([*control, "-o", f"-k {folder} -h '' -F", "start"], check=True, **words)
    yield f"postgresql://chief@/jiaozi?host={folder}"
    subprocess.run([*control, "-m", "immediate", "stop"], check=True, **words)
    shutil.rmtree(folder)


def test_postgresql_15_with_one_address_sets_the_role(postgres_15):
    environ = {**os.environ, "DATABASE_URL": postgres_15}
    environ.pop("DATABASE_OWNER_URL", None)
    for _ in range(2):
        done = jiaozi("migrate", **environ)
        assert done.returncode == 0, done.stderr
    program = (
        "from jiaozi.project import boot, health, migrate; boot.set_up()\n"
        "from django.db import connection\n"
        "with connection.cursor() as cursor:\n"
        "    cursor.execute('SELECT current_user'); print(*cursor.fetchone(), migrate.missing_migrations())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False)
    assert done.stdout == "jiaozi_app []\n", done.stderr


BEFORE_PEOPLE = """
from uuid import uuid4
from django.core.management import call_command
from django.db import connections
from jiaozi.project import boot, migrate
boot.set_up()
owner = connections["owner"]
migrate._ensure_database(owner)
migrate._ensure_roles(owner)
call_command("migrate", "party", "0003", database="owner", verbosity=0)
for stage in ("alert", "settlement", "procrastinate"):
    call_command("migrate", stage, database="owner", verbosity=0)
with owner.cursor() as cursor:
    cursor.execute("SELECT to_regclass('party_person'), to_regclass('account_emailaddress')")
    assert cursor.fetchone() == (None, None), "not a database from before people"
    cursor.execute("INSERT INTO party_organisation VALUES (%s, 'X', NULL, 'MAKER', true, true, 'Y', false, '', now())",
                   [uuid4()])
owner.close()
migrate.prepare()
assert migrate.missing_migrations() == []

from jiaozi.kernel.clock import now
from jiaozi.party import queries, services as party
from jiaozi.party.models import Organisation
from jiaozi.party.rules import SYSTEM, Details, Grant, Role
from django.core.cache import cache
from django.contrib.sessions.backends.db import SessionStore
person = party.enrol(details=Details("X", "x@example.cn"), by=SYSTEM, now=now()).id
member = party.grant(person=person, by=SYSTEM, now=now(), grant=Grant(
    role=Role.APPLICANT, since_at=now(), organisation=Organisation.objects.get().id))
cache.set("key", 1)
session = SessionStore()
session["a"] = 1
session.save()
with connections["default"].cursor() as cursor:
    cursor.execute("SELECT current_user")
    print(queries.actor_of(person, member.id, now=now()).role, cache.get("key"), *cursor.fetchone())
"""


def bring_up_from_before_people(environ):
    done = subprocess.run(
        [sys.executable, "-c", BEFORE_PEOPLE], env=environ, capture_output=True, text=True, check=False
    )
    assert done.stdout == "APPLICANT 1 jiaozi_app\n", done.stderr


def test_people_come_to_a_database_that_had_none_on_postgresql_15(postgres_15):
    environ = {**os.environ, "DATABASE_URL": postgres_15}
    environ.pop("DATABASE_OWNER_URL", None)
    bring_up_from_before_people(environ)


def test_people_come_to_a_database_that_had_none_on_the_embedded_server(fresh_database):
    new = fresh_database.database(f"{fresh_database.name}_old")
    bring_up_from_before_people(new.environ())
    with psycopg.connect(fresh_database.owner_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{new.name}" WITH (FORCE)')
