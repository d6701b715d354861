"""Somebody at a browser: one window a look, and a note of everything that a page complains of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
UUID_LENGTH = 36
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@dataclass(frozen=True)
class Look:
    """How a window is set: language, width in pixels, light or dark."""

    language: str = "zh-CN"
    width: int = 1280
    scheme: str = "light"


class Visitor:
    """Opens pages; ``complaints`` has what consoles and failed requests said."""

    def __init__(self, browser: Browser, base: str, screenshots: Path | None) -> None:
        self.browser, self.base, self.screenshots = browser, base, screenshots
        self.complaints: list[str] = []
        self._windows: list[BrowserContext] = []

    def open(self, path: str = "/", look: Look | None = None, *, session: str = "") -> Page:
        """Open a page in a new window, signed in where a session's key is given."""
        look = look or Look()
        window = self.browser.new_context(
            locale=look.language, viewport={"width": look.width, "height": 900}, color_scheme=look.scheme
        )
        self._windows.append(window)
        if session:
            window.add_cookies([{"name": "sessionid", "value": session, "url": self.base}])
        page = window.new_page()
        page.on("console", lambda said: said.type in {"error", "warning"} and self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", self._failed)
        page.goto(self.base + path)
        if self.screenshots:
            stem = path.strip("/").split("?")[0]
            stem = "-".join(part for part in stem.split("/") if len(part) < UUID_LENGTH)
            name = "-".join([stem or "year", look.language, str(look.width), look.scheme])
            page.screenshot(path=self.screenshots / f"{name}.png", full_page=True)
        return page

    def _failed(self, request: Any) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):  # a poll that the window's end cut short
            self.complaints.append(f"{request.url}: {request.failure}")

    def expect_not_found(self) -> None:
        """Take the browser's own word on a page that isn't there for what it is."""
        self.complaints[:] = [line for line in self.complaints if "404 (Not Found)" not in line]

    def close(self) -> None:
        for window in self._windows:
            window.close()


def violations(page: Page) -> list[str]:
    """Ask axe for what breaks WCAG 2.2 A or AA, with the elements."""
    # Run by the debugger, not by the page: the page's policy lets no stranger's script in.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", WCAG)
    return [f"{each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]]
