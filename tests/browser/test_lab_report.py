"""The lab's report opened from a file, with no network: drawn, quiet, and readable on a phone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from jiaozi.lab import services

pytestmark = [pytest.mark.browser]
SAMPLE = Path(__file__).parents[2] / "samples" / "lab" / "chengdu-2023-against-2025.yaml"
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
WIDTHS = {"desktop": 1280, "phone": 360}


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("lab")
    now = datetime(2026, 11, 25, tzinfo=UTC)
    services.run(scenario=SAMPLE, out=out, seeds=2, now=now, told=lambda *_step: None)
    return out / "report.html"


@pytest.mark.parametrize("width", sorted(WIDTHS.values()))
def test_the_report_stands_alone(browser: Browser, report: Path, width: int):
    context = browser.new_context(offline=True, viewport={"width": width, "height": 900}, bypass_csp=False)
    page = context.new_page()
    complaints, asked = [], []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    page.wait_for_function("document.documentElement.dataset.drawn === '7'")
    drawn = page.evaluate("[...document.querySelectorAll('.plot')].map(one => one.querySelectorAll('svg path').length)")
    assert len(drawn) == 7
    assert min(drawn) > 5
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": width + 80, "height": 900})
    page.wait_for_function(
        "() => { const plot = document.getElementById('plot-left');"
        " return Math.abs(plot.querySelector('svg').getBoundingClientRect().width - plot.clientWidth) < 2; }"
    )
    assert complaints == []
    assert asked == [report.as_uri()]
    context.close()


def test_the_report_keeps_to_wcag(browser: Browser, report: Path):
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.goto(report.as_uri())
    page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", rules)
    wrong = [(one["id"], node["html"][:200]) for one in found["violations"] for node in one["nodes"]]
    assert wrong == []
    context.close()
