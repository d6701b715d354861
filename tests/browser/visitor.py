"""Somebody at a browser: one window a look, and a note of everything that a page complains of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
UUID_LENGTH = 36
HEIGHT = 900
PAINTED = "() => new Promise(painted => requestAnimationFrame(() => requestAnimationFrame(painted)))"
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules of axe that read colours: all that can differ where nothing but the scheme does."""
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
        self._kept: dict[tuple[str, str], Page] = {}

    def open(self, path: str = "/", look: Look | None = None, *, session: str = "") -> Page:
        """Open a page in a new window, signed in where a session's key is given."""
        look = look or Look()
        page = self._window(look, session)
        page.goto(self.base + path)
        self._picture(page, path, look)
        return page

    def walk(self, path: str, looks: Sequence[Look], *, session: str = "") -> Iterator[tuple[Page, Look]]:
        """Show one page in many looks: loaded once a language, then made wider or darker, as a reader does.

        A language's window stays open for the next page, with what a browser keeps of files.
        """
        for language in dict.fromkeys(look.language for look in looks):
            ordered = sorted((each for each in looks if each.language == language), key=lambda each: each.width)
            if (language, session) not in self._kept:
                self._kept[language, session] = self._window(ordered[0], session)
            page = self._kept[language, session]
            for number, look in enumerate(ordered):
                page.set_viewport_size({"width": look.width, "height": HEIGHT})
                page.emulate_media(color_scheme=look.scheme)
                if not number:
                    page.goto(self.base + path)
                page.evaluate(PAINTED)
                self._picture(page, path, look)
                yield page, look

    def _window(self, look: Look, session: str) -> Page:
        window = self.browser.new_context(
            locale=look.language, viewport={"width": look.width, "height": HEIGHT}, color_scheme=look.scheme
        )
        self._windows.append(window)
        if session:
            window.add_cookies([{"name": "sessionid", "value": session, "url": self.base}])
        page = window.new_page()
        page.on("console", lambda said: said.type in {"error", "warning"} and self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", self._failed)
        return page

    def _picture(self, page: Page, path: str, look: Look) -> None:
        if self.screenshots:
            stem = path.strip("/").split("?")[0]
            stem = "-".join(part for part in stem.split("/") if len(part) < UUID_LENGTH)
            name = "-".join([stem or "year", look.language, str(look.width), look.scheme])
            page.screenshot(path=self.screenshots / f"{name}.png", full_page=True)

    def _failed(self, request: Any) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):  # a poll that the window's end cut short
            self.complaints.append(f"{request.url}: {request.failure}")

    def expect_not_found(self) -> None:
        """Take the browser's own word on a page that isn't there for what it is."""
        self.complaints[:] = [line for line in self.complaints if "404 (Not Found)" not in line]

    def close(self) -> None:
        for window in self._windows:
            window.close()


def violations(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """Ask axe for what breaks WCAG 2.2 A or AA, by every rule or by some, with the elements."""
    # Run by the debugger, not by the page: the page's policy lets no stranger's script in.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    asked = {"type": "rule", "values": [*rules]} if rules else {"type": "tag", "values": WCAG}
    found = page.evaluate("asked => axe.run(document, {runOnly: asked, resultTypes: ['violations']})", asked)
    return [f"{each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]]
