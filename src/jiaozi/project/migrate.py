"""Bringing a database up to this version: the database itself, its two roles, the tables, the grants.

Everything here runs as the owner and may run again at any time; a lock in the database lets one caller in at once.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import OperationalError
from psycopg import sql

from jiaozi.kernel.refusal import Refused
from jiaozi.project.databases import APP_ROLE

LEDGER_ROLE = "jiaozi_ledger"
"""Owns the ledger's tables and functions; nobody signs in as it."""
_GRANTS = Path(__file__).parent / "sql" / "grants.sql"
_LOCK = 0x6A69616F7A69  # "jiaozi"
_VERSION_MIN = 150_000


class UnableToPrepareDatabase(Refused):
    """The named server can't be brought up to this version."""


def prepare() -> None:
    """Have database, roles, tables and grants as this version wants them."""
    owner = connections["owner"]
    _ensure_database(owner)
    with owner.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    try:
        _ensure_roles(owner)
        call_command("migrate", database="owner", interactive=False, verbosity=0)
        call_command("createcachetable", database="owner", verbosity=0)
        with owner.cursor() as cursor:
            cursor.execute(_GRANTS.read_text(encoding="utf-8"))
    finally:
        owner.close()  # gives the lock back too
        connections["default"].close()


def is_ready() -> bool:
    """Whether the database exists and has seen every migration, asked as the application's role."""
    try:
        return not missing_migrations()
    except DatabaseError:
        return False


def missing_migrations() -> list[str]:
    """Name the migrations that the database has not seen; the application's role may ask."""
    executor = MigrationExecutor(connections["default"])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def _ensure_database(owner: BaseDatabaseWrapper) -> None:
    try:
        owner.ensure_connection()
    except OperationalError as error:
        if "does not exist" not in str(error):
            raise _unreachable(str(error)) from error
        _create_database(owner)
        owner.ensure_connection()
    if owner.pg_version < _VERSION_MIN:  # type: ignore[attr-defined]
        raise UnableToPrepareDatabase(
            "database_too_old",
            "数据库版本过低：需要 PostgreSQL 15 或更高版本",
            "the server is too old: Jiaozi needs PostgreSQL 15 or newer",
            field="DATABASE_URL",
        )


def _create_database(owner: BaseDatabaseWrapper) -> None:
    wanted = owner.get_connection_params()
    words = {key: wanted[key] for key in ("host", "port", "user", "password", "connect_timeout") if wanted.get(key)}
    try:
        with closing(psycopg.connect(dbname="postgres", autocommit=True, **words)) as maintenance:
            maintenance.execute(
                sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(
                    sql.Identifier(wanted["dbname"])
                )
            )
    except psycopg.errors.DuplicateDatabase:
        return
    except psycopg.Error as error:
        raise _unreachable(str(error)) from error


def _ensure_roles(owner: BaseDatabaseWrapper) -> None:
    """Have both roles, with the owner a member of each, and the application's user a member of its own."""
    user = connections["default"].settings_dict["USER"]
    with owner.cursor() as cursor:
        try:
            for role in (APP_ROLE, LEDGER_ROLE):
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
                if not cursor.fetchone():
                    cursor.execute(f'CREATE ROLE "{role}" NOLOGIN')
                cursor.execute("SELECT pg_has_role(current_user, %s, 'MEMBER')", [role])
                if cursor.fetchone() == (False,):
                    cursor.execute(f'GRANT "{role}" TO CURRENT_USER')
            cursor.execute(
                "SELECT rolname <> current_user AND NOT pg_has_role(rolname, %s, 'MEMBER')"
                " FROM pg_roles WHERE rolname = %s",
                [APP_ROLE, user],
            )
            if cursor.fetchone() == (True,):
                cursor.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(APP_ROLE), sql.Identifier(user)))
            # A table's new owner must be allowed to create in its schema.
            cursor.execute(f'GRANT USAGE, CREATE ON SCHEMA public TO "{LEDGER_ROLE}"')
        except Exception as error:
            if isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
                raise _no_right_to_make_roles() from error
            raise


def _no_right_to_make_roles() -> UnableToPrepareDatabase:
    return UnableToPrepareDatabase(
        "database_roles_missing",
        f"迁移账户无权建立角色：请由数据库管理员执行 CREATE ROLE {APP_ROLE} NOLOGIN; "
        f"CREATE ROLE {LEDGER_ROLE} NOLOGIN; 并将两者授予迁移账户",
        f"the owner may not create roles: have an administrator run CREATE ROLE {APP_ROLE} NOLOGIN; "
        f"CREATE ROLE {LEDGER_ROLE} NOLOGIN; and grant both to the owner",
        field="DATABASE_OWNER_URL",
    )


def _unreachable(why: str) -> UnableToPrepareDatabase:
    line = why.strip().splitlines()[-1] if why.strip() else "no answer"
    return UnableToPrepareDatabase(
        "database_unreachable",
        f"无法连接数据库：{line}；请检查 DATABASE_URL 与 DATABASE_OWNER_URL",
        f"the database can't be reached: {line}; check DATABASE_URL and DATABASE_OWNER_URL",
        field="DATABASE_URL",
    )
