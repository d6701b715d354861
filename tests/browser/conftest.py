"""A real Chromium against the real service: Debian's browser, driven by Playwright, on this machine alone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from jiaozi.party.rules import Role
from tests.browser.visitor import Visitor
from tests.web.conftest import present, sample_year
from tests.web.people import member, signed_in
from tests.world import World

__all__ = ["present", "sample_year"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# As root Chromium runs only without its own sandbox; the pages that it sees here are ours.
ARGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREENSHOTS = os.environ.get("JIAOZI_SCREENSHOTS", "")
"""A folder for pictures of every page that a test visits; none are taken where it is not named."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("no chromium on this machine: install it with `make setup-system`")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps a loop in this thread; queries are the test's
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGS))
        yield chromium
        chromium.close()


@pytest.fixture
def sample(browser: Browser, fresh_database, sample_year: World, live_server) -> World:
    """The sample year, committed, for the server's own threads to read."""
    return sample_year


@pytest.fixture
def auditor(sample: World, present) -> str:
    """The session of somebody who may see every holder's affairs."""
    return str(signed_in(member("auditor", Role.AUDITOR, present)).session.session_key)


@pytest.fixture
def visit(browser: Browser, live_server, sample: World) -> Iterator[Visitor]:
    """Open pages of the sample year; at the end no page may have complained in its console."""
    visitor = Visitor(browser, live_server.url, Path(SCREENSHOTS) if SCREENSHOTS else None)
    yield visitor
    visitor.close()
    assert visitor.complaints == []
