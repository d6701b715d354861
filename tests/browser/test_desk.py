"""Officers' and finance's pages in a real browser: whole at both widths, in both languages, and a batch by clicks."""

from __future__ import annotations

import re
from datetime import date

import pytest
from playwright.sync_api import expect

from jiaozi.kernel.period import Period
from jiaozi.lab.models import LabRun
from jiaozi.lab.services import runs
from jiaozi.party.rules import Role
from jiaozi.policy.models import ProgrammeVersion
from jiaozi.settlement import queries
from jiaozi.settlement import services as settlement
from jiaozi.voucher.models import Voucher
from tests.browser.test_first_page import small_targets, sticks_out
from tests.browser.visitor import Look, Visitor, violations
from tests.lab.scenario_of_a_page import TEXT
from tests.web.people import member, signed_in
from tests.world import CENTRE, CENTRE_CLERK, OFFICER, OPERATOR, PROGRAMME

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = (Look(), Look("en-US", 360, "dark"), Look("en-US"), Look("zh-CN", 360))


def session(name: str, role: Role, present) -> str:
    return str(signed_in(member(name, role, present)).session.session_key)


def notices(sample) -> list[str]:
    rows = [(7, "30万"), (8, "12万"), (9, "400万")]
    return [
        str(sample.to_notice(sample.apply(sample.holder(f"待批单位{serial}", serial=serial), cost)))
        for serial, cost in rows
    ]


def test_a_batch_is_chosen_seen_and_approved_by_clicks(visit: Visitor, sample, present) -> None:
    ids = notices(sample)
    page = visit.open(
        "/applications?state=PUBLIC_NOTICE&notice=over", session=session("officer", Role.OFFICER, present)
    )
    for id_ in ids:
        page.locator(f"#choose-{id_}").check()
    page.get_by_role("button", name="查看批量批准的影响").click()
    expect(page.locator("#pools-title")).to_be_visible()
    page.get_by_label("批准理由").fill("公示期满无异议")
    page.locator("main button.primary").dblclick()
    expect(page.locator(".verdict-card h2")).to_contain_text("3 / 3")
    assert Voucher.objects.filter(application_id__in=ids).count() == len(ids)


def test_the_pages_fit_and_break_no_wcag(visit: Visitor, sample, present) -> None:
    ids = notices(sample)
    period = Period(date(2024, 5, 1), date(2024, 5, 21))
    row = settlement.close_statement(programme=PROGRAMME, centre=CENTRE, period=period, by=OPERATOR, now=present)
    claimed = {str(line.capture.order_id): line.amount_fen + 1 for line in queries.lines(row.id)}
    settlement.claim(statement_id=row.id, lines=claimed, by=CENTRE_CLERK, now=present)
    made = runs.ask(programme=PROGRAMME, text=TEXT, by=OFFICER, now=present)
    runs.play(run_id=made.id, clock=lambda: present)
    officer, finance = session("officer", Role.OFFICER, present), session("finance", Role.FINANCE, present)
    version, run = ProgrammeVersion.objects.get(), LabRun.objects.get()
    batch = "/applications/batch?" + "&".join(f"id={id_}" for id_ in ids)
    own = ["/applications", batch, "/budget?parameter=general_ratio&value=40%25", "/programme/versions"]
    own += [f"/programme/versions/{version.id}", "/lab", f"/lab/{run.id}", "/redemptions", "/awards"]
    wrong = []
    for paths, key in ((own, officer), (["/payment-run", "/reserve", "/year-end"], finance)):
        for place, path in enumerate(paths):
            for page, look in visit.walk(path, LOOKS[place % 2 * 2 : place % 2 * 2 + 2], session=key):
                if path.startswith("/budget"):
                    page.locator("[data-plot]").scroll_into_view_if_needed()
                    expect(page.locator("[data-plot]")).to_have_attribute("data-drawn", "forecast")
                found = [*violations(page), *small_targets(page), *(["sticks out"] if sticks_out(page) else [])]
                wrong += [f"{path} {look}: {each}" for each in found]
    assert wrong == []


def test_the_report_opens_and_has_no_session(visit: Visitor, sample, present) -> None:
    made = runs.ask(programme=PROGRAMME, text=TEXT, by=OFFICER, now=present)
    runs.play(run_id=made.id, clock=lambda: present)
    page = visit.open(f"/lab/{made.id}/files/report.html", session=session("officer", Role.OFFICER, present))
    expect(page.locator("html")).to_have_attribute("data-drawn", re.compile(r"[1-9]"))
    assert page.evaluate("window.origin") == "null"
