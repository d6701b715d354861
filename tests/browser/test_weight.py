"""What pages weigh over the wire, as the service itself sends them: compressed, with everything that they load."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urljoin, urlsplit

import pytest
from django.core.management import call_command
from django.db import connections
from django.test.testcases import LiveServerThread
from django.urls import NoReverseMatch, reverse
from playwright.sync_api import Browser, Request, expect

from jiaozi.exchange.models import Session
from jiaozi.party.rules import Role
from jiaozi.settlement.models import Statement
from jiaozi.voucher.models import Voucher
from jiaozi.web.pages import pages
from tests.browser.test_first_page import pytestmark
from tests.web.people import member, signed_in
from tests.web.sample_market import traded
from tests.world import CENTRE, PROGRAMME

__all__ = ["pytestmark"]
BUDGET = 250_000
"""Bytes of a page with everything that it loads, a plot's library included; docs/operating/running.md states it."""
FIRST_PAGE = 60_000
LEAN = 60_000
"""Bytes of every page without a plot."""
_LOADED = re.compile(r'(?:<script[^>]+src|<link rel="(?:stylesheet|icon)"[^>]*href|data-echarts)="(/static/[^"]+)"')


@pytest.fixture
def service(sample, present, settings, tmp_path) -> Iterator[str]:
    """The service's own middleware and collected files, without the test server's short cut to the sources."""
    settings.STATIC_ROOT = tmp_path
    call_command("collectstatic", interactive=False, verbosity=0)
    thread = LiveServerThread("127.0.0.1", lambda application: application, connections_override={})
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    if thread.error:
        raise thread.error
    yield f"http://127.0.0.1:{thread.port}"
    thread.terminate()
    thread.join()
    connections.close_all()


@pytest.fixture
def people(sample, present) -> dict[str, str]:
    """Sessions that together may open every page."""
    holder = Voucher.objects.order_by("issued_at").first().holder
    other = sample.holder("旁人公司", serial=99)
    traded(sample, holder, other)
    found = {role: member(role.value.lower(), role, present) for role in (Role.OFFICER, Role.FINANCE, Role.CENTRE)}
    found[Role.OPERATOR] = member("operator", Role.OPERATOR, present)
    found[Role.APPLICANT] = member("applicant", Role.APPLICANT, present, organisation=holder.id)
    return {role.value: str(signed_in(person).session.session_key) for role, person in found.items()}


def fetched(base: str, path: str, session: str = "") -> tuple[int, int, str, str]:
    """Ask as a browser does; gives the status, the bytes on the wire with headers, the encoding, the text."""
    host = urlsplit(base)
    line = HTTPConnection(host.hostname, host.port, timeout=30)
    headers = {"Accept-Encoding": "gzip, deflate, br", "Accept": "*/*"}
    line.request("GET", path, headers=headers | ({"Cookie": f"sessionid={session}"} if session else {}))
    answer = line.getresponse()
    body = answer.read()
    line.close()
    encoding = answer.headers.get("Content-Encoding", "")
    size = len(body) + sum(len(name) + len(value) + 4 for name, value in answer.getheaders())
    text = gzip.decompress(body).decode() if encoding == "gzip" and path[:8] != "/static/" else ""
    return answer.status, size, encoding, text


def addresses() -> Iterator[str]:
    """Every page's address that can be made of the sample year."""
    voucher = Voucher.objects.order_by("issued_at").first()
    known = {"session_id": Session.objects.get().id, "voucher_id": voucher.id, "slug": PROGRAMME, "clause": "general"}
    known |= {"application_id": voucher.application_id, "version_id": voucher.version_id}
    known |= {"statement_id": Statement.objects.filter(centre=CENTRE).first().id, "order_id": voucher.orders.first().id}
    for name in pages():
        for words in ({}, *({key: value} for key, value in known.items()), {"centre": CENTRE}):
            try:
                yield reverse(name, kwargs=words)
            except NoReverseMatch:
                continue
            break


def test_every_page_is_within_its_budget_over_the_wire(service, people) -> None:
    loaded: dict[str, int] = {}
    seen, heavy, with_plots = set(), [], 0
    for path in addresses():
        for role, session in people.items():
            status, size, encoding, text = fetched(service, path, session)
            if status != 200 or not text:
                continue
            seen.add(path)
            assert encoding == "gzip", path
            parts = {urljoin(path, each) for each in _LOADED.findall(text)}
            for each in parts - loaded.keys():
                answered, weighs, _, _ = fetched(service, each)
                assert answered == 200, each
                loaded[each] = weighs
            total, plot = size + sum(loaded[each] for each in parts), any("echarts" in each for each in parts)
            with_plots += plot
            if total > (BUDGET if plot else LEAN):
                heavy.append((path, role, total))
    assert heavy == []
    assert len(seen) > 40
    assert with_plots >= 5


def test_what_chromium_counts_is_within_the_budget(browser: Browser, service, people) -> None:
    session = Session.objects.get().id
    asked = [("/", ""), ("/ledger", ""), ("/centres", ""), ("/budget", "FINANCE"), (f"/exchange/{session}", "OFFICER")]
    weights = {path: weight(browser, service, path, people.get(role, "")) for path, role in asked}
    assert weights.pop("/") <= FIRST_PAGE
    for path, each in weights.items():
        assert LEAN < each <= BUDGET, path  # a plot's library alone is past the lean one: it came, and compressed


def weight(browser: Browser, service: str, path: str, session: str) -> int:
    """Open a page in a browser that has nothing kept, let its plots be drawn, and add up what came over the wire."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as window:
        if session:
            window.add_cookies([{"name": "sessionid", "value": session, "url": service}])
        page = window.new_page()
        came: list[Request] = []
        page.on("requestfinished", lambda request: came.append(request))  # noqa: PLW0108 - Playwright marks what it is given
        page.goto(service + path)
        for plot in page.locator("[data-plot]").all():
            plot.scroll_into_view_if_needed()
            expect(plot).to_have_attribute("data-drawn", re.compile("."))
        page.wait_for_load_state("networkidle")
        sizes = [each.sizes() for each in came]
    return sum(each["responseBodySize"] + each["responseHeadersSize"] for each in sizes)
