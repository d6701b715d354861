"""Every page of the console over HTTP at full size: 100,000 vouchers, 1,000,000 transfers, 10,000 organisations.

The pages are those of the role matrix (tests/web/test_readers.py), each asked by its first reader, so that a new page
is measured without a word here. Beside the figures stand ColdFront 1.1.10's at 10,000 allocations on the same kind of
machine: list of 25 rows 156 ms and 37 SQL statements, API list 10.9 s, 6.6 requests/s with 8 clients.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from http.client import HTTPConnection
from threading import local

import httpx2
from django.conf import settings
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rich.console import Console

from benchmarks import city
from benchmarks.row import Row, percentile
from jiaozi.kernel.clock import now as present
from jiaozi.order.rules import State
from jiaozi.party import queries
from jiaozi.party import services as party
from jiaozi.party.rules import SCOPES_OF, SYSTEM, Grant, HolderClass, Role, TokenRequest
from jiaozi.settlement import services as settlement
from jiaozi.voucher.models import Voucher
from jiaozi.web.pages import addresses
from tests.web.people import enrol, member, signed_in, with_factor
from tests.web.sample_market import traded
from tests.web.sample_year import Job, fill, settle
from tests.web.sample_year import run as play
from tests.web.test_readers import EXPECTED, WHO, arguments
from tests.world import PROGRAMME

VOUCHERS, HOLDERS = 100_000, 10_000
REQUESTS, WARM = 40, 5
CLIENTS, STORM = 8, 600
PAGE_MS, API_MS, STATEMENTS, RATE, FIRST_PAGE_KB = 60.0, 50.0, 15, 150, 250
_MORE = (Job(30, "雷达资料同化", 3, 2_000, State.SETTLED), Job(12, "材料相图扫描", 2, 1_200, State.SETTLED))
_WAITING = Job(2, "地震波形反演", 2, 1_800, State.CAPTURED)
"""Of one voucher in five: one capture in twelve waits for its statement, as in a year that is settled by the month."""


def _fill(console: Console, at: datetime) -> None:
    world = fill(at)
    first = Voucher.objects.order_by("issued_at").first()
    traded(world, first.holder, world.holder("交易所对手方", HolderClass.TECH_SME, serial=99))  # type: ignore[union-attr]
    _paths()  # a page whose sample is missing is told before the long filling
    for number, row in enumerate(Voucher.objects.select_related("holder").order_by("issued_at")[:5]):
        for job in (*_MORE, _WAITING) if number == 1 else _MORE:
            began = at - timedelta(days=job.days, minutes=31 * number)
            play(replace(world, now=began), row, job)
    settle(at, since=14, until=3, reference="BK-0002")
    for done in city.grow(vouchers=VOUCHERS, holders=HOLDERS):
        if done % 10_000 == 0:
            console.print(f"pages: {done:,} of {VOUCHERS:,} vouchers …")
    settlement.keep_totals()  # as the worker does every 15 seconds
    console.print(f"pages: {city.size()}")


def _people(at: datetime) -> dict[str, Client]:
    holder = Voucher.objects.order_by("issued_at").first().holder  # type: ignore[union-attr]
    staff = (Role.OFFICER, Role.FINANCE, Role.AUDITOR, Role.OPERATOR, Role.CENTRE)
    found = {role.value.lower(): member(role.value.lower(), role, at) for role in staff}
    found["applicant"] = member("applicant", Role.APPLICANT, at, organisation=holder.id)
    return {"anonymous": Client()} | {name: signed_in(person) for name, person in found.items()}


def _token(at: datetime) -> str:
    person = enrol("reader", at)
    with_factor(person)
    held = party.grant(
        person=person, grant=Grant(role=Role.OFFICER, since_at=at, programme=PROGRAMME), by=SYSTEM, now=at
    )
    asked = TokenRequest(label="bench", scopes=SCOPES_OF[Role.OFFICER], expires_at=at + timedelta(days=1))
    by = queries.actor_of(person, held.id, now=at)
    return party.issue_token(membership_id=held.id, request=asked, by=by, now=at)[1]


@contextmanager
def _server(workers: int) -> Iterator[str]:
    """Serve as `jiaozi up` does, with so many workers, and give the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["benchmarks.served:application", f"--bind=127.0.0.1:{port}", f"--workers={workers}"]
    words += ["--worker-class=gthread", "--threads=8", "--log-level=warning", "--no-control-socket"]
    server = subprocess.Popen([sys.executable, "-m", "gunicorn", *words])
    try:
        _await(f"http://127.0.0.1:{port}/map")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def _await(address: str, seconds: int = 30) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            httpx2.get(address, timeout=10)
        except httpx2.TransportError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def _paths() -> list[tuple[str, str, str]]:
    """Give every page that somebody may open: its name, its path, and the first of its readers."""
    found = []
    for name, pattern in addresses():
        expected = EXPECTED.get(name)
        if name.startswith("web:") and isinstance(expected, dict):
            readers = [who for who in (*WHO[3:9], "anonymous") if expected[who] == 200]
            if readers:
                who = "anonymous" if expected["anonymous"] == 200 else readers[0]
                found.append((name, reverse(name, kwargs=arguments(pattern)), who))
    return found


def _timed(http: httpx2.Client, path: str, headers: dict[str, str]) -> list[float]:
    walls = []
    for number in range(WARM + REQUESTS):
        began = time.perf_counter()
        answer = http.get(path, headers=headers)
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code} {answer.text[:200]}")
        if number >= WARM:
            walls.append((time.perf_counter() - began) * 1000)
    return walls


def _cookie(client: Client) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={each.value}" for name, each in client.cookies.items())}


def _statements(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        client.get(path)
    return len(caught)


def _each_page(console: Console, people: dict[str, Client]) -> list[Row]:
    rows: list[tuple[float, int, str]] = []
    with _server(1) as address, httpx2.Client(base_url=address, timeout=60) as http:
        for name, path, who in _paths():
            walls = _timed(http, path, _cookie(people[who]))
            rows.append((percentile(walls, 95), _statements(people[who], path), f"{name} as {who}"))
            console.print(
                f"pages: {rows[-1][2]}: p50 {percentile(walls, 50):.0f}, p95 {rows[-1][0]:.0f} ms, {rows[-1][1]} SQL"
            )
    rows.sort(reverse=True)
    slow = [each for each in rows if each[0] > PAGE_MS]
    figure = f"slowest p95 {rows[0][0]:.0f} ms ({rows[0][2]}); {len(rows) - len(slow)} of {len(rows)} within"
    most = max(rows, key=lambda each: each[1])
    return [
        Row(
            f"{len(rows)} pages, one client, one worker",
            figure,
            "ColdFront's list 156 ms",
            f"p95 ≤ {PAGE_MS:.0f} ms",
            not slow,
        ),
        Row(
            "SQL statements of a page",
            f"at most {most[1]} ({most[2]})",
            "ColdFront 37",
            f"≤ {STATEMENTS}",
            most[1] <= STATEMENTS,
        ),
    ]


def _asked(http: HTTPConnection, path: str, headers: dict[str, str]) -> int:
    http.request("GET", path, headers=headers)
    with http.getresponse() as answer:
        answer.read()
        return answer.status


def _storm(address: str, path: str, headers: dict[str, str]) -> float:
    """Ask a path from eight clients at once; give the answers per second.

    The clients share the machine with what they measure: the standard library's bare connection costs them least.
    """
    own, place = local(), address.removeprefix("http://")

    def ask(_: int) -> int:
        if not hasattr(own, "http"):
            own.http = HTTPConnection(place, timeout=60)
        try:
            return _asked(own.http, path, headers)
        except ConnectionError:  # the server had let go of a connection that stood idle
            own.http.close()
            return _asked(own.http, path, headers)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(ask, range(CLIENTS * 5)))
        began = time.perf_counter()
        codes = set(pool.map(ask, range(STORM)))
        seconds = time.perf_counter() - began
    if codes != {200}:
        raise SystemExit(f"{path}: {codes}")
    return STORM / seconds


def _lists(people: dict[str, Client], token: str) -> list[Row]:
    bearer = {"Authorization": f"Bearer {token}"}
    api = f"/api/v1/vouchers?limit=100&programme={PROGRAMME}"
    with _server(2) as address, httpx2.Client(base_url=address, timeout=60) as http:
        p95 = percentile(_timed(http, api, bearer), 95)
        weight = len(http.get("/", headers={"Accept-Encoding": "gzip"}).content) / 1000
        page = _storm(address, "/wallet", _cookie(people["applicant"]))
        short = _storm(address, f"/api/v1/vouchers?limit=25&programme={PROGRAMME}", bearer)
    return [
        Row(
            "API list of 100 of all vouchers, one client",
            f"p95 {p95:.0f} ms",
            "ColdFront's 10.9 s",
            f"≤ {API_MS:.0f} ms",
            p95 <= API_MS,
        ),
        Row(
            "voucher list (a holder's page), 8 clients, 2 workers",
            f"{page:.0f} requests/s",
            f"{page / 6.6:.0f} × ColdFront",
            f"≥ {RATE}/s",
            page >= RATE,
        ),
        Row(
            "voucher list (API, 25 rows), 8 clients, 2 workers",
            f"{short:.0f} requests/s",
            f"{short / 6.6:.0f} × ColdFront",
            f"≥ {RATE}/s",
            short >= RATE,
        ),
        Row("first page's own bytes", f"{weight:.0f} kB", "", f"≤ {FIRST_PAGE_KB} kB", weight <= FIRST_PAGE_KB),
    ]


def run(console: Console) -> list[Row]:
    """Fill the city, then read it."""
    settings.ALLOWED_HOSTS = ["*"]
    at = present()
    _fill(console, at)
    people, token = _people(at), _token(at)
    connections.close_all()
    return [*_each_page(console, people), *_lists(people, token)]
