"""Lists of the API, 100 rows a page, at 100,000 vouchers and orders: the whole request in one process, no network.

Each request is the WSGI application's own: token, pace, permission, query, JSON. Beside it stands the time on the
processor, which a busy machine does not change.
"""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.db import connection
from django.test import Client
from rich.console import Console

from benchmarks.row import Row, percentile
from jiaozi.kernel.clock import now as present
from jiaozi.party import queries
from jiaozi.party import services as party
from jiaozi.party.rules import SCOPES_OF, SYSTEM, Details, Grant, Role, TokenRequest
from tests.world import PROGRAMME, build

ROWS = 100_000
CHUNK = 5_000
REQUESTS = 60
TARGET_MS = 50.0
_VOUCHERS = """
WITH kept AS (SELECT to_jsonb(v) AS row FROM voucher AS v LIMIT 1),
dossier AS (SELECT to_jsonb(a) AS row FROM application AS a LIMIT 1),
made AS (
  INSERT INTO application
  SELECT (jsonb_populate_record(NULL::application, d.row
    || jsonb_build_object('id', gen_random_uuid(), 'once_key', NULL))).*
    FROM dossier AS d, generate_series(1, %(rows)s)
  RETURNING id
)
INSERT INTO voucher
SELECT (jsonb_populate_record(NULL::voucher, k.row || jsonb_build_object(
    'id', gen_random_uuid(), 'application_id', made.id, 'issued_at', now() - random() * interval '300 days'))).*
  FROM made, kept AS k
"""
_ORDERS = """
INSERT INTO compute_order
SELECT (jsonb_populate_record(NULL::compute_order, to_jsonb(o) || jsonb_build_object(
    'id', gen_random_uuid(), 'quoted_at', now() - random() * interval '300 days'))).*
  FROM (SELECT * FROM compute_order LIMIT 1) AS o, generate_series(1, %(rows)s)
"""


def _token() -> str:
    now = present()
    person = party.enrol(details=Details("测试", f"{uuid4().hex[:9]}@example.cn", ""), by=SYSTEM, now=now)
    wanted = Grant(role=Role.OFFICER, since_at=now, programme=PROGRAMME)
    held = party.grant(person=person.id, grant=wanted, by=SYSTEM, now=now)
    by = queries.actor_of(person.id, held.id, now=now)
    asked = TokenRequest(label="bench", scopes=SCOPES_OF[Role.OFFICER], expires_at=now + timedelta(days=1))
    return party.issue_token(membership_id=held.id, request=asked, by=by, now=now)[1]


def _fill() -> None:
    world = build()
    holder = world.holder("蓉城一号")
    world.quote(world.voucher(holder))
    with connection.cursor() as cursor:
        for statement in (_VOUCHERS, _ORDERS):
            for _ in range(ROWS // CHUNK):
                cursor.execute(statement, {"rows": CHUNK})
        cursor.execute("ANALYZE")


def _timed(client: Client, path: str, headers: dict[str, str]) -> tuple[list[float], list[float]]:
    walls, processors = [], []
    cursor = ""
    for _ in range(REQUESTS):
        began, worked = time.perf_counter(), time.process_time()
        answer = client.get(path, {"limit": 100, "programme": PROGRAMME, "cursor": cursor}, headers=headers)
        walls.append((time.perf_counter() - began) * 1000)
        processors.append((time.process_time() - worked) * 1000)
        found = answer.json()
        if len(found["items"]) != 100:
            raise SystemExit(f"{path}: {answer.content[:200]!r}")
        cursor = found["next"]
    return walls, processors


def run(console: Console) -> list[Row]:
    """Ask each list for its next page again and again, each page a further one."""
    settings.JIAOZI_API_PACE = {"token": 10**9, "address": 10**9}
    settings.ALLOWED_HOSTS = ["*"]
    console.print(f"api: {ROWS:,} vouchers and orders …")
    _fill()
    client, headers = Client(), {"Authorization": f"Bearer {_token()}"}
    rows = []
    for path in ("/api/v1/vouchers", "/api/v1/orders"):
        walls, processors = _timed(client, path, headers)
        p95 = percentile(walls, 95)
        figure = (
            f"p50 {percentile(walls, 50):.1f} ms, p95 {p95:.1f} ms; processor p50 {percentile(processors, 50):.1f} ms"
        )
        measure = f"GET {path}, 100 of {ROWS:,} rows, one client"
        rows.append(Row(measure, figure, target=f"p95 ≤ {TARGET_MS:.0f} ms", met=p95 <= TARGET_MS))
    return rows
